"""The append-only record in ClickHouse of what was started and what came of it.

Before each statement an *intent* row goes in, after it an *outcome* row.  The outcome of one
statement and the intent of the next share an insert, because a single-row insert costs a MergeTree
table several times what the DDL costs.  Rows are never changed: which versions are applied, and
whether one is dirty, is derived from the last row of each version.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from ..errors import ForeignLedger, StateError
from ..model import CLICKHOUSE, Action
from .attempts import DONE, Content, LedgerRow, standing
from .base import LastRun
from .cluster import SEQUENTIAL, creation, patiently
from .drivers import ServerError
from .drivers.base import UNKNOWN_COLUMN, UNKNOWN_IDENTIFIER_OLD, UNKNOWN_TABLE
from .runs import FINISHED, RUN, last_runs, read

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from ..interruption import Interruption
    from ..past import PastRun
    from .cluster import Cluster
    from .drivers import Driver, Row

    Prove = Callable[[Interruption], Interruption]

_TELLS = f"action = '{RUN}' AND event = '{FINISHED}'"
_APPLIES = f"action = '{Action.UPGRADE}' AND event = '{DONE}' AND statement = statements"

# Numbers and strings only, so that every server version since 18.16 can hold it.
COLUMNS = {
    "seq": "UInt64",  # nanoseconds since 1970, always larger than the row before
    "run": "String",
    "version": "UInt64",
    "action": "String",
    "event": "String",
    "statement": "UInt32",
    "statements": "UInt32",
    "checksum": "String",
    "digest": "String",
    "statement_hash": "String",
    "query_id": "String",
    "error": "String",
    "note": "String",  # what proves an outcome; what a run did
    "author": "String",
}
_TAKE_OVER = "take over its history: brokle-migrate adopt golang-migrate DIR; or "
_GOLANG_MIGRATE = {"version", "dirty", "sequence"}


@dataclass(frozen=True, slots=True)
class LedgerState:
    """What the ledger says.

    :ivar applied: each applied version with what its file said then.
    :ivar dirty: steps that were started and not finished.
    :ivar last: the sequence number of the newest row.
    :ivar exists: whether the table has been made.
    """

    applied: Mapping[str, Content] = field(default_factory=dict)
    dirty: tuple[Interruption, ...] = ()
    last: int = 0
    exists: bool = True


@dataclass(frozen=True, slots=True)
class Latest:
    """What the last row of each version says.

    :ivar unfinished: the versions whose last row finishes nothing.
    """

    applied: Mapping[str, Content]
    unfinished: tuple[str, ...]
    last: int


def fold(rows: Iterable[Row]) -> Latest:
    """Derive what can be told from the last row of each version.  Pure.

    :param rows: version, action, event, statement, statements, checksum, digest, seq; by version.
    """
    applied: dict[str, Content] = {}
    unfinished: list[str] = []
    last = 0
    for version, action, event, statement, statements, checksum, digest, seq in rows:
        last = max(last, int(seq))
        if action == RUN:
            continue
        content = Content(checksum, digest)
        row = LedgerRow(action, event, int(statement), int(statements), "", "", "", content)
        if not row.finishes:
            unfinished.append(version)
        elif standing(version, [row]).applied is not None:
            applied[version] = content
    return Latest(applied, tuple(unfinished), last)


class Ledger:
    """The ledger table of one database.

    :param table: its name.
    :param engine: the table engine, as configured.
    :param cluster: whose servers all have it; None for a single server.
    """

    def __init__(
        self, driver: Driver, table: str, engine: str, cluster: Cluster | None = None
    ) -> None:
        self._driver = driver
        self.name = table
        self.table = f"`{table}`"
        self._engine = engine
        self._cluster = cluster
        self._reading = SEQUENTIAL if cluster else ""

    @property
    def cluster(self) -> str | None:
        """The name of the cluster."""
        return self._cluster.name if self._cluster is not None else None

    def read(self, prove: Prove | None = None) -> LedgerState:
        """What the ledger says now; creates nothing.

        :param prove: asks the server about what the ledger does not tell.
        :raises ForeignLedger: another tool made the table.
        :raises ServerError: the server refused to answer.
        """
        last = "argMax({0}, seq)".format
        columns = ("action", "event", "statement", "statements", "checksum", "digest")
        query = (
            f"SELECT version, {', '.join(map(last, columns))}, max(seq) FROM {self.table} "
            f"GROUP BY version, action = '{RUN}' ORDER BY version{self._reading}"
        )
        try:
            latest = fold(self._query(query))
            return self._state(latest, prove)
        except ServerError as error:
            if error.code == UNKNOWN_TABLE:
                self._require_nowhere()
                return LedgerState(exists=False)
            if error.code in {UNKNOWN_COLUMN, UNKNOWN_IDENTIFIER_OLD}:
                raise self._foreign() from error
            raise

    def _state(self, latest: Latest, prove: Prove | None) -> LedgerState:
        """Look closer at the versions whose last row finishes nothing."""
        applied, dirty = dict(latest.applied), []
        for version in latest.unfinished:
            found = standing(version, self._rows(version), prove)
            if found.interruption is not None:
                dirty.append(found.interruption)
            elif found.applied is not None:
                applied[version] = found.applied
        return LedgerState(applied, tuple(dirty), latest.last)

    def _query(self, sql: str) -> list[Row]:
        if self._cluster is None:
            return self._driver.query(sql)
        return patiently(partial(self._driver.query, sql))

    def _require_nowhere(self) -> None:
        """Refuse a replica without the ledger that others have: it missed what they have run.

        :raises StateError: others have it.
        """
        if self._cluster is not None and self._cluster.is_kept_elsewhere(self.name):
            raise StateError(
                f"this replica of the cluster {self._cluster.name} has no ledger {self.name}, "
                "while others have: it has missed what was migrated; nothing was changed",
                hint="bring its tables and its ledger in line with another replica's "
                f"(there: SHOW CREATE TABLE {self.name}), or connect to another replica",
            )

    def _rows(self, version: str) -> list[LedgerRow]:
        """Every row of a version, oldest first."""
        rows = self._query(
            "SELECT action, event, statement, statements, statement_hash, query_id, error, "
            f"checksum, digest FROM {self.table} "
            f"WHERE version = {version} AND action != '{RUN}' ORDER BY seq{self._reading}"
        )
        return [
            LedgerRow(action, event, int(at), int(total), text, id_, error, Content(*content))
            for action, event, at, total, text, id_, error, *content in rows
        ]

    def create(self) -> None:
        """Make the table unless it is there, and see that it can be read.

        Who may not read it could still write to it, and would not know afterwards what was applied.
        """
        self._driver.execute(creation(self.name, COLUMNS, self._engine, "seq", self._cluster))
        self._driver.query(f"SELECT {', '.join(COLUMNS)} FROM {self.table} LIMIT 0")

    def append(self, rows: list[tuple[object, ...]], query_id: str = "") -> None:
        """Add rows in one insert.

        :param query_id: what the insert runs under.
        """
        insert = partial(self._driver.insert, self.table, list(COLUMNS), rows, query_id=query_id)
        if self._cluster is None:
            insert()
            return
        try:
            patiently(partial(insert, settings=self._cluster.writing))
        except ServerError as error:
            raise self._cluster.explained(error) from error

    def last_run(self) -> LastRun | None:
        """What the last run upwards applied; None where there was none.

        A run that was killed has left no record of itself: its ClickHouse steps are known all the
        same.
        """
        try:
            rows = self._query(
                f"SELECT run, argMax(note, {_TELLS}), "
                f"groupArrayIf(version, {_APPLIES}) FROM {self.table} "
                f"WHERE ({_TELLS}) OR ({_APPLIES}) GROUP BY run "
                f"ORDER BY max(seq) DESC LIMIT 1{self._reading}"
            )
        except ServerError as error:
            if error.code == UNKNOWN_TABLE:
                return None
            raise
        return _last_run(rows[0]) if rows else None

    def last_runs(self, limit: int) -> tuple[PastRun, ...]:
        """The last runs of any kind, newest first.

        :raises ServerError: the server refused to answer.
        """
        try:
            return last_runs(self._driver, self.table, limit)
        except ServerError as error:
            if error.code == UNKNOWN_TABLE:
                return ()
            raise

    def has_versions(self) -> bool:
        """Whether anything was ever recorded of a version, and not only of runs."""
        ((count,),) = self._query(
            f"SELECT count() FROM {self.table} WHERE action != '{RUN}'{self._reading}"
        )
        return count != "0"

    def _foreign(self) -> ForeignLedger:
        found = self._driver.query(
            "SELECT name FROM system.columns WHERE database = currentDatabase() "
            f"AND table = '{self.name}'"
        )
        names = {name for (name,) in found}
        maker = "golang-migrate" if names >= _GOLANG_MIGRATE else "another tool"
        return ForeignLedger(
            f"the table {self.name} in ClickHouse was made by {maker} "
            f"(columns {', '.join(sorted(names))}); nothing was changed",
            hint=f"{_TAKE_OVER if maker == 'golang-migrate' else ''}keep it, and give "
            "brokle-migrate a table of its own: CLICKHOUSE_MIGRATIONS_TABLE=brokle_migrations",
        )


def values_of(row: Mapping[str, object]) -> tuple[object, ...]:
    """A row in the order of the columns; what it does not have is empty or zero."""
    empty = {"String": ""}
    return tuple(row.get(name, empty.get(kind, 0)) for name, kind in COLUMNS.items())


def _last_run(row: Row) -> LastRun:
    _, note, versions = row
    if note:
        return LastRun(read(note).upgraded)
    own = tuple(sorted(re.findall(r"\d+", versions), key=int))
    return LastRun({CLICKHOUSE: own}, complete=False)
