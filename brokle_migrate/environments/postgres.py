"""The Postgres environment: an adapter over Alembic, through the team's own ``env.py``."""

from __future__ import annotations

import time
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from ..errors import InvalidScripts
from ..history import History
from ..model import POSTGRES, Action, Limits
from ..redact import Redactor
from ..vitals import Vitals
from . import postgres_objects
from .alembic_project import AlembicProject
from .base import DatabaseObject, Log, ServerFacts, StepSql, TableSize
from .new_revision import new_revision
from .no_way_back import require_way_back
from .offline import OfflineRun
from .postgres_errors import describe
from .postgres_limits import StatementLimits
from .postgres_locks import with_retries
from .postgres_run import PostgresRun, connection_of
from .postgres_state import PostgresState
from .revision_files import read_revisions

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from alembic.runtime.migration import MigrationContext
    from sqlalchemy import Connection

    from ..config import Config
    from ..errors import MigrateError, StepFailed
    from ..events import Emit
    from ..locks import Lock
    from ..model import Revision, Snapshot, Step
    from ..past import PastRun, RunRecord
    from ..schemas import Schema
    from .base import Dump, LastRun

T = TypeVar("T")


class PostgresEnvironment:
    """The team's Alembic project over its database.

    :param config: the whole configuration; ``-x`` arguments reach ``env.py``.
    :param log: what becomes of Alembic's log.
    :raises ConfigError: Postgres is not configured, or has no script location.
    """

    name = POSTGRES

    def __init__(self, config: Config, *, log: Log = Log.HIDDEN) -> None:
        postgres = config.require_postgres()
        self._project = AlembicProject(config, log=log)
        self._state = PostgresState(self._project, postgres.url)
        self._lock_timeout = postgres.lock_timeout
        self._hide = Redactor(config.secrets, public=config.public).hide_words

    @property
    def label(self) -> str:
        return self._state.label

    @property
    def url(self) -> str | None:
        """The database that ``env.py`` connects to; None for an embedded one that is not there."""
        return self._state.lock_url

    @property
    def versions(self) -> Path:
        """Where a new revision is written."""
        return Path(self._project.script.versions)

    def recorded(self) -> frozenset[str] | None:
        """The applied revisions; None where Alembic has no version table yet."""
        snapshot = self.snapshot()
        if not self._state.has_version_table:
            return None
        return History(snapshot).applied | frozenset(snapshot.recorded)

    def lock(self, timeout: float, waiting: Callable[[str], None]) -> Lock:
        """The lock in the database that ``env.py`` connects to."""
        from ..locks.advisory import PostgresLock

        url = self._state.lock_url
        assert url is not None  # only an embedded database need not have been connected to
        return PostgresLock(url, self.label, timeout, waiting)

    def revisions(self) -> tuple[Revision, ...]:
        return self._revisions

    def hurry(self, deadline: float) -> None:
        self._state.limits = Limits(deadline)

    def snapshot(self, *, prove: bool = False) -> Snapshot:  # noqa: ARG002 - transactions prove it
        return self._state.snapshot(self._revisions, self._committing)

    def load(self, steps: Sequence[Step]) -> tuple[Step, ...]:
        if any(step.action is not Action.STAMP for step in steps):
            self._require_loadable()
            require_way_back(steps)
        return tuple(steps)

    def sql(self, steps: Sequence[Step]) -> tuple[StepSql, ...]:
        if steps and steps[0].action is Action.STAMP:
            note = f"records {steps[0].revision} as current; runs nothing"
            return (StepSql(steps[0], (), note),)
        state = self._state
        run = OfflineRun(self._project.script, steps, state.has_version_table)
        starting = list(state.heads) or None
        with state.explained():
            self._project.run(run.work, as_sql=True, starting_rev=starting, output_buffer=run)
        return run.result()

    def apply(self, steps: Sequence[Step], emit: Emit, limits: Limits) -> None:
        left = list(steps)

        def run(*arguments: Any) -> PostgresRun:
            return PostgresRun(self._project, left, emit, *arguments)

        self._apply(run, left, emit, limits, purge=self._is_ahead())

    def apply_around(
        self,
        steps: Sequence[Step],
        inside: Callable[[Sequence[Step]], None],
        emit: Emit,
        limits: Limits,
    ) -> None:
        """Run a whole plan in one Postgres transaction, committed only if all of it was done.

        ``env.py`` runs once, in one transaction for all steps even if it wants one for each.

        :param steps: the plan in its order, with steps of Postgres and of others.
        :param inside: runs a stretch of the others, at its place, while the transaction is open;
            what it raises takes Postgres's steps back.
        :raises StateError: ``env.py`` opens no transaction; nothing was run.
        :raises MigrateError: something failed, and Postgres's steps were taken back, unless the
            error says that it is ``partial`` or the connection broke at COMMIT: a new snapshot
            tells.
        """
        from .postgres_atomic import AtomicRun

        own = [step for step in steps if step.environment == POSTGRES]
        runs: list[AtomicRun] = []

        def run(*arguments: Any) -> PostgresRun:
            runs.append(AtomicRun(steps, inside, self._project, own, emit, *arguments))
            return runs[-1]

        def nothing_inside() -> bool:
            return not runs[-1].entered

        options = {"purge": self._is_ahead(), "one_transaction": True}
        self._apply(run, own, emit, limits, allowed=nothing_inside, **options)

    def needs_autocommit(self, steps: Sequence[Step]) -> tuple[str, ...]:
        """Why steps can't be in one transaction, as far as their files and their SQL tell.

        Touches no database; a reason for each such step of Postgres.
        """
        from .postgres_atomic import outside_transactions

        own = [step for step in steps if step.environment == POSTGRES]
        reasons = (
            outside_transactions(found, found.step.revision in self._committing)
            for found in self.sql(own)
        )
        return tuple(reason for reason in reasons if reason is not None)

    def _apply(
        self,
        run: Callable[..., PostgresRun],
        left: list[Step],
        emit: Emit,
        limits: Limits,
        allowed: Callable[[], bool] = lambda: True,
        **options: Any,
    ) -> None:
        """Run steps within their limits, again where a lock was not to be had.

        :param left: what is to be run; what is applied is taken out before another attempt.
        """
        state = self._state
        state.limits = limits
        with state.watched(limits.deadline) as watch, state.explained():
            statements = StatementLimits(self._lock_timeout, limits.statement, watch)

            def attempt() -> None:
                run(statements, watch, self._committing).apply(**options)

            def look(error: StepFailed) -> str:
                left[:], holders = state.left(left, self._revisions, error)
                return holders

            with_retries(attempt, look, statements, emit, watch, allowed=allowed)

    def interrupt(self, error: MigrateError) -> None:
        """End what :meth:`apply` or :meth:`apply_around` is running; safe from any thread.

        Returns at once.  The statement is cancelled, so that its transaction is rolled back; where
        nothing is running, nothing happens.

        :param error: what the interrupted method raises.
        """
        watch = self._state.watch
        if watch is not None:
            watch.interrupt(error)

    def note_run(self, record: RunRecord) -> None:
        """Alembic's version table holds nothing but the heads."""

    def last_run(self) -> LastRun | None:
        return None

    def last_runs(self, limit: int) -> tuple[PastRun, ...] | None:  # noqa: ARG002 - see note_run
        return None

    def vitals(self) -> Vitals:
        from .postgres_vitals import vitals

        found: list[Vitals] = []
        if self._state.exists():
            self._state.read(lambda _, context: found.append(vitals(connection_of(context))))
        return found[0] if found else Vitals()

    def mutations(self) -> None:
        """Postgres has none."""

    def new_revision(
        self, version: str, message: str, *, sql: bool, write: bool
    ) -> tuple[Path, ...]:
        return new_revision(self._project, version, message, sql=sql, write=write)

    def inventory(self) -> tuple[DatabaseObject, ...]:
        found: list[DatabaseObject] = []
        if self._state.exists():
            self._state.read(lambda _, context: found.extend(postgres_objects.inventory(context)))
        return tuple(found)

    def drop(self, objects: Sequence[DatabaseObject]) -> None:
        self._state.read(lambda _, context: postgres_objects.drop(context, objects))

    def sizes(self) -> tuple[TableSize, ...]:
        found: list[TableSize] = []
        if self._state.exists():
            self._state.read(lambda _, context: found.extend(postgres_objects.sizes(context)))
        return tuple(found)

    def dump(self) -> Dump | None:
        from .postgres_dump import dump

        return dump(self._state, self._hide) if self._state.exists() else None

    def schema(self) -> Schema:
        from .postgres_schema import read

        return self.read(read) if self._state.exists() else {}

    def read(self, look: Callable[[MigrationContext], T]) -> T:
        """What a look through ``env.py`` finds; changes nothing."""
        found: list[T] = []
        self._state.read(lambda _, context: found.append(look(context)))
        return found[0]

    def facts(self) -> ServerFacts:
        found: list[ServerFacts] = []
        self._state.read(lambda _, context: found.append(_facts(connection_of(context))))
        return found[0]

    def close(self) -> None:
        """Nothing stays open between two runs of ``env.py``."""

    @cached_property
    def _revisions(self) -> tuple[Revision, ...]:
        return read_revisions(self._project.script)

    @cached_property
    def _committing(self) -> frozenset[str]:
        """Revisions whose files seem to commit by themselves."""
        return frozenset(revision.id for revision in self._revisions if revision.commits)

    def _is_ahead(self) -> bool:
        """Whether the database records what no file has; only a stamp gets that far."""
        known = {revision.id for revision in self._revisions}
        return not known.issuperset(self._state.heads)

    def _require_loadable(self) -> None:
        """Load every revision module, so that what can't be loaded is known before the first step.

        :raises InvalidScripts: one can't.
        """
        try:
            self._project.script.get_heads()
        except SyntaxError as error:
            raise InvalidScripts(f"{error.filename}:{error.lineno}: {error.msg}") from error
        except Exception as error:
            raise InvalidScripts(describe(error, self._project.env_py.parent)) from error


def _facts(connection: Connection) -> ServerFacts:
    version = connection.exec_driver_sql("SHOW server_version").scalar_one()
    database = connection.exec_driver_sql("SELECT current_database()").scalar_one()
    started = time.perf_counter()
    connection.exec_driver_sql("SELECT 1")
    return ServerFacts(str(version), str(database), time.perf_counter() - started)
