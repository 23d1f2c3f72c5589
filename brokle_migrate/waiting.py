"""Waiting for databases: until they answer, or until somebody has migrated them."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar, cast

from . import standing
from .errors import Busy, DatabaseUnreachable, LockHeld, MigrateError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tenacity import RetryCallState
    from tenacity.retry import RetryBaseT

    from .environments import Environments
    from .status import DatabaseStatus, Status

T = TypeVar("T")
TIMEOUT = 300.0
_LOOK = 10.0  # seconds that one look at the databases may take
_SHORTEST, _LONGEST = 0.1, 2.0  # seconds between two looks
_TELL = 10.0  # seconds between two lines about the same wait


@dataclass(slots=True)
class Patience:
    """How somebody waits.

    :ivar deadline: when waiting ends, on ``time.monotonic()``'s clock.
    :ivar tell: called with a sentence about what is waited for, at once and then now and again.
    :ivar sleep: spends seconds; what it raises ends the wait.
    """

    deadline: float
    tell: Callable[[str], None]
    sleep: Callable[[float], None] = time.sleep
    _told: dict[str, float] = field(default_factory=dict)

    @property
    def left(self) -> float:
        """Seconds until the deadline."""
        return max(0.0, self.deadline - time.monotonic())

    @property
    def look(self) -> float:
        """When a look that begins now is given up: a server that fails over leaves some hanging."""
        return min(self.deadline, time.monotonic() + _LOOK)

    def waiting(self, holder: str) -> None:
        """Say who holds the lock."""
        self.tell(f"waiting for the lock, which is held by {holder}")

    def remark(self, reason: str) -> None:
        """Say what is waited for, unless it was said a moment ago."""
        now = time.monotonic()
        if now - self._told.get(reason, float("-inf")) >= _TELL:
            self._told[reason] = now
            self.tell(reason)


def answered(ask: Callable[[], T], patience: Patience) -> T:
    """Ask a database until it answers.

    A server that answers with a refusal (a wrong password, no such database) is not asked again.

    :raises DatabaseUnreachable: it did not answer in time, or refused.
    :raises LockHeld: another process kept an embedded database open for all that time.
    :raises Busy: another thread of this process kept Alembic busy for all that time.
    """
    try:
        return ask()
    except (Busy, DatabaseUnreachable, LockHeld) as error:
        if not passes(error):
            raise
        patience.remark(f"waiting: {error.message}")
    from tenacity import retry_if_exception  # most databases answer at once

    return _again(ask, retry_if_exception(passes), patience)


def settled(
    environments: Environments, names: Sequence[str], patience: Patience, *, at_head: bool
) -> Status:
    """Wait until databases answer, or until everything on disk is applied to them.

    A database that is ahead of the files was migrated by newer code: that will do.

    :param at_head: wait for somebody to migrate them.
    :return: where they stand at the end, which may not be what was waited for.
    """

    def look() -> Status:
        environments.hurry(patience.look)
        status = standing.status(environments, names)
        for each in status.databases:
            reason = _missing(each, at_head=at_head)
            if reason and (each.error is None or passes(each.error)):
                patience.remark(reason)
        return status

    def is_pending(status: Status) -> bool:
        if any(not passes(d.error) for d in status.databases if d.error is not None):
            return False
        return any(_missing(each, at_head=at_head) for each in status.databases)

    status = look()
    if not is_pending(status):
        return status
    from tenacity import retry_if_result

    return _again(look, retry_if_result(is_pending), patience)


def passes(error: BaseException) -> bool:
    """Whether an error may be gone after a while."""
    if isinstance(error, DatabaseUnreachable):
        return not error.refused
    return isinstance(error, Busy | LockHeld)


def _again(ask: Callable[[], T], retry: RetryBaseT, patience: Patience) -> T:
    from tenacity import Retrying, wait_random_exponential

    def last(state: RetryCallState) -> T:
        assert state.outcome is not None
        return cast("T", state.outcome.result())

    def remark(state: RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome is not None else None
        if isinstance(error, MigrateError):
            patience.remark(f"waiting: {error.message}")

    return Retrying(
        retry=retry,
        stop=lambda _: patience.left <= 0,
        wait=wait_random_exponential(multiplier=_SHORTEST, min=_SHORTEST, max=_LONGEST),
        sleep=lambda seconds: patience.sleep(min(seconds, patience.left)),
        before_sleep=remark,
        retry_error_callback=last,
    )(ask)


def _missing(database: DatabaseStatus, *, at_head: bool) -> str:
    """What a database still lacks, empty when it lacks nothing."""
    if database.error is not None:
        return f"waiting: {database.error.message}"
    if not at_head or database.is_ready:
        return ""
    if database.running:
        return f"waiting for {database.environment}: {database.running} is migrating it"
    if database.dirty:
        return f"waiting for {database.environment}: a step stands half done"
    count = len(database.pending) + len(database.out_of_order)
    return f"waiting for {database.environment}: {count} pending"
