"""What a run tells while it is under way; whoever it is told may end the run by raising."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from .model import Step


@dataclass(frozen=True, slots=True)
class StepStarted:
    """A step begins; ``number`` counts from 1 within the run."""

    step: Step
    number: int
    total: int


@dataclass(frozen=True, slots=True)
class StatementDone:
    """A statement of the running step was executed."""

    step: Step
    statement: int
    statements: int


@dataclass(frozen=True, slots=True)
class StepFinished:
    """A step ran to its end; ``duration`` in seconds."""

    step: Step
    duration: float


@dataclass(frozen=True, slots=True)
class StatementRunning:
    """A statement of the running step is still under way; ``detail`` says what is known of it."""

    step: Step
    statement: int
    statements: int
    detail: str


@dataclass(frozen=True, slots=True)
class StepRetried:
    """A step did nothing, and is tried again after a pause.

    :ivar attempt: number of the attempt that comes next, from 2.
    :ivar attempts: how many there are at most.
    :ivar pause: seconds until then.
    """

    step: Step
    attempt: int
    attempts: int
    pause: float
    reason: str

    def __str__(self) -> str:
        return (
            f"{self.reason}; trying again in {self.pause:g} s ({self.attempt} of {self.attempts})"
        )


def is_boundary(event: Event) -> bool:
    """Whether a run that is ended here ends between two statements, with something left to run."""
    if isinstance(event, StatementDone):
        return event.statement < event.statements
    return isinstance(event, StepStarted | StatementRunning)


Event = StepStarted | StatementRunning | StatementDone | StepFinished | StepRetried
if TYPE_CHECKING:
    Emit = Callable[[Event], None]
