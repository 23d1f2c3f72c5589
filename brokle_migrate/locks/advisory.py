"""The lock in Postgres: a session-level advisory lock where that is safe, else a lease.

It is polled for rather than waited for, on an autocommit connection of its own: a waiting
``pg_advisory_lock`` holds a snapshot open, and ``CREATE INDEX CONCURRENTLY`` would wait for it for
ever (golang-migrate#960, flyway#1654).

A pooler that hands every transaction to another backend would keep the lock on a backend that is
not ours any more.  libpq knows the process id that the server gave it when it connected; behind a
pooler that is not the id of the backend that runs the statement, and then nothing is locked.
Whether that pooler pools sessions or transactions does not matter: a lease is safe in both.
"""

from __future__ import annotations

import select
from typing import TYPE_CHECKING

from ..errors import StateError
from .base import Holder, Kind, Wait, lost, poll
from .heartbeat import Gone, Heartbeat, now
from .lease import Lease
from .postgres_rows import KEY, USE, PostgresRows, end_session, look, read_lease
from .session import SILENCE, connect, exists, explained

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    import psycopg

    from .base import Guard

_PING = 10.0  # seconds between two signs of life on an otherwise idle connection

_TRY = """
SELECT CASE pg_backend_pid() WHEN {pid} THEN pg_try_advisory_lock({key}) END;
SELECT to_regclass('brokle_migrate.lease') IS NOT NULL
"""
# The server would notice after two hours that the host of a lock's holder is gone.
_NOTICE_A_DEAD_HOST = """
SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3
"""
_WARNING = (
    "warning: {where} is behind a connection pooler, which may give every transaction another"
    " session: the lock is a lease, and a SET may not outlast its transaction. Better give"
    " brokle-migrate the server's own URL as DATABASE_URL; the application keeps the pooler's"
)
_SIGNAL = (
    "ask an administrator for: GRANT pg_signal_backend TO {user}; or connect as the user that "
    "holds the lock"
)


class PostgresLock:
    """The lock of the database that is migrated.

    :param url: SQLAlchemy URL of that database.
    :param label: the same without user and password.
    :param timeout: seconds to wait for somebody else's run to end.
    :param tell: called with the holder's description when there is a wait.
    """

    def __init__(self, url: str, label: str, timeout: float, tell: Callable[[str], None]) -> None:
        self._url = url
        self._wait = Wait(label, timeout, tell)
        self._held: Guard | None = None
        self._is_pooled = False

    @property
    def where(self) -> str:
        return self._wait.label

    @property
    def warning(self) -> str:
        return _WARNING.format(where=self.where) if self._is_pooled else ""

    def __enter__(self) -> None:
        held: Guard = _SessionLock(self._url, self._wait)
        try:
            held.__enter__()
        except _Pooled:
            self._is_pooled = True
            held = self._lease()
            held.__enter__()
        self._held = held

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        held, self._held = self._held, None
        if held is not None:
            held.__exit__(kind, error, trace)

    def check(self) -> None:
        """Make sure that it is still held; costs no round trip, except for a lease."""
        if self._held is None:
            raise lost(self.where, "it was given back")
        self._held.check()

    def holder(self) -> Holder | None:
        if not exists(self._url):
            return None
        with connect(self._url, self.where) as connection, explained(self.where, USE, connection):
            return look(connection)

    def remove(self, holder: Holder) -> None:
        if holder.kind is Kind.LEASE:
            self._lease().remove(holder)
            return
        with (
            connect(self._url, self.where) as connection,
            explained(self.where, _SIGNAL, connection),
        ):
            if not end_session(connection, int(holder.key)):
                raise StateError(f"Postgres at {self.where} could not end session {holder.key}")

    def _lease(self) -> Lease:
        return Lease(PostgresRows(self._url, self.where), self._wait)


class _Pooled(Exception):
    """Somebody stands between this process and the server."""


class _SessionLock:
    """An advisory lock that ends with its session, however that ends."""

    def __init__(self, url: str, wait: Wait) -> None:
        self._url = url
        self._wait = wait
        self._connection: psycopg.Connection | None = None
        self._heartbeat: Heartbeat | None = None

    def __enter__(self) -> None:
        connection = connect(self._url, self._wait.label)
        try:
            with explained(self._wait.label, USE, connection):
                poll(lambda: _attempt(connection), lambda: look(connection), self._wait)
                connection.execute(_NOTICE_A_DEAD_HOST)
        except BaseException:
            connection.close()
            raise
        self._connection = connection
        self._heartbeat = Heartbeat(self._ping, _PING, None)
        self._heartbeat.start(now())

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._heartbeat is not None:
            self._heartbeat.stop()
        if self._connection is not None:
            self._connection.close()  # the session ends, and the lock with it

    def check(self) -> None:
        """Make sure that the session still exists: asks only when something looks odd."""
        heartbeat = self._heartbeat
        assert heartbeat is not None
        is_suspicious = heartbeat.age > SILENCE or self._has_news()
        is_answered = not is_suspicious or heartbeat.confirm(SILENCE)
        if heartbeat.lost:
            raise lost(self._wait.label, heartbeat.lost)
        if not is_answered:
            raise lost(self._wait.label, f"the server has not answered for {SILENCE} s")

    def _has_news(self) -> bool:
        """Whether the server said something unasked, such as good-bye."""
        assert self._connection is not None
        try:
            descriptor = self._connection.fileno()
        except Exception:  # closed
            return True
        poller = select.poll()
        poller.register(descriptor, select.POLLIN)
        return bool(poller.poll(0))

    def _ping(self) -> None:
        import psycopg

        assert self._connection is not None
        try:
            self._connection.execute("SELECT 1")
        except psycopg.Error as error:
            if not self._connection.closed:  # a canceled statement ends no session
                raise
            words = error.diag.message_primary or str(error)
            raise Gone(f"its session ended: {' '.join(words.split())}") from error


def _attempt(connection: psycopg.Connection) -> bool:
    """Try once.

    A lease that somebody else took through a pooler counts, too: it was taken by a transaction that
    held the same advisory lock, so it is visible to whoever gets the lock after that.

    :raises _Pooled: this is no connection to the server itself; nothing was locked.
    """
    cursor = connection.execute(_TRY.format(pid=connection.info.backend_pid, key=KEY).encode())
    (taken,) = cursor.fetchone() or (None,)
    if taken is None:
        raise _Pooled
    cursor.nextset()
    (has_leases,) = cursor.fetchone() or (False,)
    if not taken or not has_leases:
        return bool(taken)
    lease = read_lease(connection)
    if lease is None or lease.is_over:
        return True
    connection.execute("SELECT pg_advisory_unlock(%s)", [KEY])
    return False
