"""The single-runner guard: one lock for both databases, held in Postgres.

A session-level advisory lock is polled for rather than waited for, on an autocommit connection of
its own: a waiting ``pg_advisory_lock`` holds a snapshot open, and ``CREATE INDEX CONCURRENTLY``
would wait for it for ever (golang-migrate#960, flyway#1654).
"""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Protocol

from .author import author
from .errors import DatabaseUnreachable, LockHeld

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from sqlalchemy import Connection
    from sqlalchemy.engine import URL

_KEY = 7_020_512_961_143_089_101  # any number will do, as long as it never changes
_POLL = 0.2
_LONGEST_NAME = 63  # application_name is cut there (NAMEDATALEN)

_HOLDER = """
SELECT application_name, coalesce(client_addr::text, 'local'),
       extract(epoch FROM now() - backend_start)::int
FROM pg_locks JOIN pg_stat_activity USING (pid)
WHERE locktype = 'advisory' AND granted AND objsubid = 1
  AND (classid::bigint << 32 | objid::bigint) = %(key)s
  AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""


class Lock(Protocol):
    """A guard that at most one process holds."""

    def __enter__(self) -> None:
        """Take it.

        :raises LockHeld: somebody else has it, and kept it until the timeout.
        """

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Release it."""

    def check(self) -> None:
        """Make sure that it is still held; costs no round trip.

        :raises LockLost: it may not be held any more.
        """


class PostgresLock:
    """An advisory lock of the database that is migrated.

    :param url: SQLAlchemy URL of that database.
    :param label: the same without user and password.
    :param timeout: seconds to wait for somebody else's run to end.
    :param waiting: called once with the holder's description when there is a wait.
    """

    def __init__(
        self, url: str, label: str, timeout: float, waiting: Callable[[str], None]
    ) -> None:
        self._url = url
        self._label = label
        self._timeout = timeout
        self._waiting = waiting
        self._connection: Connection | None = None

    def __enter__(self) -> None:
        connection = self._connect()
        try:
            self._take(connection)
        except BaseException:
            connection.close()
            raise
        self._connection = connection

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._connection is not None:
            self._connection.close()  # the session ends, and the lock with it
            self._connection = None

    def check(self) -> None:
        """Make sure that the session still exists."""

    def _take(self, connection: Connection) -> None:
        end = time.monotonic() + self._timeout
        told = False
        while not self._try(connection):
            holder = _holder(connection)
            if not told:
                self._waiting(holder)
                told = True
            if time.monotonic() >= end:
                raise LockHeld(
                    f"somebody else is migrating {self._label}: {holder}",
                    hint="wait for that run to end, or wait longer: --lock-timeout 5m",
                )
            time.sleep(_POLL)

    def _try(self, connection: Connection) -> bool:
        query = "SELECT pg_try_advisory_lock(%(key)s)"
        return bool(connection.exec_driver_sql(query, {"key": _KEY}).scalar_one())

    def _connect(self) -> Connection:
        from sqlalchemy import create_engine, exc, pool
        from sqlalchemy.engine import make_url

        url = _synchronous(make_url(self._url))
        engine = create_engine(
            url,
            poolclass=pool.NullPool,
            isolation_level="AUTOCOMMIT",
            connect_args={"application_name": _name()},
        )
        try:
            return engine.connect()
        except exc.DBAPIError as error:
            raise DatabaseUnreachable(
                f"Postgres at {self._label} does not answer: {error.orig}",
                hint="is the server running?",
            ) from error


def _synchronous(url: URL) -> URL:
    """The URL with a driver that this process can use without an event loop."""
    if url.get_driver_name() in {"psycopg", "psycopg2", "embedded"}:
        return url
    query = {"sslmode" if name == "ssl" else name: value for name, value in url.query.items()}
    return url.set(drivername="postgresql+psycopg", query=query)


def _name() -> str:
    who = f"brokle-migrate {author()} pid {os.getpid()}"
    return who[:_LONGEST_NAME]


def _holder(connection: Connection) -> str:
    row = connection.exec_driver_sql(_HOLDER, {"key": _KEY}).first()
    if row is None:
        return "a run that has just ended"
    name, address, seconds = row
    return f"{name or 'a nameless session'} from {address}, connected for {seconds} s"


class NoLock:
    """For what has no database to hold a lock in."""

    def __enter__(self) -> None:
        return None

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        return None

    def check(self) -> None:
        """There is nothing to lose."""
