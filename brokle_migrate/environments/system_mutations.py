"""``system.mutations``: the one place where it is read, as servers since 18.16 have it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from .drivers import ServerError
from .drivers.base import UNKNOWN_COLUMN, UNKNOWN_IDENTIFIER_OLD

if TYPE_CHECKING:
    from .drivers import Driver, Row

_LIMIT = 200  # that are shown to people
_REASON, _COMMAND, _NONE = "latest_fail_reason", "command", "''"
_QUESTION = """
SELECT database, table, mutation_id, is_done, parts_to_do, {reason},
       database = currentDatabase(), {command},
       toUnixTimestamp(now()) - toUnixTimestamp(create_time)
FROM system.mutations{which}
"""
_UNFINISHED = f"""
WHERE database = currentDatabase() AND is_done = 0 ORDER BY create_time LIMIT {_LIMIT}
"""


class Entry(NamedTuple):
    """A mutation, and how far it is.

    :ivar parts: how many are left to do.
    :ivar reason: why it failed the last time, with the server's stack; empty when it did not.
    :ivar here: whether it is of the database that the connection is in.
    :ivar command: what it does, empty where that was not asked for.
    :ivar age: in seconds.
    """

    database: str
    table: str
    id: str
    done: bool
    parts: int
    reason: str
    here: bool
    command: str
    age: float


def every(driver: Driver) -> list[Entry]:
    """All of them, also finished ones, without their commands, which may be long.

    :raises ServerError: the user may not look.
    :raises ConnectionLost: the server does not answer.
    """
    return _read(driver, command=_NONE, which="")


def unfinished(driver: Driver) -> list[Entry]:
    """Those of the connection's database that are not done, oldest first.

    :raises ServerError: the user may not look.
    :raises ConnectionLost: the server does not answer.
    """
    return _read(driver, command=_COMMAND, which=_UNFINISHED)


def _read(driver: Driver, **wanted: str) -> list[Entry]:
    try:
        rows = driver.query(_QUESTION.format(reason=_REASON, **wanted))
    except ServerError as error:  # before 19.1 a mutation did not tell why it fails
        if error.code not in {UNKNOWN_COLUMN, UNKNOWN_IDENTIFIER_OLD}:
            raise
        rows = driver.query(_QUESTION.format(reason=_NONE, **wanted))
    return list(map(_entry, rows))


def _entry(row: Row) -> Entry:
    database, table, name, done, parts, reason, here, command, age = row
    return Entry(
        database,
        table,
        name,
        done == "1",
        int(parts),
        reason,
        here == "1",
        command,
        float(age),
    )
