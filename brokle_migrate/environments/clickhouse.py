"""The ClickHouse environment: paired files, the ledger, statement by statement."""

from __future__ import annotations

import time
import uuid
from contextlib import contextmanager, suppress
from functools import cached_property
from typing import TYPE_CHECKING

from ..clickhouse import context
from ..config import parse_url
from ..errors import NotAllowed
from ..locks import NoLock, Wait
from ..model import CLICKHOUSE, Snapshot
from ..redact import Redactor
from ..vitals import RunningMutation, Vitals
from . import clickhouse_objects, templates
from .base import DatabaseObject, ServerFacts, StepSql, TableSize
from .clickhouse_scripts import ClickHouseScripts
from .drivers import ConnectionLost, ServerError, connect, unreachable
from .ledger import Ledger, LedgerState

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence
    from pathlib import Path

    from ..config import ClickHouseConfig, DatabaseUrl
    from ..events import Emit
    from ..interruption import Interruption
    from ..locks import Lock
    from ..model import Limits, Revision, Statement, Step
    from ..past import PastRun, RunRecord
    from ..schemas import Schema
    from ..sqltext import ServerSide
    from .base import Dump, LastRun
    from .clickhouse_predecessor import ClickHousePredecessor
    from .cluster import Cluster
    from .drivers import Driver
    from .ledger import Prove
    from .offline_pairs import OfflinePairs
    from .recorder import Recorder
    from .settings_check import SettingsCheck

_NO_LEDGER = LedgerState(exists=False)


class ClickHouseEnvironment:
    """A directory of pairs over one ClickHouse database.

    :param config: where the files and the database are.
    :param x: ``-x`` arguments for ``env.py``.
    :param redactor: takes secrets out of what is recorded and dumped.
    :raises ConfigError: there is no script directory, or ``env.py`` failed.
    """

    name = CLICKHOUSE

    def __init__(
        self,
        config: ClickHouseConfig,
        x: tuple[str, ...] = (),
        redactor: Redactor | None = None,
    ) -> None:
        self._redactor = redactor or Redactor(())
        self._config = config
        directory = config.require_script_location()
        self._url, self._settings = _configured(config, directory, x)
        self._scripts = ClickHouseScripts(
            directory, config.placeholders, self._server_side, self._refusal
        )
        self._driver: Driver | None = None
        self._deadline: float | None = None
        self._run_id = str(uuid.uuid4())
        self._state = _NO_LEDGER
        self._recorder: Recorder | None = None

    @property
    def label(self) -> str:
        return self._url.label

    def lock(self, timeout: float, waiting: Callable[[str], None]) -> Lock:
        """A lease in the database; the embedded engine has one process at a time anyway."""
        if self._url.directory is not None:
            return NoLock()
        from ..locks.lease import Lease
        from .clickhouse_lease import ClickHouseRows

        config = self._config
        rows = ClickHouseRows(
            self._url, self._settings, config.version_table, config.engine, config.cluster
        )
        return Lease(rows, Wait(self.label, timeout, waiting))

    def revisions(self) -> tuple[Revision, ...]:
        return self._scripts.revisions

    def hurry(self, deadline: float) -> None:
        self._deadline = deadline
        if self._driver is not None:
            self._driver.deadline = deadline

    def snapshot(self, *, prove: bool = False) -> Snapshot:
        revisions = self.revisions()
        exists = self._exists()
        state = self._read_ledger(self._prove if prove else None) if exists else _NO_LEDGER
        self._state = state
        return Snapshot(
            environment=CLICKHOUSE,
            label=self.label,
            revisions=revisions,
            recorded=tuple(state.applied),
            linear=True,
            dirty=state.dirty,
            changed=self._scripts.changed(state),
            exists=exists,
            predecessor="" if state.exists else self._migrated_before(),
        )

    def _migrated_before(self) -> str:
        """What golang-migrate's usual table says, if it says anything.

        Who may not ask is taken to have none: to look for one is no reason to need a grant.
        """
        from .old_record import DEFAULT_TABLE

        found = self.predecessor()
        old = None
        with suppress(NotAllowed):
            old = found.read(DEFAULT_TABLE) if found is not None else None
        return str(old) if old is not None and old.says_something else ""

    def load(self, steps: Sequence[Step]) -> tuple[Step, ...]:
        loaded = self._scripts.load(steps)
        if steps and self._cluster is not None:
            with self._answering():
                self._cluster.require_all()
        return loaded

    def sql(self, steps: Sequence[Step]) -> tuple[StepSql, ...]:
        return tuple(map(self._scripts.sql, steps))

    def offline(self) -> OfflinePairs:
        """What writes steps as a script of SQL; asks no database.

        :raises ConfigError: it would have to.
        """
        from .offline_pairs import OfflinePairs

        return OfflinePairs(self._config, self._url, self._settings)

    def apply(self, steps: Sequence[Step], emit: Emit, limits: Limits) -> None:
        from .clickhouse_run import ClickHouseRun

        self._open().deadline = limits.deadline
        run = ClickHouseRun(
            self._open(),
            self._ledger(),
            self._record,
            self._scripts.content,
            self._scripts.made,
            self.label,
            emit,
            limits,
        )
        run.apply(steps)

    def note_run(self, record: RunRecord) -> None:
        if not record.upgraded and not self._state.exists:
            return  # where nothing was done, nothing is made
        with suppress(ServerError, ConnectionLost):
            self._record().note_run(record)

    def last_run(self) -> LastRun | None:
        if not self._exists():
            return None
        with self._answering():
            return self._ledger().last_run()

    def last_runs(self, limit: int) -> tuple[PastRun, ...] | None:
        if not self._exists():
            return ()
        with self._answering():
            return self._ledger().last_runs(limit)

    def vitals(self) -> Vitals:
        if not self._exists():
            return Vitals()
        from .clickhouse_vitals import vitals

        with self._answering():
            return vitals(self._connected())

    def mutations(self) -> tuple[RunningMutation, ...] | None:
        from .clickhouse_vitals import mutations

        with self._answering():
            return mutations(self._connected())

    def new_revision(
        self,
        version: str,
        message: str,
        *,
        sql: bool,  # noqa: ARG002 - a pair is .sql files in any case
        write: bool,
    ) -> tuple[Path, ...]:
        return templates.new_pair(self._scripts.directory, version, message, write=write)

    def inventory(self) -> tuple[DatabaseObject, ...]:
        if not self._exists():
            return ()
        with self._answering():
            self._ledger().read()  # another tool's ledger is not ours to drop
            everywhere = self._cluster.on_cluster if self._cluster is not None else ""
            return clickhouse_objects.inventory(
                self._connected(), self._config.version_table, everywhere
            )

    def drop(self, objects: Sequence[DatabaseObject]) -> None:
        from .clickhouse_dropping import drop

        drop(self._connected(), self.label, objects, self._config.cluster)

    def sizes(self) -> tuple[TableSize, ...]:
        if not self._exists():
            return ()
        with self._answering():
            return clickhouse_objects.sizes(self._connected())

    def dump(self) -> Dump | None:
        if not self._exists():
            return None
        from .clickhouse_dump import dump

        known = self._redactor.known | Redactor(filter(None, [self._url.password])).known
        with self._answering():
            return dump(self._connected(), self._ledger(), known)

    def predecessor(self) -> ClickHousePredecessor | None:
        """What golang-migrate left here; None where there is no database yet."""
        if not self._exists():
            return None
        from .clickhouse_predecessor import ClickHousePredecessor

        with self._answering():
            everywhere = self._cluster.on_cluster if self._cluster is not None else ""
        return ClickHousePredecessor(self._connected(), self._ledger(), everywhere, self._answering)

    def schema(self) -> Schema:
        from .clickhouse_schema import read

        return self._read_schema(read)

    def columns(self) -> Schema:
        """The columns alone, from a server that can't tell more in a comparable way."""
        from .clickhouse_schema import read_columns

        return self._read_schema(read_columns)

    def tells_definitions(self) -> bool:
        """Whether :meth:`schema` can be asked for."""
        from .clickhouse_schema import can_format

        if not self._exists():
            return True
        with self._answering():
            return can_format(self._connected())

    def _read_schema(self, read: Callable[[Driver, Collection[str]], Schema]) -> Schema:
        if not self._exists():
            return {}
        from .clickhouse_lease import lock_table
        from .clickhouse_predecessor import aside

        table = self._config.version_table
        own = {table, lock_table(table), aside(table)}
        with self._answering():
            return read(self._connected(), own)

    def facts(self) -> ServerFacts:
        with self._answering():
            driver = self._connected()
            ((version, database),) = driver.query("SELECT version(), currentDatabase()")
            started = time.perf_counter()
            driver.query("SELECT 1")
            return ServerFacts(version, database, time.perf_counter() - started)

    def close(self) -> None:
        if self._driver is not None:
            self._driver.close()
            self._driver = None

    def _exists(self) -> bool:
        """Whether there is a database to read; opening an embedded one would create it."""
        if self._url.directory is None:
            return True
        from ..embedded.clickhouse import exists

        return exists(self._url.directory)

    def _open(self) -> Driver:
        if self._driver is None:
            self._driver = connect(self._url, self._settings)
            self._driver.deadline = self._deadline
        return self._driver

    def _connected(self) -> Driver:
        """The driver, once the server has answered.

        :raises DatabaseUnreachable: it did not.
        """
        if self._driver is None:
            with self._answering():
                self._open().query("SELECT 1")
        return self._open()

    def _ledger(self) -> Ledger:
        return Ledger(self._open(), self._config.version_table, self._config.engine, self._cluster)

    @cached_property
    def _cluster(self) -> Cluster | None:
        name = self._config.cluster
        if name is None or self._url.directory is not None:  # the embedded engine has none
            return None
        from .cluster import Cluster

        return Cluster(self._connected, name)

    def _record(self) -> Recorder:
        """What writes this run's rows; makes the ledger where there is none."""
        if self._recorder is None:
            from .recorder import Recorder

            if not self._state.exists:
                self._ledger().create()
            self._recorder = Recorder(
                self._ledger(), self._state.last, self._run_id, self._redactor.hide
            )
        return self._recorder

    def _read_ledger(self, prove: Prove | None) -> LedgerState:
        with self._answering():
            return self._ledger().read(prove)

    def _prove(self, interruption: Interruption) -> Interruption:
        """Ask the server what became of the statement at which a step broke off."""
        from .proof import prove

        return prove(self._open(), interruption, self._scripts.broken_off_at(interruption))

    @contextmanager
    def _answering(self) -> Iterator[None]:
        """Turn a question that was refused, or got no answer, into our error."""
        try:
            yield
        except (ServerError, ConnectionLost) as error:
            raise unreachable(self._url, error, self._config.cluster) from error

    def _server_side(self) -> ServerSide:
        """What the built-in placeholders stand for; only a cluster makes the server worth asking.

        :raises DatabaseUnreachable: it has to be asked, and did not answer.
        """
        from .filling import alone, asked

        if self._cluster is None:
            return alone(self._url)
        with self._answering():
            return asked(self._cluster)

    def _refusal(self, statement: Statement) -> str | None:
        if not self._exists():
            return None
        refusal = self._open().refusal(statement.text)
        if refusal is None and statement.settings:
            with self._answering():
                refusal = self._settings_check.refusal(statement.settings)
        return refusal

    @cached_property
    def _settings_check(self) -> SettingsCheck:
        from .settings_check import SettingsCheck

        return SettingsCheck(self._open())


def _configured(
    config: ClickHouseConfig, directory: Path, x: tuple[str, ...]
) -> tuple[DatabaseUrl, dict[str, str]]:
    """What ``env.py`` says, on top of the configuration."""
    rendered = config.url.render()
    options = {"sqlalchemy.url": rendered, "script_location": str(directory)}
    env = directory / "env.py"
    connection = context.run(env, context.EnvironmentConfig(options, x))
    if connection.url in {None, rendered}:
        return config.url, dict(connection.settings)
    assert connection.url is not None
    return parse_url(connection.url, source=str(env)), dict(connection.settings)
