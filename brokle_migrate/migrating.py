"""Plan, preview, run: over open environments.

Changing databases is two calls: :func:`plan` decides, :func:`run` acts, and what lies between them
(printing, asking) is the caller's.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, TypeVar

from . import planning
from .errors import StalePlan
from .history import History
from .model import Limits, Operation
from .quiet import quiet_snapshot
from .runner import run as run_plan

if TYPE_CHECKING:
    from collections.abc import Callable

    from .environments import Environments
    from .events import Emit
    from .model import Plan, Report, Request
    from .preview import Preview

T = TypeVar("T")
LOCK_TIMEOUT = 15.0
_NO_LIMITS = Limits()
_PLANS = 100  # more replicas than start at once; each has to run something for one more plan


def nobody(_: object) -> None:
    """For whom nothing has to be told."""


def plan(
    request: Request,
    environments: Environments,
    *,
    waiting: Callable[[str], None] | None = None,
    tell: Callable[[str], None] = nobody,
    lock_timeout: float = LOCK_TIMEOUT,
    limits: Limits = _NO_LIMITS,
) -> Plan:
    """Read both states and decide what to run.

    Everything that will run is read, split and checked here.  That takes no lock, unless a step
    looks unfinished: it may be under way in another run, which holds the lock until it is done.
    Otherwise that run was interrupted, and the server is asked what became of its statement; one
    that still runs is waited for.

    :param waiting: called with the holder's description when that run has to be waited for; None
        never waits, and takes a step that is under way for an unfinished one.
    :param tell: called with a sentence about a statement that is waited for.
    :param lock_timeout: seconds to wait for that run.
    :raises LockHeld: another run was not done by then.
    :raises MigrateError: the request can't be planned; nothing was changed.
    """
    histories = planning.read(request, environments)
    if not any(map(planning.is_open, histories.values())):
        return planning.plan(request, environments, histories)
    if waiting is None or request.operation is Operation.FORCE:
        return planning.plan(request, environments, planning.prove(histories, environments))
    with environments.lock(lock_timeout, waiting):
        quiet = {
            name: History(quiet_snapshot(environments[name], tell, limits)) for name in histories
        }
        return planning.plan(request, environments, quiet)


def preview(plan: Plan, environments: Environments) -> Preview:
    """What a plan would execute, destroy and touch; changes nothing."""
    from .preview import preview_of  # what reads statements is slow to import

    parts = {
        name: iter(environments[name].sql([s for s in plan.steps if s.environment == name]))
        for name in {step.environment for step in plan.steps}
    }
    sizes = {name: environments.sizes(name) for name in parts}
    return preview_of(plan, [next(parts[s.environment]) for s in plan.steps], sizes)


def run(
    plan: Plan,
    environments: Environments,
    *,
    emit: Emit,
    waiting: Callable[[str], None],
    tell: Callable[[str], None] = nobody,
    lock_timeout: float = LOCK_TIMEOUT,
    limits: Limits = _NO_LIMITS,
) -> Report:
    """Run a plan under the lock.

    :param emit: called with every event, in order.
    :param waiting: called with the holder's description when the lock is held by another.
    :param tell: called with a sentence about what is waited for, or taken back.
    :param lock_timeout: seconds to wait for the lock.
    :param limits: how long the run may take.
    :raises LockHeld: somebody else kept the lock.
    :raises StalePlan: the state is no longer what was planned from; nothing was run.
    """
    lock = environments.lock(lock_timeout, waiting)
    return run_plan(plan, environments, lock, emit, tell, limits)


def repeatedly(attempt: Callable[[], T], tell: Callable[[str], None]) -> T:
    """Plan and run, again where somebody else migrated in between: replicas start together.

    :param attempt: plans and runs.
    :raises StalePlan: that never ended.
    """
    for _ in range(_PLANS - 1):
        with suppress(StalePlan):
            return attempt()
        tell("somebody else migrated in the meantime; planning again")
    return attempt()
