"""Asking ClickHouse what became of a statement whose outcome the ledger does not have.

In order: does it still run (``system.processes``), how did it end (``system.query_log``, which
knows it by its query id), and what does the schema show.  Only what proves something counts: a log
without the statement proves that it never arrived if it has the insert that came right before it,
which recorded the intent.  What can't be read (a missing grant, no query log) proves nothing, and
is no error.
"""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

from ..interruption import Outcome
from .clickhouse_refusals import did_nothing
from .distributed import Task
from .drivers import ConnectionLost, ServerError
from .drivers.base import UNKNOWN_COLUMN, UNKNOWN_IDENTIFIER_OLD, UNKNOWN_TABLE, quoted
from .recorder import intent_id
from .verdicts import NOT_KNOWN, Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..interruption import Interruption
    from ..sqltext import Trace
    from .drivers import Driver

# No such table or column, not allowed.
_MAY_NOT = {UNKNOWN_TABLE, UNKNOWN_COLUMN, UNKNOWN_IDENTIFIER_OLD, 497}
_STARTED, _FINISHED, _FAILED_BEFORE_START, _FAILED = "1", "2", "3", "4"
# A statement can be on its way when its client dies: so long is a log without it looked at again.
# The log counts whole seconds, so that one of these may be a part of one.
_ON_ITS_WAY = 2.0
# What a log that has everything is kept with; a server that is older does not have all of them.
_WHOLE = {
    "log_queries": "1",
    "log_queries_probability": "1",
    "log_queries_min_type": "1",
    "log_queries_min_query_duration_ms": "0",
}
_PAUSE = 0.2
_PATIENCE = 10.0  # seconds for one question: the answer is small
_LOG = "the server's query log"
_NEVER_ARRIVED = f"{_LOG} shows that it never arrived"
# Where DDL fails half-way, the log calls that "before start", too.
_STREAMS = ("SELECT", "INSERT", "WITH")


def prove(driver: Driver, interruption: Interruption, sql: str | None) -> Interruption:
    """Ask the server what became of the last statement of an interrupted step.

    :param sql: the statement; None where the file does not have it any more.
    :raises ConnectionLost: the server does not answer.
    """
    found = outcome_of(driver, interruption.query_id, sql, answered=bool(interruption.error))
    if found.outcome is Outcome.DONE and interruption.error and sql is not None:
        found = _with_mutations(driver, sql, found)
    return replace(
        interruption,
        outcome=found.outcome,
        evidence=found.evidence,
        error=interruption.error or (found.error.message if found.error else ""),
    )


def _with_mutations(driver: Driver, sql: str, found: Verdict) -> Verdict:
    """The same for a statement that was accepted, and whose mutation then failed.

    One that is still there is waited for again; one that is gone was killed, or has ended.
    """
    from ..sqltext import identifiers, may_mutate

    if not may_mutate(sql):
        return found
    rows = _ask(driver, "SELECT table FROM system.mutations WHERE NOT is_done")
    if {table for (table,) in rows} & identifiers(sql):
        return found
    return Verdict(Outcome.UNKNOWN, "its mutation failed, or was killed")


def shows_no_effect(driver: Driver, query_id: str, sql: str) -> bool:
    """Whether the server proves that a statement that it refused had no effect.

    It is asked at once: what is run later changes what the schema shows.
    """
    try:
        verdict = outcome_of(driver, query_id, sql, answered=True)
    except ConnectionLost:
        return False
    return verdict.outcome is Outcome.NO_EFFECT


def outcome_of(
    driver: Driver, query_id: str, sql: str | None, *, answered: bool = False
) -> Verdict:
    """What became of a statement that was sent under a query id.

    :param sql: the statement; None where it is not known any more.
    :param answered: whether the server answered, with an error: then the statement had arrived.
    :raises ConnectionLost: the server does not answer.
    """
    found = _running(driver, query_id) or _logged(driver, query_id, sql, answered=answered)
    return found or _shown(driver, sql)


def _running(driver: Driver, query_id: str) -> Verdict | None:
    rows = _ask(driver, f"SELECT elapsed FROM system.processes WHERE query_id = '{query_id}'")
    if not rows:
        return None
    seconds = float(rows[0][0])
    return Verdict(Outcome.RUNNING, f"it still runs on the server, for {seconds:.0f} s now")


def _logged(driver: Driver, query_id: str, sql: str | None, *, answered: bool) -> Verdict | None:
    """What the query log says; None where that is not enough."""
    end = time.monotonic() + _ON_ITS_WAY
    while True:
        events, age = _events(driver, query_id)
        found = _read(driver, events, sql)
        if events or answered or age is None or (sql is not None and "log_queries" in sql.lower()):
            return found
        if age >= _ON_ITS_WAY or time.monotonic() >= end:
            return Verdict(Outcome.NO_EFFECT, _NEVER_ARRIVED)
        time.sleep(_PAUSE)
        running = _running(driver, query_id)
        if running is not None:
            return running


def _events(driver: Driver, query_id: str) -> tuple[dict[str, str], float | None]:
    """What the log has of a statement: exceptions by kind of event.

    :return: with it the seconds since the intent was recorded; None where the log lacks that, or
        where it need not have everything, so that what it lacks proves nothing.
    """
    try:
        driver.execute("SYSTEM FLUSH LOGS", timeout=_PATIENCE)
        complete = _logs_everything(driver)
    except ServerError:  # without the right to do that, what is there has to do
        complete = False
    rows = _ask(
        driver,
        "SELECT query_id, toString(toInt8(type)), exception, toString(now() - event_time) "
        f"FROM system.query_log WHERE query_id IN ('{query_id}', '{intent_id(query_id)}') "
        "AND event_date >= today() - 30",
    )
    events = {kind: error for id_, kind, error, _ in rows if id_ == query_id}
    # An intent that could not be recorded was not followed by its statement either.
    ages = [float(age) for id_, kind, _, age in rows if id_ != query_id and kind != _STARTED]
    return events, min(ages, default=None) if complete else None


def _logs_everything(driver: Driver) -> bool:
    """Whether this user's profile leaves no statement out of the query log."""
    rows = _ask(driver, "SELECT name, value FROM system.settings WHERE name LIKE 'log_queries%'")
    found = {row[0]: row[1] for row in rows}
    return all(found.get(name, value) in {value, "QUERY_START"} for name, value in _WHOLE.items())


def _read(driver: Driver, events: dict[str, str], sql: str | None) -> Verdict | None:
    if _FINISHED in events:
        return Verdict(Outcome.DONE, f"{_LOG} has its end")
    for kind in (_FAILED_BEFORE_START, _FAILED):
        if kind in events:
            error = ServerError(events[kind])
            task = Task.named_by(error)
            if task is not None:
                return _of_all(driver, task)
            return _failed(error, sql, before_start=kind != _FAILED)
    return None


def _of_all(driver: Driver, task: Task) -> Verdict:
    """What the servers of a cluster have made of a statement that was not waited for."""
    try:
        return task.verdict(driver)
    except ServerError:  # the queue can't be read, so it proves nothing
        return NOT_KNOWN


def _failed(error: ServerError, sql: str | None, *, before_start: bool) -> Verdict | None:
    """What a logged exception proves; None where the schema has to be looked at."""
    streams = sql is not None and sql.lstrip(" \t\r\n(").upper().startswith(_STREAMS)
    harmless = sql is not None and did_nothing(error, sql)
    if harmless or (before_start and streams):
        return Verdict(Outcome.NO_EFFECT, f"{_LOG} has its failure", error)
    return None


def _shown(driver: Driver, sql: str | None) -> Verdict:
    """What the schema shows, and whether running the statement again would do harm."""
    from ..sqltext import is_repeatable, on_cluster, traces

    if sql is None:
        return Verdict(Outcome.UNKNOWN, "the file does not have this statement any more")
    found = () if on_cluster(sql) else traces(sql)  # one server does not show all
    holds = [_holds(driver, trace) for trace in found]
    if found and all(state is True for state in holds):
        return Verdict(Outcome.DONE, _words(found))
    if found and all(state is False for state in holds):
        return Verdict(Outcome.NO_EFFECT, _words(found, negated=True))
    if is_repeatable(sql):
        return Verdict(Outcome.REPEATABLE, "running it again does no harm")
    return NOT_KNOWN


def _holds(driver: Driver, trace: Trace) -> bool | None:
    """Whether the schema shows a trace; None where that can't be read."""
    *database, name = trace.name.split(".")
    if len(database) > 1:
        return None
    where = f"'{quoted(database[0])}'" if database else "currentDatabase()"
    queries = {
        "table": f"system.tables WHERE database = {where} AND name = '{quoted(name)}'",
        "column": f"system.columns WHERE database = {where} AND table = '{quoted(name)}' "
        f"AND (name = '{quoted(trace.column)}' OR startsWith(name, '{quoted(trace.column)}.'))",
        "database": f"system.databases WHERE name = '{quoted(name)}'",
        "function": f"system.functions WHERE name = '{quoted(name)}'",
    }
    try:
        ((count,),) = driver.query(f"SELECT count() FROM {queries[trace.kind]}", timeout=_PATIENCE)
    except ServerError:
        return None
    return (int(count) > 0) is trace.present


def _words(found: Sequence[Trace], *, negated: bool = False) -> str:
    """``table t exists``, ``column t.a is gone``."""
    return " and ".join(
        f"{trace.kind} {trace.name}{'.' if trace.column else ''}{trace.column} "
        + ("exists" if trace.present is not negated else "does not exist")
        for trace in found
    )


def _ask(driver: Driver, sql: str) -> list[tuple[str, ...]]:
    """The answer to a question about the server; nothing where it may not be asked.

    :raises ConnectionLost: the server can't answer just now.
    """
    try:
        return driver.query(sql, timeout=_PATIENCE)
    except ServerError as error:
        if error.code in _MAY_NOT:
            return []
        raise ConnectionLost(error.message) from error
