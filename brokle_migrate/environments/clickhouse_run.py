"""Running ClickHouse steps: statement by statement, each between two rows of the ledger."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import TYPE_CHECKING

from ..errors import MigrateError, StepFailed, TimedOut
from ..events import StatementDone, StatementRunning, StepFinished, StepStarted
from ..model import Action
from . import mutations
from .again import PAUSES, may_be_sent_again
from .clickhouse_refusals import did_nothing, hint_for, was_not_there
from .drivers import ConnectionLost, ServerError
from .proof import shows_no_effect
from .sending import Clock, Unsettled, send

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ..events import Emit
    from ..interruption import Settlement
    from ..model import Limits, Statement, Step
    from .attempts import Content
    from .drivers import Driver
    from .half_done import Made
    from .ledger import Ledger
    from .mutations import Watch
    from .recorder import Recorder


# So long after the last look somebody else may have taken the lock over.
_LONG = 5.0


class ClickHouseRun:
    """One run of steps over an open connection.

    :param record: gives what writes the run's rows.
    :param content: what a version's file says now, for what is only recorded.
    :param made: what the touched statements of a half-done upgrade made; None when it had finished.
    :param label: the database, for messages.
    """

    def __init__(
        self,
        driver: Driver,
        ledger: Ledger,
        record: Callable[[], Recorder],
        content: Callable[[str], Content],
        made: Callable[[Step], Made | None],
        label: str,
        emit: Emit,
        limits: Limits,
    ) -> None:
        self._driver = driver
        self._ledger = ledger
        self._record = record
        self._content = content
        self._made = made
        self._label = label
        self._emit = emit
        self._limits = limits

    def apply(self, steps: Sequence[Step]) -> None:
        """Run the steps in order.

        :raises StepFailed: one failed, or the ledger could not be written.
        """
        current = steps[0]
        try:
            recorder = self._record()
            try:
                for number, current in enumerate(steps, 1):
                    self._step(current, recorder, number, len(steps))
            except BaseException:
                with suppress(ServerError, ConnectionLost):  # what is under way says more
                    recorder.flush()
                raise
            recorder.flush()
        except ServerError as error:
            message = f"the ledger {self._ledger.name} can't be used: {error.message}"
            raise StepFailed(
                message, step=current, hint=hint_for(error, self._ledger.cluster)
            ) from error
        except ConnectionLost as error:
            message = f"the connection to {self._label} broke: {error}"
            raise StepFailed(message, step=current) from error

    def _step(self, step: Step, recorder: Recorder, number: int, total: int) -> None:
        self._require_time()
        self._emit(StepStarted(step, number, total))
        started = time.perf_counter()
        if step.action is Action.STAMP:
            self._stamp(step, recorder)
        else:
            self._statements(step, recorder)
        self._emit(StepFinished(step, time.perf_counter() - started))

    def _statements(self, step: Step, recorder: Recorder) -> None:
        made = self._made(step)
        settlement = step.settlement
        if settlement is not None:
            self._settle(step, settlement, recorder)
        own = settlement is not None and settlement.action is step.action and settlement.done
        if not step.remaining and not own:
            recorder.finish(step)
        for number, statement in enumerate(step.remaining, len(step.done) + 1):
            self._require_time()
            if made is None or made.reaches(statement):
                self._execute(step, number, statement, recorder)
            else:
                note = "skipped: the upgrade had not made what it takes away"
                recorder.settle(step, number, statement, "", note=note)
            self._emit(StatementDone(step, number, len(step.statements)))

    def _require_time(self) -> None:
        """End the run between two statements when its time is over.

        :raises TimedOut: it is.
        """
        if not self._has_time(0):
            raise TimedOut(hint="give it more time: --timeout; brokle-migrate up goes on")

    def _settle(self, step: Step, settlement: Settlement, recorder: Recorder) -> None:
        """Record what became of the statement at which an earlier run broke off."""
        if settlement.action is not step.action:  # what is taken back now
            recorder.settle_earlier(step, settlement, self._content(step.revision))
            return
        if settlement.done:
            number = settlement.statement
            statement = step.statements[number - 1]
            watch = mutations.watch(self._driver, statement, again=True)
            try:
                self._wait(watch, step, number)
            except ServerError as error:
                raise self._refused(step, number, statement, error) from error
        recorder.settle_earlier(step, settlement)

    def _execute(self, step: Step, number: int, statement: Statement, recorder: Recorder) -> None:
        """Run a statement; again where it is proven that it had no effect, and that may pass."""
        for count, pause in enumerate(PAUSES, 2):
            try:
                self._attempt(step, number, statement, recorder)
            except StepFailed as failure:
                if not may_be_sent_again(failure) or not self._has_time(pause):
                    raise
                times = f"{count} of {len(PAUSES) + 1}"
                again = f"{failure.message}; it is sent again in {pause:g} s ({times})"
            else:
                return
            self._teller(step, number)(again)
            time.sleep(pause)
            self._teller(step, number)(f"it is sent again ({times})")
        self._attempt(step, number, statement, recorder)

    def _has_time(self, seconds: float) -> bool:
        deadline = self._limits.deadline
        return deadline is None or time.monotonic() + seconds < deadline

    def _attempt(self, step: Step, number: int, statement: Statement, recorder: Recorder) -> None:
        watch = self._watch(step, number, statement)
        query_id = self._intend(step, number, statement, recorder)
        note = ""
        try:
            clock = Clock.of(statement, self._limits)
            tell = self._teller(step, number)
            note = send(self._driver, statement, query_id, clock, tell)
            self._wait(watch, step, number)
        except ServerError as error:
            if step.touched is None or not was_not_there(error, statement.text):
                no_effect = self._did_nothing(error, statement, query_id, watch)
                words = error.message or "refused"
                recorder.settle(step, number, statement, query_id, words, no_effect=no_effect)
                raise self._refused(
                    step, number, statement, error, partial=not no_effect
                ) from error
            note = f"skipped: {error.message}"
        except Unsettled as error:
            if error.no_effect:
                recorder.settle(step, number, statement, query_id, str(error), no_effect=True)
            raise _failed(
                step, number, statement, str(error), partial=not error.no_effect
            ) from error
        except MigrateError as error:  # the wait was ended, and the statement goes on
            error.partial = True
            raise
        recorder.settle(step, number, statement, query_id, note=note)

    def _watch(self, step: Step, number: int, statement: Statement) -> Watch:
        """Look at the mutations, and wait for those that are in the way, before it is sent."""
        try:
            tell = self._in_time(self._teller(step, number))
            mutations.await_earlier(self._driver, statement, tell)
            return mutations.watch(self._driver, statement)
        except ServerError as error:
            raise self._refused(step, number, statement, error, partial=False) from error

    def _did_nothing(
        self, error: ServerError, statement: Statement, query_id: str, watch: Watch
    ) -> bool:
        """Whether it is proven that a refused statement had no effect."""
        from ..sqltext import has_one_effect

        sql = statement.text
        if did_nothing(error, sql) or shows_no_effect(self._driver, query_id, sql):
            return True
        with suppress(ServerError, ConnectionLost):
            return has_one_effect(sql) and watch.nothing_came
        return False

    def _intend(self, step: Step, number: int, statement: Statement, recorder: Recorder) -> str:
        """Record the intent; where that took long, see that the run may still go on."""
        started = time.monotonic()
        query_id = recorder.intend(step, number, statement)
        took = time.monotonic() - started
        if took > _LONG:
            try:
                self._teller(step, number)(f"to record its intent took {took:.0f} s")
            except MigrateError as error:
                note = str(error)
                recorder.settle(
                    step, number, statement, query_id, "not sent", no_effect=True, note=note
                )
                raise
        return query_id

    def _wait(self, watch: Watch, step: Step, number: int) -> None:
        """Wait for the mutations of a statement, for as long as the run may take."""
        watch.wait(self._in_time(self._teller(step, number)))

    def _in_time(self, tell: Callable[[str], None]) -> Callable[[str], None]:
        """Tell for as long as the run may take."""

        def tell_in_time(detail: str) -> None:
            self._require_time()
            tell(detail)

        return tell_in_time

    def _teller(self, step: Step, number: int) -> Callable[[str], None]:
        total = len(step.statements)
        return lambda detail: self._emit(StatementRunning(step, number, total, detail))

    def _stamp(self, step: Step, recorder: Recorder) -> None:
        """Record exactly ``step.records`` as applied; an interrupted step counts as settled."""
        state = self._ledger.read()
        wanted = set(step.records)
        touched = set(state.applied) | {each.version for each in state.dirty}
        for version in sorted(wanted - set(state.applied), key=int):
            recorder.stamp(version, self._content(version))
        for version in sorted(touched - wanted, key=int):
            recorder.stamp(version, None)

    def _refused(
        self,
        step: Step,
        number: int,
        statement: Statement,
        error: ServerError,
        *,
        partial: bool = True,
    ) -> StepFailed:
        """The error for a statement that the server took, and would not or could not run."""
        failure = _failed(step, number, statement, error.message, partial=partial)
        failure.hint = hint_for(error, self._ledger.cluster)
        if error.position is not None:
            read = statement.text.encode()[: error.position].decode(errors="ignore")
            failure.offset = len(read)
            failure.location = statement.place(failure.offset)
        return failure


def _failed(
    step: Step, number: int, statement: Statement, message: str, *, partial: bool
) -> StepFailed:
    return StepFailed(
        message,
        step=step,
        statement=number,
        location=statement.location,
        sql=statement.text,
        partial=partial,
    )
