"""Look at every database at once, each within its time, and never raise for what is found."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from . import holding, standing, waiting
from .applications import opened, shown
from .aside import aside
from .conditions import DatabaseHealth, Health
from .environments import Environments, selected
from .environments.imports import import_shared
from .errors import Busy, DatabaseUnreachable, LockHeld, MigrateError
from .status import DatabaseStatus

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future

    from .config import Config
    from .locks import LockState

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
    looks = {
        name: aside(_look_at(config, name, until, with_lock=name == names[0])) for name in names
    }
    seen = {name: _seen(look, config, name, until) for name, look in looks.items()}
    lock = next(iter(seen.values()))[1]
    return Health(tuple(found for found, _ in seen.values()), time.time(), lock)


def _look_at(
    config: Config, name: str, until: float, *, with_lock: bool
) -> Callable[[], tuple[DatabaseHealth, LockState | None]]:
    """A look at one database; with connections of its own, for it may outlast who asked."""

    def look() -> tuple[DatabaseHealth, LockState | None]:
        with opened(config) as environments:
            environments.hurry(until)
            found = _database(environments, name, until)
            silent = isinstance(found.status.error, Busy | DatabaseUnreachable)
            return found, _lock(environments) if with_lock and not silent else None

    return look


def _database(environments: Environments, name: str, until: float) -> DatabaseHealth:
    status = standing.stand(environments, name)
    if isinstance(status.error, LockHeld):  # an embedded engine, which others open for moments
        patience = waiting.Patience(until, lambda _: None)
        (status,) = waiting.settled(environments, [name], patience, at_head=False).databases
    if status.error is not None or not status.exists:
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


def _seen(
    look: Future[tuple[DatabaseHealth, LockState | None]], config: Config, name: str, until: float
) -> tuple[DatabaseHealth, LockState | None]:
    label = Environments(config).label(name)
    try:
        found, lock = look.result(max(0.0, until - time.monotonic()) + _GRACE)
    except TimeoutError:
        error: MigrateError = DatabaseUnreachable(f"{label} did not answer in time")
        return DatabaseHealth(DatabaseStatus(name, label, error=error)), None
    except MigrateError as refused:
        return DatabaseHealth(DatabaseStatus(name, label, error=refused)), None
    shown([found.status], config)
    return found, lock
