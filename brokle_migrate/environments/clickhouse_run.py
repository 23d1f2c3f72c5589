"""Running ClickHouse steps: statement by statement, each between two rows of the ledger."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import TYPE_CHECKING

from ..errors import StepFailed
from ..model import Action, StatementDone, StepFinished, StepStarted
from . import mutations
from .clickhouse_refusals import did_nothing, hint_for
from .drivers import ConnectionLost, ServerError
from .ledger import Recorder

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ..model import Emit, Statement, Step
    from .drivers import Driver
    from .ledger import Content, Ledger


class ClickHouseRun:
    """One run of steps over an open connection.

    :param content: what a version's file says now, for what is only recorded.
    :param label: the database, for messages.
    :param run_id: what the rows of one run have in common.
    """

    def __init__(
        self,
        driver: Driver,
        ledger: Ledger,
        content: Callable[[str], Content],
        label: str,
        run_id: str,
        emit: Emit,
    ) -> None:
        self._driver = driver
        self._ledger = ledger
        self._content = content
        self._label = label
        self._run_id = run_id
        self._emit = emit

    def apply(self, steps: Sequence[Step]) -> None:
        """Run the steps in order.

        :raises StepFailed: one failed, or the ledger could not be written.
        """
        current = steps[0]
        try:
            self._ledger.create()
            recorder = Recorder(self._ledger, self._ledger.read().last, self._run_id)
            try:
                for number, current in enumerate(steps, 1):
                    self._step(current, recorder, number, len(steps))
            except BaseException:
                with suppress(ServerError, ConnectionLost):  # what is under way says more
                    recorder.flush()
                raise
            recorder.flush()
        except ServerError as error:
            message = f"the ledger {self._ledger.name} refused a row: {error.message}"
            raise StepFailed(message, step=current) from error
        except ConnectionLost as error:
            message = f"the connection to {self._label} broke: {error}"
            raise StepFailed(message, step=current) from error

    def _step(self, step: Step, recorder: Recorder, number: int, total: int) -> None:
        self._emit(StepStarted(step, number, total))
        started = time.perf_counter()
        if step.action is Action.STAMP:
            self._stamp(step, recorder)
        elif not step.remaining:
            recorder.finish(step)
        for index, statement in enumerate(step.remaining, len(step.done) + 1):
            self._execute(step, index, statement, recorder)
            self._emit(StatementDone(step, index, len(step.statements)))
        self._emit(StepFinished(step, time.perf_counter() - started))

    def _execute(self, step: Step, number: int, statement: Statement, recorder: Recorder) -> None:
        watch = mutations.watch(self._driver, statement)
        query_id = recorder.intend(step, number, statement)
        try:
            self._driver.execute(
                statement.text,
                query_id=query_id,
                settings=statement.settings,
                timeout=statement.timeout,
            )
            watch.wait()
        except ServerError as error:
            recorder.settle(
                step,
                number,
                statement,
                query_id,
                error.message or "refused",
                refused=did_nothing(error, statement.text),
            )
            raise _refused(step, number, statement, error) from error
        except ConnectionLost as error:
            message = f"no answer from {self._label}: {error}; the outcome is not known"
            raise _failed(step, number, statement, message) from error
        recorder.settle(step, number, statement, query_id)

    def _stamp(self, step: Step, recorder: Recorder) -> None:
        """Record exactly ``step.records`` as applied; an interrupted step counts as settled."""
        state = self._ledger.read()
        wanted = set(step.records)
        touched = set(state.applied) | {each.version for each in state.dirty}
        for version in sorted(wanted - set(state.applied), key=int):
            recorder.stamp(version, self._content(version))
        for version in sorted(touched - wanted, key=int):
            recorder.stamp(version, None)


def _refused(step: Step, number: int, statement: Statement, error: ServerError) -> StepFailed:
    """The error for a statement that the server took, and would not or could not run."""
    failure = _failed(step, number, statement, error.message)
    failure.hint = hint_for(error)
    if error.position is not None:
        read = statement.text.encode()[: error.position].decode(errors="ignore")
        failure.offset = len(read)
        failure.location = statement.place(failure.offset)
    return failure


def _failed(step: Step, number: int, statement: Statement, message: str) -> StepFailed:
    return StepFailed(
        message,
        step=step,
        statement=number,
        location=statement.location,
        sql=statement.text,
    )
