"""The steps of one run of ``env.py``: Alembic pulls, applies and records them one by one."""

from __future__ import annotations

import signal
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ..errors import MigrateError, TimedOut, interrupted
from ..events import StepFinished, StepStarted
from ..grants import SOMEBODY
from ..model import Action
from .offline import migration_step
from .postgres_errors import Circumstances, failed, timed_out

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence

    from alembic.runtime.migration import MigrationContext, MigrationStep
    from sqlalchemy import Connection

    from ..events import Emit
    from ..model import Step
    from .alembic_project import AlembicProject
    from .postgres_limits import StatementLimits
    from .postgres_watch import Watch


class PostgresRun:
    """One run of ``env.py`` over steps.

    :param limits: set in every transaction that is opened for the steps.
    :param watch: ends what is running from another thread.
    :param committing: the revisions whose files seem to commit by themselves.
    :ivar current: the step that was begun last.
    :ivar committed: revisions of which something was committed, and that may not be recorded.
    """

    def __init__(
        self,
        project: AlembicProject,
        steps: Sequence[Step],
        emit: Emit,
        limits: StatementLimits,
        watch: Watch,
        committing: Collection[str] = (),
    ) -> None:
        self._project = project
        self._steps = steps
        self._emit = emit
        self._limits = limits
        self._watch = watch
        self._committing = committing
        self._user = SOMEBODY
        self._autocommit = False
        self._ended = False
        self.current: Step | None = None
        self.committed: tuple[str, ...] = ()

    def apply(self, **options: Any) -> None:
        """Run the steps in the transactions that ``env.py`` chose.

        :raises StepFailed: one failed.
        :raises MigrateError: the watch, or who gets the events, ended the run.
        """
        try:
            self._project.run(self.work, **options)
        except MigrateError as error:
            error.partial = error.partial or bool(self.committed)
            raise
        except KeyboardInterrupt as stop:  # the driver has cancelled the statement
            stopped = interrupted(*stop.args[:1] or (signal.SIGINT,))
            stopped.partial, stopped.at_once = bool(self.committed), True
            raise stopped from stop
        except (Exception, SystemExit) as error:
            raise self._explained(error) from error

    def work(self, heads: tuple[str, ...], context: MigrationContext) -> Iterator[MigrationStep]:
        """The steps as Alembic wants them; what stands after a ``yield`` runs once it is done."""
        self._begin(context)
        self._notice_autocommit(context)
        for number, step in enumerate(self._steps, 1):
            if context._transaction_per_migration:  # noqa: SLF001 - what was before is committed
                self.committed = ()
            yield from self._step(step, number, heads, context)

    def _begin(self, context: MigrationContext) -> Connection:
        connection = connection_of(context)
        driver = connection.connection.driver_connection
        self._watch.attach(driver)
        self._autocommit = getattr(driver, "autocommit", False) is True
        self._user = self._watch.user or connection.engine.url.username or self._user
        return connection

    def _step(
        self, step: Step, number: int, heads: tuple[str, ...], context: MigrationContext
    ) -> Iterator[MigrationStep]:
        """One step, with its events."""
        self._watch.check()
        self._emit(StepStarted(step, number, len(self._steps)))
        self.current, self._ended = step, False
        started = time.perf_counter()
        parts = self._parts(step, heads)
        if not parts:  # commit the empty version table all the same: it is a record, too
            with context.begin_transaction(_per_migration=True):
                pass
        for part in parts:
            part.migration_fn = self._limited(part.migration_fn, context)
            yield part
        self._emit(StepFinished(step, time.perf_counter() - started))

    def _parts(self, step: Step, heads: tuple[str, ...]) -> list[MigrationStep]:
        if step.action is Action.STAMP:
            stamps = self._project.script._stamp_revs(step.revision, heads)  # noqa: SLF001 - as alembic.command.stamp
            return list(stamps)
        return [migration_step(self._project.script, step)]

    def _limited(
        self, migrate: Callable[..., None], context: MigrationContext
    ) -> Callable[..., None]:
        """The revision, in a transaction that has its limits."""

        def run(**arguments: object) -> None:
            connection = connection_of(context)
            if self._autocommit and self.current is not None:
                self.committed = (self.current.revision,)
                with self._limits.outside_transactions(connection):
                    migrate(**arguments)
            else:
                self._limits.set_in_transaction(connection)
                migrate(**arguments)
            self._ended = True

        return run

    def _notice_autocommit(self, context: MigrationContext) -> None:
        """Note when a revision enters an autocommit block: no rollback takes back what it did."""
        enter = context.autocommit_block

        @contextmanager
        def noticed() -> Iterator[None]:
            if self.current is not None:
                self.committed = (*self.committed, self.current.revision)
            with enter(), self._limits.outside_transactions(connection_of(context)):
                yield
            self._limits.set_in_transaction(connection_of(context))

        context.autocommit_block = noticed  # type: ignore[method-assign]

    def _explained(self, error: BaseException) -> BaseException:
        """Our error for a driver's, Alembic's or the revision's own."""
        reason = self._watch.error
        if reason is not None and not (isinstance(reason, TimedOut) and self.current):
            return reason
        if self.current is None:
            return error
        seen = Circumstances(
            user=self._user,
            commits=self.current.revision in self._committing,
            committed=tuple(dict.fromkeys(self.committed)),
            autocommit=self._autocommit,
            ended=self._ended,
            timed_out=self._limits.timed_out,
        )
        return (failed if reason is None else timed_out)(self.current, error, seen)


def connection_of(context: MigrationContext) -> Connection:
    """The live connection of an online run."""
    assert context.connection is not None
    return context.connection
