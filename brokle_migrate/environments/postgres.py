"""The Postgres environment: an adapter over Alembic, through the team's own ``env.py``."""

from __future__ import annotations

import time
from functools import cached_property
from typing import TYPE_CHECKING

from ..errors import InvalidScripts
from ..model import POSTGRES, Action
from . import postgres_objects
from .alembic_project import AlembicProject
from .base import DatabaseObject, ServerFacts, StepSql, TableSize
from .new_revision import new_revision
from .offline import OfflineRun
from .postgres_errors import describe
from .postgres_limits import StatementLimits
from .postgres_locks import with_retries
from .postgres_run import PostgresRun, connection_of
from .postgres_state import PostgresState
from .revision_files import read_revisions

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from sqlalchemy import Connection

    from ..config import Config
    from ..errors import MigrateError, StepFailed
    from ..model import Emit, Limits, Revision, Snapshot, Step


class PostgresEnvironment:
    """The team's Alembic project over its database.

    :param config: the whole configuration; ``-x`` arguments reach ``env.py``.
    :param verbose: let Alembic's log through.
    :raises ConfigError: Postgres is not configured, or has no script location.
    """

    name = POSTGRES

    def __init__(self, config: Config, *, verbose: bool = False) -> None:
        postgres = config.require_postgres()
        self._project = AlembicProject(config, verbose=verbose)
        self._state = PostgresState(self._project, postgres.url)
        self._lock_timeout = postgres.lock_timeout

    @property
    def label(self) -> str:
        return self._state.label

    @property
    def lock_url(self) -> str | None:
        """Where the lock is held: the database that ``env.py`` connected to."""
        return self._state.lock_url

    def revisions(self) -> tuple[Revision, ...]:
        return self._revisions

    def snapshot(self) -> Snapshot:
        return self._state.snapshot(self._revisions, self._committing)

    def load(self, steps: Sequence[Step]) -> tuple[Step, ...]:
        if any(step.action is not Action.STAMP for step in steps):
            self._require_loadable()
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
        state, left = self._state, list(steps)
        state.limits = limits
        with state.watched(limits.deadline) as watch, state.explained():
            statements = StatementLimits(self._lock_timeout, limits.statement, watch)

            def attempt() -> None:
                run = PostgresRun(self._project, left, emit, statements, watch, self._committing)
                run.apply(purge=self._is_ahead())

            def look(error: StepFailed) -> str:
                left[:], holders = state.left(left, self._revisions, error)
                return holders

            with_retries(attempt, look, lambda: statements.lock_wait, emit, watch)

    def interrupt(self, error: MigrateError) -> None:
        """End what :meth:`apply` or :meth:`apply_around` is running; safe from any thread.

        Returns at once.  The statement is cancelled, so that its transaction is rolled back; where
        nothing is running, nothing happens.

        :param error: what the interrupted method raises.
        """
        watch = self._state.watch
        if watch is not None:
            watch.interrupt(error)

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
