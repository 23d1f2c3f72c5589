"""The pages of a plan: before a question, as a dry run, and what ``drop`` would remove."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from ..model import Level, Operation
from . import words
from .blocks import GAP, Cell, Column, Line, Remark, Sql, Table, Tone
from .states import LISTED, finding_tone

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from ..environments.base import DatabaseObject, TableSize
    from ..model import Finding, Plan, Step
    from ..preview import Preview, StepPreview
    from .base import Inventory
    from .blocks import Block

_LOSSES = 40  # on a screen; what is destroyed should be seen before somebody says yes
_WHERE = (Column("database"), Column("revision"))
_SIZE = (Column("rows", number=True), Column("size", number=True))


def preview_page(preview: Preview) -> Iterator[Block]:
    """The whole plan as a script: SQL, and comments about it."""
    for each in preview.steps:
        yield from _step_page(each)
        yield GAP
    yield from (Remark(line.text, line.tone) for line in findings_page(preview.plan.findings))
    yield Remark(f"nothing was changed; a run would take {_summary(preview)}", Tone.STRONG)


def _step_page(each: StepPreview) -> Iterator[Block]:
    where = f" ({words.path(each.step.path)})" if each.step.path else ""
    yield Remark(words.step(each.step) + where, Tone.STRONG)
    yield from (Remark(f"destroys: {lost}", Tone.BAD) for lost in each.destroys)
    if each.touches:
        yield Remark(f"touches: {', '.join(map(words.table, each.touches))}", Tone.QUIET)
    yield from map(Sql, each.statements)
    if each.note:
        yield Remark(f"note: {each.note}", Tone.WARN)
    elif not each.statements:
        yield Remark("runs no SQL", Tone.QUIET)


def _summary(preview: Preview) -> str:
    losses = len(preview.destroys)
    destroys = f" and destroy {words.counted(losses, 'thing')}" if losses else ""
    return _steps_summary(preview.plan.steps) + destroys


def _steps_summary(steps: Sequence[Step]) -> str:
    """``29 steps (postgres 12, clickhouse 17)``."""
    counts = Counter(step.environment for step in steps)
    each = ", ".join(f"{name} {words.number(count)}" for name, count in counts.items())
    return f"{words.counted(len(steps), 'step')}{f' ({each})' if each else ''}"


def plan_page(preview: Preview) -> Iterator[Block]:
    """The plan in short, for somebody who is about to be asked."""
    yield Line(_steps_summary(preview.plan.steps), Tone.STRONG)
    yield _steps_table(preview.plan.steps)
    yield from _losses(preview)
    yield from _touched(preview.steps)
    if preview.plan.findings:
        yield GAP
        yield from findings_page(preview.plan.findings)
    yield GAP


def _steps_table(steps: Sequence[Step]) -> Table:
    columns = (Column("action"), *_WHERE, Column("message"))
    rows = ((Cell(s.action), Cell(s.environment), Cell(s.revision), Cell(s.message)) for s in steps)
    return Table(columns, tuple(rows), LISTED)


def _losses(preview: Preview) -> Iterator[Block]:
    rows = tuple(
        (Cell(step.environment), Cell(step.revision), Cell(str(lost), Tone.BAD))
        for step, lost in preview.destroys
    )
    yield GAP
    if not rows:
        yield Line("destroys nothing", Tone.QUIET)
        return
    yield Table((*_WHERE, Column("destroys")), rows, _LOSSES)


def _touched(steps: Iterable[StepPreview]) -> Iterator[Block]:
    touched: dict[tuple[str, str], TableSize] = {
        (each.step.environment, size.name): size for each in steps for size in each.touches
    }
    if touched:
        rows = tuple(
            (
                Cell(database),
                Cell(name),
                Cell(words.number(size.rows)),
                Cell(words.size(size.bytes)),
            )
            for (database, name), size in touched.items()
        )
        yield GAP
        yield Table((Column("database"), Column("touches"), *_SIZE), rows, LISTED)


def findings_page(findings: Iterable[Finding]) -> Iterator[Line]:
    """What is worth knowing, each with what to do about it."""
    for finding in findings:
        where = f"{finding.location}: " if finding.location else ""
        level = "note" if finding.level is Level.INFO else finding.level
        yield Line(
            f"{level}: {finding.environment}: {where}{finding.message}", finding_tone(finding)
        )
        if finding.hint:
            yield Line(f"hint: {finding.hint}", Tone.NEXT)


def nothing_page(plan: Plan) -> Iterator[Line]:
    """A plan without steps."""
    names = " and ".join(plan.request.environments)
    verb = "is" if len(plan.request.environments) == 1 else "are"
    taken_back = "nothing is left of what the last run applied"
    where = {
        Operation.UP: _up_there(plan),
        Operation.DOWN: taken_back if plan.request.last_run else f"nothing is applied in {names}",
        Operation.RESUME: f"nothing is interrupted in {names}",
    }.get(plan.request.operation, f"{names} {verb} there already")
    yield Line(f"nothing to do: {where}", Tone.GOOD)


def _up_there(plan: Plan) -> str:
    """``postgres is ahead of the files, clickhouse is at head``."""
    ahead = {finding.environment for finding in plan.findings if finding.id == "ahead"}
    parts = []
    for names, where in (
        ([n for n in plan.request.environments if n in ahead], "ahead of the files"),
        ([n for n in plan.request.environments if n not in ahead], "at head"),
    ):
        if names:
            parts.append(f"{' and '.join(names)} {'is' if len(names) == 1 else 'are'} {where}")
    return ", ".join(parts)


def inventory_page(objects: Inventory) -> Iterator[Block]:
    """What ``drop`` would remove."""
    rows = tuple(
        (Cell(name), Cell(each.kind), Cell(each.name), Cell(_rows(each)))
        for name, listed in objects.items()
        for each in listed
    )
    yield from (_nothing_to_drop(name) for name, listed in objects.items() if not listed)
    if rows:
        columns = (Column("database"), Column("kind"), Column("name"), Column("rows", number=True))
        yield Table(columns, rows)
        yield GAP
        yield Line(f"{_total(objects)} to drop", Tone.BAD)


def drop_script(objects: Inventory) -> Iterator[Block]:
    """The same as a script: each statement with what it removes."""
    for name, listed in objects.items():
        for each in listed:
            rows = "" if each.rows is None else f" ({words.counted(each.rows, 'row')})"
            yield Remark(f"drop {name} {each.kind} {words.one_line(each.name)}{rows}", Tone.STRONG)
            yield Sql(each.sql)
        if not listed:
            nothing = _nothing_to_drop(name)
            yield Remark(nothing.text, nothing.tone)
        yield GAP
    yield Remark(f"nothing was changed; a run would drop {_total(objects)}", Tone.STRONG)


def dropped_page(objects: Inventory) -> Iterator[Line]:
    """What ``drop`` removed from each database."""
    for name, listed in objects.items():
        if listed:
            yield Line(f"{name}: {words.counted(len(listed), 'object')} dropped", Tone.GOOD)
        else:
            yield _nothing_to_drop(name)


def _rows(each: DatabaseObject) -> str:
    return "" if each.rows is None else words.number(each.rows)


def _total(objects: Inventory) -> str:
    listed = [each for found in objects.values() for each in found]
    rows = sum(each.rows or 0 for each in listed)
    return f"{words.counted(len(listed), 'object')} with {words.counted(rows, 'row')}"


def _nothing_to_drop(name: str) -> Line:
    return Line(f"{name}: nothing to drop", Tone.GOOD)
