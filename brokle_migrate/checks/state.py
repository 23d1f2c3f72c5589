"""What is worth knowing about the state of a history before anything runs.  Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..model import Finding, Level

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..history import History
    from ..interruption import Interruption


def state_findings(histories: Iterable[History], *, running: str = "") -> tuple[Finding, ...]:
    """The findings of each history, the gravest of each first.

    :param running: who is migrating just now: then a step that is not finished is under way.
    """
    return tuple(found for history in histories for found in _findings(history, running))


def _findings(history: History, running: str) -> list[Finding]:
    name, found = history.environment, []
    for interruption in history.snapshot.dirty:
        if running:
            found.append(_under_way(name, interruption, running))
            continue
        hint = history.ways_out(interruption)
        level = Level.ERROR if interruption.next_statement is None else Level.WARNING
        found.append(Finding("dirty", level, name, str(interruption), hint))
    if history.ahead:
        versions = ", ".join(history.ahead)
        message = f"the database records {versions}, which no file here has"
        found.append(Finding("ahead", Level.WARNING, name, message, "update your checkout"))
    for revision in history.out_of_order:
        message = f"{revision.path.name} is older than the newest applied version"
        hint = "give the file a newer version, or: brokle-migrate up --allow-out-of-order"
        found.append(Finding("out_of_order", Level.ERROR, name, message, hint))
    for index in history.snapshot.invalid_indexes:
        message = (
            f"the index {index} is invalid: CREATE INDEX CONCURRENTLY was interrupted, and a "
            "second one would fail, or with IF NOT EXISTS leave it as it is"
        )
        hint = f"DROP INDEX CONCURRENTLY {index}; in Postgres, then: brokle-migrate up"
        found.append(Finding("invalid_index", Level.WARNING, name, message, hint))
    for version in history.snapshot.changed:
        path = history.by_id[version].path
        message = f"{path.name} was edited after it was applied"
        hint = "restore the file, and put the edit into a new revision"
        found.append(Finding("changed", Level.WARNING, name, message, hint))
    return found


def _under_way(name: str, interruption: Interruption, running: str) -> Finding:
    place = f"statement {interruption.statement} of {interruption.statements}"
    message = f"{interruption.action} of {interruption.version} is at {place}: {running}"
    hint = "brokle-migrate lock shows who is migrating"
    return Finding("running", Level.INFO, name, message, hint)
