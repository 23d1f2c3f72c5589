"""What migrations can have made in a Postgres schema, in the order in which it can be dropped."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .base import DatabaseObject, TableSize

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alembic.runtime.migration import MigrationContext
    from sqlalchemy import Connection

# What belongs to an extension or to a table (a serial column's sequence, a row type) goes with it.
_OBJECTS = """
WITH wanted AS (SELECT oid, nspname FROM pg_namespace WHERE nspname = %(schema)s),
owned AS (SELECT classid, objid FROM pg_depend WHERE deptype IN ('e', 'i', 'a'))
SELECT 1 AS rank, 'view' AS kind, format('%%I.%%I', nspname, relname) AS name, 'VIEW' AS word, c.oid
FROM pg_class c JOIN wanted n ON n.oid = relnamespace
WHERE relkind = 'v' AND (1259, c.oid) NOT IN (SELECT classid::int, objid FROM owned)
UNION ALL
SELECT 2, 'materialized view', format('%%I.%%I', nspname, relname), 'MATERIALIZED VIEW', c.oid
FROM pg_class c JOIN wanted n ON n.oid = relnamespace
WHERE relkind = 'm' AND (1259, c.oid) NOT IN (SELECT classid::int, objid FROM owned)
UNION ALL
SELECT 3, 'table', format('%%I.%%I', nspname, relname),
  CASE relkind WHEN 'f' THEN 'FOREIGN TABLE' ELSE 'TABLE' END, c.oid
FROM pg_class c JOIN wanted n ON n.oid = relnamespace
WHERE relkind IN ('r', 'p', 'f') AND NOT relispartition
  AND (1259, c.oid) NOT IN (SELECT classid::int, objid FROM owned)
UNION ALL
SELECT 4, 'sequence', format('%%I.%%I', nspname, relname), 'SEQUENCE', c.oid
FROM pg_class c JOIN wanted n ON n.oid = relnamespace
WHERE relkind = 'S' AND (1259, c.oid) NOT IN (SELECT classid::int, objid FROM owned)
UNION ALL
SELECT 5, 'function', p.oid::regprocedure::text,
  CASE prokind WHEN 'p' THEN 'PROCEDURE' WHEN 'a' THEN 'AGGREGATE' ELSE 'FUNCTION' END, p.oid
FROM pg_proc p JOIN wanted n ON n.oid = pronamespace
WHERE (1255, p.oid) NOT IN (SELECT classid::int, objid FROM owned)
UNION ALL
SELECT 6, 'type', format('%%I.%%I', nspname, typname),
  CASE typtype WHEN 'd' THEN 'DOMAIN' ELSE 'TYPE' END, t.oid
FROM pg_type t JOIN wanted n ON n.oid = typnamespace
LEFT JOIN pg_class c ON c.oid = typrelid
WHERE (typtype IN ('e', 'd', 'r') OR (typtype = 'c' AND c.relkind = 'c'))
  AND (1247, t.oid) NOT IN (SELECT classid::int, objid FROM owned)
ORDER BY rank, name
"""
# The size of what somebody has locked would be waited for: the planner's estimate has to do there.
_SIZES = """
WITH locked AS (
  SELECT relation FROM pg_locks
  WHERE locktype = 'relation' AND mode = 'AccessExclusiveLock' AND pid <> pg_backend_pid()
)
SELECT c.relname, CASE WHEN reltuples < 0 THEN coalesce(n_live_tup, 0) ELSE reltuples END,
       CASE WHEN c.oid IN (SELECT relation FROM locked)
              OR c.reltoastrelid IN (SELECT relation FROM locked)
              OR EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid
                         AND i.indexrelid IN (SELECT relation FROM locked))
            THEN relpages::bigint * current_setting('block_size')::int
            ELSE coalesce(pg_total_relation_size(c.oid), 0) END
FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
LEFT JOIN pg_stat_user_tables s ON s.relid = c.oid
WHERE relkind IN ('r', 'p', 'm') AND nspname NOT IN ('pg_catalog', 'information_schema')
ORDER BY c.relname
"""
_COUNTED = {"table", "materialized view"}


def inventory(context: MigrationContext) -> tuple[DatabaseObject, ...]:
    """Everything in the schema that Alembic works in."""
    connection = context.connection
    assert connection is not None
    schema = (
        context.version_table_schema
        or connection.exec_driver_sql("SELECT current_schema()").scalar_one()
    )
    rows = connection.exec_driver_sql(_OBJECTS, {"schema": schema}).all()
    return tuple(
        DatabaseObject(
            kind=row.kind,
            name=row.name,
            rows=_count(connection, row.name) if row.kind in _COUNTED else None,
            sql=f"DROP {row.word} IF EXISTS {row.name} CASCADE",
        )
        for row in rows
    )


def sizes(context: MigrationContext) -> tuple[TableSize, ...]:
    """How big the tables are, by the planner's estimate of rows."""
    assert context.connection is not None
    return table_sizes(context.connection)


def table_sizes(connection: Connection) -> tuple[TableSize, ...]:
    """The same over a connection."""
    rows = connection.exec_driver_sql(_SIZES).all()
    return tuple(TableSize(name, max(int(count), 0), int(size)) for name, count, size in rows)


def drop(context: MigrationContext, objects: Sequence[DatabaseObject]) -> None:
    """Drop all of them in one transaction: that of ``env.py``, or one of their own."""
    connection = context.connection
    assert connection is not None
    with context.begin_transaction(_per_migration=True):
        for item in objects:
            connection.exec_driver_sql(item.sql.replace("%", "%%"))


def _count(connection: Connection, name: str) -> int:
    query = f"SELECT count(*) FROM {name}".replace("%", "%%")
    return int(connection.exec_driver_sql(query).scalar_one())
