"""ClickHouse's native protocol, through the client that clickhouse-sqlalchemy's dialect uses.

The client is imported by itself: the dialect around it takes three times as long to import, and
statements must not pass through it.
"""

from __future__ import annotations

import logging
import os
import socket
import threading
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ...config import headers, options
from ...errors import ConfigError
from .base import (
    PATIENCE,
    SILENCE,
    ConnectionLost,
    NoAnswer,
    Row,
    ServerError,
    within,
)
from .native_settings import Door

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from ...config import DatabaseUrl

_PARSES_INLINE_VALUES = (19, 3, 3)


class NativeDriver:
    """A connection over port 9000 or 9440.

    :param url: the server; its password reaches the client only.
    :param settings: sent with every statement.
    :raises ConfigError: an option of the URL is not valid, or needs what is not installed.
    """

    deadline: float | None = None

    def __init__(self, url: DatabaseUrl, settings: Mapping[str, str]) -> None:
        # Without this the client computes every day of four centuries when it is imported.
        os.environ.setdefault("CLICKHOUSE_DRIVER_LASY_DATE_LUT", "on")
        # It logs the traceback of every lost connection, which is reported as an error anyway.
        logging.getLogger("clickhouse_driver").setLevel(logging.CRITICAL)
        self._client = _client(url)
        self._settings = dict(settings)
        self._door = Door(self._client, self.query)

    def execute(
        self,
        sql: str,
        *,
        query_id: str = "",
        settings: Mapping[str, str] | None = None,
        timeout: float | None = None,
    ) -> None:
        together = self._door.admitted({**self._settings, **(settings or {})})
        with self._translated(), self._answer_within(SILENCE), self._cut_off(timeout):
            self._client.execute(sql, query_id=query_id or None, settings=together)

    def query(self, sql: str, *, timeout: float = PATIENCE) -> list[Row]:
        with self._translated(), self._answer_within(timeout):
            rows = self._client.execute(sql)
        return [tuple(str(value) for value in row) for row in rows]

    def insert(
        self,
        table: str,
        columns: Sequence[str],
        rows: Sequence[Sequence[object]],
        *,
        query_id: str = "",
        settings: Mapping[str, str] | None = None,
    ) -> None:
        with self._translated(), self._answer_within(PATIENCE):
            self._client.execute(
                f"INSERT INTO {table} ({', '.join(columns)}) VALUES",
                [tuple(row) for row in rows],
                query_id=query_id or None,
                settings=dict(settings or {}),
            )

    def refusal(self, sql: str) -> str | None:
        from ...sqltext import has_inline_values

        if not has_inline_values(sql):
            return None
        self.query("SELECT 1")
        server = self._client.connection.server_info
        version = (server.version_major, server.version_minor, server.version_patch)
        if version >= _PARSES_INLINE_VALUES:
            return None
        number = ".".join(map(str, version))
        return (
            f"ClickHouse {number} does not take INSERT … VALUES over its native protocol: "
            "use the HTTP port (8123), or INSERT … SELECT"
        )

    def close(self) -> None:
        self._client.disconnect()

    @contextmanager
    def _cut_off(self, timeout: float | None) -> Iterator[None]:
        """Give the connection up after so many seconds, however much the server tells meanwhile.

        A server that works on a statement sends its progress ten times a second, so that a limit on
        silence alone would never be reached.
        """
        timeout = within(timeout, self.deadline)
        if timeout is None:
            yield
            return
        fired = threading.Event()
        timer = threading.Timer(timeout, self._shut_down, [fired])
        timer.daemon = True
        timer.start()
        try:
            yield
        except Exception as error:
            if fired.is_set():
                raise NoAnswer("no answer in time") from error
            raise
        finally:
            timer.cancel()

    def _shut_down(self, fired: threading.Event) -> None:
        fired.set()
        connection = self._client.connection.socket
        if connection is not None:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    @contextmanager
    def _answer_within(self, timeout: float | None) -> Iterator[None]:
        timeout = within(timeout, self.deadline)
        connection = self._client.connection
        before, connecting = connection.send_receive_timeout, connection.connect_timeout
        connection.connect_timeout = within(connecting, self.deadline)
        connection.send_receive_timeout = timeout
        if connection.socket is not None:
            connection.socket.settimeout(timeout)
        try:
            yield
        finally:
            connection.send_receive_timeout, connection.connect_timeout = before, connecting
            if connection.socket is not None:
                connection.socket.settimeout(before)

    @contextmanager
    def _translated(self) -> Iterator[None]:
        from clickhouse_driver import errors

        try:
            yield
        except (errors.SocketTimeoutError, TimeoutError) as error:
            raise NoAnswer("no answer in time") from error
        except (errors.NetworkError, OSError, EOFError) as error:
            raise ConnectionLost(_words(error)) from error
        except errors.ServerException as error:
            raise ServerError(error.message, error.code) from error
        except errors.Error as error:
            raise ConnectionLost(_words(error)) from error


def _client(url: DatabaseUrl) -> Any:
    from clickhouse_driver import Client
    from clickhouse_driver.errors import UnknownCompressionMethod

    if headers(url):
        raise ConfigError(
            "headers for ClickHouse go over HTTP, and the URL is one for the native protocol",
            hint="use clickhouse+http:// or port 8123 or 8443, or leave the headers out",
        )
    method = url.query.get(options.COMPRESSION, "")
    try:
        return Client.from_url(_client_url(url))
    except UnknownCompressionMethod as error:
        raise ConfigError(
            f"{options.COMPRESSION}={method} in the ClickHouse URL needs packages that are not"
            " installed",
            hint="pip install 'brokle-migrate[compression]'",
        ) from error
    except ValueError as error:
        raise ConfigError(
            f"an option of the ClickHouse URL is not valid: {error}",
            hint=f"{options.COMPRESSION}= is lz4, lz4hc, zstd, true or false; times are seconds",
        ) from error


def _client_url(url: DatabaseUrl) -> str:
    """The URL as ``clickhouse_driver`` reads it, which knows no SQLAlchemy driver names."""
    from ... import __version__

    named = replace(url, query={"client_name": f"brokle-migrate/{__version__}", **url.query})
    return named.render().replace("clickhouse+native://", "clickhouse://", 1)


def _words(error: BaseException) -> str:
    return str(getattr(error, "message", "") or error) or type(error).__name__
