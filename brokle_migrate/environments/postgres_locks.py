"""A revision that does not get its lock in time gives way to the traffic, and tries again.

Whoever waits for an ACCESS EXCLUSIVE lock makes everybody else wait behind it, so the wait is
short, and the pauses between two attempts let the queue run dry.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ..errors import StepFailed
from ..events import StepRetried
from .postgres_errors import sqlstate_of
from .postgres_refusals import LOCK_NOT_AVAILABLE

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection
    from tenacity import RetryCallState

    from ..events import Emit
    from .postgres_limits import StatementLimits
    from .postgres_watch import Watch

ATTEMPTS = 5
_LONGEST_PAUSE = 15
_NAMED = 3

# The waiting has ended when this is asked, so pg_blocking_pids() has nothing to say any more.
_HOLDERS = """
SELECT a.pid, coalesce(nullif(a.application_name, ''), a.backend_type, 'a session') AS name,
       a.state, extract(epoch FROM now() - a.xact_start)::int AS seconds,
       string_agg(DISTINCT c.relname, ', ') AS tables
FROM pg_locks l JOIN pg_class c ON c.oid = l.relation JOIN pg_stat_activity a ON a.pid = l.pid
WHERE l.locktype = 'relation' AND l.granted AND l.pid <> pg_backend_pid()
  AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND c.relname = ANY(%(words)s)
GROUP BY a.pid, name, a.state, a.xact_start
ORDER BY a.xact_start
LIMIT %(limit)s
"""


def with_retries(
    attempt: Callable[[], None],
    look: Callable[[StepFailed], str],
    limits: StatementLimits,
    emit: Emit,
    watch: Watch,
    *,
    allowed: Callable[[], bool] = lambda: True,
) -> None:
    """Run ``attempt`` until it gets its locks, a few times.

    :param look: called after a failed attempt, to see what is left; says who holds the locks.
    :param limits: tell how long a lock is waited for.
    :param allowed: whether there may be another attempt at all.
    :raises StepFailed: the last attempt failed, too, or for another reason.
    """
    from tenacity import Retrying, retry_if_exception, wait_exponential

    def enough(state: RetryCallState) -> bool:
        no_time_left = watch.remaining is not None and state.upcoming_sleep >= watch.remaining
        return state.attempt_number >= ATTEMPTS or no_time_left or not allowed()

    def tell(state: RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome else None
        assert isinstance(error, StepFailed)
        holders = look(error)
        reason = f"could not get a lock{_within(limits.lock_wait)}"
        reason += f" ({holders})" if holders else ""
        number, pause = state.attempt_number + 1, state.upcoming_sleep
        emit(StepRetried(error.step, number, ATTEMPTS, pause, reason))

    retrying = Retrying(
        retry=retry_if_exception(_is_about_a_lock),
        stop=enough,
        wait=wait_exponential(max=_LONGEST_PAUSE),
        before_sleep=tell,
        sleep=watch.pause,
        reraise=True,
    )
    try:
        retrying(attempt)
    except StepFailed as error:
        if _is_about_a_lock(error):
            holders = look(error)
            error.hint = f"{holders}: {error.hint}" if holders else error.hint
        raise


def _is_about_a_lock(error: BaseException) -> bool:
    """Whether it is worth another attempt: all of the transaction was taken back."""
    about = isinstance(error, StepFailed) and not error.partial
    return about and sqlstate_of(error.__cause__) == LOCK_NOT_AVAILABLE


def _within(wait: str) -> str:
    return f" within {wait}" if wait and wait != "0" else ""


def holders(connection: Connection, sql: str) -> str:
    """Who holds locks on the tables that a statement names, in one sentence, or nothing.

    What the user may not see of other sessions, is left out.
    """
    words = {word.lower() for word in re.findall(r"\w+", sql)} | set(re.findall(r"\w+", sql))
    rows = connection.exec_driver_sql(_HOLDERS, {"words": sorted(words), "limit": _NAMED}).all()
    return "; ".join(_holder(*row) for row in rows)


def _holder(pid: int, name: str, state: str | None, seconds: int | None, tables: str) -> str:
    facts = [f"pid {pid}", *([state] if state else [])]
    if seconds is not None:
        facts.append(f"its transaction is {seconds} s old")
    return f"{tables} is locked by {name}, {', '.join(facts)}"
