"""The pages of ``status`` and ``info``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..model import Level
from . import words
from .blocks import GAP, Cell, Column, Item, Line, Section, Table, Tone, apart

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ..model import Finding
    from ..status import DatabaseInfo, DatabaseStatus, Info, Status
    from .blocks import Block

LISTED = 10  # of one kind on a screen
_TABLES = 20
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
    yield _overview(status.databases)
    yield GAP
    yield from apart([_section(database, _state_items(database)) for database in status.databases])
    yield from _next(status.databases)


def info_page(info: Info) -> Iterator[Block]:
    """The same with servers, tables and settings."""
    databases = [database.status for database in info.databases]
    yield Line(f"brokle-migrate {info.version}", Tone.STRONG)
    yield GAP
    yield _overview(databases)
    yield GAP
    yield from apart(
        [_section(d.status, _server_items(d) + _state_items(d.status)) for d in info.databases]
    )
    yield from _tables(info.databases)
    yield GAP
    yield _settings(info)
    yield from _next(databases)


def finding_tone(finding: Finding) -> Tone:
    """How a finding is printed."""
    return _TONES[finding.level]


def _overview(databases: Sequence[DatabaseStatus]) -> Table:
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


def _section(database: DatabaseStatus, items: tuple[Item, ...]) -> Section:
    return Section(database.environment, database.label, items, LISTED)


def _is_stuck(database: DatabaseStatus) -> bool:
    """Whether ``up`` would refuse."""
    unclear = database.running or database.dirty or database.out_of_order or database.is_lost
    return bool(database.error or unclear or len(database.heads) > 1)


def _state_items(database: DatabaseStatus) -> tuple[Item, ...]:
    """What keeps a database from being at head, gravest first."""
    if database.error is not None:
        return (Item("error", database.error.message, Tone.BAD),)
    found = tuple(
        Item(finding.id.replace("_", " "), finding.message, finding_tone(finding))
        for finding in database.findings
    )
    width = max((len(revision.id) for revision in database.pending), default=0)
    return found + tuple(
        Item("pending", f"{revision.id:<{width}}  {words.one_line(revision.message)}".rstrip())
        for revision in database.pending
    )


def _server_items(database: DatabaseInfo) -> tuple[Item, ...]:
    if database.facts is None:
        return ()
    return (
        Item("server", database.facts.version),
        Item("database", database.facts.database),
        Item("latency", words.duration(database.facts.latency)),
    )


def _tables(databases: Sequence[DatabaseInfo]) -> Iterator[Block]:
    """Every table, the biggest of each database first."""
    rows = tuple(
        (
            Cell(database.status.environment),
            Cell(table.name),
            Cell(words.number(table.rows)),
            Cell(words.size(table.bytes)),
        )
        for database in databases
        for table in sorted(database.tables, key=lambda table: -table.bytes)
    )
    if rows:
        columns = (Column("database"), Column("table"), Column("rows", True), Column("size", True))
        yield GAP
        yield Table(columns, rows, _TABLES)


def _settings(info: Info) -> Table:
    given = (setting for setting in info.settings if setting.value or setting.source != "default")
    rows = ((Cell(s.name), Cell(s.value), Cell(s.source, Tone.QUIET)) for s in given)
    return Table((Column("setting", whole=True), Column("value"), Column("from")), tuple(rows))


def _next(databases: Sequence[DatabaseStatus]) -> Iterator[Line]:
    """What to do, and last what to type."""
    hints: list[str] = []
    for database in databases:
        hints += [database.error.hint or ""] if database.error is not None else []
        hints += [finding.hint for finding in database.findings]
    lines = [Line(f"hint: {hint}", Tone.NEXT) for hint in dict.fromkeys(hints) if hint]
    if any(d.pending for d in databases) and not any(map(_is_stuck, databases)):
        lines.append(Line("next: brokle-migrate up", Tone.NEXT))
    elif not lines and all(database.at_head for database in databases):
        lines.append(Line("nothing to do", Tone.GOOD))
    if lines:
        yield GAP
    yield from lines
