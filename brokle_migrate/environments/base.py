"""The seam between deciding and acting: what every engine's environment can do."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from ..errors import MigrateError
    from ..events import Emit
    from ..locks import Lock
    from ..model import Limits, Revision, Snapshot, Step
    from ..past import PastRun, RunRecord
    from ..schemas import Schema
    from ..vitals import RunningMutation, Vitals


@dataclass(frozen=True, slots=True)
class StepSql:
    """What a step would execute.

    :ivar statements: the SQL, statement for statement.
    :ivar note: why the list may not be complete, empty when it is.
    """

    step: Step
    statements: tuple[str, ...]
    note: str = ""


class Log(Enum):
    """What becomes of the log of the libraries, and of what ``env.py`` does to logging."""

    HIDDEN = auto()
    SHOWN = auto()  # as env.py configures it
    APPLICATION = auto()  # as the application has configured it; env.py changes nothing


LOCK = "lock"
"""The kind of the table that taking the lock may create."""


@dataclass(frozen=True, slots=True)
class DatabaseObject:
    """Something that ``drop`` would remove.

    :ivar kind: table, view, materialized view, type, sequence, function, dictionary,
        ledger or lock.
    :ivar rows: how many rows it has, None where that is not a question.
    :ivar sql: the statement that removes it.
    """

    kind: str
    name: str
    rows: int | None
    sql: str


@dataclass(frozen=True, slots=True)
class TableSize:
    """How big a table is; rows are the server's estimate, bytes are on disk."""

    name: str
    rows: int
    bytes: int


@dataclass(frozen=True, slots=True)
class ServerFacts:
    """What ``info`` tells of a database.  Latency in seconds, for one empty round trip."""

    version: str
    database: str
    latency: float


@dataclass(frozen=True, slots=True)
class LastRun:
    """What the last run upwards applied.

    :ivar applied: the revisions by environment, oldest first; without an entry for an environment
        about which the run could not record anything.
    :ivar complete: False when the run broke off before it could record what it did elsewhere.
    """

    applied: Mapping[str, tuple[str, ...]]
    complete: bool = True


HIDDEN = "[HIDDEN]"
"""What stands in the place of a secret in a schema, as ClickHouse writes it."""


@dataclass(frozen=True, slots=True)
class Dump:
    """The schema of a database, as SQL for an empty one.

    :ivar text: statements, with the record of what is applied at the end.
    :ivar warnings: what a person has to know before it is loaded, a sentence each.
    """

    text: str
    warnings: tuple[str, ...] = ()


class Transactional(Protocol):
    """An engine whose steps can share one transaction."""

    def needs_autocommit(self, steps: Sequence[Step]) -> tuple[str, ...]:
        """Why steps can't be in one transaction, as far as that is known before they run."""

    def interrupt(self, error: MigrateError) -> None:
        """End what is running, from any thread; the method that runs it raises ``error``.

        Returns at once; where nothing is running, nothing happens.
        """

    def apply_around(
        self,
        steps: Sequence[Step],
        inside: Callable[[Sequence[Step]], None],
        emit: Emit,
        limits: Limits,
    ) -> None:
        """Run a whole plan in one transaction of this engine, which is committed last.

        :param steps: every step of the plan, in order.
        :param inside: runs a stretch of other engines' steps while the transaction is open.
        :raises StepFailed: a step failed, and this engine's steps were rolled back.
        """


class Environment(Protocol):
    """An engine with its script directory and its database."""

    name: str

    @property
    def label(self) -> str:
        """The database, without user or password."""

    def lock(self, timeout: float, waiting: Callable[[str], None]) -> Lock:
        """The lock that this engine can hold for a run; takes nothing yet.

        :param timeout: seconds to wait for somebody else's run to end.
        :param waiting: called with the holder's description while there is a wait.
        """

    def revisions(self) -> tuple[Revision, ...]:
        """The files alone; read once.

        :raises RevisionError: the files are not valid.
        """

    def hurry(self, deadline: float) -> None:
        """Have questions from now on given up soon after a time on ``time.monotonic()``'s clock."""

    def snapshot(self, *, prove: bool = False) -> Snapshot:
        """Read files and database; writes nothing and creates nothing.

        :param prove: ask the server what became of a statement where its record does not tell.
        :raises RevisionError: the files are not valid.
        :raises DatabaseUnreachable: the database does not answer.
        """

    def load(self, steps: Sequence[Step]) -> tuple[Step, ...]:
        """Read and check what the steps will run, before the first of them does.

        :raises RevisionError: a file is not valid, or a step has no way back.
        """

    def sql(self, steps: Sequence[Step]) -> tuple[StepSql, ...]:
        """What the steps would execute, in order; touches no database."""

    def apply(self, steps: Sequence[Step], emit: Emit, limits: Limits) -> None:
        """Run steps in order, each with its version record.

        :param emit: called with every event; what it raises ends the run between two statements.
        :raises StepFailed: one failed; what is applied is for a new snapshot to tell.
        """

    def note_run(self, record: RunRecord) -> None:
        """Record what a run did; for an engine that has a ledger.

        What can't be recorded is left out: the run itself is over.
        """

    def last_run(self) -> LastRun | None:
        """What the last run upwards applied, as far as this engine records it."""

    def last_runs(self, limit: int) -> tuple[PastRun, ...] | None:
        """The last runs of any kind, newest first; None where this engine keeps no record of them.

        :raises DatabaseUnreachable: the database does not answer, or refuses to.
        """

    def new_revision(
        self, version: str, message: str, *, sql: bool, write: bool
    ) -> tuple[Path, ...]:
        """Create an empty revision and return its files.

        :param sql: with the statements in .sql files, where the engine has another form.
        :param write: False only says which files there would be.
        """

    def inventory(self) -> tuple[DatabaseObject, ...]:
        """Everything that ``drop`` would remove, in the order of removal."""

    def drop(self, objects: Sequence[DatabaseObject]) -> None:
        """Remove objects, in the order given."""

    def sizes(self) -> tuple[TableSize, ...]:
        """How big the tables of the database are."""

    def dump(self) -> Dump | None:
        """The live schema in a stable order; None where there is no database yet.

        :raises MigrateError: it could not be read.
        """

    def schema(self) -> Schema:
        """The live schema object by object, without what records and locks migrations.

        Nothing where there is no database yet.
        """

    def facts(self) -> ServerFacts:
        """Ask the server about itself."""

    def vitals(self) -> Vitals:
        """What endangers, slows or blocks a migration; what can't be asked is part of the answer.

        :raises DatabaseUnreachable: the database does not answer at all.
        """

    def mutations(self) -> tuple[RunningMutation, ...] | None:
        """What goes on in the background; None for an engine without, or where it can't be read.

        :raises DatabaseUnreachable: the database does not answer.
        """

    def close(self) -> None:
        """Release what was opened."""
