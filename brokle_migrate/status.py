"""Where a history stands, as a value for people and programs.  Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .checks.state import state_findings
from .vitals import Vitals

if TYPE_CHECKING:
    from .environments.base import ServerFacts
    from .errors import MigrateError
    from .history import History
    from .interruption import Interruption
    from .locks import LockState
    from .model import Finding, Revision
    from .past import PastRun
    from .vitals import Missing, RunningMutation


_NO_VITALS = Vitals()


@dataclass(frozen=True, slots=True)
class DatabaseStatus:
    """One database against its files.

    :ivar label: the database, without user or password.
    :ivar current: the newest applied revision of a chain, every tip of a branched history.
    :ivar heads: the newest revisions on disk.
    :ivar applied: how many revisions on disk are applied.
    :ivar ahead: versions that the database records and no file has.
    :ivar newer: those of ``dirty`` whose version no file has: newer code is at it, or left it so.
    :ivar exists: False when an embedded database has not been created yet.
    :ivar is_lost: whether the database is ahead, so that the files don't tell where it stands.
    :ivar running: who is migrating just now, empty for nobody: then nothing is interrupted.
    :ivar mutations: those of ClickHouse that are not done; None where they were not asked for, or
        may not be read.
    :ivar error: why the database or its files could not be read; everything else is empty then.
    """

    environment: str
    label: str
    current: tuple[str, ...] = ()
    heads: tuple[str, ...] = ()
    applied: int = 0
    pending: tuple[Revision, ...] = ()
    out_of_order: tuple[Revision, ...] = ()
    ahead: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    dirty: tuple[Interruption, ...] = ()
    newer: tuple[Interruption, ...] = ()
    findings: tuple[Finding, ...] = ()
    exists: bool = True
    is_lost: bool = False
    running: str = ""
    mutations: tuple[RunningMutation, ...] | None = None
    error: MigrateError | None = None

    @property
    def at_head(self) -> bool:
        """Whether everything on disk is applied and nothing is left half done."""
        behind = self.pending or self.out_of_order or self.dirty or self.is_lost
        return self.error is None and not behind

    @property
    def is_ready(self) -> bool:
        """Whether the code that these files belong to finds the schema it needs.

        A database that is ahead was migrated by newer code, which had these files, too.  While
        newer code migrates, what runs keeps serving: else each rolling deployment would be an
        outage for as long as its migration takes.
        """
        is_half_done = len(self.dirty) > len(self.newer)
        return self.error is None and not (is_half_done or self.pending or self.out_of_order)


@dataclass(frozen=True, slots=True)
class Status:
    """Every selected database, Postgres first."""

    databases: tuple[DatabaseStatus, ...]

    @property
    def at_head(self) -> bool:
        return all(database.at_head for database in self.databases)

    @property
    def is_ready(self) -> bool:
        """Whether the code that these files belong to finds the schema it needs."""
        return all(database.is_ready for database in self.databases)

    @property
    def error(self) -> MigrateError | None:
        """The first error, None when every database could be read."""
        return next((d.error for d in self.databases if d.error is not None), None)


@dataclass(frozen=True, slots=True)
class SettingView:
    """An effective setting, safe to print, and where it came from."""

    name: str
    value: str
    source: str


@dataclass(frozen=True, slots=True)
class DatabaseInfo:
    """A database's status and what the server says of itself.

    :ivar facts: None when the server did not answer, or does not exist yet.
    """

    status: DatabaseStatus
    facts: ServerFacts | None = None
    vitals: Vitals = _NO_VITALS


@dataclass(frozen=True, slots=True)
class Info:
    """Everything that ``info`` tells.

    :ivar checked: when this was seen, in seconds since 1970.
    :ivar lock: who holds it; None where that could not be asked.
    :ivar runs: the last ones, newest first.
    :ivar missing: what could not be asked of the lock and the runs.
    """

    version: str
    databases: tuple[DatabaseInfo, ...]
    settings: tuple[SettingView, ...]
    checked: float = 0.0
    lock: LockState | None = None
    runs: tuple[PastRun, ...] = ()
    missing: tuple[Missing, ...] = ()

    @property
    def error(self) -> MigrateError | None:
        """The first error, None when every database could be read."""
        return Status(tuple(d.status for d in self.databases)).error


def describe(history: History, *, running: str = "") -> DatabaseStatus:
    """Say where a history stands.

    :param running: who is migrating just now.
    """
    snapshot = history.snapshot
    return DatabaseStatus(
        environment=history.environment,
        label=snapshot.label,
        current=history.current,
        heads=history.heads,
        applied=len(history.applied),
        pending=history.pending,
        out_of_order=history.out_of_order,
        ahead=history.ahead,
        changed=snapshot.changed,
        dirty=snapshot.dirty,
        newer=tuple(i for i in snapshot.dirty if i.version not in history.by_id),
        findings=state_findings([history], running=running),
        exists=snapshot.exists,
        is_lost=history.is_lost,
        running=running,
    )
