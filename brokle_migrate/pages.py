"""The pages of the health endpoint, for ASGI and WSGI alike.

``/health`` answers 200, or 503 when something is unhealthy; ``/ready`` 503 until everything on disk
is applied; ``/metrics`` in Prometheus's text format.  However often they are asked, the databases
are asked once in a while (:class:`.monitor.Monitor`).
"""

from __future__ import annotations

import json
import traceback
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .applications import log
from .conditions import Condition
from .errors import MigrateError
from .monitor import Monitor
from .render import data
from .render.health_data import health_data

if TYPE_CHECKING:
    from concurrent.futures import Future

    from .conditions import Health
    from .config import Config

_JSON = "application/json"
_UNHEALTHY = {"status": Condition.UNHEALTHY.value, "ready": False}
_PATHS = ("/health", "/ready", "/metrics")


@dataclass(frozen=True, slots=True)
class Page:
    """An answer over HTTP.

    :ivar status: the status code.
    :ivar kind: the content type.
    """

    status: int
    kind: str
    body: bytes

    @property
    def headers(self) -> tuple[tuple[str, str], ...]:
        """Names in small letters, and values."""
        return (
            ("content-type", self.kind),
            ("content-length", str(len(self.body))),
            ("cache-control", "no-store"),
        )


class Pages:
    """The three pages over one monitor.

    :param config: read from the current directory and the environment, with the first request,
        when left out.
    :param cache: seconds for which a look at the databases counts; None leaves it to the
        configuration.
    """

    def __init__(self, config: Config | None, cache: float | None) -> None:
        self._monitor = Monitor(config, cache)

    def refusal(self, method: str, path: str) -> Page | None:
        """What is answered without a look at the databases; None where one is needed."""
        if path.rstrip("/") not in _PATHS:
            return _json(404, {"error": f"there are {', '.join(_PATHS)}"})
        if method not in {"GET", "HEAD"}:
            return _json(405, {"error": "GET or HEAD"})
        return None

    def look(self) -> Future[Health]:
        """A look at the databases, over or under way."""
        return self._monitor.current()

    def page(self, path: str, health: Health) -> Page:
        """What was seen.

        :raises ConfigError: the client library for the metrics is not installed.
        """
        if path.rstrip("/") == "/metrics":
            from .metrics import CONTENT_TYPE, metrics

            return Page(200, CONTENT_TYPE, metrics(health))
        is_ready = path.rstrip("/") == "/ready"
        well = health.is_ready if is_ready else health.condition is not Condition.UNHEALTHY
        return _json(200 if well else 503, self._shown(health_data(health)))

    def trouble(self, error: Exception) -> Page:
        """Why nothing could be seen."""
        if isinstance(error, MigrateError):
            return _json(503, self._shown({**_UNHEALTHY, "error": data.error_data(error)}))
        trace = self._monitor.hide("".join(traceback.format_exception(error)))
        log.error("the health of the databases could not be told: %s", trace)
        return _json(503, _UNHEALTHY)

    def _shown(self, value: Any) -> Any:
        return data.hidden(value, self._monitor.hide)


def _json(status: int, value: Any) -> Page:
    return Page(status, _JSON, json.dumps(value).encode())
