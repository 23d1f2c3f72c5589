"""Look at every database at once, each within its time, and never raise for what is found."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import TYPE_CHECKING

from . import holding, standing, waiting
from .applications import hiding, opened
from .aside import aside
from .cleaning import clean
from .conditions import DatabaseHealth, Health
from .environments import Environments, selected
from .environments.imports import import_shared
from .errors import Busy, DatabaseUnreachable, LockHeld, MigrateError
from .inspection import with_the_running_one
from .status import DatabaseStatus

if TYPE_CHECKING:
    from concurrent.futures import Future

    from .config import Config
    from .locks import LockState
    from .past import PastRun

TIMEOUT = 5.0
_GRACE = 1.0  # seconds in which a look that is over its time has to end by itself


def health(config: Config, timeout: float = TIMEOUT) -> Health:
    """How every configured database is.

    The databases are asked at the same time, so that a slow or dead one hides nothing of the other.

    :param timeout: seconds for each of them.
    :raises ConfigError: no database is configured.
    """
    names = selected(config, ())
    if len(names) > 1:
        import_shared()
    until = time.monotonic() + timeout
    looks = [_Look(config, name, until, with_lock=name == names[0]) for name in names]
    futures = [aside(look.work) for look in looks]
    databases = tuple(look.seen(future) for look, future in zip(looks, futures, strict=True))
    lock = looks[0].lock
    runs = with_the_running_one(tuple(run for look in looks for run in look.runs), lock)
    return Health(databases, time.time(), lock, next(iter(runs), None))


class _Look:
    """A look at one database; with connections of its own, for it may outlast who asked.

    :ivar lock: who holds it, as far as that was asked and answered in time.
    :ivar runs: the last one, likewise.
    """

    def __init__(self, config: Config, name: str, until: float, *, with_lock: bool) -> None:
        self._config = config
        self._name = name
        self._until = until
        self._with_lock = with_lock
        self._found: DatabaseHealth | None = None
        self.lock: LockState | None = None
        self.runs: tuple[PastRun, ...] = ()

    def work(self) -> None:
        """Look; to be called in a thread of its own."""
        with opened(self._config) as environments:
            environments.hurry(self._until)
            found = _database(environments, self._name, self._until)
            self._found = clean(found, hiding(self._config))
            silent = isinstance(found.status.error, Busy | DatabaseUnreachable)
            if not silent and found.status.exists:
                self._ask_for_more(environments)

    def _ask_for_more(self, environments: Environments) -> None:
        if self._with_lock:
            self.lock = clean(_lock(environments), hiding(self._config))
        with suppress(MigrateError):  # then it is not known
            runs = environments[self._name].last_runs(1) or ()
            self.runs = clean(tuple(runs), hiding(self._config))

    def seen(self, work: Future[None]) -> DatabaseHealth:
        """What there is to see when the time is over."""
        error: MigrateError | None = None
        try:
            work.result(max(0.0, self._until - time.monotonic()) + _GRACE)
        except TimeoutError:
            error = DatabaseUnreachable(f"{self._label} did not answer in time")
        except MigrateError as refused:
            error = refused
        status = DatabaseStatus(self._name, self._label, error=error)
        return self._found or DatabaseHealth(status)

    @property
    def _label(self) -> str:
        return Environments(self._config).label(self._name)


def _database(environments: Environments, name: str, until: float) -> DatabaseHealth:
    status = standing.stand(environments, name)
    if isinstance(status.error, LockHeld):  # an embedded engine, which others open for moments
        patience = waiting.Patience(until, lambda _: None)
        (status,) = waiting.settled(environments, [name], patience, at_head=False).databases
    silent = isinstance(status.error, Busy | DatabaseUnreachable | LockHeld)
    if silent or not status.exists:
        return DatabaseHealth(status)
    try:
        return DatabaseHealth(status, environments[name].facts().latency)
    except MigrateError:  # it answered a moment ago; the next look will tell
        return DatabaseHealth(status)


def _lock(environments: Environments) -> LockState | None:
    try:
        return holding.lock_state(environments)
    except MigrateError:
        return None
