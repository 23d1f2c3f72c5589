"""What is wrong with the files of both histories as they stand on disk.  Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import LinkError, MultipleHeads, RevisionError
from ..history import History
from ..links import interleave
from ..model import CLICKHOUSE, Action, Level, Location, Snapshot
from ..resumption import step_of
from .rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from ..errors import Problem
    from ..model import Finding, Revision

INVALID = Rule("MG001", Level.ERROR, "a file that is misnamed, unpaired, empty or unreadable")
SYNTAX = Rule("MG002", Level.ERROR, "a file that can't be split, or a directive that is wrong")
PLACEHOLDER = Rule("MG003", Level.ERROR, "a placeholder that has no value")
HEADS = Rule("MG004", Level.ERROR, "a history with more than one head")
LINK = Rule("MG005", Level.ERROR, "a link to nothing, or links that wait for each other")
RULES = (INVALID, SYNTAX, PLACEHOLDER, HEADS, LINK)


def problems(rule: Rule, environment: str, found: Iterable[Problem]) -> Iterator[Finding]:
    """Problems of files as findings."""
    for problem in found:
        place = Location(problem.path, problem.line or 1, problem.column or 1)
        yield rule.finding(environment, problem.message, location=place)


def history_findings(revisions: Mapping[str, tuple[Revision, ...]]) -> Iterator[Finding]:
    """What is wrong with the order of the revisions, and with the links between them.

    :param revisions: by environment, Postgres first.
    """
    histories = {
        name: History(Snapshot(name, name, found, (), linear=name == CLICKHOUSE))
        for name, found in revisions.items()
    }
    unordered = [found for each in histories.values() for found in _heads(each)]
    yield from unordered
    broken = list(_links(histories))
    yield from broken
    linked = {link.environment for each in revisions.values() for r in each for link in r.requires}
    # What was not read can't be put into an order.
    if linked and linked <= revisions.keys() and not broken and not unordered:
        yield from _cycle(histories)


def _heads(history: History) -> Iterator[Finding]:
    try:
        history.require_one_head()
    except MultipleHeads as error:
        newest = history.by_id[history.heads[-1]]
        yield HEADS.finding(history.environment, error.message, error.hint or "", _top(newest))


def _links(histories: Mapping[str, History]) -> Iterator[Finding]:
    for history in histories.values():
        for revision in history.by_id.values():
            for link in revision.requires:
                other = histories.get(link.environment)
                if other is None or _is_there(other, link.revision):
                    continue
                message = f"requires {link}, which no file has"
                yield LINK.finding(history.environment, message, location=_top(revision))


def _is_there(history: History, revision: str) -> bool:
    try:
        return history.resolve(revision) in history.by_id
    except RevisionError:
        return False


def _cycle(histories: Mapping[str, History]) -> Iterator[Finding]:
    """Links that wait for each other, which only the order of everything shows."""
    steps = {
        name: [step_of(Action.UPGRADE, each, history) for each in history.upgrade_path("heads")]
        for name, history in histories.items()
    }
    try:
        interleave(steps, histories)
    except LinkError as error:
        linked = (each for h in histories.values() for each in h.by_id.values() if each.requires)
        first = next(linked)
        yield LINK.finding(first.environment, error.message, error.hint or "", _top(first))


def _top(revision: Revision) -> Location:
    return Location(revision.path, 1, 1)
