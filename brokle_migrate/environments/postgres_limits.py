"""How long the statements of a revision may wait and run, set anew in every transaction.

The settings are local to the transaction (``set_config(…, true)``), so a pooler hands them to
nobody else.  One question sets them all, and is only asked where there is something to set.
"""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection
    from sqlalchemy.engine import RootTransaction

    from .postgres_watch import Watch

# What env.py or the role has set for itself, stays.
_LOCK = (
    "CASE WHEN current_setting('lock_timeout') = '0' "
    "THEN set_config('lock_timeout', '{milliseconds}ms', true) "
    "ELSE current_setting('lock_timeout') END"
)
_STATEMENT = "set_config('statement_timeout', '{milliseconds}ms', true)"


class StatementLimits:
    """The limits of one run of ``env.py``.

    :param lock: seconds to wait for a lock, 0 for as long as it takes.
    :param statement: seconds that a statement may take, None for as long as it takes.
    :ivar timed_out: whether a statement of an autocommit block took longer.
    :ivar lock_wait: how long a statement waits for a lock, in Postgres's words.
    """

    def __init__(self, lock: float, statement: float | None, watch: Watch) -> None:
        self._lock = lock
        self._statement = statement
        self._watch = watch
        self._transaction: RootTransaction | None = None
        self.timed_out = False
        self.lock_wait = ""

    def set_in_transaction(self, connection: Connection) -> None:
        """Set them in the transaction that is open, unless they are set in it already."""
        transaction = connection.get_transaction()
        if transaction is None or transaction is self._transaction:
            return
        self._transaction = transaction
        settings = tuple(self._settings(connection))
        if settings:
            found = connection.exec_driver_sql("SELECT " + ", ".join(settings)).one()
            self.lock_wait = found[0] if self._lock else ""

    @contextmanager
    def outside_transactions(self, connection: Connection) -> Iterator[None]:
        """Limit each statement of an autocommit block, where no setting is local to anything.

        The time is kept here, and what exceeds it is cancelled.  Waiting for a lock is not
        limited: CREATE INDEX CONCURRENTLY waits by design, and leaves an invalid index when it
        may not.
        """
        if self._statement is None:
            yield
            return
        from sqlalchemy import event

        timers = _Timers(self._statement, self._exceeded)
        event.listen(connection, "before_cursor_execute", timers.start)
        event.listen(connection, "after_cursor_execute", timers.stop)
        try:
            yield
        finally:
            event.remove(connection, "before_cursor_execute", timers.start)
            event.remove(connection, "after_cursor_execute", timers.stop)
            timers.stop()

    def _settings(self, connection: Connection) -> Iterator[str]:
        if self._lock:
            yield _LOCK.format(milliseconds=_milliseconds(self._lock))
        limits = [] if self._statement is None else [self._statement]
        if connection.dialect.is_async and self._watch.remaining is not None:
            limits.append(self._watch.remaining)
        if limits:
            yield _STATEMENT.format(milliseconds=_milliseconds(min(limits)))

    def _exceeded(self) -> None:
        self.timed_out = True
        self._watch.cancel()


class _Timers:
    """One timer at a time, for the statement that is running."""

    def __init__(self, seconds: float, exceeded: Any) -> None:
        self._seconds = seconds
        self._exceeded = exceeded
        self._timer: threading.Timer | None = None

    def start(self, *_: object) -> None:
        """A statement begins."""
        self.stop()
        self._timer = threading.Timer(self._seconds, self._exceeded)
        self._timer.daemon = True
        self._timer.start()

    def stop(self, *_: object) -> None:
        """It has ended, one way or another."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


def _milliseconds(seconds: float) -> int:
    """For Postgres, to which 0 means no limit."""
    return max(round(seconds * 1000), 1)
