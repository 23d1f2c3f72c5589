"""ClickHouse over HTTP, through clickhouse-connect's client (``clickhousedb://``)."""

from __future__ import annotations

import gzip
import logging
import math
import re
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ...config import options
from ...errors import ConfigError, DatabaseUnreachable
from .base import (
    UNKNOWN_COLUMN,
    UNKNOWN_IDENTIFIER_OLD,
    ConnectionLost,
    NoAnswer,
    ServerError,
    within,
)
from .over_http import CONNECT_TIMEOUT, OverHttp, headers_for, innermost, logs_in_by_certificate

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ...config import DatabaseUrl

_SAID_BY_CLICKHOUSE = re.compile(
    r"(Code: \d+[.,].*?)(?:\s*\(for url [^()]*\))?\s*$", re.DOTALL
)  # the client adds its URL

_PACKED = {"Content-Encoding": "gzip", "Accept-Encoding": "gzip"}
# Options that the client does not get: what they say is done here.
_OURS = (options.PASSPHRASE, options.COMPRESSION, "compress", "secure")


class ConnectDriver(OverHttp):
    """A client of one's own over port 8123 or 8443, without a session on the server.

    :param url: the server; its further options are the client's (``proxy_path`` …) or settings.
    :param settings: sent with every statement of a step.
    :raises ConfigError: clickhouse-connect is not installed, or an option is not valid.
    """

    def __init__(self, url: DatabaseUrl, settings: Mapping[str, str]) -> None:
        super().__init__(url, settings)
        self._library = _library()
        self._url = url
        self._opened: Any = None

    def close(self) -> None:
        if self._opened is not None:
            self._opened.close()
            self._opened.http.clear()  # a pool that was given to it is left alone otherwise

    def _raw(self, sql: str, parameters: dict[str, str], timeout: float | None) -> str:
        from urllib3 import Timeout

        client = self._client(timeout)
        connecting = within(CONNECT_TIMEOUT, self.deadline)
        client.timeout = Timeout(connect=connecting, read=within(timeout, self.deadline))
        with _translated():
            # The public calls trim statements and drop settings that the server calls read-only.
            answer = client._raw_request(  # noqa: SLF001
                gzip.compress(sql.encode()) if self._compressed else sql,
                {"database": client.database, **parameters},
                _PACKED if self._compressed else None,
                server_wait=False,
            )
            return str(answer.data.decode(errors="replace"))

    def _client(self, timeout: float | None) -> Any:
        """The client, which asks the server for its version and settings when it is made."""
        if self._opened is None:
            try:
                with _translated():
                    self._opened = self._open(timeout)
            except ServerError as error:
                if error.code in {UNKNOWN_COLUMN, UNKNOWN_IDENTIFIER_OLD}:
                    raise _too_old(self._url) from error
                raise
            self._opened.http_retries = 0  # whether to ask again is not the client's decision
        return self._opened

    def _open(self, timeout: float | None) -> Any:
        url = self._url
        given = {
            name: value
            for name, value in options.drivers(url.query, url.driver).items()
            if name not in _OURS and not name.startswith(options.HEADER)
        }
        given.setdefault("tls_mode", "mutual" if logs_in_by_certificate(url) else "strict")
        pool = self._pool(given)
        return self._library.get_client(
            host=url.host,
            port=url.port,
            username=url.user or "default",
            password=url.password or "",
            database=url.database or "default",
            interface="https" if url.secure else "http",
            connect_timeout=_seconds(within(CONNECT_TIMEOUT, self.deadline)),
            send_receive_timeout=_seconds(within(timeout, self.deadline)),
            compress=False,  # that is done here, for statements, too
            autogenerate_session_id=False,
            dedicated_pool=pool is None,
            show_clickhouse_errors=True,
            query_retries=0,
            pool_mgr=pool,
            headers=headers_for(url),
            generic_args=given,
        )

    def _pool(self, given: dict[str, str]) -> Any:
        """A pool that opens an encrypted key; None leaves it to the client, which can't.

        :param given: the client's options; what goes into the pool is taken out.
        """
        passphrase = self._url.query.get(options.PASSPHRASE)
        if passphrase is None:
            return None
        from clickhouse_connect.driver.httputil import check_env_proxy, get_pool_manager

        host, server = self._url.host, given.get("server_host_name")
        proxy = given.pop("https_proxy", None) or check_env_proxy(
            "https", host, self._url.port or 0
        )
        named: dict[str, Any] = {"server_hostname": server, "assert_hostname": server}
        return get_pool_manager(
            ca_cert=given.get("ca_cert"),
            verify="verify" not in given,
            client_cert=given.get("client_cert"),
            client_cert_key=given.get("client_cert_key"),
            key_password=passphrase,
            https_proxy=proxy,
            **(named if server else {}),
        )


def _seconds(wait: float | None) -> int | None:
    return None if wait is None else math.ceil(wait)


def _library() -> Any:
    # It warns of what it raises; an application's own handlers still get that.
    logging.getLogger("clickhouse_connect").addHandler(logging.NullHandler())
    with warnings.catch_warnings():
        # Both libraries offer SQLAlchemy a dialect of the name "clickhouse"; we need neither here.
        warnings.filterwarnings("ignore", message=".*clickhouse", module="clickhouse_connect")
        try:
            import clickhouse_connect
        except ImportError as error:
            raise ConfigError(
                "clickhousedb:// needs clickhouse-connect, which is not installed",
                hint="pip install 'brokle-migrate[connect]', or use clickhouse+http://",
            ) from error
    return clickhouse_connect


def _too_old(url: DatabaseUrl) -> DatabaseUnreachable:
    return DatabaseUnreachable(
        f"ClickHouse at {url.label} is too old for clickhouse-connect, "
        "which asks for columns that the server does not have",
        hint="write clickhouse+http:// instead of clickhousedb:// in the URL",
        refused=True,
    )


@contextmanager
def _translated() -> Iterator[None]:
    from clickhouse_connect.driver.exceptions import ClickHouseError
    from urllib3.exceptions import HTTPError

    try:
        yield
    except (ClickHouseError, HTTPError) as error:
        said = _SAID_BY_CLICKHOUSE.search(str(error))
        if said is not None:
            raise ServerError(said[1]) from error
        cause = innermost(error)
        raise (NoAnswer if _timed_out(error) else ConnectionLost)(
            str(cause).strip().partition("\n")[0] or type(cause).__name__
        ) from error


def _timed_out(error: BaseException | None) -> bool:
    from urllib3.exceptions import ReadTimeoutError

    while error is not None and not isinstance(error, ReadTimeoutError):
        error = error.__cause__ or error.__context__
    return error is not None
