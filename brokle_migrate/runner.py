"""The only loop that changes databases: a plan in, a report out."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from .errors import MigrateError, StalePlan, StepFailed
from .history import History
from .model import (
    Action,
    Report,
    Snapshot,
    StepFinished,
    StepResult,
    StepStarted,
    StepState,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from .environments import Environments
    from .lock import Lock
    from .model import Emit, Event, Limits, Plan, Step


def run(plan: Plan, environments: Environments, lock: Lock, emit: Emit, limits: Limits) -> Report:
    """Run a plan under the lock, step by step, until it is done or a step fails.

    :param emit: called with every event, in order.
    :return: what was done and what is true now, also after a failure.
    :raises LockHeld: somebody else is migrating.
    :raises StalePlan: the state is no longer what was planned from; nothing was run.
    """
    with lock:
        _require_fresh(plan, environments)
        clock = _Clock(emit, len(plan.steps), lock)
        error = _apply(plan, environments, clock, limits)
        after = _look_again(plan, environments)
    _advise(error, after)
    results = tuple(_results(plan, after, error, clock))
    return Report(plan, results, after, error or _unkept(results))


def _unkept(results: Sequence[StepResult]) -> MigrateError | None:
    """A run that raised nothing and yet did not bring about what it said."""
    for result in results:
        if result.state is not StepState.APPLIED:
            return StepFailed(
                f"{result.step} ran without an error, and the database does not record it",
                step=result.step,
                hint="does env.py run the migrations inside context.begin_transaction()?",
            )
    return None


def _require_fresh(plan: Plan, environments: Environments) -> None:
    for name, fingerprint in {**plan.fingerprints, **plan.linked}.items():
        if environments[name].snapshot().fingerprint != fingerprint:
            raise StalePlan(
                f"{name} changed after the plan was made; nothing was run",
                hint="somebody else migrated in the meantime: look at brokle-migrate status",
            )


def _apply(
    plan: Plan, environments: Environments, clock: _Clock, limits: Limits
) -> MigrateError | None:
    """Apply each stretch of steps that share an environment; the first failure ends the run."""
    try:
        for stretch in stretches(plan.steps):
            environments[stretch[0].environment].apply(stretch, clock, limits)
    except MigrateError as error:
        return error
    return None


def stretches(steps: Sequence[Step]) -> Iterator[tuple[Step, ...]]:
    """Steps that follow each other in one environment, together."""
    for _, stretch in groupby(steps, key=lambda step: step.environment):
        yield tuple(stretch)


def _look_again(plan: Plan, environments: Environments) -> dict[str, Snapshot]:
    """The state of each database now; one that does not answer any more has no entry."""
    after: dict[str, Snapshot] = {}
    for name in plan.fingerprints:
        try:
            after[name] = environments[name].snapshot()
        except MigrateError:
            continue
    return after


def _advise(error: MigrateError | None, after: Mapping[str, Snapshot]) -> None:
    """Add the way out to the hint of a failure that left a database dirty."""
    if not isinstance(error, StepFailed):
        return
    snapshot = after.get(error.step.environment)
    if snapshot is not None and snapshot.dirty:
        out = History(snapshot).ways_out(snapshot.dirty[0])
        error.hint = f"{error.hint}. Then {out}" if error.hint else out


def _results(
    plan: Plan, after: Mapping[str, Snapshot], error: MigrateError | None, clock: _Clock
) -> Iterator[StepResult]:
    """What became of each step, as the databases tell it and not as it was reported."""
    failed = error.step if isinstance(error, StepFailed) else None
    histories = {name: History(snapshot) for name, snapshot in after.items()}
    for step in plan.steps:
        state = _state(step, histories.get(step.environment), clock.started)
        if step is failed and state is not StepState.APPLIED:
            state = StepState.FAILED
        yield StepResult(step, state, clock.durations.get(_key(step)))


def _state(
    step: Step, history: History | None, started: Mapping[tuple[str, str], int]
) -> StepState:
    if history is None:
        return StepState.UNKNOWN if _key(step) in started else StepState.NOT_RUN
    if _holds(step, history):
        return StepState.APPLIED
    if _key(step) not in started:
        return StepState.NOT_RUN
    # ClickHouse takes nothing back by itself.
    return StepState.UNKNOWN if history.snapshot.linear else StepState.ROLLED_BACK


def _holds(step: Step, history: History) -> bool:
    """Whether the database records what the step was to bring about."""
    dirty = {interruption.version for interruption in history.snapshot.dirty}
    if step.action is Action.UPGRADE:
        return step.revision in history.applied
    if step.action is Action.DOWNGRADE:
        return step.revision not in history.applied and step.revision not in dirty
    recorded = set(history.snapshot.recorded)
    if history.snapshot.linear:
        return recorded == set(step.records)
    return recorded.issuperset(step.records) and bool(recorded) == bool(step.records)


def _key(step: Step) -> tuple[str, str]:
    return step.environment, step.revision


class _Clock:
    """Numbers the steps over the whole run, notes what was started and how long it took.

    :param lock: has to be held before every step and every statement.
    """

    def __init__(self, emit: Emit, total: int, lock: Lock) -> None:
        self._emit = emit
        self._lock = lock
        self._total = total
        self.started: dict[tuple[str, str], int] = {}
        self.durations: dict[tuple[str, str], float] = {}

    def __call__(self, event: Event) -> None:
        if isinstance(event, StepStarted):
            number = self.started.get(_key(event.step), len(self.started) + 1)
            event = StepStarted(event.step, number, self._total)
        elif isinstance(event, StepFinished):
            self.durations[_key(event.step)] = event.duration
        try:
            self._emit(event)
        except OSError:  # nobody reads the progress any more: that is no reason to stop
            self._emit = _nothing
        if not isinstance(event, StepFinished):
            self._lock.check()  # fencing: nothing more runs once somebody else may run, too
        if isinstance(event, StepStarted):  # and nobody has stopped it
            self.started[_key(event.step)] = event.number


def _nothing(_: Event) -> None:
    """For whom the progress does not matter."""
