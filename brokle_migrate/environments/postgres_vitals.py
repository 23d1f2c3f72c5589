"""What endangers, slows or blocks a migration in Postgres: one question for each part.

A question that is refused aborts the transaction, so each is rolled back to a savepoint.  No
question waits for a lock for long: what is asked here is asked while somebody holds one.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from ..vitals import Connections, Missing, Transaction, Vitals
from .postgres_leftovers import invalid_indexes
from .postgres_objects import table_sizes

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection

LONG = 5.0  # seconds from which on a transaction is worth a word
IDLE = 1.0  # seconds for which one may do nothing
_LIMIT = 200

_SAVEPOINT = "SAVEPOINT brokle_migrate_vitals"
_BACK = "ROLLBACK TO SAVEPOINT brokle_migrate_vitals"
_LIMITS = "SELECT set_config('lock_timeout', '500ms', true)"

# What sessions of others do, and of what kind they are, is null where this user may not know.
_CONNECTIONS = """
SELECT count(*) FILTER (WHERE backend_type = 'client backend'
                        OR (backend_type IS NULL AND datid IS NOT NULL)),
       count(*) FILTER (WHERE datname = current_database() AND backend_type IS NULL),
       current_setting('max_connections')::int,
       current_setting('superuser_reserved_connections')::int
         + coalesce(current_setting('reserved_connections', true)::int, 0),
       pg_is_in_recovery(),
       current_setting('default_transaction_read_only') = 'on'
FROM pg_stat_activity
"""
# Autovacuum gives way to whoever wants to change a table, unless it has to prevent a wraparound.
_TRANSACTIONS = """
SELECT pid, coalesce(nullif(application_name, ''), backend_type, ''), coalesce(usename, ''),
       coalesce(host(client_addr), ''), coalesce(state, backend_type, ''),
       extract(epoch FROM clock_timestamp() - xact_start),
       ARRAY(
         SELECT DISTINCT c.oid::regclass::text
         FROM pg_locks l JOIN pg_class c ON c.oid = l.relation
         JOIN pg_namespace n ON n.oid = c.relnamespace
         WHERE l.pid = a.pid AND l.granted AND l.locktype = 'relation' AND l.database = a.datid
           AND c.relkind IN ('r', 'p', 'm', 'v', 'f')
           AND n.nspname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1
       ),
       CASE WHEN wait_event_type = 'Lock' THEN pg_blocking_pids(pid) END
FROM pg_stat_activity a
WHERE datname = current_database() AND pid <> pg_backend_pid() AND xact_start IS NOT NULL
  AND (backend_type = 'client backend' OR position('to prevent wraparound' IN query) > 0)
  AND (clock_timestamp() - xact_start >= interval '{long} s'
       OR state IN ('idle in transaction', 'idle in transaction (aborted)')
          AND clock_timestamp() - state_change >= interval '{idle} s')
ORDER BY xact_start LIMIT {limit}
"""
# What a prepared transaction has locked has no process; its own id leads there on every version.
_PREPARED = """
SELECT gid, owner, extract(epoch FROM clock_timestamp() - prepared),
       ARRAY(
         SELECT DISTINCT c.oid::regclass::text
         FROM pg_locks own
         JOIN pg_locks l ON l.virtualtransaction = own.virtualtransaction AND l.pid IS NULL
         JOIN pg_class c ON c.oid = l.relation
         WHERE own.transactionid = p.transaction AND own.pid IS NULL
           AND l.locktype = 'relation' AND c.relkind IN ('r', 'p', 'm') ORDER BY 1
       )
FROM pg_prepared_xacts p WHERE database = current_database() ORDER BY prepared
"""


class Part(NamedTuple):
    """One part of the vitals.

    :ivar what: in words.
    :ivar source: what it is read from.
    :ivar ask: asks, and puts the answer into a copy.
    """

    what: str
    source: str
    ask: Callable[[Connection, Vitals], Vitals]


def vitals(connection: Connection) -> Vitals:
    """Ask for every part, in the transaction of ``env.py`` or in none.

    :raises sqlalchemy.exc.DBAPIError: the connection broke.
    """
    ours = _begun(connection)
    found = Vitals()
    for part in PARTS:
        found = _ask(connection, part, found, ours=ours)
    return found


def _begun(connection: Connection) -> bool:
    """Set a savepoint; False where every statement commits by itself, and none is needed."""
    from sqlalchemy.exc import DBAPIError

    connection.exec_driver_sql(_LIMITS)
    try:
        connection.exec_driver_sql(_SAVEPOINT)
    except DBAPIError as error:
        if error.connection_invalidated:
            raise
        return False
    return True


def _ask(connection: Connection, part: Part, found: Vitals, *, ours: bool) -> Vitals:
    from sqlalchemy.exc import DBAPIError

    try:
        return part.ask(connection, found)
    except DBAPIError as error:
        if error.connection_invalidated:
            raise
        if ours:
            connection.exec_driver_sql(_BACK)
        return found.without(_refused(connection, part, error.orig))


def _whom(connection: Connection) -> str:
    """Whom to grant something, as SQL writes it."""
    return str(connection.exec_driver_sql("SELECT quote_ident(current_user)").scalar_one())


def _refused(connection: Connection, part: Part, error: Any) -> Missing:
    from .postgres_errors import sqlstate_of

    words = " ".join(str(error).partition("\n")[0].split())
    if sqlstate_of(error) == "42501":  # insufficient_privilege
        return Missing(part.what, words, f"GRANT SELECT ON {part.source} TO {_whom(connection)}")
    return Missing(part.what, words)


def _connections(connection: Connection, found: Vitals) -> Vitals:
    used, hidden, most, reserved, recovers, reads = connection.exec_driver_sql(_CONNECTIONS).one()
    if hidden:
        why = f"this user may not see what {hidden} sessions of other users do"
        grant = f"GRANT pg_read_all_stats TO {_whom(connection)}"
        found = found.without(Missing("transactions of others", why, grant))
    why = "it is a standby" if recovers else "default_transaction_read_only is on" if reads else ""
    return replace(found, connections=Connections(used, most - reserved, reserved), read_only=why)


def _transactions(connection: Connection, found: Vitals) -> Vitals:
    question = _TRANSACTIONS.format(long=LONG, idle=IDLE, limit=_LIMIT)
    open_ones = tuple(
        Transaction(pid, name, user, address, state, float(age), tuple(tables), tuple(waits or ()))
        for pid, name, user, address, state, age, tables, waits in connection.exec_driver_sql(
            question
        )
    )
    return replace(found, transactions=(*found.transactions, *open_ones))


def _prepared(connection: Connection, found: Vitals) -> Vitals:
    prepared = tuple(
        Transaction(None, gid, owner, "", "prepared", float(age), tuple(tables))
        for gid, owner, age, tables in connection.exec_driver_sql(_PREPARED)
    )
    return replace(found, transactions=(*found.transactions, *prepared))


def _indexes(connection: Connection, found: Vitals) -> Vitals:
    return replace(found, invalid_indexes=invalid_indexes(connection))


def _tables(connection: Connection, found: Vitals) -> Vitals:
    return replace(found, tables=table_sizes(connection))


PARTS = (
    Part("connections", "pg_stat_activity", _connections),
    Part("transactions", "pg_stat_activity", _transactions),
    Part("prepared transactions", "pg_prepared_xacts", _prepared),
    Part("invalid indexes", "pg_index", _indexes),
    Part("tables", "pg_class", _tables),
)
