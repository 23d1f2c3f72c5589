"""Taking back an upgrade that stands half done: what it had made, and what it had not come to.

The down file is written for the whole of its up file.  Of its statements, one that destroys
something runs only if the upgrade had made that; where a half-done swap of two tables is taken
back, dropping the table that was never swapped in would drop the original.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import StepFailed
from ..sqltext import checksum, destroys, makes

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ..model import Statement, Step
    from ..sqltext import Destruction


def made_by(step: Step, upgrade: Iterable[Statement]) -> frozenset[str] | None:
    """What the statements that a half-done upgrade touched have made.

    :param upgrade: the statements of the up file as it is now.
    :return: None where the upgrade had finished.
    :raises StepFailed: the file does not have one of them any more.
    """
    if step.touched is None:
        return None
    texts = {checksum(statement.text): statement.text for statement in upgrade}
    if not texts.keys() >= set(step.touched):
        raise StepFailed(
            f"a statement of {step.revision} was edited after it was run, so what it made is not "
            "known; nothing was run",
            step=step,
            hint="restore the statements that were run",
        )
    return frozenset().union(*(makes(texts[each]) for each in step.touched))


def takes_back(statement: Statement, made: frozenset[str] | None) -> bool:
    """Whether a statement of a down file has something to take back, or destroys nothing."""
    return made is None or all(_was_made(lost, made) for lost in destroys(statement.text))


def _was_made(lost: Destruction, made: frozenset[str]) -> bool:
    table = lost.name.rpartition(".")[0]
    takes_rows = lost.kind == "rows" or lost.verb == "truncates"
    return not made.isdisjoint(
        {lost.name, table, f"rows of {lost.name}"} if takes_rows else {lost.name, table}
    )


def remaining(step: Step, made: frozenset[str] | None) -> Sequence[Statement]:
    """The statements of a step that would run."""
    return [statement for statement in step.remaining if takes_back(statement, made)]
