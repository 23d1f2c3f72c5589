"""What a refusal by Postgres means, and what usually helps; by SQLSTATE, which is never translated.

https://www.postgresql.org/docs/current/errcodes-appendix.html
"""

from __future__ import annotations

from ..grants import advice

LOCK_NOT_AVAILABLE = "55P03"
_CANCELLED = "57014"
_NO_PRIVILEGE = "42501"

_MISSING = "does an earlier revision create it, and is its schema in the search_path?"
_EXISTS = (
    "something made it outside of the migrations, or another revision does: IF NOT EXISTS skips it"
)
TOO_LONG = (
    "it took longer than it may: raise --statement-timeout, or the statement_timeout of the role "
    "or the database"
)
_DATA = (
    "the rows that are there do not fit: put them right first, in a revision before this one or "
    "by hand"
)

_HINTS = {
    "0A000": "this server can't do that, or not this way: its version is in brokle-migrate info",
    "22001": _DATA,
    "22P02": _DATA,
    "23502": _DATA,
    "23503": _DATA,
    "23505": _DATA,
    "23514": _DATA,
    "23P01": _DATA,
    "25001": "it must not be in a transaction: give it an autocommit block, "
    "with op.get_context().autocommit_block(), in a revision of its own",
    "25006": "the server or the session only reads: is this a standby? Connect to the primary",
    "2BP01": "something depends on it: drop that first, or with CASCADE",
    "3F000": "create the schema first",
    "40001": "another transaction changed the same rows in the same moment: try again",
    "40P01": "two sessions waited for each other's locks, and this one gave way: try again when "
    "there is less traffic, or touch the tables in the order in which the application does",
    "42601": "put the syntax right where the mark is",
    "42703": _MISSING,
    "42704": _MISSING,
    "42883": "does an earlier revision or an extension create the function, for these types?",
    "42P01": _MISSING,
    "42P06": _EXISTS,
    "42P07": _EXISTS,
    "42701": _EXISTS,
    "42710": _EXISTS,
    "42723": _EXISTS,
    "53100": "the server's disk is full: make room on it",
    "53200": "the server is out of memory: do it in smaller parts, or lower its work_mem",
    "53300": "the server has no connection to spare: wait, or raise its max_connections",
    LOCK_NOT_AVAILABLE: "another session holds a lock on what it changes, and keeps it: let it end "
    "(pg_stat_activity tells of it), or wait longer: DB_LOCK_TIMEOUT=1m",
    "55006": "other sessions use it: select * from pg_stat_activity tells which",
    "58P01": "the server lacks the files of the extension: install its package there",
}
_LOST = {
    "57P01": "an administrator ended the session (pg_terminate_backend) or stops the server: is "
    "it up?",
    "57P02": "the server crashed, and recovers by itself: its log says why",
    "57P03": "the server is starting or stopping: wait for it (its log says why)",
}
_ALREADY_THERE = {"42P04", "42P06", "42P07", "42701", "42710", "42723"}


def is_already_there(sqlstate: str) -> bool:
    """Whether something could not be made because it exists."""
    return sqlstate in _ALREADY_THERE


def is_lost(sqlstate: str) -> bool:
    """Whether the server ended the connection."""
    return sqlstate in _LOST or sqlstate.startswith("08")


def hint_for(sqlstate: str, message: str, user: str | None, sql: str = "") -> str | None:
    """What to look at or to do after a refusal, None for one that is not common.

    :param user: who was refused, for what has to be granted.
    :param sql: what was being run.
    """
    if sqlstate == _CANCELLED:
        return _cancelled(message)
    if sqlstate == _NO_PRIVILEGE:
        return advice(message, user, sql)
    return _HINTS.get(sqlstate) or _LOST.get(sqlstate)


def _cancelled(message: str) -> str:
    # Both have the same SQLSTATE; a server of another language leaves it open.
    if "statement timeout" in message:
        return TOO_LONG
    if "user request" in message:
        return "an administrator or a tool cancelled it (pg_cancel_backend)"
    return "somebody cancelled it (pg_cancel_backend), or it took longer than statement_timeout"
