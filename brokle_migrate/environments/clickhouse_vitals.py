"""What endangers, slows or blocks a migration in ClickHouse: one question for each part.

Servers since 18.16 are asked.  What an old one does not have is left out of the question; a part
that the user may not read is said to be missing, and spoils no other.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

from ..vitals import Crowd, Disk, Missing, Query, Replica, RunningMutation, Vitals
from .base import TableSize
from .drivers import ConnectionLost, ServerError
from .drivers.base import UNKNOWN_TABLE
from .system_mutations import unfinished

if TYPE_CHECKING:
    from collections.abc import Callable

    from .drivers import Driver, Row
    from .system_mutations import Entry

_LONG = 10  # seconds from which on a query is worth a word
_CROWDED = 100  # parts of a partition from which on it is worth asking for the server's limit
_LIMIT = 200  # of one kind that are read
_ENDLESS = 1 << 63  # an object store tells a size like this
_REFUSED = {497, 291}  # ACCESS_DENIED, DATABASE_ACCESS_DENIED
_HERE = "database = currentDatabase()"

_TABLES = f"""
SELECT table, sum(rows_in), sum(bytes_in), max(parts_in) FROM (
  SELECT table, partition, sum(rows) AS rows_in, sum(bytes_on_disk) AS bytes_in,
         count() AS parts_in
  FROM system.parts WHERE {_HERE} AND active GROUP BY table, partition
) GROUP BY table
"""
_SLOWS = "SELECT value FROM system.merge_tree_settings WHERE name = 'parts_to_delay_insert'"
_DISKS = "SELECT name, free_space, total_space FROM system.disks ORDER BY name"
_REPLICAS = f"""
SELECT table, is_readonly, active_replicas, total_replicas, absolute_delay, queue_size
FROM system.replicas WHERE {_HERE} ORDER BY table
"""
_QUERIES = f"""
SELECT query_id, user, toString(address), elapsed FROM system.processes
WHERE elapsed >= {_LONG} ORDER BY elapsed DESC LIMIT {_LIMIT}
"""
# The values in a command may be people's data.
_HIDDEN = "'…'"
_LITERAL = re.compile(r"'(?:[^'\\]|\\.)*'", re.DOTALL)


class Part(NamedTuple):
    """One part of the vitals.

    :ivar what: in words.
    :ivar grant: the system table that it is read from.
    :ivar ask: asks, and puts the answer into a copy.
    """

    what: str
    grant: str
    ask: Callable[[Driver, Vitals], Vitals]


def vitals(driver: Driver) -> Vitals:
    """Ask for every part; once the server does not answer, no more is asked."""
    return _Round(driver).all(Vitals())


@dataclass(slots=True)
class _Round:
    driver: Driver
    lost: str = ""

    def all(self, found: Vitals) -> Vitals:
        for part in PARTS:
            found = self._ask(part, found)
        return found

    def _ask(self, part: Part, found: Vitals) -> Vitals:
        if self.lost:
            return found.without(Missing(part.what, self.lost))
        try:
            return part.ask(self.driver, found)
        except ServerError as error:
            return found.without(_refused(part, error))
        except ConnectionLost as error:
            self.lost = f"the connection was lost: {error}"
            return found.without(Missing(part.what, self.lost))


def _refused(part: Part, error: ServerError) -> Missing:
    if error.code == UNKNOWN_TABLE:
        return Missing(part.what, f"this version of ClickHouse has no {part.grant}")
    if error.code in _REFUSED:
        why = f"this user may not read {part.grant}"
        return Missing(part.what, why, f"GRANT SELECT ON {part.grant} TO the user")
    return Missing(part.what, error.message)


def _tables(driver: Driver, found: Vitals) -> Vitals:
    rows = driver.query(_TABLES)
    tables = tuple(TableSize(name, int(count), int(size)) for name, count, size, _ in rows)
    full = [(name, int(parts)) for name, _, _, parts in rows if int(parts) >= _CROWDED]
    found = replace(found, tables=tables)
    return replace(found, crowds=_crowds(driver, full)) if full else found


def _crowds(driver: Driver, full: list[tuple[str, int]]) -> tuple[Crowd, ...]:
    """The tables that are at least half way to being slowed down."""
    slows = next((int(value) for (value,) in driver.query(_SLOWS)), 0)
    return tuple(Crowd(name, parts, slows) for name, parts in full if slows and parts * 2 >= slows)


def _disks(driver: Driver, found: Vitals) -> Vitals:
    return replace(found, disks=tuple(_disk(*row) for row in driver.query(_DISKS)))


def _disk(name: str, free: str, total: str) -> Disk:
    return Disk(name, int(free), None if int(total) >= _ENDLESS else int(total))


def mutations(driver: Driver) -> tuple[RunningMutation, ...] | None:
    """Those of the connection's database that are not done; None where they can't be read.

    :raises ConnectionLost: the server does not answer.
    """
    try:
        return tuple(map(_mutation, unfinished(driver)))
    except ServerError:
        return None


def _mutations(driver: Driver, found: Vitals) -> Vitals:
    return replace(found, mutations=tuple(map(_mutation, unfinished(driver))))


def _mutation(entry: Entry) -> RunningMutation:
    failure = ServerError(entry.reason).message if entry.reason else ""  # without the stack
    for literal in set(_LITERAL.findall(entry.command)):
        failure = failure.replace(literal, _HIDDEN)
    hidden = _LITERAL.sub(_HIDDEN, entry.command)
    return RunningMutation(entry.table, entry.id, hidden, entry.age, entry.parts, failure)


def _replicas(driver: Driver, found: Vitals) -> Vitals:
    return replace(found, replicas=tuple(map(_replica, driver.query(_REPLICAS))))


def _replica(row: Row) -> Replica:
    table, readonly, active, total, delay, queue = row
    return Replica(table, readonly == "1", int(active), int(total), float(delay), int(queue))


def _queries(driver: Driver, found: Vitals) -> Vitals:
    rows = driver.query(_QUERIES)
    queries = (Query(name, user, _plain(address), float(age)) for name, user, address, age in rows)
    return replace(found, queries=tuple(queries))


def _plain(address: str) -> str:
    """An address of the old kind as one writes it."""
    return address.removeprefix("::ffff:")


PARTS = (
    Part("mutations", "system.mutations", _mutations),
    Part("long queries", "system.processes", _queries),
    Part("tables", "system.parts", _tables),
    Part("disks", "system.disks", _disks),
    # Last, for it is Keeper that is asked, and that may take long.
    Part("replicas", "system.replicas", _replicas),
)
