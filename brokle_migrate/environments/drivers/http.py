"""ClickHouse over HTTP, through clickhouse-sqlalchemy's own client."""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ...config import options
from .base import ConnectionLost, NoAnswer, ServerError, within
from .over_http import CONNECT_TIMEOUT, OverHttp, headers_for, innermost, logs_in_by_certificate

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ...config import DatabaseUrl

_SAID_BY_CLICKHOUSE = re.compile(r"Code: \d+|DB::Exception")


class HttpDriver(OverHttp):
    """A keep-alive connection over port 8123 or 8443.

    :param url: the server; its password reaches the client only.
    :param settings: sent with every statement of a step.
    """

    def __init__(self, url: DatabaseUrl, settings: Mapping[str, str]) -> None:
        super().__init__(url, settings)
        from clickhouse_sqlalchemy.drivers.http.base import (
            ClickHouseDialect_http,
        )
        from clickhouse_sqlalchemy.drivers.http.transport import (
            RequestsTransport,
        )
        from sqlalchemy.engine import make_url

        from .http_session import session, unsigned

        (address, *rest), given = ClickHouseDialect_http().create_connect_args(
            make_url(url.render())
        )
        passphrase = url.query.get(options.PASSPHRASE)
        given["http_session"] = session(passphrase, compressed=self._compressed)
        self._transport: Any = RequestsTransport(address, *rest, **given)
        certificate = url.query.get(options.CERTIFICATE)
        key = url.query.get(options.KEY)
        self._transport.cert = certificate if key is None else (certificate, key)
        self._transport.headers = headers_for(url)
        if logs_in_by_certificate(url) or "Authorization" in self._transport.headers:
            self._transport.auth = unsigned
        if logs_in_by_certificate(url):
            self._transport.headers |= {
                "X-ClickHouse-User": url.user or "default",
                "X-ClickHouse-SSL-Certificate-Auth": "on",
            }

    def close(self) -> None:
        self._transport.http.close()

    def _raw(self, sql: str, parameters: dict[str, str], timeout: float | None) -> str:
        connecting = within(CONNECT_TIMEOUT, self.deadline)
        self._transport.timeout = (connecting, within(timeout, self.deadline))
        with _translated():
            return str(self._transport.raw(sql, params=parameters))


@contextmanager
def _translated() -> Iterator[None]:
    import requests
    from clickhouse_sqlalchemy.exceptions import DatabaseException

    try:
        yield
    except DatabaseException as error:
        text = str(error.orig)
        if not _SAID_BY_CLICKHOUSE.search(text):  # a proxy's words tell nothing of the outcome
            first_line = text.strip().partition("\n")[0]
            raise ConnectionLost(f"HTTP {error.orig.code}: {first_line}") from error
        raise ServerError(text) from error
    except requests.ReadTimeout as error:
        raise NoAnswer(_reason(error)) from error
    except OSError as error:  # requests' own errors among them, and a file that can't be read
        raise ConnectionLost(_reason(error)) from error


def _reason(error: BaseException) -> str:
    cause = innermost(error)
    return str(cause) or type(cause).__name__
