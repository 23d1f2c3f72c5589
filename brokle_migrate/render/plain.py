"""Lines for a pipe or a log: each stands for itself, and nothing is left out."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from ..events import StatementDone, StatementRunning, StepFinished, StepRetried, StepStarted
from . import words
from .base import Screen
from .blocks import Line, Remark, Section, Sql, Table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..events import Event
    from .base import Hide, Writer
    from .blocks import Block

_REMIND = 10.0  # seconds between two lines about the same statement
_SLOW = 1.0  # seconds from which on a log should say how long a step took


class PlainScreen(Screen):
    """A stream that nobody is looking at while it is written."""

    def __init__(self, stream: Writer, hide: Hide) -> None:
        super().__init__(stream, hide)
        self._counter = ""
        self._told = float("-inf")

    def _print(self, block: Block) -> None:
        match block:
            case Remark():
                self._write_lines(block.text, "-- ")
            case Line():
                self._write_lines(block.text)
            case Sql():
                self._write_sql(block)
            case Table():
                self._write_table(block)
            case Section():
                self._write_section(block)

    def event(self, event: Event, *, verbose: bool) -> None:
        match event:
            case StepStarted():
                self._counter = counter(event)
                self._write_event(words.step(event.step))
            case StatementRunning():
                self._tell_running(event)
            case StatementDone() if verbose:
                self._write_event(f"statement {event.statement} of {event.statements} done")
            case StepRetried():
                self._write_event(str(event))
            case StepFinished() if verbose or event.duration >= _SLOW:
                self._write_event(f"took {words.duration(event.duration)}")
            case _:
                return

    def settle(self) -> None:
        """Nothing moves here."""

    def _tell_running(self, event: StatementRunning) -> None:
        """Say now and then, for a log, that a long statement is still under way."""
        now = time.monotonic()
        if now - self._told >= _REMIND:
            self._told = now
            self._write_event(f"statement {event.statement} of {event.statements}: {event.detail}")

    def _write_event(self, text: str) -> None:
        self._write_lines(self._hide(text), f"{self._counter} ")
        self._stream.flush()

    def _write_lines(self, text: str, prefix: str = "") -> None:
        for line in words.printable(text).split("\n"):
            self._stream.write(f"{prefix}{line}".rstrip() + "\n")

    def _write_sql(self, sql: Sql) -> None:
        # As it is, control characters included: this is what would run, to the letter.
        text = words.terminated(sql.text)
        self._stream.write((words.shortened(text, sql.lines) if sql.lines else text) + "\n")

    def _write_section(self, section: Section) -> None:
        self._write_lines(section.title, f"{section.subject}: ")
        for item in section.items:
            self._write_lines(item.text, f"{section.subject}: {item.label} ")

    def _write_table(self, table: Table) -> None:
        rows = [[words.printable(words.one_line(cell.text)) for cell in row] for row in table.rows]
        names = [column.name for column in table.columns]
        widths = [max(map(len, column)) for column in zip(names, *rows, strict=True)]
        for row in (names, *rows):
            self._write_lines("  ".join(_aligned(row, widths, table)))


def counter(event: StepStarted) -> str:
    """Which step of how many: ``[ 3/29]``."""
    return f"[{event.number:>{len(str(event.total))}}/{event.total}]"


def _aligned(row: Sequence[str], widths: Sequence[int], table: Table) -> list[str]:
    return [
        text.rjust(width) if column.number else text.ljust(width)
        for text, width, column in zip(row, widths, table.columns, strict=True)
    ]
