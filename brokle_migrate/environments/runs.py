"""The last runs, out of the ledger: each row tells of a statement, some of a whole run."""

from __future__ import annotations

import json
from itertools import groupby
from typing import TYPE_CHECKING, Any, NamedTuple

from ..model import CLICKHOUSE, Action
from ..past import Deed, Ending, Failure, PastRun, RunRecord
from .attempts import DONE, INTENT, STAMPED, UNSTAMPED

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from .drivers import Driver, Row

RUN = "run"  # the action of a row that tells of a whole run
FINISHED = "finished"  # its event, where the run has applied something
ENDED = "ended"  # its event, where it has not

# One row for what a run did with a version: its first and last moment, and its last word.
_ROWS = """
SELECT run, version, action, min(seq), max(seq), argMax(event, seq), argMax(statement, seq),
       argMax(statements, seq), argMax(error, seq), argMax(note, seq), any(author)
FROM {table}
WHERE run IN (SELECT run FROM {table} GROUP BY run ORDER BY max(seq) DESC LIMIT {limit})
GROUP BY run, version, action
ORDER BY run, max(seq)
"""
_NANO = 1e9
_LONGEST_REASON = 500  # characters of an error that are worth keeping beside the report


class _Row(NamedTuple):
    run: str
    version: str
    action: str
    first: float
    last: float
    event: str
    statement: int
    statements: int
    error: str
    note: str
    author: str

    @property
    def finishes(self) -> bool:
        """Whether the run brought the version to its end."""
        whole = self.event == DONE and self.statement == self.statements
        return whole or self.event in {STAMPED, UNSTAMPED}


def last_runs(driver: Driver, table: str, limit: int) -> tuple[PastRun, ...]:
    """The last runs, newest first.

    :param table: the ledger's, quoted.
    :raises ServerError: the server refused to answer, or there is no ledger.
    """
    rows = [_row(row) for row in driver.query(_ROWS.format(table=table, limit=limit))]
    runs = (_past(list(same)) for _, same in groupby(rows, key=lambda row: row.run))
    return tuple(sorted(runs, key=lambda run: run.ended, reverse=True))


def written(record: RunRecord) -> str:
    """What a run says of itself, as the text that the ledger keeps."""
    failure = record.failure
    return json.dumps(
        {
            "started": record.started,
            "ending": record.ending.value,
            "deeds": [[d.environment, d.action, list(d.revisions)] for d in record.deeds],
            "failure": failure
            and {
                "reason": failure.reason[:_LONGEST_REASON],
                "environment": failure.environment,
                "revision": failure.revision,
                "statement": failure.statement,
                "statements": failure.statements,
            },
        }
    )


def read(note: str) -> RunRecord:
    """The inverse of :func:`written`."""
    found: dict[str, Any] = json.loads(note)
    return RunRecord(
        found["started"],
        Ending(found["ending"]),
        tuple(Deed(name, action, tuple(ids)) for name, action, ids in found["deeds"]),
        None if found["failure"] is None else Failure(**found["failure"]),
    )


def _row(row: Row) -> _Row:
    run, version, action, first, last, event, at, total, error, note, author = row
    moments = int(first) / _NANO, int(last) / _NANO
    return _Row(run, version, action, *moments, event, int(at), int(total), error, note, author)


def _past(rows: Sequence[_Row]) -> PastRun:
    """One run, from its rows; those of a run that was killed have to speak for it."""
    author, ended = rows[0].author, max(row.last for row in rows)
    record = next((read(row.note) for row in rows if row.action == RUN), None)
    if record is not None:
        return PastRun(author, record.started, ended, record.ending, record.deeds, record.failure)
    started = min(row.first for row in rows)
    return PastRun(author, started, ended, Ending.KILLED, tuple(_deeds(rows)), _broken(rows))


def _deeds(rows: Sequence[_Row]) -> Iterator[Deed]:
    for action in Action:
        done = tuple(row.version for row in rows if row.action == action and row.finishes)
        if done:
            yield Deed(CLICKHOUSE, action.value, done)


def _broken(rows: Sequence[_Row]) -> Failure | None:
    """Where a run broke off that did not say so itself."""
    row = next((row for row in reversed(rows) if not row.finishes), None)
    if row is None:
        return None
    words = {
        INTENT: "its outcome was not recorded",
        DONE: "the next one was not begun",
    }
    reason = row.error or words.get(row.event, row.event)
    return Failure(reason, CLICKHOUSE, row.version, row.statement, row.statements)
