"""The Postgres environment: an adapter over Alembic, through the team's own ``env.py``."""

from __future__ import annotations

import time
from contextlib import AbstractContextManager, contextmanager
from functools import cached_property
from typing import TYPE_CHECKING

from ..errors import ConfigError, Interrupted, InvalidScripts, LockLost, MigrateError
from ..model import POSTGRES, Action, Snapshot, StepFinished, StepStarted
from . import postgres_objects
from .alembic_project import AlembicProject
from .base import DatabaseObject, ServerFacts, StepSql, TableSize
from .new_revision import new_revision
from .offline import OfflineRun, migration_step
from .postgres_errors import describe, explain, failed
from .revision_files import read_revisions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from alembic.runtime.migration import MigrationContext, MigrationStep
    from sqlalchemy import Connection
    from sqlalchemy.engine import URL

    from ..config import Config
    from ..locks import Lock
    from ..model import Emit, Limits, Revision, Step
    from .base import LastRun


class PostgresEnvironment:
    """The team's Alembic project over its database.

    :param config: the whole configuration; ``-x`` arguments reach ``env.py``.
    :param verbose: let Alembic's log through.
    :raises ConfigError: Postgres is not configured, or has no script location.
    """

    name = POSTGRES

    def __init__(self, config: Config, *, verbose: bool = False) -> None:
        self._project = AlembicProject(config, verbose=verbose)
        self._configured = config.require_postgres().url
        self._connected_url: URL | None = None
        self._heads: tuple[str, ...] = ()
        self._has_version_table = False

    @property
    def label(self) -> str:
        if self._configured is not None:
            return self._configured.label
        if self._connected_url is not None:
            url = self._connected_url
            return f"postgres://{url.host or 'localhost'}:{url.port or 5432}/{url.database}"
        return "postgres"

    def lock(self, timeout: float, waiting: Callable[[str], None]) -> Lock:
        """The lock in the database that ``env.py`` connects to."""
        from ..locks.advisory import PostgresLock

        if self._connected_url is None and self._exists():
            self._read(self._note_heads)
        if self._connected_url is not None:
            url = self._connected_url.render_as_string(hide_password=False)
        else:
            assert self._configured is not None  # only an embedded database may not exist yet
            url = self._configured.render()
        return PostgresLock(url, self.label, timeout, waiting)

    def revisions(self) -> tuple[Revision, ...]:
        return self._revisions

    def snapshot(self, *, prove: bool = False) -> Snapshot:  # noqa: ARG002 - transactions prove it
        exists = self._exists()
        self._heads = ()
        if exists:
            self._read(self._note_heads)
        return Snapshot(
            environment=POSTGRES,
            label=self.label,
            revisions=self._revisions,
            recorded=self._heads,
            exists=exists,
        )

    def load(self, steps: Sequence[Step]) -> tuple[Step, ...]:
        if any(step.action is not Action.STAMP for step in steps):
            self._require_loadable()
        return tuple(steps)

    def sql(self, steps: Sequence[Step]) -> tuple[StepSql, ...]:
        if steps and steps[0].action is Action.STAMP:
            note = f"records {steps[0].revision} as current; runs nothing"
            return (StepSql(steps[0], (), note),)
        run = OfflineRun(self._project.script, steps, self._has_version_table)
        with self._explained():
            self._project.run(
                run.work, as_sql=True, starting_rev=list(self._heads) or None, output_buffer=run
            )
        return run.result()

    def apply(self, steps: Sequence[Step], emit: Emit, limits: Limits) -> None:  # noqa: ARG002
        run = _Run(self._project, steps, emit)
        with self._explained():
            try:
                self._project.run(run.work, purge=self._is_ahead())
            except (Exception, SystemExit) as error:
                if run.current is None or isinstance(error, (Interrupted, LockLost)):
                    raise
                raise failed(run.current, error, partial=run.autocommitted) from error

    def note_run(self, applied: Mapping[str, Sequence[str]]) -> None:
        """Alembic's version table holds nothing but the heads."""

    def last_run(self) -> LastRun | None:
        return None

    def new_revision(
        self, version: str, message: str, *, sql: bool, write: bool
    ) -> tuple[Path, ...]:
        return new_revision(self._project, version, message, sql=sql, write=write)

    def inventory(self) -> tuple[DatabaseObject, ...]:
        found: list[DatabaseObject] = []
        if self._exists():
            self._read(lambda _, context: found.extend(postgres_objects.inventory(context)))
        return tuple(found)

    def drop(self, objects: Sequence[DatabaseObject]) -> None:
        self._read(lambda _, context: postgres_objects.drop(context, objects))

    def sizes(self) -> tuple[TableSize, ...]:
        found: list[TableSize] = []
        if self._exists():
            self._read(lambda _, context: found.extend(postgres_objects.sizes(context)))
        return tuple(found)

    def facts(self) -> ServerFacts:
        found: list[ServerFacts] = []
        self._read(lambda _, context: found.append(_facts(_connection(context))))
        return found[0]

    def close(self) -> None:
        """Nothing stays open between two runs of ``env.py``."""

    @cached_property
    def _revisions(self) -> tuple[Revision, ...]:
        return read_revisions(self._project.script)

    def _is_ahead(self) -> bool:
        """Whether the database records what no file has; only a stamp gets that far."""
        return not {revision.id for revision in self._revisions}.issuperset(self._heads)

    def _exists(self) -> bool:
        """Whether there is a server to ask; asking an embedded one would create it."""
        if self._configured is None or self._configured.directory is None:
            return True
        from ..embedded.postgres import exists

        return exists(self._configured.directory)

    def _read(self, look: Callable[[tuple[str, ...], MigrationContext], None]) -> None:
        """Run ``env.py`` with a look inside that yields no steps and creates no version table."""

        looked = False

        def work(heads: tuple[str, ...], context: MigrationContext) -> tuple[MigrationStep, ...]:
            nonlocal looked
            look(heads, context)
            looked = True
            return ()

        with self._explained():
            self._project.run(work, dont_mutate=True)
        if not looked:
            raise ConfigError(
                f"{self._project.env_py} did not call context.run_migrations()",
                hint="compare it with the env.py that alembic init makes",
            )

    def _note_heads(self, heads: tuple[str, ...], context: MigrationContext) -> None:
        from sqlalchemy import inspect

        connection = _connection(context)
        self._heads = heads
        self._connected_url = connection.engine.url
        self._has_version_table = bool(heads) or inspect(connection).has_table(
            context.version_table, schema=context.version_table_schema
        )

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

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Turn what ``env.py`` raised before any step into our errors."""
        try:
            yield
        except MigrateError:
            raise
        except (Exception, SystemExit) as error:
            raise explain(error, self.label, self._project.env_py) from error


class _Run:
    """The steps of one run of ``env.py``; Alembic pulls, applies and records them one by one."""

    def __init__(self, project: AlembicProject, steps: Sequence[Step], emit: Emit) -> None:
        self._project = project
        self._steps = steps
        self._emit = emit
        self.current: Step | None = None
        self.autocommitted = False

    def work(self, heads: tuple[str, ...], context: MigrationContext) -> Iterator[MigrationStep]:
        self._notice_autocommit(context)
        for number, step in enumerate(self._steps, 1):
            self.current, self.autocommitted = step, False
            self._emit(StepStarted(step, number, len(self._steps)))
            started = time.perf_counter()
            yield from self._parts(step, heads)
            self._emit(StepFinished(step, time.perf_counter() - started))

    def _notice_autocommit(self, context: MigrationContext) -> None:
        """Note when a revision enters an autocommit block: no rollback takes back what it did."""
        enter = context.autocommit_block

        def noticed() -> AbstractContextManager[None]:
            self.autocommitted = True
            return enter()

        context.autocommit_block = noticed  # type: ignore[method-assign,assignment]

    def _parts(self, step: Step, heads: tuple[str, ...]) -> list[MigrationStep]:
        if step.action is Action.STAMP:
            stamps = self._project.script._stamp_revs(step.revision, heads)  # noqa: SLF001 - as alembic.command.stamp
            return list(stamps)
        return [migration_step(self._project.script, step)]


def _connection(context: MigrationContext) -> Connection:
    """The live connection of an online run."""
    assert context.connection is not None
    return context.connection


def _facts(connection: Connection) -> ServerFacts:
    version = connection.exec_driver_sql("SHOW server_version").scalar_one()
    database = connection.exec_driver_sql("SELECT current_database()").scalar_one()
    started = time.perf_counter()
    connection.exec_driver_sql("SELECT 1")
    return ServerFacts(str(version), str(database), time.perf_counter() - started)
