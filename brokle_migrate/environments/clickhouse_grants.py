"""What an administrator has to run after ClickHouse refused something for want of a privilege.

Servers with users in SQL (20.4 on) name the grant: https://clickhouse.com/docs/sql-reference/statements/grant.
Older ones know users in their configuration alone (``users.xml``).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .drivers import ServerError

ACCESS_DENIED = 497
DATABASE_ACCESS_DENIED = 291
_READONLY = 164
_QUERY_IS_PROHIBITED = 392
NOT_ALLOWED = {ACCESS_DENIED, DATABASE_ACCESS_DENIED, _READONLY, _QUERY_IS_PROHIBITED}

_NEEDED = re.compile(
    r"^(?:(?P<user>.+?): )?Not enough privileges\..*?necessary to have the grant "
    r"(?P<grant>.+?)(?: WITH GRANT OPTION)?\.?"
    r"(?: \(Missing permissions: [^)]*(?:\([^)]*\)[^)]*)*\))?\.? *(?:\([A-Z_]+\))?$",
    re.DOTALL,
)
# The next question reads other columns of the same table.
_COLUMNS = re.compile(r" ?\([^)]*\) ON | for at least one column on ")
_NO_DATABASE = re.compile(
    r"Access denied to database (?P<database>\S+)(?: for user (?P<user>\S+))?"
)
_PLAIN = re.compile(r"[A-Za-z_]\w*")

_READS_ONLY = (
    "the user or the server only reads: ask its administrator for a profile without readonly, or "
    "connect as another user (readonly=2 is enough to look)"
)
_NO_DDL = "the user's profile prohibits DDL: ask its administrator for allow_ddl=1"


def statement_for(message: str, cluster: str | None = None) -> str | None:
    """The statement that gives the user what was missing, None where the message does not tell.

    :param message: the server's words; they name the user, too.
    :param cluster: whose servers all have to know of it.
    """
    found = _NEEDED.search(message)
    if not found:
        return None
    everywhere = f"ON CLUSTER {_quoted(cluster)} " if cluster else ""
    whom = _quoted(found["user"]) if found["user"] else "the user"
    return f"GRANT {everywhere}{_COLUMNS.sub(' ON ', found['grant'])} TO {whom}"


def advice(error: ServerError, cluster: str | None = None) -> str | None:
    """What to do about a refusal for want of a privilege, None for any other refusal.

    :param cluster: whose servers all have to know of a grant.
    """
    if error.code == _READONLY:
        return _READS_ONLY
    if error.code == _QUERY_IS_PROHIBITED:
        return _NO_DDL
    if error.code == DATABASE_ACCESS_DENIED:
        return _database(error.message)
    if error.code != ACCESS_DENIED:
        return None
    statement = statement_for(error.message, cluster)
    if statement is None:
        return "ask an administrator to grant the user what the message names"
    return f"ask an administrator for: {statement}"


def whom(message: str) -> str:
    """Whom to grant something, as SQL writes it; the server's words name the user."""
    user, colon, _ = message.partition(": Not enough privileges")
    return _quoted(user) if colon else "the user"


def _database(message: str) -> str:
    found = _NO_DATABASE.search(message)
    if not found:
        return "ask an administrator to allow the user this database"
    return (
        f"ask an administrator for <database>{found['database']}</database> in the "
        f"<allow_databases> of {found['user'] or 'the user'}, in the server's users.xml"
    )


def _quoted(name: str) -> str:
    if _PLAIN.fullmatch(name):
        return name
    escaped = name.replace("\\", "\\\\").replace("`", "\\`")
    return f"`{escaped}`"
