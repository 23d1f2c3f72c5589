"""The only loop that changes databases: a plan in, a report out."""

from __future__ import annotations

import time
from contextlib import nullcontext
from itertools import groupby
from typing import TYPE_CHECKING

from .alarm import Alarm
from .errors import Interrupted, LockLost, MigrateError, StalePlan, StepFailed
from .events import StepFinished, StepStarted
from .history import History
from .model import POSTGRES, Action, Limits, Report, Snapshot, StepResult, StepState
from .quiet import quiet_snapshot
from .resumption import continued
from .telling import recorded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from .environments import Environments
    from .events import Emit, Event
    from .locks import Lock
    from .model import Plan, Step


_PATIENCE = 60.0  # seconds that a statement may still run before its step is taken back


def run(
    plan: Plan,
    environments: Environments,
    lock: Lock,
    emit: Emit,
    tell: Callable[[str], None],
    limits: Limits,
    require: Callable[[Plan], None] | None = None,
) -> Report:
    """Run a plan under the lock, step by step, until it is done or a step fails.

    :param emit: called with every event, in order; what it raises ends the run.
    :param tell: called with a sentence about what is waited for, taken back, or unsafe.
    :param require: called under the lock, before anything runs; raises unless the plan may run.
    :return: what was done and what is true now, also after a failure.
    :raises LockHeld: somebody else is migrating.
    :raises StalePlan: the state is no longer what was planned from; nothing was run.
    """
    with lock:
        if lock.warning:
            tell(lock.warning)
        started = time.time()
        if require is not None:
            require(plan)
        _require_fresh(plan, environments)
        clock = _Clock(emit, len(plan.steps), lock)
        error = _apply(plan, environments, lock, clock, limits)
        undo = _Undo(plan, environments, lock, clock, emit, tell)
        if error is not None:
            undo.after(error)
        after = _look_again(plan, environments)
        results = tuple(_results(plan, after, error, clock, undo.done))
        record = recorded(started, results, error)
        for name in after:  # one that does not answer any more would not take it either
            environments.note_run(name, record)
    _advise(error, after)
    return Report(plan, results, after, error or _unkept(results), undo.error)


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
    for name, mark in plan.marks.items():
        if environments[name].snapshot(prove=True).mark != mark:
            raise StalePlan(
                f"{name} changed after the plan was made; nothing was run",
                hint="somebody else migrated in the meantime: look at brokle-migrate status",
            )


def _apply(
    plan: Plan, environments: Environments, lock: Lock, clock: _Clock, limits: Limits
) -> MigrateError | None:
    """Apply each stretch of steps that share an environment; the first failure ends the run."""

    def apply(stretch: Sequence[Step]) -> None:
        environments[stretch[0].environment].apply(stretch, clock, limits)

    has_postgres = any(step.environment == POSTGRES for step in plan.steps)
    try:
        with Alarm(lock, environments.transactional.interrupt) if has_postgres else nullcontext():
            if plan.request.atomic and has_postgres:
                environments.transactional.apply_around(plan.steps, apply, clock, limits)
            else:
                for stretch in stretches(plan.steps):
                    apply(stretch)
    except MigrateError as error:
        return error
    return None


def stretches(steps: Sequence[Step]) -> Iterator[tuple[Step, ...]]:
    """Steps that follow each other in one environment, together."""
    for _, stretch in groupby(steps, key=lambda step: step.environment):
        yield tuple(stretch)


class _Undo:
    """Takes back, newest first, the steps that a run began before it failed.

    A step that an earlier run had left half done, and that this one went on with, is taken back as
    a whole; one that this run has not reached is not touched.
    """

    def __init__(
        self,
        plan: Plan,
        environments: Environments,
        lock: Lock,
        clock: _Clock,
        emit: Emit,
        tell: Callable[[str], None],
    ) -> None:
        self._plan = plan
        self._environments = environments
        self._lock = lock
        self._clock = clock
        self._emit = emit
        self._tell = tell
        self.done: set[tuple[str, str]] = set()
        self.error: MigrateError | None = None

    def after(self, failure: MigrateError) -> None:
        """Take back what there is; what can't be taken back stays, and the report says so."""
        if not self._plan.undo:
            return
        if isinstance(failure, LockLost):
            self.error = LockLost("nothing was taken back: somebody else may be migrating now")
            return
        if isinstance(failure, Interrupted) and failure.at_once:
            self.error = MigrateError("nothing was taken back: it was to stop at once")
            return
        try:
            self._run()
        except MigrateError as error:
            self.error = error

    def _run(self) -> None:
        patience = Limits(deadline=time.monotonic() + _PATIENCE)
        histories = {
            name: History(quiet_snapshot(self._environments[name], self._tell, patience))
            for name in self._plan.fingerprints
        }
        started = [each for each in self._plan.undo if _key(each) in self._clock.started]
        steps = [step for each in started for step in _undoing(each, histories)]
        clock = _Clock(self._emit, len(steps), self._lock)
        if steps:
            self._tell("it failed; taking back what this run has applied, newest first")
        try:
            for stretch in stretches(steps):
                self._environments[stretch[0].environment].apply(stretch, clock, Limits())
        finally:
            self.done.update(clock.durations)


def _undoing(step: Step, histories: Mapping[str, History]) -> Iterator[Step]:
    """The step, if its revision has left something to take back."""
    history = histories[step.environment]
    interruption = history.interruption(step.revision)
    if interruption is not None:
        yield continued(step, interruption)
    elif step.revision in history.applied:
        yield step


def _look_again(plan: Plan, environments: Environments) -> dict[str, Snapshot]:
    """The state of each database now; one that does not answer any more has no entry."""
    after: dict[str, Snapshot] = {}
    for name in plan.fingerprints:
        try:
            after[name] = environments[name].snapshot(prove=True)
        except MigrateError:
            continue
    return after


def _advise(error: MigrateError | None, after: Mapping[str, Snapshot]) -> None:
    """Add the way out to the hint of a failure that left a database dirty."""
    snapshots = [s for s in after.values() if s.dirty]
    if error is None or not snapshots:
        return
    out = History(snapshots[0]).ways_out(snapshots[0].dirty[0])
    usual = error.hint or ""
    end = "" if usual.endswith(("?", ".", "!")) else "."
    error.hint = f"{usual}{end} Then {out}" if usual else out


def _results(
    plan: Plan,
    after: Mapping[str, Snapshot],
    error: MigrateError | None,
    clock: _Clock,
    undone: set[tuple[str, str]],
) -> Iterator[StepResult]:
    """What became of each step, as the databases tell it and not as it was reported."""
    failed = error.step if isinstance(error, StepFailed) else None
    histories = {name: History(snapshot) for name, snapshot in after.items()}
    for step in plan.steps:
        state = _state(step, histories.get(step.environment), clock.started, undone)
        if step is failed and state is not StepState.APPLIED:
            state = StepState.FAILED
        yield StepResult(step, state, clock.durations.get(_key(step)))


def _state(
    step: Step,
    history: History | None,
    started: Mapping[tuple[str, str], int],
    undone: set[tuple[str, str]],
) -> StepState:
    if history is None:
        return StepState.UNKNOWN if _key(step) in started else StepState.NOT_RUN
    if _holds(step, history):
        return StepState.APPLIED
    if _key(step) not in started:
        return StepState.NOT_RUN
    if _key(step) in undone:
        return StepState.ROLLED_BACK
    if history.interruption(step.revision) is not None:
        return StepState.HALF_DONE
    # ClickHouse takes nothing back by itself: the step ended before its first statement.
    return StepState.NOT_RUN if history.snapshot.linear else StepState.ROLLED_BACK


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
