"""Plan, preview, run: over open environments.

Changing databases is two calls: :func:`plan` decides, :func:`run` acts, and what lies between them
(printing, asking) is the caller's.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeVar

from . import planning
from .errors import RevisionError, StalePlan
from .history import History
from .model import Limits, Operation, Report
from .quiet import quiet_snapshot
from .runner import run as run_plan

if TYPE_CHECKING:
    from collections.abc import Callable

    from .environments import Environments
    from .events import Emit
    from .model import Action, Plan, Request
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
    require: Callable[[Plan], None] | None = None,
) -> Report:
    """Run a plan under the lock.

    :param emit: called with every event, in order.
    :param waiting: called with the holder's description when the lock is held by another.
    :param tell: called with a sentence about what is waited for, or taken back.
    :param lock_timeout: seconds to wait for the lock.
    :param limits: how long the run may take.
    :param require: called under the lock, before anything runs; raises unless the plan may run.
    :raises LockHeld: somebody else kept the lock.
    :raises StalePlan: the state is no longer what was planned from; nothing was run.
    """
    lock = environments.lock(lock_timeout, waiting)
    return run_plan(plan, environments, lock, emit, tell, limits, require)


def migrate(
    request: Request,
    environments: Environments,
    *,
    only: Action | None = None,
    emit: Emit = nobody,
    waiting: Callable[[str], None] = nobody,
    tell: Callable[[str], None] = nobody,
    lock_timeout: float = LOCK_TIMEOUT,
    limits: Limits = _NO_LIMITS,
) -> Report:
    """Plan and run without asking in between; where there is nothing to do no lock is taken.

    :param only: the one thing that steps may do; None for whatever the plan says.
    :raises RevisionError: the plan would do something else; nothing was run.
    :raises MigrateError: nothing was run.
    """
    options: Any = {
        "waiting": waiting,
        "tell": tell,
        "lock_timeout": lock_timeout,
        "limits": limits,
    }
    found = plan(request, environments, **options)
    _require(only, found)
    if not found.steps:
        return nothing_to_do(found, environments)
    return run(found, environments, emit=emit, **options)


def migrated(
    ask: Callable[[], Request],
    environments: Environments,
    *,
    emit: Emit,
    tell: Callable[[str], None],
    only: Action | None = None,
    again: bool = True,
    lock_timeout: float = LOCK_TIMEOUT,
    limits: Limits = _NO_LIMITS,
) -> Report:
    """The same, also where somebody else migrates in between.

    :param ask: what to plan, asked again for every plan.
    :param tell: called with a sentence about whatever is waited for, or planned again.
    :param again: plan again when somebody else has migrated.
    :raises StalePlan: somebody else has migrated, and that is for a person to look at.
    :raises MigrateError: nothing was run.
    """

    def attempt() -> Report:
        return migrate(
            ask(),
            environments,
            only=only,
            emit=emit,
            waiting=lambda holder: tell(f"waiting for the lock of {holder}"),
            tell=tell,
            lock_timeout=lock_timeout,
            limits=limits,
        )

    return repeatedly(attempt, tell) if again else attempt()


def nothing_to_do(plan: Plan, environments: Environments) -> Report:
    """The report of a plan without steps."""
    return Report(plan, (), {name: environments[name].snapshot() for name in plan.fingerprints})


def _require(only: Action | None, plan: Plan) -> None:
    for step in plan.steps:
        if only is not None and step.action is not only:
            raise RevisionError(
                f"{plan.request.destination} is the other way: it would {step}; nothing was run",
                hint="upgrade goes forward, and downgrade goes back",
            )


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
