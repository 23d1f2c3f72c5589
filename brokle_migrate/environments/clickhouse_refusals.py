"""What a refusal by ClickHouse means: whether anything happened, and what usually helps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .clickhouse_grants import advice

if TYPE_CHECKING:
    from .drivers import ServerError

_MISSING = "does an earlier file create it, and is it in this database?"
_EXISTS = (
    "something made it outside of the migrations, or another file does: IF NOT EXISTS skips it"
)
_NO_SPACE = "the server's disk is full: make room on it"

# Numbers: system.errors of ClickHouse 26.9, where they never change their meaning.
_HINTS = {
    10: _MISSING,
    15: _EXISTS,
    16: _MISSING,
    47: _MISSING,
    57: _EXISTS,
    60: _MISSING,
    62: "put the syntax right where the mark is",
    81: "create the database first",
    82: _EXISTS,
    159: "it took longer than the server allows: -- migrate: settings max_execution_time=0",
    202: "the server runs as many queries as it may: wait, or raise max_concurrent_queries",
    241: "it needs more memory than the server gives: do it in smaller parts, or raise the limit "
    "with -- migrate: settings max_memory_usage=N",
    242: "the table lost its connection to ZooKeeper or Keeper: look at system.replicas",
    243: _NO_SPACE,
    252: "inserts came faster than their parts could be merged: wait for the merges "
    "(system.merges), and insert in larger parts",
    359: "the table is larger than max_table_size_to_drop: raise that on the server",
    394: "somebody cancelled it (KILL QUERY)",
    473: "another query holds a lock on the table: look at system.processes",
    517: "another mutation of the table is running: wait for it (system.mutations)",
}


# Said before anything is done: what is unknown, exists already, or is not allowed.
_AT_THE_DOOR = {15, 16, 43, 44, 46, 47, 50, 56, 57, 60, 80, 81, 82, 115, 164, 202, 497}
# An ALTER asks whether the table may be written to, takes its lock, and compares its version with
# Keeper's before it changes anything.
_BEFORE_AN_ALTER = {242, 473, 517}


def did_nothing(error: ServerError, sql: str) -> bool:
    """Whether a refusal proves that the statement had no effect at all.

    :return: False also where that is not known.
    """
    from ..sqltext import has_one_effect

    if error.position is not None:  # a syntax error
        return True
    verb, upper = _verb(sql), sql.upper()
    if error.code in _EXISTS_ALREADY and verb == "CREATE" and "CLUSTER" not in upper:
        return True  # said before a CREATE … AS SELECT begins to fill
    if verb == "INSERT":
        return error.code in _BEFORE_THE_FIRST_ROW
    known = _AT_THE_DOOR | _BEFORE_AN_ALTER if verb == "ALTER" else _AT_THE_DOOR
    return error.code in known and has_one_effect(sql)


_EXISTS_ALREADY = {57, 82}
# Names and grants are looked up when an INSERT is prepared; what is wrong with a value is said when
# rows before it may have been written.
_BEFORE_THE_FIRST_ROW = {16, 46, 47, 60, 81, 497}
# There is nothing to take away, or what is to be put back is still there.
_NOT_THERE = {10, 16, 46, 47, 57, 60, 81, 82, 487, 582} | {15}
_TAKES_BACK = ("DROP", "ALTER", "RENAME", "EXCHANGE", "TRUNCATE", "DETACH", "DELETE", "CREATE")


def was_not_there(error: ServerError, sql: str) -> bool:
    """Whether a downgrade could not take back what a half-done upgrade had not done."""
    from ..sqltext import has_one_effect

    verb = _verb(sql)
    single = has_one_effect(sql) or verb in {"TRUNCATE", "DETACH", "DELETE", "EXCHANGE"}
    return error.code in _NOT_THERE and verb in _TAKES_BACK and single


def _verb(sql: str) -> str:
    return next(iter(sql.split(maxsplit=1)), "").upper()


def hint_for(error: ServerError, cluster: str | None = None) -> str | None:
    """What to look at or to do after a refusal, None for one that is not common.

    :param cluster: whose servers all have to know of a grant.
    """
    if "No space left" in error.message:
        return _NO_SPACE
    return advice(error, cluster) or _HINTS.get(error.code)
