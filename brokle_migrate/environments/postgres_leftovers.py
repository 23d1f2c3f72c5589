"""What an interrupted revision, or another tool, may have left behind."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .old_record import DEFAULT_TABLE, record

if TYPE_CHECKING:
    from sqlalchemy import Connection

_PROGRESS_SINCE = (12,)  # pg_stat_progress_create_index

# An index of a partitioned table is not valid until all its partitions have theirs.  One that is
# being built has not been left behind; what others build, this user may not be told.
_INVALID = """
SELECT format('%I.%I', nspname, relname)
FROM pg_index JOIN pg_class c ON c.oid = indexrelid JOIN pg_namespace n ON n.oid = relnamespace
WHERE NOT indisvalid AND relkind = 'i' AND NOT EXISTS (
  SELECT FROM pg_stat_progress_create_index
  WHERE datname = current_database() AND (index_relid = indexrelid OR index_relid IS NULL)
)
ORDER BY 1
"""


def invalid_indexes(connection: Connection) -> tuple[str, ...]:
    """Indexes that an interrupted CREATE INDEX CONCURRENTLY left invalid."""
    if (connection.dialect.server_version_info or ()) < _PROGRESS_SINCE:
        return ()
    query = _INVALID.replace("%", "%%")
    return tuple(name for (name,) in connection.exec_driver_sql(query))


_OLD_TABLE = f"""
SELECT FROM to_regclass('{DEFAULT_TABLE}') AS found
WHERE has_table_privilege(found, 'SELECT') AND array['dirty', 'version'] = array(
  SELECT attname::text FROM pg_attribute
  WHERE attrelid = found AND attnum > 0 AND NOT attisdropped ORDER BY 1
)
"""


def predecessor(connection: Connection) -> str:
    """What golang-migrate's usual version table says; empty where it says nothing."""
    if connection.exec_driver_sql(_OLD_TABLE).first() is None:
        return ""
    query = f"SELECT version, dirty FROM {DEFAULT_TABLE} LIMIT 1"
    row = connection.exec_driver_sql(query).first() or (None, False)
    found = record(DEFAULT_TABLE, *row)
    return str(found) if found.says_something else ""
