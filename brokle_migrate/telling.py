"""What a run says of itself for those who ask later.  Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .errors import StepFailed, TimedOut
from .model import StepState
from .past import Deed, Ending, Failure, RunRecord

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from .errors import MigrateError
    from .model import StepResult


def recorded(
    started: float, results: Sequence[StepResult], error: MigrateError | None
) -> RunRecord:
    """The record of a run that is over.

    :param started: seconds since 1970.
    :param error: why it broke off, None when it did not.
    """
    return RunRecord(started, _ending(error), tuple(_deeds(results)), _failure(error))


def _ending(error: MigrateError | None) -> Ending:
    if error is None:
        return Ending.DONE
    own_fault = isinstance(error, StepFailed) and not isinstance(error, TimedOut)
    return Ending.FAILED if own_fault else Ending.STOPPED


def _deeds(results: Sequence[StepResult]) -> Iterator[Deed]:
    """What stayed done, in the order in which it was done."""
    done: dict[tuple[str, str], list[str]] = {}
    for result in results:
        if result.state is StepState.APPLIED:
            step = result.step
            done.setdefault((step.environment, step.action.value), []).append(step.revision)
    for (environment, action), revisions in done.items():
        yield Deed(environment, action, tuple(revisions))


def _failure(error: MigrateError | None) -> Failure | None:
    if error is None:
        return None
    reason = error.message.strip().partition("\n")[0]
    if not isinstance(error, StepFailed):
        return Failure(reason)
    step = error.step
    total = len(step.statements)
    return Failure(reason, step.environment, step.revision, error.statement, total)
