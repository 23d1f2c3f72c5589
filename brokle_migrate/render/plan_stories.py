"""Every table of a plan, with what happens to it and how big it is."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from . import words
from .plan_deeds import known_as, owner, statement_doings

if TYPE_CHECKING:
    from ..proposal import Loss, Proposal, ProposedStep, Size
    from ..sqltext import Doing

_NO_TABLE = re.compile(
    "(DROP|ALTER) (INDEX|TYPE|FUNCTION|PROCEDURE|SEQUENCE|SCHEMA|EXTENSION|DOMAIN|POLICY|TRIGGER"
    "|VIEW)"
)


@dataclass(frozen=True, slots=True)
class Happening:
    """One thing that happens to a table.

    :ivar number: of the step, from 1.
    """

    number: int
    step: ProposedStep
    what: str


@dataclass(slots=True)
class TableStory:
    """A table, and what happens to it in the order of the plan.

    :ivar size: None for one that is not there yet, or about which nothing is known.
    :ivar is_new: whether the plan makes it.
    """

    environment: str
    name: str
    size: Size | None = None
    is_new: bool = False
    happenings: list[Happening] = field(default_factory=list)
    losses: list[tuple[int, Loss]] = field(default_factory=list)

    @property
    def how_big(self) -> str:
        """Its rows and bytes, in words."""
        if self.size is not None:
            rows = words.counted(self.size.rows, "row")
            return f"{rows}, {words.size(self.size.bytes)}"
        if self.is_new:
            return "new"
        is_no_table = all(_NO_TABLE.match(each.what) for each in self.happenings)
        return "" if is_no_table else "size not known"


def stories(proposal: Proposal) -> list[TableStory]:
    """Every table of the plan: what loses something first, then the biggest, then what is new."""
    found: dict[tuple[str, str], TableStory] = {}
    for number, step in enumerate(proposal.steps, start=1):
        _tell(number, step, found)
    return sorted(found.values(), key=_weight)


def _weight(story: TableStory) -> tuple[bool, bool, int]:
    size = 0 if story.size is None else story.size.bytes
    return not story.losses, story.size is None, -size


def _tell(number: int, step: ProposedStep, found: dict[tuple[str, str], TableStory]) -> None:
    sizes = {size.name: size for size in step.touches}

    def story(subject: str) -> TableStory:
        name = known_as(subject, sizes)
        told = found.setdefault((step.environment, name), TableStory(step.environment, name))
        told.size = told.size or sizes.get(name)
        return told

    for text in step.statements:
        for doing in statement_doings(step, text):
            if doing.subject:
                told = story(doing.subject)
                told.is_new = told.is_new or doing.makes
                if not any(_is_said(doing, lost) for lost in step.destroys):
                    told.happenings.append(Happening(number, step, doing.what))
    for lost in step.destroys:
        story(owner(lost)).losses.append((number, lost))
    for name in sizes:
        told = story(name)
        numbers = {each.number for each in told.happenings} | {n for n, _ in told.losses}
        if number not in numbers:
            told.happenings.append(Happening(number, step, "is read, or referred to"))


def _is_said(doing: Doing, lost: Loss) -> bool:
    """Whether what is lost says already what is done."""
    if lost.kind == "rows":
        return doing.subject == lost.name and doing.what == "DELETE rows"
    if doing.subject == lost.name:
        return doing.what in {f"DROP {lost.kind.upper()}", "TRUNCATE"}
    name = lost.name.removeprefix(f"{doing.subject}.")
    return doing.subject == owner(lost) and doing.what == f"DROP {lost.kind.upper()} {name}"
