"""Why a connection to Postgres was not made, by libpq's words, and what to do about it."""

from __future__ import annotations

import re

from ..errors import DatabaseUnreachable
from ..grants import statement_for

_FOR_NOW = re.compile(
    r"the database system is |too many (clients|connections)|remaining connection slots|"
    r"terminating connection|server_login|server login|pooler|no more connections allowed"
)
_DOWN = re.compile(r"Connection refused|timeout expired|could not translate host name")
_CERTIFICATE = re.compile(
    r"certificate verify failed|does not match host name|root certificate file|SSL was required"
)
_USUAL = "is the server running, and are host, port, database, user and password right?"
_HINTS = (
    # libpq tries again without encryption then, and what becomes of that is beside the point.
    (re.compile(r"password authentication failed"), _USUAL),
    (
        _CERTIFICATE,
        "does the server's certificate fit its host name, and is sslrootcert its authority's?",
    ),
    (re.compile(r"no pg_hba\.conf entry .*no encryption"), "the server may want sslmode=require"),
    (
        re.compile(r"unsupported startup parameter"),
        "a pooler refuses this part of the URL: give brokle-migrate the server's own URL",
    ),
    (
        re.compile(r"session is (not )?read-only|server is (not )?in hot standby"),
        "no host is what target_session_attrs asks for; is a fail-over under way?",
    ),
)


def unreachable(label: str, words: str, user: str | None = None) -> DatabaseUnreachable:
    """The error for a database that could not be connected to.

    :param label: the database, without user or password.
    :param words: what the driver says of it.
    :param user: who wanted to connect.
    """
    # libpq keeps no SQLSTATE of a connection that was not made (PQresultErrorField needs a result).
    refused = "FATAL:" in words and not _FOR_NOW.search(words)
    if _CERTIFICATE.search(words) and not _DOWN.search(words):
        refused = True  # waiting mends no certificate
    hint = next((hint for pattern, hint in _HINTS if pattern.search(words)), _USUAL)
    statement = statement_for(words, user) if refused else None
    if statement is not None:
        hint = f"ask an administrator for: {statement}"
    how = "does not answer" if statement is None else "refused the connection"
    return DatabaseUnreachable(f"Postgres at {label} {how}: {words}", hint=hint, refused=refused)
