"""What a reviewer asks of a plan: what happens to which table, how big it is, what is for good."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ..model import POSTGRES
from ..sqltext import Doing, doings, identifiers
from . import words

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ..proposal import Directive, Loss, Proposal, ProposedDatabase, ProposedStep, Size

_AROUND = frozenset(("BEGIN", "COMMIT"))
_VERSION_COLUMN = "version_num"  # Alembic's own; in its table, and nowhere else


OVERWRITES = "UPDATE"
"""What begins so changes values, and no way back knows the old ones."""
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


@dataclass(frozen=True, slots=True)
class Forever:
    """Something that can't be undone.

    :ivar number: of its step, from 1.
    :ivar table: with its size; empty where no one table is meant.
    """

    number: int
    step: ProposedStep
    what: str
    table: str = ""


def is_bookkeeping(step: ProposedStep, text: str) -> bool:
    """Whether a statement opens or ends a transaction, or records the version."""
    return step.environment == POSTGRES and (
        text in _AROUND or _VERSION_COLUMN in identifiers(text)
    )


def statement_doings(step: ProposedStep, text: str) -> tuple[Doing, ...]:
    """What a statement does, leaving out what only surrounds a revision."""
    if is_bookkeeping(step, text):
        return ()
    return doings(text)


def summary(step: ProposedStep, text: str) -> str:
    """What a statement does, on one line: ``users: DROP COLUMN note``."""
    if text in _AROUND:
        return "transaction"
    found = statement_doings(step, text)
    if not found:
        return "record of the version"
    return ", ".join(
        f"{each.subject}: {each.what}" if each.subject else each.what for each in found
    )


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
    sizes = {size.name: size for size in touched(step)}

    def story(subject: str) -> TableStory:
        name = _sized(subject, sizes)
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
        story(_owner(lost)).losses.append((number, lost))
    for name in sizes:
        told = story(name)
        numbers = {each.number for each in told.happenings} | {n for n, _ in told.losses}
        if number not in numbers:
            told.happenings.append(Happening(number, step, "is read, or referred to"))


def touched(step: ProposedStep) -> list[Size]:
    """The tables that a step names, without the one that holds Alembic's version."""
    names = {
        name
        for text in step.statements
        if not is_bookkeeping(step, text)
        for name in identifiers(text)
    }
    return [size for size in step.touches if size.name in names]


def _is_said(doing: Doing, lost: Loss) -> bool:
    """Whether what is lost says already what is done."""
    if lost.kind == "rows":
        return doing.subject == lost.name and doing.what == "DELETE rows"
    if doing.subject == lost.name:
        return doing.what in {f"DROP {lost.kind.upper()}", "TRUNCATE"}
    name = lost.name.removeprefix(f"{doing.subject}.")
    return doing.subject == _owner(lost) and doing.what == f"DROP {lost.kind.upper()} {name}"


def _sized(subject: str, sizes: dict[str, Size]) -> str:
    """The name under which the size of a table is known."""
    bare = subject.rpartition(".")[2]
    return next((name for name in (subject, bare) if name in sizes), subject)


def _owner(lost: Loss) -> str:
    """The table of something that is destroyed."""
    inside = lost.kind in {"column", "attribute", "partition", "detached partition"}
    return lost.name.rpartition(".")[0] if inside and "." in lost.name else lost.name


def forever(proposal: Proposal) -> list[Forever]:
    """What can't be undone: what is destroyed or overwritten, and what has no way back."""
    return [
        found
        for number, step in enumerate(proposal.steps, start=1)
        for found in _forever(number, step)
    ]


def _forever(number: int, step: ProposedStep) -> Iterator[Forever]:
    for lost in step.destroys:
        yield Forever(number, step, lost.message, _how_big(_owner(lost), step))
    for table in overwritten(step):
        yield Forever(number, step, f"overwrites values in {table}", _how_big(table, step))
    if step.no_way_back:
        yield Forever(number, step, f"can't be rolled back: {step.no_way_back}")


def _how_big(table: str, step: ProposedStep) -> str:
    sizes = {size.name: size for size in step.touches}
    size = sizes.get(_sized(table, sizes))
    return "" if size is None else sized(size)


def overwritten(step: ProposedStep) -> list[str]:
    """The tables whose values a step changes, which no way back brings back."""
    subjects = (
        doing.subject
        for text in step.statements
        for doing in statement_doings(step, text)
        if doing.what.startswith(OVERWRITES)
    )
    return list(dict.fromkeys(subjects))


def sized(size: Size) -> str:
    """A table with its size."""
    return f"{size.name} ({words.counted(size.rows, 'row')}, {words.size(size.bytes)})"


def nothing_forever(proposal: Proposal) -> str:
    """That everything can be undone, as far as that is known."""
    if unknown(proposal):
        return "Nothing that is known beforehand."
    return "Nothing: no step destroys or overwrites anything, and each can be rolled back."


def unknown(proposal: Proposal) -> list[tuple[int, str]]:
    """What is known only when it runs: the number of the step, and a sentence."""
    return [
        (number, f"{step}: not all of it is known: it {step.note}")
        for number, step in enumerate(proposal.steps, start=1)
        if step.note
    ]


def title(proposal: Proposal) -> str:
    """``29 steps (postgres 12, clickhouse 17)``."""
    counts = Counter(step.environment for step in proposal.steps)
    each = ", ".join(f"{name} {words.number(count)}" for name, count in counts.items())
    return f"{words.counted(len(proposal.steps), 'step')}{f' ({each})' if each else ''}"


def verdict(proposal: Proposal) -> str:
    """The one sentence for somebody who reads no other."""
    lost, one_way = len(proposal.destroys), len(proposal.one_way)
    changed = sum(len(overwritten(step)) for step in proposal.steps)
    said = []
    if not proposal.steps:
        return "There is nothing to do."
    if lost:
        said.append(f"destroys {words.counted(lost, 'thing')}")
    if changed:
        said.append(f"overwrites values in {words.counted(changed, 'table')}")
    if one_way:
        said.append(f"has {words.counted(one_way, 'step')} without a way back")
    if not said:
        said.append("destroys nothing, and each step can be rolled back")
    if unknown(proposal):
        said.append(f"{words.counted(len(unknown(proposal)), 'step')} can't be told in full")
    return f"It {'; '.join(said)}."


def after(database: ProposedDatabase, steps: Sequence[ProposedStep]) -> str:
    """Where a database stands once the plan has run."""
    mine = [step.revision for step in steps if step.environment == database.environment]
    return mine[-1] if mine else standing(database)


def standing(database: ProposedDatabase) -> str:
    """Where a database stood when the plan was made."""
    return ", ".join(database.current) or "nothing applied"


def linked(proposal: Proposal, requirement: str) -> int | None:
    """The number of the step that a link points to, None where that is applied already."""
    for number, step in enumerate(proposal.steps, start=1):
        if f"{step.environment}@{step.revision}" == requirement:
            return number
    return None


def directive(each: Directive) -> str:
    """What a file says about how a statement runs."""
    parts = [*each.settings]
    if each.timeout is not None:
        parts.append(f"timeout {words.duration(each.timeout)}")
    if not each.wait:
        parts.append("its mutation is not waited for")
    return ", ".join(parts)


def how(proposal: Proposal) -> list[str]:
    """What a run does apart from its steps, a sentence each."""
    asked, said = proposal.asked, []
    if asked.steps is not None:
        said.append(f"at most {words.counted(asked.steps, 'step')} in each database")
    if asked.allow_out_of_order:
        said.append("files that are older than the newest applied version run, too")
    if asked.atomic:
        said.append("atomic: Postgres is committed once ClickHouse is done; a failure undoes both")
    elif asked.on_failure == "rollback":
        said.append("a step that fails takes the steps before it back")
    return said
