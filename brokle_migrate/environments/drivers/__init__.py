"""The ClickHouse drivers behind one small interface; this package alone knows them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...errors import ConfigError, DatabaseUnreachable
from .base import UNKNOWN_DATABASE, ConnectionLost, Driver, NoAnswer, Row, ServerError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ...config import DatabaseUrl

__all__ = [
    "ConnectionLost",
    "Driver",
    "NoAnswer",
    "Row",
    "ServerError",
    "connect",
    "unreachable",
]


def connect(url: DatabaseUrl, settings: Mapping[str, str]) -> Driver:
    """Open the driver that a URL names; a server is first spoken to with the first statement.

    :param settings: server settings for every statement.
    :raises ConfigError: no driver has that name, or what it needs is not installed.
    """
    if url.driver == "native":
        from .native import NativeDriver

        return NativeDriver(url, settings)
    if url.driver == "http":
        from .http import HttpDriver

        return HttpDriver(url, settings)
    if url.driver == "connect":
        from .connect import ConnectDriver

        return ConnectDriver(url, settings)
    if url.driver == "embedded":
        from .embedded import EmbeddedDriver

        return EmbeddedDriver(url, settings)
    raise ConfigError(
        f"there is no ClickHouse driver {url.driver!r}",
        hint="use clickhouse://, clickhouse+native://, clickhouse+http://, clickhousedb:// or "
        "clickhouse+embedded://",
    )


def unreachable(url: DatabaseUrl, error: ServerError | ConnectionLost) -> DatabaseUnreachable:
    """The error for a first contact that failed."""
    message = f"ClickHouse at {url.label} does not answer: {error}"
    if isinstance(error, ConnectionLost):
        return DatabaseUnreachable(
            message, hint="is the server running, and are host and port right?"
        )
    message = f"ClickHouse at {url.label} refused the connection: {error}"
    if error.code == UNKNOWN_DATABASE:
        hint = f"create it: clickhouse-client --query 'CREATE DATABASE {url.database}'"
        return DatabaseUnreachable(message, hint=hint, refused=True)
    return DatabaseUnreachable(message, hint="check user, password and grants", refused=True)
