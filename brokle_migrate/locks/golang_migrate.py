"""golang-migrate's own lock in Postgres, for as long as its history is taken over."""

from __future__ import annotations

import zlib
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

from .base import Holder, Kind, Wait, poll
from .session import connect, exists, explained

if TYPE_CHECKING:
    from collections.abc import Iterator

    import psycopg

_SALT = 1486364155  # golang-migrate, database/util.go
_NAMES = "SELECT current_schema(), current_database()"
_HOLDER = """
SELECT application_name, pid, coalesce(host(client_addr), ''),
       extract(epoch FROM clock_timestamp() - backend_start)::float
FROM pg_locks JOIN pg_stat_activity USING (pid)
WHERE locktype = 'advisory' AND granted AND classid = 0 AND objsubid = 1
  AND objid::bigint = ANY (%s)
  AND pg_locks.database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""


def lock_id(schema: str, table: str, database: str) -> int:
    """The key of ``pg_advisory_lock`` (golang-migrate's ``GenerateAdvisoryLockId``)."""
    text = "\0".join((schema, table, database))
    return zlib.crc32(text.encode()) * _SALT % 2**32


def lock_ids(schema: str, table: str, database: str) -> tuple[int, int]:
    """Both keys that its users have: a URL's database name keeps its slash, a Go program's not."""
    return lock_id(schema, table, f"/{database}"), lock_id(schema, table, database)


@contextmanager
def golang_migrate_locked(url: str, table: str, wait: Wait) -> Iterator[None]:
    """Hold golang-migrate off; where it is at work, wait for it to end.

    :param url: SQLAlchemy's.
    :param table: golang-migrate's version table.
    :raises LockHeld: it was still at work when the time was over.
    """
    if not exists(url):
        yield
        return
    with connect(url, wait.label) as connection:
        with explained(wait.label):
            schema, database = connection.execute(_NAMES).fetchone() or ("", "")
            ids = lock_ids(schema or "", table, database)
            for key in ids:
                poll(partial(_attempt, connection, key), partial(_look, connection, ids), wait)
        yield


def _attempt(connection: psycopg.Connection, key: int) -> bool:
    row = connection.execute("SELECT pg_try_advisory_lock(%s)", [key]).fetchone()
    return row is not None and bool(row[0])


def _look(connection: psycopg.Connection, ids: tuple[int, int]) -> Holder | None:
    for name, pid, address, age in connection.execute(_HOLDER, [list(ids)]).fetchall():
        if pid != connection.info.backend_pid:
            return Holder(f"golang-migrate {name}".strip(), Kind.SESSION, str(pid), address, age)
    return None
