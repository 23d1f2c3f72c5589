"""Steps that an earlier run left half done: who may go on with them, and how.  Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from .errors import Ahead, Dirty, UsageError
from .interruption import Outcome, Settle, Settlement
from .model import Action, Step

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .history import History
    from .interruption import Interruption
    from .model import Request, Revision


def fits(interruption: Interruption, request: Request) -> bool:
    """Whether a request may go on with an interrupted step, or take it back."""
    if interruption.outcome is Outcome.RUNNING or (request.may_go_up and request.may_go_down):
        return False
    if request.may_go_up:
        return interruption.action is Action.UPGRADE and interruption.next_statement is not None
    return interruption.action is Action.UPGRADE or interruption.next_statement is not None


def dirty(history: History, interruption: Interruption) -> Dirty:
    """The error for a step that stands half done, with what to type."""
    return Dirty(
        f"{history.environment} is dirty: {interruption}",
        hint=history.ways_out(interruption),
        interruption=interruption,
    )


def step_of(action: Action, revision: Revision, history: History) -> Step:
    """The step of a revision; it goes on with what an earlier run began, or takes that back."""
    step = Step(revision.environment, action, revision.id, revision.message, revision.path)
    interruption = history.interruption(revision.id)
    return step if interruption is None else continued(step, interruption)


def continued(step: Step, interruption: Interruption) -> Step:
    """A step that goes on where an earlier run broke off, or takes back what that run did."""
    if step.action is not interruption.action:
        unproven = interruption.checksum if interruption.outcome is Outcome.UNKNOWN else ""
        return replace(
            step,
            touched=interruption.touched,
            unproven=unproven,
            settlement=_settlement(interruption),
        )
    return replace(
        step,
        done=interruption.executed,
        settlement=_settlement(interruption),
        touched=interruption.upgrade,
    )


def _settlement(interruption: Interruption) -> Settlement | None:
    """What the ledger lacks, and the server or a person has told."""
    if not interruption.evidence or interruption.outcome not in {Outcome.DONE, Outcome.NO_EFFECT}:
        return None
    return Settlement(
        interruption.action,
        interruption.statement,
        interruption.statements,
        interruption.checksum,
        interruption.query_id,
        interruption.outcome is Outcome.DONE,
        interruption.evidence,
    )


def resumptions(request: Request, selected: Mapping[str, History]) -> tuple[Step, ...]:
    """What settles each step that stands half done."""
    return tuple(
        _resumption(request.settle, interruption, history)
        for history in selected.values()
        for interruption in history.snapshot.dirty
    )


def _resumption(settle: Settle | None, interruption: Interruption, history: History) -> Step:
    """What settles one; what is proven needs nobody to say it."""
    revision = history.by_id.get(interruption.version)
    if revision is None:
        raise Ahead(f"{history.environment}: no file has the version {interruption.version}")
    if settle is Settle.ROLLBACK:
        if interruption.action is not Action.UPGRADE:
            raise UsageError(
                f"a rollback of {interruption.version} was interrupted: there is nothing to undo",
                hint=history.ways_out(interruption),
            )
        return step_of(Action.DOWNGRADE, revision, history)
    proven = interruption.outcome in {Outcome.DONE, Outcome.NO_EFFECT}
    if interruption.next_statement is None or (settle is not None and not proven):
        interruption = _settled(settle, interruption, history)
    step = step_of(interruption.action, revision, history)
    return continued(step, interruption)


def _settled(settle: Settle | None, interruption: Interruption, history: History) -> Interruption:
    """What a person says where nothing proves it."""
    if settle is None or interruption.outcome is Outcome.RUNNING:
        raise dirty(history, interruption)
    if settle is Settle.RETRY:
        return replace(interruption, outcome=Outcome.REPEATABLE, evidence="")
    return replace(interruption, outcome=Outcome.DONE, evidence="marked as applied by a person")
