"""What keeps the server itself from waiting for a mutation: ``-- migrate: wait none``.

A server can be configured to answer only when a mutation is done: ``mutations_sync`` (since 19.11)
for UPDATE, DELETE and MATERIALIZE, ``lightweight_deletes_sync`` (24.4) for DELETE FROM, and
``alter_sync`` for an ALTER that rewrites data, such as MODIFY COLUMN; the last two do wait unless
somebody says otherwise (ClickHouse documentation, "Session settings").
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .drivers import ServerError
from .drivers.base import quoted

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ..model import Statement
    from .drivers import Driver

_ALTER = "alter_sync"
_WAITS = ("mutations_sync", "lightweight_deletes_sync", _ALTER)
_KNOWN = "SELECT name FROM system.settings WHERE name IN ({})"
_REPLICATED = (
    "SELECT count() FROM system.tables WHERE name IN ({}) "
    "AND (engine LIKE 'Replicated%' OR engine LIKE 'Shared%')"
)
_AT_ONCE = "0"


def settings_of(driver: Driver, statement: Statement) -> Mapping[str, str]:
    """The settings that a statement is sent with.

    What the file says of these settings counts.  Where an ALTER of a replicated table is not waited
    for, the next statement may still find the old columns: that one is waited for in any case.

    :raises ConnectionLost: the server, which is asked what it knows, does not answer.
    """
    from ..sqltext import may_mutate

    if statement.wait or not may_mutate(statement.text):
        return statement.settings
    try:
        own = {name: _AT_ONCE for name in _known(driver) if _is_safe(driver, name, statement)}
    except ServerError:  # then it waits as the server is configured
        own = {}
    return {**own, **statement.settings}


def _known(driver: Driver) -> list[str]:
    return [name for (name,) in driver.query(_KNOWN.format(_list(_WAITS)))]


def _is_safe(driver: Driver, setting: str, statement: Statement) -> bool:
    from ..sqltext import identifiers, on_cluster

    if setting != _ALTER:
        return True
    if on_cluster(statement.text):
        return False
    names = _list(sorted(identifiers(statement.text)))
    ((count,),) = driver.query(_REPLICATED.format(names))
    return count == "0"


def _list(names: Iterable[str]) -> str:
    return ", ".join(f"'{quoted(name)}'" for name in names)
