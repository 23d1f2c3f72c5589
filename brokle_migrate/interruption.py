"""A step that was started and not finished, and what is known of its last statement."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from .model import Action


class Outcome(StrEnum):
    """What became of a statement that was interrupted.

    A repeatable one may have had its effect, and running it again does no harm.
    """

    DONE = "done"
    NO_EFFECT = "no_effect"
    REPEATABLE = "repeatable"
    RUNNING = "running"
    UNKNOWN = "unknown"


_PROVEN = frozenset({Outcome.DONE, Outcome.NO_EFFECT, Outcome.REPEATABLE})


@dataclass(frozen=True, slots=True)
class Interruption:
    """A step that was started and not finished.

    :ivar action: what the step was doing.
    :ivar statement: number of the last statement that was touched, from 1.
    :ivar statements: how many statements the step has.
    :ivar finished: the checksums of the statements that are recorded as done, from the first.
    :ivar error: what the server said, empty when it said nothing.
    :ivar checksum: that of the last statement that was touched, comments and spacing aside.
    :ivar query_id: what that statement ran under.
    :ivar upgrade: for a downgrade of what stood half done, the checksums of the statements that
        the upgrade had touched; None when it had finished.
    :ivar outcome: what became of that statement, as far as the ledger and the server tell.
    :ivar evidence: what tells it; empty where the ledger itself does.
    """

    version: str
    action: Action
    statement: int
    statements: int
    finished: tuple[str, ...] = ()
    error: str = ""
    checksum: str = ""
    query_id: str = ""
    upgrade: tuple[str, ...] | None = None
    outcome: Outcome = Outcome.UNKNOWN
    evidence: str = ""

    @property
    def executed(self) -> tuple[str, ...]:
        """The checksums of the statements that are done, whoever proves it."""
        if self.outcome is Outcome.DONE and len(self.finished) == self.statement - 1:
            return (*self.finished, self.checksum)
        return self.finished

    @property
    def touched(self) -> tuple[str, ...] | None:
        """The checksums of the upgrade's statements that may have left something behind."""
        if self.action is not Action.UPGRADE:
            return self.upgrade
        if self.outcome is Outcome.NO_EFFECT or len(self.executed) == self.statement:
            return self.executed
        return (*self.executed, self.checksum)

    @property
    def next_statement(self) -> int | None:
        """Where the step can go on, from 1; None where what happened is not proven."""
        number = self.statement + (self.outcome is Outcome.DONE)
        proven = self.outcome in _PROVEN and len(self.executed) == number - 1
        return number if proven else None

    @property
    def position(self) -> tuple[str, Action, int, int]:
        """Where it stands, whatever became of its statement."""
        return self.version, self.action, self.statement, len(self.finished)

    def __str__(self) -> str:
        place = f"statement {self.statement} of {self.statements}"
        if self.outcome is Outcome.DONE and not self.evidence:
            return f"{self.action} of {self.version} stopped after {place}"
        first_line = self.error.partition("\n")[0]
        how = f"failed: {first_line}" if self.error else "has no recorded outcome"
        evidence = f" ({self.evidence})" if self.evidence else ""
        return f"{self.action} of {self.version} stopped at {place}, which {how}{evidence}"


@dataclass(frozen=True, slots=True)
class Settlement:
    """The outcome of an interrupted statement, to be recorded before its step goes on.

    :ivar action: what its step was doing.
    :ivar statement: its number within the step, from 1.
    :ivar statements: how many statements the step had.
    :ivar done: whether it had its effect; otherwise it had none.
    :ivar evidence: what proves that.
    """

    action: Action
    statement: int
    statements: int
    checksum: str
    query_id: str
    done: bool
    evidence: str


class Settle(StrEnum):
    """What to do with an interrupted statement where nothing proves what became of it."""

    RETRY = "retry"
    MARK_APPLIED = "mark-applied"
    ROLLBACK = "rollback"
