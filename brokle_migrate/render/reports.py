"""The pages of a run: what it did, and what went wrong."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from ..errors import StepFailed
from ..interruption import Outcome
from ..model import Action, Operation, StepState
from . import words
from .blocks import GAP, Item, Line, Section, Sql, Tone, apart

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ..errors import MigrateError
    from ..interruption import Interruption
    from ..model import Report, Request, Snapshot, StepResult
    from .blocks import Block

_STATUS = "brokle-migrate status"
_LISTED = 3  # steps of one state on a screen; the count is above them
_SQL_LINES = 20
_DONE = {Action.UPGRADE: "applied", Action.DOWNGRADE: "downgraded", Action.STAMP: "recorded"}
_STATES = {
    StepState.FAILED: "failed",
    StepState.HALF_DONE: "half done",
    StepState.ROLLED_BACK: "rolled back",
    StepState.NOT_RUN: "not run",
    StepState.UNKNOWN: "unknown",
}
_TONES = {
    StepState.APPLIED: Tone.GOOD,
    StepState.FAILED: Tone.BAD,
    StepState.HALF_DONE: Tone.BAD,
    StepState.ROLLED_BACK: Tone.WARN,
    StepState.NOT_RUN: Tone.QUIET,
    StepState.UNKNOWN: Tone.BAD,
}


def report_page(report: Report) -> Iterator[Block]:
    """What became of each database; after a failure, of each step."""
    if report.error is None:
        yield from (Line(f"{name}: {_outcome(name, report)}", Tone.GOOD) for name in _names(report))
        return
    yield from _failure(report.error)
    yield GAP
    yield from apart([_section(name, report) for name in _names(report)])
    yield GAP
    if report.undo_error is not None:
        yield Line(f"not everything was taken back: {report.undo_error.message}", Tone.BAD)
    if not report.changed:
        what = "all of it was taken back" if report.plan.undo else "nothing was changed"
        yield Line(f"{what}: every database is as it was before the run", Tone.STRONG)
    if report.error.hint:
        yield Line(f"hint: {report.error.hint}", Tone.NEXT)
    yield Line(f"next: {next_command(report)}", Tone.NEXT)


def next_command(report: Report) -> str | None:
    """What to type after a run that failed, once what the hint says is done; None after success."""
    if report.error is None:
        return None
    if any(name not in report.after for name in report.plan.fingerprints):
        return _STATUS
    dirty = [each for snapshot in report.after.values() for each in snapshot.dirty]
    if dirty:
        return _next_of(dirty[0], report.plan.request)
    request = report.plan.request
    if request.operation is not Operation.UP:
        return _STATUS
    return f"brokle-migrate {_only(request)}up"


def _only(request: Request) -> str:
    """The option that selects the same databases."""
    return f"--db {request.environments[0]} " if len(request.environments) == 1 else ""


def _next_of(interruption: Interruption, request: Request) -> str:
    """What goes on with a step that stands half done."""
    if interruption.outcome is Outcome.UNKNOWN or interruption.next_statement is None:
        return "brokle-migrate resume"
    forward = interruption.action is Action.UPGRADE
    return f"brokle-migrate {_only(request) if forward else ''}{'up' if forward else 'resume'}"


def error_page(error: MigrateError, word: str = "error") -> Iterator[Line]:
    """An error, and what to do next.

    :param word: what it begins with.
    """
    yield Line(f"{word}: {error.message}", Tone.BAD)
    if error.hint:
        yield Line(f"hint: {error.hint}", Tone.NEXT)


def _names(report: Report) -> Iterator[str]:
    return iter(report.plan.fingerprints)


def _section(name: str, report: Report) -> Section:
    results = _results(name, report)
    width = max((len(result.step.revision) for result in results), default=0)
    items = tuple(_item(result, width) for result in results)
    return Section(name, _outcome(name, report), items, _LISTED)


def _item(result: StepResult, width: int) -> Item:
    took = f" ({words.duration(result.duration)})" if result.duration is not None else ""
    message = words.one_line(result.step.message)
    text = f"{result.step.revision:<{width}}  {message}".rstrip()
    return Item(_state(result), text + took, _TONES[result.state])


def _results(name: str, report: Report) -> Sequence[StepResult]:
    return [result for result in report.results if result.step.environment == name]


def _outcome(name: str, report: Report) -> str:
    """``12 applied, now at 20250707100000 (head)``."""
    counts = Counter(_state(result) for result in _results(name, report))
    parts = [f"{words.number(count)} {state}" for state, count in counts.items()]
    return ", ".join([*(parts or ["nothing to do"]), _position(report.after.get(name))])


def _state(result: StepResult) -> str:
    return _STATES.get(result.state) or _DONE[result.step.action]


def _position(snapshot: Snapshot | None) -> str:
    """Where a database is now."""
    if snapshot is None:
        return "where it stands could not be read"
    current, heads = tips(snapshot)
    at_head = " (head)" if current and set(current) == set(heads) else ""
    dirty = ", dirty" if snapshot.dirty else ""
    return f"now at {' '.join(current) or 'base'}{at_head}{dirty}"


def tips(snapshot: Snapshot) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The newest recorded revisions, and the newest on disk."""
    current = snapshot.recorded
    if snapshot.linear and current:
        current = (max(current, key=int),)
    parents = {parent for revision in snapshot.revisions for parent in revision.down}
    return current, tuple(r.id for r in snapshot.revisions if r.id not in parents)


def _failure(error: MigrateError) -> Iterator[Block]:
    """What failed, where, the SQL, and the server's words."""
    if not isinstance(error, StepFailed):
        yield Line(f"failed: {error.message}", Tone.BAD)
        return
    yield Line(f"failed: {words.step(error.step)}", Tone.BAD)
    place = _place(error)
    if place:
        yield Line(place)
    if error.sql:
        yield GAP
        yield Sql(error.sql, _SQL_LINES)
        yield from _caret(error)
        yield GAP
    yield Line(error.message, Tone.BAD)


def _caret(error: StepFailed) -> Iterator[Block]:
    """The line in which the server stopped reading, with a mark under the place."""
    if error.sql is None or error.offset is None:
        return
    before, after = error.sql[: error.offset], error.sql[error.offset :]
    start = before.rpartition("\n")[2]
    yield GAP
    yield Line(start + after.partition("\n")[0])
    yield Line("".join("\t" if character == "\t" else " " for character in start) + "^", Tone.BAD)


def _place(error: StepFailed) -> str:
    """``statement 2 of 3 at FILE:12:1``, as much of it as is known."""
    total = len(error.step.statements)
    of = f" of {total}" if total else ""
    statement = f"statement {error.statement}{of}" if error.statement else ""
    if error.location is None:
        return statement
    path = words.path(error.location.path)
    where = f"{path}:{error.location.line}:{error.location.column}"
    return f"{statement} at {where}" if statement else f"at {where}"
