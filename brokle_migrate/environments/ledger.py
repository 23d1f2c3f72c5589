"""The append-only record in ClickHouse of what was started and what came of it.

Before each statement an *intent* row goes in, after it an *outcome* row.  The outcome of one
statement and the intent of the next share an insert, because a single-row insert costs a MergeTree
table several times what the DDL costs.  Rows are never changed: which versions are applied, and
whether one is dirty, is derived from the last row of each version.
"""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple

from ..author import author
from ..errors import ForeignLedger
from ..model import Action, Interruption
from .drivers import ServerError
from .drivers.base import UNKNOWN_COLUMN, UNKNOWN_IDENTIFIER_OLD, UNKNOWN_TABLE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ..model import Statement, Step
    from .drivers import Driver, Row

INTENT, DONE, FAILED, REFUSED = "intent", "done", "failed", "refused"
STAMPED, UNSTAMPED = "stamped", "unstamped"

# Numbers and strings only, so that every server version since 18.16 can hold it.
_COLUMNS = {
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
    "author": "String",
}
_GOLANG_MIGRATE = {"version", "dirty", "sequence"}


class Content(NamedTuple):
    """What a file said when it was applied.

    :ivar checksum: SHA-256 of it, comments and spacing aside.
    :ivar digest: SHA-256 of it, byte by byte.
    """

    checksum: str
    digest: str


@dataclass(frozen=True, slots=True)
class LedgerState:
    """What the ledger says.

    :ivar applied: each applied version with what its file said then.
    :ivar dirty: steps that were started and not finished.
    :ivar last: the sequence number of the newest row.
    """

    applied: Mapping[str, Content] = field(default_factory=dict)
    dirty: tuple[Interruption, ...] = ()
    last: int = 0


def fold(rows: Iterable[Row]) -> LedgerState:
    """Derive the state from the last row of each version.  Pure.

    :param rows: version, action, event, statement, statements, checksum, digest, error, seq; by
        version.
    """
    applied: dict[str, Content] = {}
    dirty: list[Interruption] = []
    last = 0
    for version, action, event, statement, statements, checksum, digest, error, seq in rows:
        last = max(last, int(seq))
        finished = event == DONE and statement == statements
        if event == STAMPED or (finished and action == Action.UPGRADE):
            applied[version] = Content(checksum, digest)
        elif event != UNSTAMPED and not finished:
            place = int(statement), int(statements)
            ended = event == DONE, event == REFUSED
            interruption = Interruption(version, Action(action), *place, error, *ended)
            if not _is_as_before(interruption):
                dirty.append(interruption)
    return LedgerState(applied, tuple(dirty), last)


def _is_as_before(interruption: Interruption) -> bool:
    """Whether an upgrade ended with a first statement that had no effect."""
    is_first = interruption.statement == 1 and interruption.action is Action.UPGRADE
    return is_first and interruption.refused


class Ledger:
    """The ledger table of one database.

    :param table: its name.
    :param engine: the table engine, as configured.
    """

    def __init__(self, driver: Driver, table: str, engine: str) -> None:
        self._driver = driver
        self.name = table
        self.table = f"`{table}`"
        self._engine = engine

    def read(self) -> LedgerState:
        """What the ledger says now; creates nothing.

        :raises ForeignLedger: another tool made the table.
        :raises ServerError: the server refused to answer.
        """
        last = "argMax({0}, seq)".format
        columns = ("action", "event", "statement", "statements", "checksum", "digest", "error")
        query = (
            f"SELECT version, {', '.join(map(last, columns))}, max(seq) "
            f"FROM {self.table} GROUP BY version ORDER BY version"
        )
        try:
            state = fold(self._driver.query(query))
            return replace(state, dirty=tuple(self._finished(each) for each in state.dirty))
        except ServerError as error:
            if error.code == UNKNOWN_TABLE:
                return LedgerState()
            if error.code in {UNKNOWN_COLUMN, UNKNOWN_IDENTIFIER_OLD}:
                raise self._foreign() from error
            raise

    def _finished(self, interruption: Interruption) -> Interruption:
        """Add what the statements before the place of an interruption were."""
        if interruption.action is not Action.UPGRADE:
            return interruption
        rows = self._driver.query(
            f"SELECT statement, argMax(statement_hash, seq) FROM {self.table} "
            f"WHERE version = {interruption.version} AND event = '{DONE}' "
            f"AND action = '{Action.UPGRADE}' AND statement > 0 "
            f"AND statement < {interruption.statement + interruption.done} "
            "GROUP BY statement ORDER BY statement"
        )
        return replace(interruption, finished=tuple(text_hash for _, text_hash in rows))

    def create(self) -> None:
        """Make the table unless it is there."""
        columns = ", ".join(f"{name} {kind}" for name, kind in _COLUMNS.items())
        order = " ORDER BY seq" if "MergeTree" in self._engine else ""
        self._driver.execute(
            f"CREATE TABLE IF NOT EXISTS {self.table} ({columns}) ENGINE = {self._engine}{order}"
        )

    def append(self, rows: list[tuple[object, ...]]) -> None:
        """Add rows in one insert."""
        self._driver.insert(self.table, list(_COLUMNS), rows)

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
            hint="keep it, and give brokle-migrate a table of its own: "
            "CLICKHOUSE_MIGRATIONS_TABLE=brokle_migrations",
        )


class Recorder:
    """Writes the rows of one run.

    :param last: the sequence number that the run's rows come after.
    :param run_id: what the rows of one run have in common.
    """

    def __init__(self, ledger: Ledger, last: int, run_id: str) -> None:
        self._ledger = ledger
        self._last = last
        self._rows: list[tuple[object, ...]] = []
        self._run = run_id
        self._author = author()

    def intend(self, step: Step, number: int, statement: Statement) -> str:
        """Record that a statement is about to run; on return the row is in the database.

        :return: the query id to run it under.
        """
        query_id = str(uuid.uuid4())
        self._add(step, INTENT, number, statement, query_id)
        self.flush()
        return query_id

    def settle(
        self,
        step: Step,
        number: int,
        statement: Statement,
        query_id: str,
        error: str = "",
        *,
        refused: bool = False,
    ) -> None:
        """Note a statement's outcome; it is written with the next intent or flush.

        :param error: what the server said, empty when all went well.
        :param refused: whether that proves that the statement had no effect.
        """
        event = REFUSED if refused else FAILED if error else DONE
        self._add(step, event, number, statement, query_id, error)

    def finish(self, step: Step) -> None:
        """Note that a step with nothing left to execute is done."""
        self._add(step, DONE, len(step.statements))

    def stamp(self, version: str, content: Content | None) -> None:
        """Note a version as applied without running anything; as not applied for None."""
        event = UNSTAMPED if content is None else STAMPED
        self._append(version, Action.STAMP, event, 0, 0, content or Content("", ""), "", "", "")

    def flush(self) -> None:
        """Write what was noted, in one insert."""
        if self._rows:
            self._ledger.append(self._rows)
            self._rows = []

    def _add(
        self,
        step: Step,
        event: str,
        number: int,
        statement: Statement | None = None,
        query_id: str = "",
        error: str = "",
    ) -> None:
        content = Content(step.checksum, step.digest)
        text_hash = statement.checksum if statement else ""
        total = len(step.statements)
        self._append(
            step.revision, step.action, event, number, total, content, text_hash, query_id, error
        )

    def _append(
        self,
        version: str,
        action: Action,
        event: str,
        number: int,
        total: int,
        content: Content,
        *rest: str,
    ) -> None:
        self._last = max(self._last + 1, time.time_ns())
        what = (int(version), str(action), event, number, total)
        self._rows.append((self._last, self._run, *what, *content, *rest, self._author))
