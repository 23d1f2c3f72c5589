"""The health of the databases over HTTP: a WSGI application, for Flask and Django.

::

    gunicorn brokle_migrate.wsgi:app
    DispatcherMiddleware(application, {"/migrations": HealthApp(config)})

https://peps.python.org/pep-3333/
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from .pages import Pages

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from .config import Config
    from .pages import Page

    Environ = dict[str, Any]
    StartResponse = Callable[[str, list[tuple[str, str]]], Any]


class HealthApp:
    """The application: ``/health``, ``/ready`` and ``/metrics``, as :mod:`.pages` has them.

    :param config: read from the current directory and the environment, with the first request,
        when left out.
    :param cache: seconds for which a look at the databases counts; None leaves it to the
        configuration.
    """

    def __init__(self, config: Config | None = None, *, cache: float | None = None) -> None:
        self._pages = Pages(config, cache)

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        method = environ["REQUEST_METHOD"]
        page = self._answer(method, environ.get("PATH_INFO", ""))
        status = f"{page.status} {HTTPStatus(page.status).phrase}"
        start_response(status, list(page.headers))
        return [] if method == "HEAD" else [page.body]

    def _answer(self, method: str, path: str) -> Page:
        refusal = self._pages.refusal(method, path)
        if refusal is not None:
            return refusal
        try:
            return self._pages.page(path, self._pages.look().result())
        except Exception as error:
            return self._pages.trouble(error)


app = HealthApp()
