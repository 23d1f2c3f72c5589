"""What the Postgres database records, read through the team's own ``env.py``."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ..errors import ConfigError, DatabaseUnreachable, MigrateError
from ..history import History
from ..model import POSTGRES, Action, Limits, Snapshot
from .postgres_errors import explain
from .postgres_leftovers import invalid_indexes, predecessor
from .postgres_locks import holders
from .postgres_run import connection_of
from .postgres_visibility import require_visible
from .postgres_watch import Watch, bounded_connect

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence

    from alembic.runtime.migration import MigrationContext, MigrationStep
    from sqlalchemy.engine import URL

    from ..config.urls import DatabaseUrl
    from ..errors import StepFailed
    from ..model import Revision, Step
    from .alembic_project import AlembicProject

_PATIENCE = 60.0  # seconds that a look at the database may take: it is small
_READING = 4.0  # seconds that a look at the database may take once a run is over its time


class PostgresState:
    """Reads, and keeps what was read last.

    :param configured: None when the team's ``env.py`` alone knows where the database is.
    :ivar heads: the recorded revisions.
    :ivar connected_url: where ``env.py`` connected to, None before it did.
    :ivar has_version_table: whether Alembic's table exists.
    :ivar limits: of the run that is under way; reading does not take much longer either.
    :ivar watch: what can end the statement that is running, None when nothing is.
    """

    def __init__(self, project: AlembicProject, configured: DatabaseUrl | None) -> None:
        self._project = project
        self._configured = configured
        self._invalid_indexes: tuple[str, ...] = ()
        self._predecessor = ""
        self.heads: tuple[str, ...] = ()
        self.connected_url: URL | None = None
        self.has_version_table = False
        self.limits = Limits()
        self.watch: Watch | None = None

    @property
    def label(self) -> str:
        """The database, without user or password."""
        if self._configured is not None:
            return self._configured.label
        return "postgres" if self.connected_url is None else label_of(self.connected_url)

    @property
    def lock_url(self) -> str | None:
        """Where the lock is held: the database that ``env.py`` connected to."""
        if self.connected_url is None and self.exists():
            self.read(self._note_heads)
        if self.connected_url is not None:
            return self.connected_url.render_as_string(hide_password=False)
        return self._configured.render() if self._configured is not None else None

    def exists(self) -> bool:
        """Whether there is a server to ask; asking an embedded one would create it."""
        if self._configured is None or self._configured.directory is None:
            return True
        from ..embedded.postgres import exists

        return exists(self._configured.directory)

    def snapshot(self, revisions: tuple[Revision, ...], committing: frozenset[str]) -> Snapshot:
        """Read everything anew.

        :param committing: revisions whose files seem to commit by themselves.
        """
        exists = self.exists()
        self.heads, self._invalid_indexes, self._predecessor = (), (), ""

        def look(heads: tuple[str, ...], context: MigrationContext) -> None:
            self._note_heads(heads, context)
            if not self.has_version_table:
                self._predecessor = predecessor(connection_of(context))
            if committing and committing - History(self._recorded(revisions)).applied:
                self._invalid_indexes = invalid_indexes(connection_of(context))

        if exists:
            self.read(look)
        return self._recorded(revisions, exists=exists)

    def left(
        self, steps: Sequence[Step], revisions: tuple[Revision, ...], error: StepFailed
    ) -> tuple[list[Step], str]:
        """Which steps the database does not record as done, and who holds the locks of one.

        :param error: why that step failed.
        """
        found: list[str] = []

        def look(heads: tuple[str, ...], context: MigrationContext) -> None:
            self._note_heads(heads, context)
            found.append(holders(connection_of(context), error.sql or ""))

        self.read(look)
        applied = History(self._recorded(revisions)).applied
        return [step for step in steps if not _is_done(step, applied)], found[0]

    def read(self, look: Callable[[tuple[str, ...], MigrationContext], None]) -> None:
        """Run ``env.py`` with a look inside that yields no steps and creates no version table."""
        looked = False

        def work(heads: tuple[str, ...], context: MigrationContext) -> tuple[MigrationStep, ...]:
            nonlocal looked
            look(heads, context)
            looked = True
            return ()

        with self._patiently(), self.explained():
            self._project.run(work, dont_mutate=True)
        if not looked:
            raise ConfigError(
                f"{self._project.env_py} did not call context.run_migrations()",
                hint="compare it with the env.py that alembic init makes",
            )

    @contextmanager
    def explained(self) -> Iterator[None]:
        """Turn what ``env.py`` raised before any step into our errors."""
        try:
            yield
        except MigrateError:
            raise
        except (Exception, SystemExit) as error:
            raise explain(error, self.label, self._project.env_py, self._user) from error

    @property
    def _user(self) -> str | None:
        """Who is connected, or wants to be, as far as anybody told."""
        told = self.watch.user if self.watch is not None else None
        return told or (self._configured.user if self._configured is not None else None)

    @contextmanager
    def watched(
        self, deadline: float | None, reason: MigrateError | None = None
    ) -> Iterator[Watch]:
        """Have something that can end what is running in this block."""
        with Watch(deadline, reason) as watch, bounded_connect(watch.remaining):
            self.watch = watch
            try:
                yield watch
            finally:
                self.watch = None

    @contextmanager
    def _patiently(self) -> Iterator[None]:
        """Reading waits for no network for ever, and not long once the run's time is over."""
        if self.watch is not None:
            yield
            return
        now, deadline = time.monotonic(), self.limits.deadline
        until = now + _PATIENCE if deadline is None else max(deadline, now + _READING)
        silent = DatabaseUnreachable(
            f"Postgres at {self.label} did not answer within {until - now:.0f} s",
            hint="is the server running, and does the network let its answers through?",
        )
        with self.watched(until, silent) as watch:
            try:
                yield
            except Exception as error:
                if watch.error is not None:
                    raise watch.error from error
                raise

    def _recorded(self, revisions: tuple[Revision, ...], *, exists: bool = True) -> Snapshot:
        return Snapshot(
            environment=POSTGRES,
            label=self.label,
            revisions=revisions,
            recorded=self.heads,
            exists=exists,
            invalid_indexes=self._invalid_indexes,
            predecessor=self._predecessor,
        )

    def _note_heads(self, heads: tuple[str, ...], context: MigrationContext) -> None:
        from sqlalchemy import inspect

        connection = connection_of(context)
        self.heads = heads
        self.connected_url = connection.engine.url
        self.has_version_table = bool(heads) or inspect(connection).has_table(
            context.version_table, schema=context.version_table_schema
        )
        if not self.has_version_table and context.version_table_schema is None:
            require_visible(connection, context.version_table)


def label_of(url: URL) -> str:
    """A database that ``env.py`` connected to, without user or password."""
    return f"postgres://{url.host or 'localhost'}:{url.port or 5432}/{url.database}"


def _is_done(step: Step, applied: Collection[str]) -> bool:
    if step.action is Action.STAMP:
        return False
    return (step.revision in applied) is (step.action is Action.UPGRADE)
