"""Whether the user may look where Alembic's version table would be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import StateError
from ..grants import quoted

if TYPE_CHECKING:
    from sqlalchemy import Connection

# Schemas of the search path that the user may not look into.
_HIDDEN = """
SELECT nspname, EXISTS (SELECT FROM pg_class WHERE relnamespace = n.oid AND relname = %(table)s)
FROM unnest(string_to_array(current_setting('search_path'), ',')) AS part
JOIN pg_namespace n
  ON nspname = replace(btrim(part, ' "'), '$user', current_user)
WHERE NOT has_schema_privilege(n.oid, 'USAGE')
"""


def require_visible(connection: Connection, version_table: str) -> None:
    """Tell "nothing was ever applied" from "this user may not look", where there is no table.

    :param version_table: Alembic's.
    :raises StateError: a schema of the search path is hidden from the user, and it is the one that
        holds the table, or the only one that could.
    """
    query = connection.exec_driver_sql
    hidden = query(_HIDDEN, {"table": version_table}).all()
    if not hidden:
        return
    user, current = query("SELECT current_user, current_schema()").one()
    wanted = [schema for schema, has_table in hidden if has_table or current is None]
    if wanted:
        raise StateError(
            f"what is applied in Postgres can't be told: {user} may not look into the schema "
            f"{wanted[0]}",
            hint=f"ask an administrator for: GRANT USAGE ON SCHEMA {quoted(wanted[0])} "
            f"TO {quoted(user)}",
        )
