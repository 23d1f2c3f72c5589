"""What takes a run back: the one that fails now, or the last one.  Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from .errors import RevisionError, UsageError
from .model import Action

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .environments.base import LastRun
    from .history import History
    from .model import Request, Revision, Step

_STEPS = "brokle-migrate down --steps N takes back N steps"


def undoing(request: Request, steps: Sequence[Step]) -> tuple[Step, ...]:
    """The steps that take a plan back, newest first, if a failed run is to do that.

    :raises UsageError: the plan goes down, or only records: that can't be taken back.
    """
    if not request.undoes:
        return ()
    if any(step.action is not Action.UPGRADE for step in steps):
        option = "--atomic" if request.atomic else "--on-failure rollback"
        raise UsageError(
            f"{option} is for runs that go up: what a rollback destroys can't be taken back",
            hint="leave it out",
        )
    return tuple(
        replace(step, action=Action.DOWNGRADE, done=(), settlement=None) for step in reversed(steps)
    )


def applied_by(last_run: LastRun | None, history: History) -> tuple[Revision, ...]:
    """What is still applied of what the last run upwards applied, newest first.

    :raises RevisionError: that is not known, or something newer stands on it.
    """
    if last_run is None:
        return ()
    name = history.environment
    if name not in last_run.applied and not last_run.complete:
        raise RevisionError(
            f"the last run was interrupted before it recorded what it applied to {name}",
            hint=f"finish it: brokle-migrate up; or {_STEPS}",
        )
    wanted = set(last_run.applied.get(name, ()))
    undoable = history.undoable
    found = tuple(revision for revision in undoable if revision.id in wanted)
    newest = undoable[: len(found)]
    if not history.snapshot.linear and set(newest) != set(found):
        above = ", ".join(revision.id for revision in newest if revision.id not in wanted)
        raise RevisionError(
            f"{name} was migrated after the last recorded run: {above} stands on what it applied",
            hint=_STEPS,
        )
    return found
