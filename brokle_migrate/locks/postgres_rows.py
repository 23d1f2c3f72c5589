"""Leases in Postgres: a row, for where a pooler makes session locks unsafe.

Taking a lease and taking the session lock exclude each other.  A lease is taken in a transaction
that holds the same advisory lock, which works through every pooler; so while somebody has the
session lock, nobody takes a lease.  And whoever gets the session lock looks for a lease in force,
and gives the lock back if there is one.  Only the server's clock counts.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from .base import Holder, Kind
from .heartbeat import Gone
from .session import connect, explained

if TYPE_CHECKING:
    from collections.abc import Iterator

    import psycopg

KEY = 7_020_512_961_143_089_101  # any number will do, as long as it never changes

USE = "ask an administrator for: {grant}"
_MAKE = (
    f"behind a pooler the lock is a row: {USE}; or point DATABASE_URL at the server itself, past "
    "the pooler"
)
_CREATE = """
CREATE SCHEMA IF NOT EXISTS brokle_migrate;
CREATE TABLE IF NOT EXISTS brokle_migrate.lease (
    id integer PRIMARY KEY CHECK (id = 1),
    token text NOT NULL,
    holder text NOT NULL,
    taken timestamptz NOT NULL,
    renewed timestamptz NOT NULL,
    ttl interval NOT NULL
);
COMMENT ON TABLE brokle_migrate.lease IS
    'Who runs brokle-migrate through a connection pooler. At most one row; empty is fine.'
"""
_CLAIM = """
INSERT INTO brokle_migrate.lease AS lease VALUES
    (1, %(token)s, %(name)s, clock_timestamp(), clock_timestamp(), %(ttl)s * interval '1 second')
ON CONFLICT (id) DO UPDATE
    SET token = excluded.token, holder = excluded.holder, taken = excluded.taken,
        renewed = excluded.renewed, ttl = excluded.ttl
    WHERE lease.renewed + lease.ttl < clock_timestamp()
RETURNING token
"""
_RENEW = """
UPDATE brokle_migrate.lease SET renewed = clock_timestamp()
WHERE token = %s AND renewed + ttl >= clock_timestamp() RETURNING token
"""
_IS_HELD = """
SELECT 1 FROM brokle_migrate.lease WHERE token = %s AND renewed + ttl >= clock_timestamp()
"""
_READ = """
SELECT holder, token, extract(epoch FROM clock_timestamp() - taken)::float8,
       extract(epoch FROM clock_timestamp() - renewed)::float8, extract(epoch FROM ttl)::float8
FROM brokle_migrate.lease
"""
_HELD = f"""
FROM pg_locks JOIN pg_stat_activity USING (pid)
WHERE locktype = 'advisory' AND granted AND objsubid = 1
  AND (classid::bigint << 32 | objid::bigint) = {KEY}
  AND pg_locks.database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""
_HOLDER = f"""
SELECT application_name, pid, coalesce(client_addr::text, ''),
       extract(epoch FROM clock_timestamp() - backend_start)::float8
{_HELD}
""".encode()
_END = f"SELECT pg_terminate_backend(pid) {_HELD} AND pid = %s".encode()


def look(connection: psycopg.Connection) -> Holder | None:
    """Who holds the lock: a session, or else a lease, in force or not."""
    row = connection.execute(_HOLDER).fetchone()
    if row is not None:
        name, pid, address, age = row
        return Holder(name or "", Kind.SESSION, str(pid), address, age)
    return read_lease(connection) if leases_exist(connection) else None


def end_session(connection: psycopg.Connection, process: int) -> bool:
    """Have the server end the session that holds the lock.

    :return: False when the server could not.
    """
    row = connection.execute(_END, [process]).fetchone()
    return row is None or bool(row[0])


def leases_exist(connection: psycopg.Connection) -> bool:
    """Whether anybody ever took a lease here."""
    query = "SELECT to_regclass('brokle_migrate.lease') IS NOT NULL"
    return bool((connection.execute(query).fetchone() or (False,))[0])


def read_lease(connection: psycopg.Connection) -> Holder | None:
    """The lease that was not given back, in force or not."""
    row = connection.execute(_READ).fetchone()
    if row is None:
        return None
    name, token, age, beat, ttl = row
    return Holder(name, Kind.LEASE, token, age=age, beat=beat, ttl=ttl)


class PostgresRows:
    """The lease of one database.

    :param url: SQLAlchemy's; usually a pooler's.
    :param label: the same without user and password.
    """

    def __init__(self, url: str, label: str) -> None:
        self._url = url
        self._label = label
        self._connection: psycopg.Connection | None = None

    def claim(self, token: str, name: str, ttl: int) -> bool:
        with self._connected(_MAKE) as connection, connection.transaction():
            query = "SELECT pg_try_advisory_xact_lock(%s)"
            if not (connection.execute(query, [KEY]).fetchone() or (False,))[0]:
                return False
            if not leases_exist(connection):
                connection.execute(_CREATE)
            values = {"token": token, "name": name, "ttl": ttl}
            return connection.execute(_CLAIM, values).fetchone() is not None

    def renew(self, token: str) -> None:
        with self._connected() as connection:
            if connection.execute(_RENEW, [token]).fetchone() is None:
                raise Gone("it was taken away")

    def is_held(self, token: str) -> bool:
        with self._connected() as connection:
            return connection.execute(_IS_HELD, [token]).fetchone() is not None

    def release(self, token: str) -> None:
        with self._connected() as connection:
            if leases_exist(connection):
                connection.execute("DELETE FROM brokle_migrate.lease WHERE token = %s", [token])

    def holder(self) -> Holder | None:
        with self._connected() as connection:
            return look(connection)

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    @contextmanager
    def _connected(self, missing: str = USE) -> Iterator[psycopg.Connection]:
        """The connection; a new one where the pooler closed the old one meanwhile."""
        from psycopg import IsolationLevel

        if self._connection is None or self._connection.closed:
            self._connection = connect(self._url, self._label)
            # Whatever the user's default is: the row has to be seen as it is now.
            self._connection.isolation_level = IsolationLevel.READ_COMMITTED
            self._connection.read_only = False
        with explained(self._label, missing, self._connection):
            yield self._connection
