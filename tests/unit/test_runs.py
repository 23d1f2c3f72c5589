"""What the rows of the ledger tell of past runs, and what a run tells of itself."""

from __future__ import annotations

import pytest

from brokle_migrate.environments.runs import last_runs, read, written
from brokle_migrate.errors import LockLost, StepFailed, StepTimedOut
from brokle_migrate.model import Action, Step, StepResult, StepState
from brokle_migrate.past import Deed, Ending, Failure, RunRecord
from brokle_migrate.telling import recorded

SECOND = 1_000_000_000


class Answers:
    """A driver with one answer."""

    def __init__(self, *rows: tuple[object, ...]) -> None:
        self._rows = [tuple(map(str, row)) for row in rows]

    def query(self, sql: str) -> list[tuple[str, ...]]:
        assert "`ledger`" in sql
        return self._rows


def row(run: str, version: int, action: str, event: str, at: int = 1, of: int = 1, **more: object):
    """One group of the query: a run, a version, an action."""
    first, last = more.get("first", 10 * SECOND), more.get("last", 12 * SECOND)
    words = more.get("error", ""), more.get("note", ""), "ann@host"
    return run, version, action, first, last, event, at, of, *words


def one(*rows: tuple[object, ...]):
    (run,) = last_runs(Answers(*rows), "`ledger`", 5)
    return run


def test_a_run_that_says_itself_how_it_ended_is_believed() -> None:
    record = RunRecord(
        5.5,
        Ending.FAILED,
        (Deed("postgres", "upgrade", ("1", "2")), Deed("clickhouse", "upgrade", ("1",))),
        Failure("no such table", "clickhouse", "2", 3, 4),
    )
    assert read(written(record)) == record
    told = row("a", 0, "run", "finished", note=written(record), first=13 * SECOND, last=13 * SECOND)
    run = one(row("a", 1, "upgrade", "done"), row("a", 2, "upgrade", "refused", 3, 4), told)
    assert (run.started, run.ended, run.duration) == (5.5, 13.0, 7.5)
    assert (run.author, run.ending) == ("ann@host", Ending.FAILED)
    assert (run.deeds, run.failure) == (record.deeds, record.failure)


@pytest.mark.parametrize(
    ("event", "at", "error", "reason"),
    [
        ("intent", 2, "", "its outcome was not recorded"),
        ("done", 2, "", "the next one was not begun"),
        ("failed", 2, "no memory", "no memory"),
        ("refused", 2, "no such column", "no such column"),
    ],
)
def test_the_rows_of_a_killed_run_speak_for_it(
    event: str, at: int, error: str, reason: str
) -> None:
    run = one(
        row("a", 7, "upgrade", "done", last=11 * SECOND),
        row("a", 8, "upgrade", event, at, 3, error=error),
    )
    assert run.ending is Ending.KILLED
    assert run.deeds == (Deed("clickhouse", "upgrade", ("7",)),)
    assert run.failure == Failure(reason, "clickhouse", "8", 2, 3)
    assert run.duration == 2.0


def test_the_newest_run_comes_first() -> None:
    old = row("z", 1, "upgrade", "done", last=20 * SECOND)
    new = row("a", 1, "downgrade", "done", last=21 * SECOND)
    found = last_runs(Answers(new, old), "`ledger`", 5)
    assert [run.deeds[0].action for run in found] == ["downgrade", "upgrade"]


def test_a_long_error_is_cut() -> None:
    record = RunRecord(1.0, Ending.FAILED, (), Failure("x" * 10_000))
    assert len(written(record)) < 1000


def _result(environment: str, revision: str, state: StepState, action: Action = Action.UPGRADE):
    return StepResult(Step(environment, action, revision), state, 1.0)


def test_a_run_tells_what_stayed_done() -> None:
    results = [
        _result("postgres", "1", StepState.APPLIED),
        _result("postgres", "2", StepState.APPLIED),
        _result("clickhouse", "1", StepState.ROLLED_BACK),
    ]
    record = recorded(3.0, results, None)
    assert record == RunRecord(3.0, Ending.DONE, (Deed("postgres", "upgrade", ("1", "2")),))
    assert record.upgraded == {"postgres": ("1", "2")}


def test_what_was_taken_back_is_not_newly_applied() -> None:
    down = _result("clickhouse", "1", StepState.APPLIED, Action.DOWNGRADE)
    assert recorded(3.0, [down], None).upgraded == {}


@pytest.mark.parametrize(
    ("error", "ending", "failure"),
    [
        (
            StepFailed("no\nway", step=Step("postgres", Action.UPGRADE, "9"), statement=4),
            Ending.FAILED,
            Failure("no", "postgres", "9", 4),
        ),
        (
            StepTimedOut("too long", step=Step("postgres", Action.UPGRADE, "9")),
            Ending.STOPPED,
            Failure("too long", "postgres", "9"),
        ),
        (LockLost("gone"), Ending.STOPPED, Failure("gone")),
    ],
)
def test_a_run_tells_why_it_ended(error, ending: Ending, failure: Failure) -> None:
    record = recorded(3.0, [], error)
    assert (record.ending, record.failure) == (ending, failure)
