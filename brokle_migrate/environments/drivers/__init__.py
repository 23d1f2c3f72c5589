"""The ClickHouse drivers behind one small interface; this package alone knows them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...errors import ConfigError
from .base import ConnectionLost, Driver, NoAnswer, Row, ServerError
from .certificates import require_certificates
from .contact import unreachable

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
    :raises ConfigError: no driver has that name, what it needs is not installed, or an option of
        the URL is not valid.
    """
    require_certificates(url)
    if url.driver == "native":
        from .native import NativeDriver

        return NativeDriver(url, settings)
    if url.driver == "http":
        from .http import HttpDriver

        return HttpDriver(url, settings)
    if url.driver == "connect":
        from .clickhousedb import ConnectDriver

        return ConnectDriver(url, settings)
    if url.driver == "embedded":
        from .embedded import EmbeddedDriver

        return EmbeddedDriver(url, settings)
    raise ConfigError(
        f"there is no ClickHouse driver {url.driver!r}",
        hint="use clickhouse://, clickhouse+native://, clickhouse+http://, clickhousedb:// or "
        "clickhouse+embedded://",
    )
