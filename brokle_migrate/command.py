"""The commands as plain functions: configuration in, values out.  No click, no printing.

A command that changes databases is two calls: :func:`plan` decides, :func:`run` acts, and what lies
between them (printing, asking) is the caller's.
"""

from __future__ import annotations

import datetime
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from . import __version__, planning
from .environments.base import LOCK
from .errors import (
    ConfigError,
    LockHeld,
    MigrateError,
    PartlyDropped,
    RevisionError,
    StalePlan,
    StateError,
)
from .history import History
from .locks import LockState
from .model import Limits, Operation
from .quiet import quiet_snapshot
from .runner import run as run_plan
from .status import DatabaseInfo, DatabaseStatus, Info, SettingView, Status, describe

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from .config import Config
    from .environments import Environments
    from .environments.base import DatabaseObject, TableSize
    from .events import Emit
    from .locks import Holder
    from .model import Plan, Report, Request
    from .preview import Preview

LOCK_TIMEOUT = 15.0
_NO_LIMITS = Limits()
_BREAKING = 5.0  # seconds that a server may take to end a session


def _nobody(_: str) -> None:
    """For whom nothing has to be told."""


def plan(
    request: Request,
    environments: Environments,
    *,
    waiting: Callable[[str], None] | None = None,
    tell: Callable[[str], None] = _nobody,
    lock_timeout: float = LOCK_TIMEOUT,
    limits: Limits = _NO_LIMITS,
) -> Plan:
    """Read both states and decide what to run.

    Everything that will run is read, split and checked here.  That takes no lock, unless a step
    looks unfinished: it may be under way in another run, which holds the lock until it is done.
    Otherwise that run was interrupted, and the server is asked what became of its statement; one
    that still runs is waited for.

    :param waiting: called with the holder's description when that run has to be waited for; None
        never waits, and takes a step that is under way for an unfinished one.
    :param tell: called with a sentence about a statement that is waited for.
    :param lock_timeout: seconds to wait for that run.
    :raises LockHeld: another run was not done by then.
    :raises MigrateError: the request can't be planned; nothing was changed.
    """
    histories = planning.read(request, environments)
    if not any(map(planning.is_open, histories.values())):
        return planning.plan(request, environments, histories)
    if waiting is None or request.operation is Operation.FORCE:
        return planning.plan(request, environments, planning.prove(histories, environments))
    with environments.lock(lock_timeout, waiting):
        quiet = {
            name: History(quiet_snapshot(environments[name], tell, limits)) for name in histories
        }
        return planning.plan(request, environments, quiet)


def preview(plan: Plan, environments: Environments) -> Preview:
    """What a plan would execute, destroy and touch; changes nothing."""
    from .preview import preview_of  # what reads statements is slow to import

    parts = {
        name: iter(environments[name].sql([s for s in plan.steps if s.environment == name]))
        for name in {step.environment for step in plan.steps}
    }
    sizes = {name: _sizes(environments, name) for name in parts}
    return preview_of(plan, [next(parts[s.environment]) for s in plan.steps], sizes)


def run(
    plan: Plan,
    environments: Environments,
    *,
    emit: Emit,
    waiting: Callable[[str], None],
    tell: Callable[[str], None] = _nobody,
    lock_timeout: float = LOCK_TIMEOUT,
    limits: Limits = _NO_LIMITS,
) -> Report:
    """Run a plan under the lock.

    :param emit: called with every event, in order.
    :param waiting: called with the holder's description when the lock is held by another.
    :param tell: called with a sentence about what is waited for, or taken back.
    :param lock_timeout: seconds to wait for the lock.
    :param limits: how long the run may take.
    :raises LockHeld: somebody else kept the lock.
    :raises StalePlan: the state is no longer what was planned from; nothing was run.
    """
    lock = environments.lock(lock_timeout, waiting)
    return run_plan(plan, environments, lock, emit, tell, limits)


def status(environments: Environments, names: Sequence[str]) -> Status:
    """Where each selected database stands; one that can't be read does not hide the other."""
    return Status(tuple(_status(environments, name) for name in names))


def info(config: Config, environments: Environments, names: Sequence[str]) -> Info:
    """Status, servers and effective configuration."""
    return Info(
        version=__version__,
        databases=tuple(_info(environments, _status(environments, name)) for name in names),
        settings=tuple(SettingView(s.name, s.display, s.source) for s in config.settings),
    )


@dataclass(frozen=True, slots=True)
class Created:
    """The files of a new revision.

    :ivar version: the id that they share.
    """

    version: str
    paths: tuple[Path, ...]


def create(
    environments: Environments,
    names: Sequence[str],
    name: str,
    *,
    sql: bool = False,
    write: bool = True,
) -> Created:
    """Create one Alembic revision and one ClickHouse pair under the same version.

    :param sql: put the Postgres part into a pair of .sql files beside the revision.
    :param write: False only says which files there would be.
    :raises UsageError: the name can't be used.
    :raises MigrateError: the files are not valid, or can't be written; nothing is left behind.
    """
    version = _next_version(environments, names)
    written: list[Path] = []
    try:
        for environment in names:
            written.extend(
                environments[environment].new_revision(version, name, sql=sql, write=write)
            )
    except (OSError, MigrateError) as error:
        for path in written if write else ():
            path.unlink()
        if isinstance(error, OSError):
            raise ConfigError(f"can't write {error.filename}: {error.strerror}") from error
        raise
    return Created(version, tuple(written))


def inventory(
    environments: Environments, names: Sequence[str]
) -> dict[str, tuple[DatabaseObject, ...]]:
    """What ``drop`` would remove from each database, ClickHouse first."""
    return {name: environments[name].inventory() for name in reversed(names)}


def drop(
    environments: Environments,
    objects: dict[str, tuple[DatabaseObject, ...]],
    *,
    waiting: Callable[[str], None],
    lock_timeout: float = LOCK_TIMEOUT,
) -> None:
    """Remove what :func:`inventory` listed, under the lock.

    :raises PartlyDropped: a database refused; what was removed before stays removed.
    :raises MigrateError: a database refused, and nothing was removed.
    """
    dropped: list[str] = []
    with environments.lock(lock_timeout, waiting):
        found = inventory(environments, [*reversed(objects)])
        _require_same(objects, found)
        for name, listed in found.items():
            try:
                environments[name].drop(listed)
            except MigrateError as error:
                if not dropped:
                    raise
                message = f"{', '.join(dropped)} was dropped, {name} was not: {error.message}"
                raise PartlyDropped(message, hint=error.hint) from error
            dropped.append(name)


def lock_state(environments: Environments) -> LockState:
    """Who holds the lock; takes nothing and creates nothing."""
    lock = environments.lock(0, _nobody)
    return LockState(lock.where, lock.holder())


def break_lock(environments: Environments, holder: Holder) -> LockState:
    """Take the lock away from a holder that is dead, and see what is true then.

    :raises LockHeld: it is alive.
    :raises StateError: the server refused, or the holder still has the lock.
    """
    require_dead(holder)
    lock = environments.lock(0, _nobody)
    lock.remove(holder)
    end = time.monotonic() + _BREAKING
    while (found := lock.holder()) is not None and found.key == holder.key:
        if time.monotonic() > end:
            raise StateError(
                f"the lock in {lock.where} is still held by {holder}",
                hint="brokle-migrate lock tells who holds it",
            )
        time.sleep(0.1)
    return LockState(lock.where, found, removed=holder)


def require_dead(holder: Holder) -> None:
    """Refuse to break the lock of somebody who is provably alive.

    :raises LockHeld: the holder is.
    """
    if holder.sign_of_life:
        process = f"end its process {holder.process}" if holder.process else "end that process"
        raise LockHeld(
            f"{holder} is alive: {holder.sign_of_life}; nothing was changed",
            hint=f"wait for it, or {process} on its host: SIGTERM stops it between two statements",
        )


def _require_same(
    shown: dict[str, tuple[DatabaseObject, ...]], found: dict[str, tuple[DatabaseObject, ...]]
) -> None:
    """Refuse to drop anything but what was shown, and confirmed."""

    def statements(objects: dict[str, tuple[DatabaseObject, ...]]) -> set[str]:
        every = (item for listed in objects.values() for item in listed)
        return {item.sql for item in every if item.kind != LOCK}

    if statements(shown) != statements(found):
        raise StalePlan(
            "the databases hold other objects than those that were listed; nothing was dropped",
            hint="somebody else migrated in the meantime: list them again",
        )


def _status(environments: Environments, name: str) -> DatabaseStatus:
    try:
        history = History(environments[name].snapshot())
        if not planning.is_open(history):
            return describe(history)
        return _unfinished(environments, history)
    except MigrateError as error:
        return DatabaseStatus(name, environments.label(name), error=error)


def _unfinished(environments: Environments, history: History) -> DatabaseStatus:
    """Tell a step that is under way from one that was interrupted: who runs it holds the lock."""
    try:
        holder = environments.lock(0, _nobody).holder()
    except MigrateError:  # then ClickHouse itself tells whether its statement runs
        holder = None
    if holder is not None and not holder.is_over:
        return describe(history, running=str(holder))
    return describe(History(environments[history.environment].snapshot(prove=True)))


def _info(environments: Environments, found: DatabaseStatus) -> DatabaseInfo:
    if found.error is not None or not found.exists:
        return DatabaseInfo(found)
    environment = environments[found.environment]
    try:
        return DatabaseInfo(found, environment.facts(), _sizes(environments, found.environment))
    except MigrateError as error:
        return DatabaseInfo(replace(found, error=error))


def _sizes(environments: Environments, name: str) -> tuple[TableSize, ...]:
    """How big the tables are; nothing where the user may not ask that."""
    try:
        return environments[name].sizes()
    except MigrateError:
        return ()


def _next_version(environments: Environments, names: Sequence[str]) -> str:
    """A 14-digit UTC version, newer than everything on disk.

    :raises RevisionError: a file has a version from the future.
    """
    now = datetime.datetime.now(datetime.UTC)
    taken = [
        int(revision.id)
        for name in names
        for revision in environments[name].revisions()
        if revision.id.isdigit()
    ]
    newest = max(taken, default=0)
    version = int(now.strftime("%Y%m%d%H%M%S"))
    while version <= newest:
        now += datetime.timedelta(seconds=1)
        version = int(now.strftime("%Y%m%d%H%M%S"))
        if (now - datetime.datetime.now(datetime.UTC)).total_seconds() > 60:
            raise RevisionError(
                f"the newest version on disk, {newest}, is newer than any timestamp of today, so "
                "a new file would be out of order",
                hint="rename that file, or name the new one by hand",
            )
    return str(version)
