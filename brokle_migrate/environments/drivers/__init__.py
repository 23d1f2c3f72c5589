"""The ClickHouse drivers behind one small interface; this package alone knows them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ...errors import ConfigError, DatabaseUnreachable, MigrateError, StateError
from ..clickhouse_grants import DATABASE_ACCESS_DENIED, NOT_ALLOWED, advice
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


_USUAL = "is the server running, and are host and port right?"
# How ClickHouse 18.16 greets, over the native protocol, who may not use the database.
_CLOSED = (
    f"{_USUAL} If they are, may the user use this database (<allow_databases> in the server's "
    "users.xml)?"
)
_FLAGS = frozenset(("", "true", "false", "1", "0"))
# How each driver is told whose certificates to trust.
_AUTHORITY = {"native": "ca_certs", "http": "verify", "connect": "ca_cert"}


def unreachable(
    url: DatabaseUrl, error: ServerError | ConnectionLost, cluster: str | None = None
) -> MigrateError:
    """The error for a question that got no answer, or was refused.

    :param cluster: whose servers all have to know of a grant.
    """
    message = f"ClickHouse at {url.label} does not answer: {error}"
    if isinstance(error, ConnectionLost):
        refusal = _of_certificates(url, error)
        hint = refusal or (_CLOSED if "Unexpected EOF" in str(error) else _USUAL)
        return DatabaseUnreachable(message, hint=hint, refused=refusal is not None)
    message = f"ClickHouse at {url.label} refused the connection: {error}"
    if error.code == UNKNOWN_DATABASE:
        hint = f"create it: clickhouse-client --query 'CREATE DATABASE {url.database}'"
        return DatabaseUnreachable(message, hint=hint, refused=True)
    if error.code not in NOT_ALLOWED:
        return DatabaseUnreachable(message, hint="check user, password and grants", refused=True)
    granting = advice(error, cluster)
    if error.code == DATABASE_ACCESS_DENIED:
        return DatabaseUnreachable(message, hint=granting, refused=True)
    return StateError(f"ClickHouse at {url.label} refused: {error}", hint=granting)


def _of_certificates(url: DatabaseUrl, error: ConnectionLost) -> str | None:
    """What to do about an encrypted connection that one of both sides does not trust."""
    option = _AUTHORITY.get(url.driver, "")
    named = url.query.get(option, "")
    if named not in _FLAGS and not Path(named).is_file():
        return f"{option}={named} in the URL names no file that can be read"
    if "certificate" not in str(error).lower():
        return None
    return (
        f"give the authority that signed the server's certificate: {option}=FILE in the URL; "
        "and the host by the name that the certificate is for"
    )
