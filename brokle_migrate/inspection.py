"""What ``info`` tells: status, servers, lock, last runs and effective configuration.

Each database is asked in a thread of its own, so that none has to wait for another one that is slow
or dead.  What a look has seen is published part by part: when its time is over, that is shown.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from . import __version__, holding
from .aside import aside
from .environments.imports import import_shared
from .errors import DatabaseUnreachable, MigrateError
from .model import CLICKHOUSE
from .past import Ending
from .standing import stand
from .status import DatabaseInfo, DatabaseStatus, Info, SettingView
from .vitals import Missing

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from concurrent.futures import Future

    from .config import Config
    from .environments import Environments
    from .environments.base import Environment
    from .locks import LockState
    from .past import PastRun

TIMEOUT = 5.0
_GRACE = 1.5  # seconds in which a look that is over its time has to end by itself
_RUNS = 5


def info(
    config: Config, environments: Environments, names: Sequence[str], timeout: float | None = None
) -> Info:
    """Ask everything of everybody; what can't be told is part of the answer.

    :param names: the databases.
    :param timeout: seconds that each of them has, :data:`TIMEOUT` for None.
    """
    seconds = TIMEOUT if timeout is None else timeout
    looks = [_Look(environments.anew(), name) for name in names]
    home = environments.lock_home
    if home is not None and home not in names:
        looks.append(_Look(environments.anew(), home, only_lock=True))
    if len(looks) > 1:
        import_shared()
    until = time.monotonic() + seconds
    futures = [aside(look.until(until)) for look in looks]
    seen = [_awaited(*each, until, seconds) for each in zip(looks, futures, strict=True)]
    return _put_together(config, seen)


@dataclass(frozen=True, slots=True)
class _Seen:
    """What a look has seen so far.

    :ivar database: None for a look that is for the lock alone.
    :ivar missing: what could not be asked of lock and runs.
    """

    database: DatabaseInfo | None
    lock: LockState | None = None
    runs: tuple[PastRun, ...] = ()
    missing: tuple[Missing, ...] = ()


class _Look:
    """A look at one database, and at the lock if that database has it.

    :param environments: its own: it may outlast who asked.
    :ivar seen: so far; replaced as a whole, from the thread that looks.
    :ivar part: what is being asked just now.
    """

    def __init__(self, environments: Environments, name: str, *, only_lock: bool = False) -> None:
        self._environments = environments
        self._name = name
        self._only_lock = only_lock
        self.label = environments.label(name)
        self.seen = _Seen(None)
        self.part = "where it stands"

    def until(self, deadline: float) -> Callable[[], None]:
        """The work of the thread."""

        def work() -> None:
            self._environments.hurry(deadline)
            try:
                self._lock() if self._only_lock else self._database()
            finally:
                self._environments.close()

        return work

    def late(self, seconds: float) -> _Seen:
        """What there is when the time is over."""
        why = f"{self.label} did not answer within {seconds:g} s"
        seen = self.seen
        if self._only_lock:
            return replace(seen, missing=(Missing("lock", why),))
        if seen.database is None:
            error = DatabaseUnreachable(
                why, hint="give it more time: brokle-migrate info --timeout 1m"
            )
            return _Seen(DatabaseInfo(DatabaseStatus(self._name, self.label, error=error)))
        late = Missing(f"{self.part}, and what comes after it", why)
        vitals = seen.database.vitals.without(late)
        return replace(seen, database=replace(seen.database, vitals=vitals))

    def _database(self) -> None:
        status = stand(self._environments, self._name)
        self.seen = _Seen(DatabaseInfo(status))
        if isinstance(status.error, DatabaseUnreachable) or not status.exists:
            self._give_up(status)
            return
        self._ask("the server", self._server)
        if self._environments.lock_home == self._name:
            self._ask("the lock", self._lock)
        if status.error is None:
            self._ask("the last runs", self._runs)
        elif self._database_so_far().facts is None:
            return  # it can't be asked anything, and the error says why
        self._ask("what it is busy with", self._vitals)

    def _ask(self, part: str, question: Callable[[], None]) -> None:
        self.part = part
        question()

    def _give_up(self, status: DatabaseStatus) -> None:
        """Not to ask a dead server again and again."""
        if status.error is None:
            return
        why = f"{self._name}, which tells that, does not answer"
        if self._environments.lock_home == self._name:
            self._miss("lock", why)
        if self._name == CLICKHOUSE:
            self._miss("last runs", why)

    @property
    def _environment(self) -> Environment:
        return self._environments[self._name]

    def _server(self) -> None:
        database = self._database_so_far()
        try:
            database = replace(database, facts=self._environment.facts())
        except MigrateError as error:
            status = database.status
            database = replace(database, status=replace(status, error=status.error or error))
        self.seen = replace(self.seen, database=database)

    def _lock(self) -> None:
        try:
            self.seen = replace(self.seen, lock=holding.lock_state(self._environments))
        except MigrateError as error:
            self._miss("lock", error.message, error.hint or "")

    def _vitals(self) -> None:
        database = self._database_so_far()
        try:
            found = self._environment.vitals()
        except MigrateError as error:
            found = database.vitals.without(Missing("what it is busy with", error.message))
        self.seen = replace(self.seen, database=replace(database, vitals=found))

    def _runs(self) -> None:
        try:
            self.seen = replace(self.seen, runs=self._environment.last_runs(_RUNS) or ())
        except MigrateError as error:
            self._miss("last runs", error.message, error.hint or "")

    def _database_so_far(self) -> DatabaseInfo:
        assert self.seen.database is not None
        return self.seen.database

    def _miss(self, what: str, why: str, hint: str = "") -> None:
        missing = Missing(what, why, hint)
        self.seen = replace(self.seen, missing=(*self.seen.missing, missing))


def _awaited(look: _Look, future: Future[None], until: float, seconds: float) -> _Seen:
    try:
        future.result(max(0.0, until - time.monotonic()) + _GRACE)
    except TimeoutError:
        return look.late(seconds)
    return look.seen


def _put_together(config: Config, seen: Sequence[_Seen]) -> Info:
    lock = next((each.lock for each in seen if each.lock is not None), None)
    runs = tuple(run for each in seen for run in each.runs)
    return Info(
        version=__version__,
        databases=tuple(each.database for each in seen if each.database is not None),
        settings=tuple(SettingView(s.name, s.display, s.source) for s in config.settings),
        checked=time.time(),
        lock=lock,
        runs=with_the_running_one(runs, lock),
        missing=(*(m for each in seen for m in each.missing), *_unrecorded(config, seen)),
    )


def with_the_running_one(runs: tuple[PastRun, ...], lock: LockState | None) -> tuple[PastRun, ...]:
    """A run that has left no word of its end is under way, if somebody has the lock."""
    alive = lock is not None and lock.holder is not None and not lock.holder.is_over
    if not alive or not runs or runs[0].ending is not Ending.KILLED:
        return runs
    at = runs[0].failure and replace(runs[0].failure, reason="under way")
    return (replace(runs[0], ending=Ending.RUNNING, failure=at), *runs[1:])


def _unrecorded(config: Config, seen: Sequence[_Seen]) -> tuple[Missing, ...]:
    """Why there is nothing to tell of runs, where ClickHouse was not asked."""
    asked = {each.database.status.environment for each in seen if each.database is not None}
    if CLICKHOUSE in asked:
        return ()
    why = "ClickHouse, which records them, was not asked"
    if config.clickhouse is None:
        why = "they are recorded in ClickHouse, and none is configured"
    return (Missing("last runs", why),)
