"""Settings over the native protocol, which passes over what a server does not know.

Over HTTP the server refuses such a statement.  A misspelled ``max_execution_time`` must not mean
that there is no limit, so it is looked up before the statement is sent.
"""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Any

from .base import CANNOT_PARSE_NUMBER, UNKNOWN_SETTING, Row, ServerError, quoted

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from collections.abc import Set as AbstractSet

# What the driver sends as an unsigned number, and an old server reads as a signed one.
_SIGNED = frozenset(
    (
        "distributed_ddl_task_timeout",
        "http_zlib_compression_level",
        "network_zstd_compression_level",
        "os_thread_priority",
    )
)


class Door:
    """Lets settings in that will be in force.

    :param client: clickhouse_driver's.
    :param query: asks the server.
    """

    def __init__(self, client: Any, query: Callable[[str], list[Row]]) -> None:
        self._client = client
        self._query = query
        self._known: frozenset[str] = frozenset()

    def admitted(self, settings: Mapping[str, str]) -> dict[str, str]:
        """The settings as they have to be given to the driver.

        What would be passed over without a word is refused, with the code that it has over HTTP.

        :raises ServerError: the server has no such setting, or a value can't be sent to it.
        :raises ConnectionLost: the server could not be asked.
        """
        if new := settings.keys() - self._known:
            self._require_names(new)
            self._known |= new
        if not settings or self._takes_text():
            return dict(settings)
        return {name: _admitted(name, value) for name, value in settings.items()}

    def _require_names(self, names: AbstractSet[str]) -> None:
        listed = ", ".join(f"'{quoted(name)}'" for name in sorted(names))
        rows = self._query(f"SELECT name FROM system.settings WHERE name IN ({listed})")
        if missing := names - {name for (name,) in rows}:
            raise ServerError(f"Unknown setting {', '.join(sorted(missing))}", UNKNOWN_SETTING)

    def _takes_text(self) -> bool:
        """Whether the server reads a value from text; before 20.1 the client has to know types."""
        from clickhouse_driver import defines

        if self._client.connection.server_info is None:  # the connection was lost
            self._query("SELECT 1")
        since = defines.DBMS_MIN_REVISION_WITH_SETTINGS_SERIALIZED_AS_STRINGS
        return bool(self._client.connection.server_info.used_revision >= since)


def _admitted(name: str, value: str) -> str:
    """A value for a server that has to be sent the type as well."""
    from clickhouse_driver.settings.available import settings

    if name not in settings:
        raise ServerError(
            f"clickhouse-driver can't send the setting {name} to a server of that age: use HTTP",
            UNKNOWN_SETTING,
        )
    try:
        sent = _zigzag(int(value)) if name in _SIGNED else value
        settings[name].write(sent, BytesIO())
    except (ValueError, OverflowError) as error:
        raise ServerError(f"Setting {name}: {error}", CANNOT_PARSE_NUMBER) from error
    return sent


def _zigzag(number: int) -> str:
    """A signed number as VarInt.h of ClickHouse writes it: 0, -1, 1, -2 … become 0, 1, 2, 3 …"""
    return str(2 * number if number >= 0 else -2 * number - 1)
