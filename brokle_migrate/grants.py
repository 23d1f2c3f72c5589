"""What an administrator has to run after Postgres refused something for want of a privilege.

The server's messages name an object without its schema and without quotes; what was being run tells
which privilege it takes.  https://www.postgresql.org/docs/current/ddl-priv.html
"""

from __future__ import annotations

import re
from typing import Any

SOMEBODY = "the user"  # where nobody told who is connected
WRITING = "SELECT, INSERT, UPDATE, DELETE"

_END = r"(?: \(.*\))?$"  # what the server says beside its message
_KIND = r"(foreign-data wrapper|foreign server|foreign table|materialized view|\w+)"
_DENIED = re.compile(rf"permission denied for {_KIND} (.+?){_END}")
_NOT_OWNER = re.compile(rf"must be owner of {_KIND} (.+?){_END}")
_INDEX = re.compile(rf"must be owner of index (.+?){_END}")
_EXTENSION = re.compile(r'permission denied to create extension "([^"]+)"')
_TEMPORARY = re.compile(r'permission denied to create temporary tables in database "([^"]+)"')
_PARAMETER = re.compile(r'permission denied to set parameter "([^"]+)"')
_MEMBER = re.compile(
    r'(?:permission denied to set role|must be able to SET ROLE|must be member of role) "([^"]+)"'
)
_CONNECT = re.compile(r'permission denied for database "([^"]+)".*CONNECT', re.DOTALL)
_LOGIN = re.compile(r'role "([^"]+)" is not permitted to log in')

_TABLES = {"table", "view", "relation", "materialized view", "foreign table"}
_PRIVILEGES = {
    "database": "CREATE",
    "tablespace": "CREATE",
    "function": "EXECUTE",
    "procedure": "EXECUTE",
    "sequence": "ALL",
    "language": "USAGE",
    "type": "USAGE",
    "domain": "USAGE",
    "foreign server": "USAGE",
    "foreign data wrapper": "USAGE",
}
# Owned as part of something else, or by nobody who could be changed.
_NOT_OWNED = {"index", "extension", "constraint", "trigger", "rule", "policy", "large"}
_READS = re.compile(r"\s*(SELECT|WITH|COPY\s+\S+\s+TO|LOCK\s+TABLE|SHOW|TABLE)\b", re.IGNORECASE)
_WRITES = re.compile(r"\s*(INSERT|UPDATE|DELETE|MERGE|COPY)\b", re.IGNORECASE)
_CHANGES = re.compile(r"\b(INSERT|UPDATE|DELETE|MERGE)\b", re.IGNORECASE)
_FURTHER = {
    "TRUNCATE": re.compile(r"\s*TRUNCATE\b", re.IGNORECASE),
    "TRIGGER": re.compile(r"\s*CREATE\s[^;]*?\bTRIGGER\b", re.IGNORECASE),
    "REFERENCES": re.compile(r"\s*(CREATE|ALTER)\s[^;]*?\bREFERENCES\b", re.IGNORECASE),
    "SELECT": re.compile(r"\s*CREATE\s[^;]*?\bAS\b[^;]*?\bSELECT\b", re.IGNORECASE),
}


def quoted(name: str) -> str:
    """A name as SQL writes it: quoted where it has to be."""
    from sqlalchemy.dialects import postgresql

    dialect: Any = postgresql.dialect
    return str(dialect().identifier_preparer.quote(name))


def role(user: str | None) -> str:
    """Whom to grant something, as SQL writes it."""
    return quoted(user) if user and user != SOMEBODY else SOMEBODY


def statement_for(message: str, user: str | None, sql: str = "") -> str | None:
    """The statement that gives the user what was missing, None where the message does not tell.

    :param message: the server's.
    :param user: who was refused.
    :param sql: what was being run.
    """
    whom = role(user)
    owned = _NOT_OWNER.search(message)
    if owned:
        return _ownership(owned[1], owned[2], whom, sql)
    connecting = _CONNECT.search(message)
    if connecting:
        return f"GRANT CONNECT ON DATABASE {quoted(connecting[1])} TO {whom}"
    denied = _DENIED.search(message)
    if denied and denied[1] != "large":  # a large object has a number
        return _privilege(denied[1].replace("-", " "), denied[2], whom, sql)
    return _of_others(message, whom)


def advice(message: str, user: str | None, sql: str = "") -> str:
    """The same as a sentence."""
    index = _INDEX.search(message)
    if index:
        table = f"the table that the index {index[1]} is of"
        return f"ask an administrator for: ALTER TABLE … OWNER TO {role(user)}, for {table}"
    statement = statement_for(message, user, sql)
    if statement is None:
        return f"ask an administrator to grant {user or SOMEBODY} what the message names"
    return f"ask an administrator for: {statement}"


def _privilege(kind: str, name: str, whom: str, sql: str) -> str:
    word, what = kind.upper(), _PRIVILEGES.get(kind, "ALL")
    if kind in _TABLES:
        word, what = "TABLE", _on_a_table(name, sql)
    elif kind == "schema":
        uses = not _several(sql) and (_READS.match(sql) or _WRITES.match(sql))
        what = "USAGE" if uses else "USAGE, CREATE"
    return f"GRANT {what} ON {word} {_named(name, sql)} TO {whom}"


def _on_a_table(name: str, sql: str) -> str:
    """What the statement takes; all where that can't be told: what a function does, for one."""
    if _several(sql) or name.strip('"') not in sql:
        return "ALL"
    if _READS.match(sql):
        return WRITING if _CHANGES.search(sql) else "SELECT"
    if _WRITES.match(sql):
        return WRITING
    return next((what for what, pattern in _FURTHER.items() if pattern.match(sql)), "ALL")


def _several(sql: str) -> bool:
    """Whether there may be more than one statement."""
    return ";" in sql.strip().rstrip(";")


def _ownership(kind: str, name: str, whom: str, sql: str) -> str | None:
    if kind in _NOT_OWNED:
        return None
    word = "TABLE" if kind == "relation" else kind.upper()
    return f"ALTER {word} {_named(name, sql)} OWNER TO {whom}"


def _of_others(message: str, whom: str) -> str | None:
    """Privileges that are no grant on an object of the schema."""
    if found := _EXTENSION.search(message):
        return f"CREATE EXTENSION {quoted(found[1])}"
    if found := _TEMPORARY.search(message):
        return f"GRANT TEMPORARY ON DATABASE {quoted(found[1])} TO {whom}"
    if found := _PARAMETER.search(message):
        return f"GRANT SET ON PARAMETER {found[1]} TO {whom}"
    if found := _MEMBER.search(message):
        return f"GRANT {quoted(found[1])} TO {whom}"
    if found := _LOGIN.search(message):
        return f"ALTER ROLE {quoted(found[1])} LOGIN"
    return None


def _named(name: str, sql: str) -> str:
    """The object as the statement writes it, with its schema if that stands there."""
    plain = name.strip('"')
    found = re.search(rf'((?:"[^"]+"|\w+)\.)"?{re.escape(plain)}\b', sql)
    return f"{found[1] if found else ''}{quoted(plain)}"
