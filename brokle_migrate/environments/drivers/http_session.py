"""The HTTP session of clickhouse-sqlalchemy's client, with what its URL can't say."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING, Any

from requests import Session
from requests.adapters import HTTPAdapter

if TYPE_CHECKING:
    from requests import PreparedRequest, Response


class Adapter(HTTPAdapter):
    """Opens encrypted keys, and sends texts compressed.

    :param passphrase: of the client's key.
    :param compressed: whether the bodies of requests are compressed.
    """

    def __init__(self, passphrase: str | None, *, compressed: bool) -> None:
        self._passphrase = passphrase
        self._compressed = compressed
        super().__init__()

    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
        if self._passphrase is not None:
            options["key_password"] = self._passphrase
        super().init_poolmanager(*arguments, **options)

    def send(self, request: PreparedRequest, *arguments: Any, **options: Any) -> Response:
        if self._compressed and isinstance(request.body, bytes):
            request.body = gzip.compress(request.body)
            request.headers["Content-Encoding"] = "gzip"
            request.headers["Content-Length"] = str(len(request.body))
        return super().send(request, *arguments, **options)


def session(passphrase: str | None, *, compressed: bool) -> Session:
    """A session for one server."""
    made = Session()
    for scheme in ("http://", "https://"):
        made.mount(scheme, Adapter(passphrase, compressed=compressed))
    return made


def unsigned(request: PreparedRequest) -> PreparedRequest:
    """Log in by other means than a password; also not by one of ``~/.netrc``."""
    return request
