"""The vocabulary: frozen values that flow from reading to reporting.

Nothing here does I/O.  The README's glossary has the meaning of each word.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from .errors import Interrupted

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from .errors import MigrateError
    from .interruption import Interruption, Settle, Settlement

POSTGRES = "postgres"
CLICKHOUSE = "clickhouse"


class Action(StrEnum):
    """What a step does to its database."""

    UPGRADE = "upgrade"
    DOWNGRADE = "downgrade"
    STAMP = "stamp"


class Level(StrEnum):
    """How serious a finding is: an error keeps a plan from running."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Location:
    """A place in a file; line and column count from 1, columns in characters."""

    path: Path
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.path}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class Link:
    """A revision of the other history that must be applied first."""

    environment: str
    revision: str

    def __str__(self) -> str:
        return f"{self.environment}@{self.revision}"


@dataclass(frozen=True, slots=True)
class Filled:
    """A stretch of a statement that was filled in for a placeholder.

    :ivar start: its offset in the text.
    :ivar length: how many characters it has.
    :ivar written: how many the placeholder has in the file.
    """

    start: int
    length: int
    written: int


@dataclass(frozen=True, slots=True)
class Allowance:
    """What a file says about a finding that is meant to be there.

    :ivar id: of the rule.
    """

    id: str
    reason: str
    location: Location


@dataclass(frozen=True, slots=True)
class Statement:
    """One SQL statement as it is sent: as written, without the ending semicolon.

    :ivar settings: server settings for this statement alone.
    :ivar timeout: seconds the statement may take, None for no limit of its own.
    :ivar wait: whether to wait until the mutations that it starts are done.
    :ivar written: the text in the file, where placeholders were filled in; else None.
    :ivar filled: the stretches that were, from first to last.
    :ivar allowed: the findings that are meant to be there.
    """

    text: str
    location: Location
    settings: Mapping[str, str] = field(default_factory=dict)
    timeout: float | None = None
    wait: bool = True
    written: str | None = None
    filled: tuple[Filled, ...] = ()
    allowed: tuple[Allowance, ...] = ()

    def place(self, offset: int) -> Location:
        """Where the character at ``offset`` of the text stands in the file.

        What was filled in stands where its placeholder begins.
        """
        written = self.text if self.written is None else self.written
        before = written[: self._in_file(offset)]
        line = self.location.line + before.count("\n")
        column = len(before) - before.rfind("\n")  # from 1, also without a line break
        if "\n" not in before:
            column += self.location.column - 1
        return Location(self.location.path, line, column)

    def _in_file(self, offset: int) -> int:
        shift = 0
        for each in self.filled:
            if offset < each.start:
                break
            if offset < each.start + each.length:
                return each.start + shift
            shift += each.written - each.length
        return offset + shift


@dataclass(frozen=True, slots=True)
class Revision:
    """One unit of change as it stands on disk.

    :ivar down: the revisions directly before this one; empty for a first revision.
    :ivar path: the revision module, or the ``.up.sql`` of a pair.
    :ivar requires: revisions of the other history that must be applied first.
    :ivar digest: SHA-256 of the file, byte by byte; empty for Postgres.
    :ivar commits: whether the file seems to commit by itself, so that a rollback can't take back
        everything it does; never for ClickHouse, which has no transactions.
    """

    environment: str
    id: str
    down: tuple[str, ...]
    message: str
    path: Path
    requires: tuple[Link, ...] = ()
    digest: str = ""
    depends_on: tuple[str, ...] = ()
    branch_labels: tuple[str, ...] = ()
    commits: bool = False

    def __str__(self) -> str:
        return f"{self.environment} {self.id}"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What one environment looked like when it was read: files and database.

    :ivar label: the database, without user or password.
    :ivar revisions: every revision on disk, each after the revisions it builds on.
    :ivar recorded: the versions that the database records: every applied version for
        ClickHouse, the branch tips for Postgres (Alembic records no more).
    :ivar linear: True when ``recorded`` is a set and the history a plain chain.
    :ivar dirty: steps that were started and not finished.
    :ivar changed: applied versions whose file differs from what was applied.
    :ivar exists: False when the database itself has not been created yet (embedded engines).
    :ivar invalid_indexes: what an interrupted CREATE INDEX CONCURRENTLY left behind; looked for
        only where a pending revision may have run such a statement.
    :ivar predecessor: another tool's version table and what it says, where that tool has migrated
        and we have no record yet; else empty.
    """

    environment: str
    label: str
    revisions: tuple[Revision, ...]
    recorded: tuple[str, ...]
    linear: bool = False
    dirty: tuple[Interruption, ...] = ()
    changed: tuple[str, ...] = ()
    exists: bool = True
    invalid_indexes: tuple[str, ...] = ()
    predecessor: str = ""

    @property
    def fingerprint(self) -> str:
        """A digest of the database's recorded state, for comparing two snapshots."""
        unfinished = [interruption.position for interruption in self.dirty]
        state = repr((self.environment, sorted(self.recorded), unfinished))
        return hashlib.sha256(state.encode()).hexdigest()

    @property
    def mark(self) -> str:
        """A digest that also tells two attempts at the same statement apart."""
        attempts = [(each.query_id, each.outcome, each.error) for each in self.dirty]
        return hashlib.sha256(repr((self.fingerprint, attempts)).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Limits:
    """How long a run may take.

    :ivar deadline: when the whole run has to end, on ``time.monotonic()``'s clock; None for never.
    :ivar statement: seconds that one statement may take, None for as long as it takes.
    """

    deadline: float | None = None
    statement: float | None = None


class OnFailure(StrEnum):
    """What a run that fails does with what it has applied."""

    STOP = "stop"
    ROLLBACK = "rollback"


class Operation(StrEnum):
    """What was asked for; each is planned into steps."""

    UP = "up"
    DOWN = "down"
    STEPS = "steps"
    GOTO = "goto"
    FORCE = "force"
    RESUME = "resume"


@dataclass(frozen=True, slots=True)
class Request:
    """What to plan.

    :ivar environments: the selected environments, Postgres before ClickHouse.
    :ivar steps: how many steps (negative: back); None for all.
    :ivar destination: Alembic's grammar, for both histories.
    :ivar destinations: an explicit destination for one history by its name.
    :ivar settle: for RESUME, what to do where nothing proves what happened.
    :ivar last_run: for DOWN, take back what the last run upwards applied.
    :ivar on_failure: what to do with what was applied when a step fails.
    :ivar atomic: commit Postgres only when everything else is done.
    """

    operation: Operation
    environments: tuple[str, ...]
    steps: int | None = None
    destination: str | None = None
    destinations: Mapping[str, str] = field(default_factory=dict)
    allow_out_of_order: bool = False
    settle: Settle | None = None
    last_run: bool = False
    on_failure: OnFailure = OnFailure.STOP
    atomic: bool = False

    @property
    def undoes(self) -> bool:
        """Whether a failed run takes back what it applied."""
        return self.atomic or self.on_failure is OnFailure.ROLLBACK

    @property
    def may_go_up(self) -> bool:
        """Whether revisions may be applied."""
        forward = self.operation is Operation.STEPS and (self.steps or 0) > 0
        return forward or self.operation in {Operation.UP, Operation.GOTO}

    @property
    def may_go_down(self) -> bool:
        """Whether revisions may be rolled back."""
        backward = self.operation is Operation.STEPS and (self.steps or 0) < 0
        return backward or self.operation in {Operation.DOWN, Operation.GOTO}


@dataclass(frozen=True, slots=True)
class Step:
    """One revision, run or recorded in one environment.

    :ivar revision: the revision's id; for a stamp the destination, ``base`` for nothing.
    :ivar path: the file that runs; None for a stamp.
    :ivar statements: what runs, where the files say so (ClickHouse).
    :ivar checksum: SHA-256 of what the file says, comments and spacing aside.
    :ivar digest: SHA-256 of the file, byte by byte.
    :ivar records: for a stamp, the versions that will be recorded as applied.
    :ivar done: the checksums of the statements that an interrupted run has executed already.
    :ivar settlement: the proven outcome of the last of them, if the ledger lacks it.
    :ivar touched: for a downgrade of what stands half done, the checksums of the statements that
        its upgrade touched: what the others would have made is not there.
    :ivar unproven: the checksum of the one of them whose outcome nothing proves, if any.
    """

    environment: str
    action: Action
    revision: str
    message: str = ""
    path: Path | None = None
    statements: tuple[Statement, ...] = ()
    checksum: str = ""
    digest: str = ""
    records: tuple[str, ...] = ()
    done: tuple[str, ...] = ()
    settlement: Settlement | None = None
    touched: tuple[str, ...] | None = None
    unproven: str = ""

    @property
    def remaining(self) -> tuple[Statement, ...]:
        """The statements that are still to run."""
        return self.statements[len(self.done) :]

    def __str__(self) -> str:
        return f"{self.action} {self.environment} {self.revision}"


@dataclass(frozen=True, slots=True)
class Finding:
    """Something worth knowing about an environment before a plan runs."""

    id: str
    level: Level
    environment: str
    message: str
    hint: str = ""
    location: Location | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run will do, in order; the same value is printed, confirmed and run.

    :ivar fingerprints: the state that each selected environment was planned from.
    :ivar marks: the same more closely, and of those that were only asked because a link points to
        them: when one has changed, the plan is stale.
    :ivar undo: what takes the steps back, newest first, where a failed run is to do that.
    """

    request: Request
    steps: tuple[Step, ...]
    fingerprints: Mapping[str, str]
    marks: Mapping[str, str] = field(default_factory=dict, kw_only=True)
    findings: tuple[Finding, ...] = ()
    undo: tuple[Step, ...] = ()

    @property
    def digest(self) -> str:
        """SHA-256 over the states, the steps and every statement."""
        content = repr((sorted(self.fingerprints.items()), self.steps))
        return hashlib.sha256(content.encode()).hexdigest()


class StepState(StrEnum):
    """What became of a step."""

    APPLIED = "applied"
    FAILED = "failed"
    HALF_DONE = "half_done"
    ROLLED_BACK = "rolled_back"
    NOT_RUN = "not_run"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class StepResult:
    """What became of one step; duration in seconds."""

    step: Step
    state: StepState
    duration: float | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """What a run did and what is true now.

    :ivar error: the failure that ended the run, None when everything was applied.
    :ivar undo_error: why not everything that the run had applied could be taken back.
    :ivar after: the state of each environment when the run ended; without an entry for a
        database that could not be read any more.
    """

    plan: Plan
    results: tuple[StepResult, ...]
    after: Mapping[str, Snapshot]
    error: MigrateError | None = None
    undo_error: MigrateError | None = None

    @property
    def changed(self) -> bool:
        """Whether some database is, or may be, not what it was before the run."""
        before = self.plan.fingerprints
        took_back = bool(self.plan.undo) and self.undo_error is None
        return (self.error is not None and self.error.partial and not took_back) or any(
            name not in self.after or self.after[name].fingerprint != before[name]
            for name in before
        )

    @property
    def exit_code(self) -> int:
        """The process exit code (README, "Exit codes")."""
        if self.error is None:
            return 0
        if self.changed and not isinstance(self.error, Interrupted):
            return 6
        return self.error.exit_code
