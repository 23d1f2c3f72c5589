"""The page of ``status``, and what others take from it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..model import Level
from . import words
from .ailments import mutation_items
from .blocks import GAP, Cell, Column, Item, Line, Section, Table, Tone, apart

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ..model import Finding
    from ..status import DatabaseStatus, Status
    from .blocks import Block

LISTED = 10  # of one kind on a screen
_TONES = {Level.ERROR: Tone.BAD, Level.WARNING: Tone.WARN, Level.INFO: Tone.PLAIN}
_OVERVIEW = (
    Column("database"),
    Column("state"),
    Column("current"),
    Column("head"),
    Column("applied", number=True),
    Column("pending", number=True),
)


def status_page(status: Status) -> Iterator[Block]:
    """Where each database stands, and what to type next."""
    yield overview(status.databases)
    yield GAP
    yield from apart([section(database, state_items(database)) for database in status.databases])
    yield from next_steps(status.databases)


def finding_tone(finding: Finding) -> Tone:
    """How a finding is printed."""
    return _TONES[finding.level]


def overview(databases: Sequence[DatabaseStatus]) -> Table:
    """Each database on a line."""
    return Table(_OVERVIEW, tuple(_overview_row(database) for database in databases))


def _overview_row(database: DatabaseStatus) -> tuple[Cell, ...]:
    state = _state(database)
    name = Cell(database.environment, Tone.STRONG)
    if database.error is not None:
        return name, state, Cell("-"), Cell("-"), Cell("-"), Cell("-")
    return (
        name,
        state,
        Cell(" ".join(database.current) or "base"),
        Cell(" ".join(database.heads) or "none"),
        Cell(words.number(database.applied)),
        Cell(words.number(len(database.pending))),
    )


def _state(database: DatabaseStatus) -> Cell:
    """The gravest thing about a database, in one word."""
    if database.error is not None:
        return Cell("unreachable" if database.error.code == "unreachable" else "error", Tone.BAD)
    states = (
        (not database.exists, "not created yet", Tone.WARN),
        (database.running, "running", Tone.WARN),
        (database.dirty, "dirty", Tone.BAD),
        (database.ahead, "ahead", Tone.WARN),
        (database.out_of_order, "out of order", Tone.BAD),
        (database.pending, "pending", Tone.WARN),
        (database.changed, "changed", Tone.WARN),
        (not database.heads, "no revisions", Tone.QUIET),
    )
    return next((Cell(word, tone) for holds, word, tone in states if holds), _AT_HEAD)


_AT_HEAD = Cell("at head", Tone.GOOD)


def section(database: DatabaseStatus, items: tuple[Item, ...]) -> Section:
    """A database with what there is to say of it."""
    return Section(database.environment, database.label, items, LISTED)


def _is_stuck(database: DatabaseStatus) -> bool:
    """Whether ``up`` would refuse."""
    unclear = database.running or database.dirty or database.out_of_order or database.is_lost
    return bool(database.error or unclear or len(database.heads) > 1)


def state_items(database: DatabaseStatus) -> tuple[Item, ...]:
    """What keeps a database from being at head, gravest first."""
    if database.error is not None:
        return (Item("error", database.error.message, Tone.BAD),)
    found = tuple(
        Item(finding.id.replace("_", " "), finding.message, finding_tone(finding))
        for finding in database.findings
    )
    width = max((len(revision.id) for revision in database.pending), default=0)
    pending = tuple(
        Item("pending", f"{revision.id:<{width}}  {words.one_line(revision.message)}".rstrip())
        for revision in database.pending
    )
    mutations = (item for each in database.mutations or () for item in mutation_items(each))
    return (*found, *mutations, *pending)


def next_steps(databases: Sequence[DatabaseStatus], *, well: bool = True) -> Iterator[Line]:
    """What to do, and last what to type.

    :param well: whether nothing else needs somebody.
    """
    hints: list[str] = []
    for database in databases:
        hints += [database.error.hint or ""] if database.error is not None else []
        hints += [finding.hint for finding in database.findings]
    lines = [Line(f"hint: {hint}", Tone.NEXT) for hint in dict.fromkeys(hints) if hint]
    if any(d.pending for d in databases) and not any(map(_is_stuck, databases)):
        lines.append(Line("next: brokle-migrate up", Tone.NEXT))
    elif well and not lines and all(database.at_head for database in databases):
        busy = any(database.mutations for database in databases)
        line = "nothing to run; mutations are not done" if busy else "nothing to do"
        lines.append(Line(line, Tone.PLAIN if busy else Tone.GOOD))
    if lines:
        yield GAP
    yield from lines
