"""golang-migrate's record in Postgres, which is read and left as it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import StateError
from ..locks.session import connect, exists
from .old_record import COLUMNS, OldRecord, record

if TYPE_CHECKING:
    import psycopg

_FIND = """
SELECT current_schema(), array(
    SELECT attname::text FROM pg_attribute
    WHERE attrelid = to_regclass(quote_ident(%s)) AND attnum > 0 AND NOT attisdropped
)
"""


def old_record(url: str, label: str, table: str) -> tuple[OldRecord | None, str]:
    """What golang-migrate's table says; None where there is no such table.

    :param url: SQLAlchemy's.
    :param label: the same without user and password.
    :return: that, and the schema where the connection would make tables.
    :raises StateError: Postgres refused to tell.
    :raises DatabaseUnreachable: it does not answer.
    """
    if not exists(url):
        return None, "public"
    import psycopg

    with connect(url, label) as connection:
        try:
            return _read(connection, table)
        except psycopg.Error as error:
            words = error.diag.message_primary or " ".join(str(error).split())
            raise StateError(f"Postgres at {label} refused: {words}") from error


def _read(connection: psycopg.Connection, table: str) -> tuple[OldRecord | None, str]:
    from psycopg.sql import SQL, Identifier

    schema, columns = connection.execute(_FIND, [table]).fetchone() or (None, [])
    schema = schema or "public"
    if set(columns) != COLUMNS:
        return None, schema
    query = SQL("SELECT version, dirty FROM {} LIMIT 1").format(Identifier(table))
    row = connection.execute(query).fetchone() or (None, False)
    return record(table, *row), schema
