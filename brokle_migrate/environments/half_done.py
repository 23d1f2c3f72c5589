"""Taking back an upgrade that stands half done: what it had made, and what it had not come to.

The down file is written for the whole of its up file.  So of its statements, one that destroys
something runs only if the upgrade had made that, and one that moves tables only if the upgrade had
moved them: where a swap of two tables was not reached, swapping back and dropping what is left
would drop the original.  One that changes data is refused: whether it makes up for a statement that
ran can't be told.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..errors import StepFailed
from ..sqltext import changes_data, checksum, destroys, makes, moves

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ..model import Statement, Step
    from ..sqltext import Destruction

_BY_HAND = (
    "go on with it: brokle-migrate up, or resume --retry, or resume --mark-applied; or undo it by "
    "hand, and record that: brokle-migrate --db clickhouse force --version V"
)


@dataclass(frozen=True, slots=True)
class Made:
    """What the statements that an upgrade touched have made.

    :ivar names: as :func:`~brokle_migrate.sqltext.makes` tells.
    """

    names: frozenset[str]

    def reaches(self, statement: Statement) -> bool:
        """Whether a statement of the down file has something to take back, or does no harm."""
        places = {f"place of {name}" for name in moves(statement.text)}
        return places <= self.names and all(map(self._made, destroys(statement.text)))

    def _made(self, lost: Destruction) -> bool:
        table = lost.name.rpartition(".")[0]
        takes_rows = lost.kind == "rows" or lost.verb == "truncates"
        rows = {f"rows of {lost.name}"} if takes_rows else set()
        return not self.names.isdisjoint({lost.name, table, *rows})


def made_by(step: Step, upgrade: Iterable[Statement]) -> Made | None:
    """What a half-done upgrade has made.

    :param step: the downgrade that takes it back.
    :param upgrade: the statements of the up file as it is now.
    :return: None where the upgrade had finished.
    :raises StepFailed: that can't be told, or the down file can't take back a part.
    """
    if step.touched is None:
        return None
    texts = {checksum(statement.text): statement.text for statement in upgrade}
    if not texts.keys() >= {*step.touched, *filter(None, [step.unproven])}:
        raise StepFailed(
            f"a statement of {step.revision} was edited after it was run, so what it made is not "
            "known; nothing was taken back",
            step=step,
            hint="restore the statements that were run",
        )
    if step.unproven and moves(texts[step.unproven]):
        raise StepFailed(
            f"whether the interrupted statement of {step.revision} has moved its tables is not "
            "proven; nothing was taken back",
            step=step,
            hint=_BY_HAND,
        )
    return Made(frozenset().union(*(makes(texts[each]) for each in step.touched)))


def require_takes_back(step: Step, made: Made | None) -> None:
    """Refuse a down file that changes data: it was written for an upgrade that had finished.

    :raises StepFailed: naming the statement.
    """
    for number, statement in enumerate(step.statements, 1) if made is not None else ():
        if changes_data(statement.text):
            raise StepFailed(
                "this changes data, and whether that makes up for what the half-done upgrade did "
                "can't be told; nothing was taken back",
                step=step,
                statement=number,
                location=statement.location,
                sql=statement.text,
                hint=_BY_HAND,
            )


def remaining(step: Step, made: Made | None) -> Sequence[Statement]:
    """The statements of a step that would run."""
    return [each for each in step.remaining if made is None or made.reaches(each)]
