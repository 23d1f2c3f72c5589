"""The engines, in the one order in which they are migrated."""

from __future__ import annotations

from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, cast

from ..cleaning import clean
from ..errors import MigrateError
from ..locks import NoLock
from ..model import CLICKHOUSE, POSTGRES
from ..redact import Redactor
from .base import Log

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from ..config import Config
    from ..locks import Lock
    from ..past import RunRecord
    from .base import Environment, TableSize, Transactional
    from .clickhouse import ClickHouseEnvironment
    from .offline_pairs import OfflinePairs
    from .write_hooks import HookRun

ORDER = (POSTGRES, CLICKHOUSE)


def _nobody(_: str) -> None:
    """For whom there is no wait to be told of."""


class Environments:
    """Opens each environment when it is first asked for, and closes what was opened.

    :param config: the whole configuration.
    :param log: what becomes of the libraries' logs.
    """

    def __init__(self, config: Config, *, log: Log = Log.HIDDEN) -> None:
        self._config = config
        self._log = log
        self._open: dict[str, Environment] = {}
        self._deadline: float | None = None

    def __getitem__(self, name: str) -> Environment:
        """The environment of that name.

        :raises ConfigError: it is not configured.
        """
        if name not in self._open:
            self._open[name] = self._create(name)
            if self._deadline is not None:
                self._open[name].hurry(self._deadline)
        return self._open[name]

    def anew(self) -> Environments:
        """The same with connections of its own, for another thread, which has to close it."""
        return Environments(self._config, log=self._log)

    @property
    def lock_home(self) -> str | None:
        """The environment that has the lock of a run; None where no database is configured."""
        return next((name for name in ORDER if self.configured(name)), None)

    def hurry(self, deadline: float | None) -> None:
        """Have every question from now on given up soon after a time.

        :param deadline: on ``time.monotonic()``'s clock; None leaves everything as it is.
        """
        if deadline is None:
            return
        self._deadline = deadline
        for environment in self._open.values():
            environment.hurry(deadline)

    def configured(self, name: str) -> bool:
        """Whether the configuration has such a database."""
        return getattr(self._config, name) is not None

    @property
    def clustered(self) -> bool:
        """Whether ClickHouse is a cluster; an embedded engine never is."""
        config = self._config.clickhouse
        return config is not None and bool(config.cluster) and config.url.directory is None

    @property
    def transactional(self) -> Transactional:
        """The engine whose steps can share one transaction: Postgres."""
        return cast("Transactional", self[POSTGRES])

    @property
    def offline(self) -> OfflinePairs:
        """What writes ClickHouse steps as a script of SQL, without asking a database."""
        return cast("ClickHouseEnvironment", self[CLICKHOUSE]).offline()

    def label(self, name: str) -> str:
        """The database of an environment without user or password, also when it can't be opened."""
        url = self._config.require(name).url
        return url.label if url is not None else name

    def sizes(self, name: str) -> tuple[TableSize, ...]:
        """How big the tables of a database are; nothing where the user may not ask that."""
        try:
            return self[name].sizes()
        except MigrateError:
            return ()

    def note_run(self, name: str, record: RunRecord) -> None:
        """Record what a run did, without secrets, in a database that keeps such records."""
        self[name].note_run(clean(record, self._redactor.hide))

    def lock(self, timeout: float = 0.0, waiting: Callable[[str], None] = _nobody) -> Lock:
        """The one lock of a run: in Postgres whenever that is configured, whatever is selected.

        :param timeout: seconds to wait for somebody else's run to end.
        :param waiting: called with the holder's description while there is a wait.
        """
        config = self._config.postgres
        if config is not None and config.problem is not None and config.url is not None:
            # There is no usable env.py, but another database can still be migrated.
            from ..locks.advisory import PostgresLock

            return PostgresLock(config.url.render(), config.url.label, timeout, waiting)
        home = self.lock_home
        return NoLock() if home is None else self[home].lock(timeout, waiting)

    def run_hooks(self, name: str, paths: Sequence[Path]) -> tuple[HookRun, ...]:
        """Run what the team wants to run on the files of a new revision.

        :param paths: files of that environment; Alembic's hooks are for Python files.
        """
        from . import write_hooks

        if name == POSTGRES:
            from .alembic_project import AlembicProject

            hooks = write_hooks.of_alembic(AlembicProject(self._config).config)
            return write_hooks.run(hooks, [path for path in paths if path.suffix == ".py"])
        return write_hooks.run(self._config.require_clickhouse().hooks, paths)

    def close(self) -> None:
        """Close what was opened."""
        for environment in self._open.values():
            environment.close()
        self._open.clear()

    @cached_property
    def _redactor(self) -> Redactor:
        """What takes the secrets out of a text."""
        return Redactor(self._config.secrets, public=self._config.public)

    def _create(self, name: str) -> Environment:
        if name == POSTGRES:
            from .postgres import PostgresEnvironment

            return PostgresEnvironment(self._config, log=self._log)
        from .clickhouse import ClickHouseEnvironment

        config = self._config
        return ClickHouseEnvironment(config.require_clickhouse(), config.x, self._redactor)


def selected(config: Config, names: Sequence[str]) -> tuple[str, ...]:
    """The environments that a command is about, in order.

    :param names: what was asked for; empty for every configured one.
    :raises ConfigError: one that was asked for is not configured, or none is.
    """
    if not names:
        names = [n for n in ORDER if getattr(config, n) is not None or config.has_files(n)] or ORDER
    for name in names:
        config.require(name)
    return tuple(name for name in ORDER if name in names)


@contextmanager
def open_environments(config: Config, *, log: Log = Log.HIDDEN) -> Iterator[Environments]:
    """The environments of a configuration, closed at the end."""
    environments = Environments(config, log=log)
    try:
        yield environments
    finally:
        environments.close()
