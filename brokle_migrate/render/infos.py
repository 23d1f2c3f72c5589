"""The page of ``info``: what one wants to read while something is wrong, gravest first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..past import Ending
from . import words
from .ailments import ailments, wellness
from .blocks import GAP, Cell, Column, Item, Line, Section, Table, Tone, apart
from .states import next_steps, overview, section, state_items

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ..locks import LockState
    from ..past import Deed, Failure, PastRun
    from ..status import DatabaseInfo, Info
    from ..vitals import Missing
    from .blocks import Block

_TABLES = 10  # of each database
_LISTED = 3  # revisions of one run
_WORDS = {"upgrade": "up", "downgrade": "down", "stamp": "force"}
_ENDINGS = {
    Ending.DONE: ("done in", Tone.PLAIN),
    Ending.FAILED: ("failed after", Tone.BAD),
    Ending.STOPPED: ("stopped after", Tone.WARN),
    Ending.KILLED: ("killed after", Tone.BAD),
    Ending.RUNNING: ("running for", Tone.WARN),
}


def info_page(info: Info) -> Iterator[Block]:
    """Status, lock, servers, last runs, tables and settings."""
    databases = [database.status for database in info.databases]
    yield Line(f"brokle-migrate {info.version}", Tone.STRONG)
    yield GAP
    yield overview(databases)
    yield GAP
    sections = [section(d.status, _items(d)) for d in info.databases]
    yield from apart([*_lock(info.lock), *sections])
    yield from _runs(info)
    yield from _tables(info.databases)
    yield GAP
    yield _settings(info)
    well = not any(ailments(database.vitals) for database in info.databases)
    yield from next_steps(databases, well=well)


def _items(database: DatabaseInfo) -> tuple[Item, ...]:
    vitals = database.vitals
    told = any(finding.id == "invalid_index" for finding in database.status.findings)
    found = tuple(item for item in ailments(vitals) if not (told and item.label == "invalid index"))
    state = state_items(database.status)
    grave = tuple(item for item in state if item.tone is not Tone.PLAIN)
    rest = tuple(item for item in state if item.tone is Tone.PLAIN)
    return grave + found + rest + wellness(vitals) + _server(database)


def _server(database: DatabaseInfo) -> tuple[Item, ...]:
    facts = database.facts
    if facts is None:
        return ()
    away = f"{words.duration(facts.latency)} away"
    return (Item("server", f"{facts.version}, database {facts.database}, {away}"),)


def _lock(lock: LockState | None) -> Iterator[Section]:
    """Who holds the lock; a free one needs no words."""
    if lock is None or lock.holder is None:
        return
    tone = Tone.WARN if lock.holder.is_over else Tone.PLAIN
    items = (
        Item("held by", str(lock.holder), tone),
        Item("look", "brokle-migrate lock", Tone.NEXT),
    )
    yield Section("lock", lock.where, items)


def _runs(info: Info) -> Iterator[Block]:
    if info.runs:
        yield GAP
        items = tuple(_run(run, info.checked) for run in info.runs)
        yield Section("last runs", "newest first", items)
    if info.missing:
        yield GAP
    for missing in info.missing:
        yield from _missing(missing)


def _missing(missing: Missing) -> Iterator[Line]:
    yield Line(f"{missing.what}: {missing.why}", Tone.WARN if missing.hint else Tone.QUIET)
    if missing.hint:
        yield Line(f"hint: {missing.hint}", Tone.NEXT)


def _run(run: PastRun, now: float) -> Item:
    """One run; how it ended first, what it did, and on a line of its own where it broke off."""
    how, tone = _ENDINGS[run.ending]
    is_over = run.ending is not Ending.RUNNING
    took = run.duration if is_over else max(now - run.started, 0.0)
    start = f"{how} {words.duration(took)}, by {run.author}: "
    did = "; ".join(map(_deed, run.deeds)) or "nothing was done"
    failure = f"\n{_failure(run.failure)}" if run.failure else ""
    when = f"{words.age(max(now - run.ended, 0.0))} ago" if is_over else "now"
    return Item(when, start + did + failure, tone)


def _deed(deed: Deed) -> str:
    ids = deed.revisions
    listed = ids if len(ids) <= _LISTED else (ids[0], "…", ids[-1])
    count = f" ({len(ids)})" if len(ids) > _LISTED else ""
    return f"{deed.environment} {_WORDS.get(deed.action, deed.action)} {' '.join(listed)}{count}"


def _failure(failure: Failure) -> str:
    reason = words.in_short(failure.reason)
    if not failure.environment:
        return reason
    at = f"at {failure.environment} {failure.revision}"
    if failure.statement is not None:
        at += f" statement {failure.statement}"
        at += f" of {failure.statements}" if failure.statements else ""
    return f"{at}: {reason}"


def _tables(databases: Sequence[DatabaseInfo]) -> Iterator[Block]:
    """The biggest tables of each database, and how many more there are."""
    rows = tuple(row for database in databases for row in _table_rows(database))
    if rows:
        columns = (Column("database"), Column("table"), Column("rows", True), Column("size", True))
        yield GAP
        yield Table(columns, rows)


def _table_rows(database: DatabaseInfo) -> Iterator[tuple[Cell, ...]]:
    name = database.status.environment
    biggest = sorted(database.vitals.tables, key=lambda table: (-table.bytes, table.name))
    for table in biggest[:_TABLES]:
        size = Cell(words.size(table.bytes))
        yield Cell(name), Cell(table.name), Cell(words.number(table.rows)), size
    left = biggest[_TABLES:]
    if left:
        rows = words.number(sum(table.rows for table in left))
        size = Cell(words.size(sum(table.bytes for table in left)), Tone.QUIET)
        yield Cell(name), Cell(words.more(len(left)), Tone.QUIET), Cell(rows, Tone.QUIET), size


def _settings(info: Info) -> Table:
    given = (setting for setting in info.settings if setting.value or setting.source != "default")
    rows = ((Cell(s.name), Cell(s.value), Cell(s.source, Tone.QUIET)) for s in given)
    return Table((Column("setting", whole=True), Column("value"), Column("from")), tuple(rows))
