"""Taking back an upgrade that stands half done: what it had made, and what it had not come to.

The down file is written for the whole of its up file.  So of its statements, one that destroys
something runs only if the upgrade had made that, and one that moves tables only if the upgrade had
moved them: where a swap of two tables was not reached, swapping back and dropping what is left
would drop the original.  One that puts rows or values back runs only if the upgrade had taken them;
where that can't be told, nothing is taken back.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..errors import Dirty, StepFailed
from ..sqltext import changes, checksum, destroys, makes, moves

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ..model import Statement, Step
    from ..sqltext import Change, Destruction

_BY_HAND = (
    "go on with it: brokle-migrate up, or resume --retry, or resume --mark-applied; or undo it by "
    "hand, and record that: brokle-migrate --db clickhouse force --version V"
)
_RESTORE = "restore the statements that were run, and change only those after them"


class Unclear(Exception):
    """Whether a statement makes up for one that ran can't be told."""


def perhaps_a_value(statements: Iterable[Statement]) -> str:
    """Another reason, in brackets, why none of these statements may be the one that was run."""
    if all(statement.written is None for statement in statements):
        return ""
    return " (or the value of a placeholder has changed)"


@dataclass(frozen=True, slots=True)
class Made:
    """What the statements that an upgrade touched have made.

    :ivar names: as :func:`~brokle_migrate.sqltext.makes` tells.
    :ivar touched: the statements themselves.
    :ivar untouched: the others.
    """

    names: frozenset[str]
    touched: tuple[str, ...]
    untouched: tuple[str, ...]

    def reaches(self, statement: Statement) -> bool:
        """Whether a statement of the down file has something to take back, or does no harm.

        :raises Unclear: that can't be told.
        """
        changed = changes(statement.text)
        if changed is not None:
            return self._makes_up(changed)
        places = {f"place of {name}" for name in moves(statement.text)}
        return places <= self.names and all(map(self._made, destroys(statement.text)))

    def _made(self, lost: Destruction) -> bool:
        table = lost.name.rpartition(".")[0]
        takes_rows = lost.kind == "rows" or lost.verb == "truncates"
        rows = {f"rows of {lost.name}"} if takes_rows else set()
        return not self.names.isdisjoint({lost.name, table, *rows})

    def _makes_up(self, changed: Change) -> bool:
        """Whether the upgrade had done what this change makes up for."""
        done = any(changed.makes_up_for(text) for text in self.touched)
        missing = any(changed.makes_up_for(text) for text in self.untouched)
        if done is missing:  # nothing does, or only a part of what does was touched
            raise Unclear
        return done


def made_by(step: Step, upgrade: Iterable[Statement]) -> Made | None:
    """What a half-done upgrade has made.

    :param step: the downgrade that takes it back.
    :param upgrade: the statements of the up file as it is now.
    :return: None where the upgrade had finished.
    :raises StepFailed: that can't be told, or the down file can't take back a part.
    """
    if step.touched is None:
        return None
    upgrade = tuple(upgrade)
    texts = {checksum(statement.text): statement.text for statement in upgrade}
    perhaps = perhaps_a_value(upgrade)
    if not texts.keys() >= {*step.touched, *filter(None, [step.unproven])}:
        raise StepFailed(
            f"a statement of {step.revision} was edited after it was run{perhaps}, so what it "
            "made is not known; nothing was taken back",
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
    touched = tuple(texts[each] for each in step.touched)
    untouched = tuple(text for each, text in texts.items() if each not in step.touched)
    return Made(frozenset().union(*map(makes, touched)), touched, untouched)


def require_takes_back(step: Step, made: Made | None) -> None:
    """Refuse a down file of which it can't be told what takes back the half that ran.

    :raises StepFailed: naming the statement.
    """
    for number, statement in enumerate(step.statements, 1) if made is not None else ():
        try:
            assert made is not None
            made.reaches(statement)
        except Unclear as error:
            raise StepFailed(
                "this changes data, and whether that makes up for what the half-done upgrade did "
                "can't be told; nothing was taken back",
                step=step,
                statement=number,
                location=statement.location,
                sql=statement.text,
                hint=_BY_HAND,
            ) from error


def remaining(step: Step, made: Made | None) -> Sequence[Statement]:
    """The statements of a step that would run."""
    return [each for each in step.remaining if made is None or made.reaches(each)]


def require_unedited(step: Step, statements: Sequence[Statement]) -> None:
    """Refuse to go on with a file whose first part is not what was run.

    :raises Dirty: naming the statement that was edited.
    """
    for number, text_hash in enumerate(step.done, 1):
        if number > len(statements):
            raise Dirty(
                f"{step.path}: statement {number} was run before and is no longer in the file",
                hint=_RESTORE,
            )
        statement = statements[number - 1]
        if checksum(statement.text) != text_hash:
            perhaps = perhaps_a_value([statement])
            raise Dirty(
                f"{statement.location}: statement {number} was edited after it was run{perhaps}; "
                f"{step.revision} stands half done",
                hint=_RESTORE,
            )
