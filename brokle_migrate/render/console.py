"""A terminal: tables, colour, and one line that moves while something runs."""

from __future__ import annotations

import sys
import textwrap
from itertools import groupby
from typing import IO, TYPE_CHECKING, TextIO, cast

from rich import box
from rich.console import Console
from rich.file_proxy import FileProxy
from rich.table import Table as Grid
from rich.text import Text

from ..events import StatementDone, StatementRunning, StepFinished, StepRetried, StepStarted
from ..veil import Veil
from . import words
from .base import Screen
from .blocks import Item, Line, Section, Sql, Table, Tone
from .plain import counter

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.progress import Progress

    from ..events import Event
    from .base import Hide, Writer
    from .blocks import Block

_STYLES = {
    Tone.PLAIN: "",
    Tone.STRONG: "bold",
    Tone.QUIET: "dim",
    Tone.GOOD: "green",
    Tone.WARN: "yellow",
    Tone.BAD: "red",
    Tone.NEXT: "cyan",
}
_WIDEST = 120  # beyond that the eye loses the line
_JOINT = "\N{NO-BREAK SPACE}"
_LINES = 50  # of steps that stay on the screen; a longer run only moves


class ConsoleScreen(Screen):
    """A terminal.

    :param color: False for no escape sequences but those that move the line of progress.
    :param width: columns; what the terminal has when left out.
    """

    def __init__(
        self, stream: Writer, hide: Hide, *, color: bool = True, width: int | None = None
    ) -> None:
        super().__init__(stream, hide)
        self._console = Console(
            file=cast("IO[str]", stream),
            force_terminal=True,
            color_system="auto" if color else None,
            no_color=not color,
            width=width,
            highlight=False,
            markup=False,
            emoji=False,
            legacy_windows=False,
        )
        self._progress: _Progress | None = None

    def _print(self, block: Block) -> None:
        match block:
            case Line():  # and remarks: what is SQL is plain to see
                self._print_line(block)
            case Sql():
                self._print_sql(block)
            case Table():
                self._print_table(block)
            case Section():
                self._print_section(block)

    def event(self, event: Event, *, verbose: bool) -> None:
        if self._progress is None:
            self._progress = _Progress(self._console, self._hide)
        self._progress.show(event, verbose=verbose)

    def settle(self) -> None:
        if self._progress is not None:
            self._progress.stop()
            self._progress = None

    def _print_line(self, line: Line) -> None:
        text = _wrapped(words.printable(line.text), self._console.width)
        self._console.print(Text(text, _STYLES[line.tone]), soft_wrap=True)

    def _print_sql(self, sql: Sql) -> None:
        text = words.printable(words.terminated(sql.text))
        self._stream.write((words.shortened(text, sql.lines) if sql.lines else text) + "\n")

    def _print_table(self, table: Table) -> None:
        grid = Grid(box=box.SIMPLE_HEAD, show_edge=False, padding=(0, 1, 0, 0), header_style="bold")
        for column in table.columns:
            grid.add_column(
                column.name,
                justify="right" if column.number else "left",
                no_wrap=column.number or column.whole,
                overflow="fold",
            )
        for row in table.rows[: table.limit]:
            grid.add_row(*(_text(words.one_line(cell.text), cell.tone) for cell in row))
        self._console.print(grid)
        if table.limit and len(table.rows) > table.limit:
            self._console.print(_text(words.more(len(table.rows) - table.limit), Tone.QUIET))

    def _print_section(self, section: Section) -> None:
        title = words.printable(section.title)
        heading = Text.assemble((section.subject, "bold"), "  ", title)
        self._console.print(heading, soft_wrap=True)
        indent = 4 + max((len(item.label) for item in section.items), default=0)
        for label, item in _shown(section.items, section.limit):
            text = _wrapped(words.printable(item.text), self._console.width - indent)
            self._console.print(
                Text(f"  {label}".ljust(indent), _STYLES[Tone.QUIET]),
                Text(text.replace("\n", "\n" + " " * indent), _STYLES[item.tone]),
                sep="",
                soft_wrap=True,
            )


def _wrapped(text: str, width: int) -> str:
    """Text broken between words only, and not within a command that fits a line.

    What is longer than the screen is left to the terminal, which gives a path or a command back in
    one piece when it is copied.
    """
    lines = (
        textwrap.fill(
            _whole_command(line, width),
            max(width, 20),
            break_long_words=False,
            break_on_hyphens=False,
        )
        for line in text.split("\n")
    )
    return "\n".join(lines).replace(_JOINT, " ")


def _whole_command(line: str, width: int) -> str:
    before, name, arguments = line.partition("brokle-migrate ")
    command = name + arguments
    return before + command.replace(" ", _JOINT) if name and len(command) <= width else line


def _text(text: str, tone: Tone) -> Text:
    return Text(words.printable(text), _STYLES[tone])


def _shown(items: Sequence[Item], limit: int | None) -> Iterator[tuple[str, Item]]:
    """Items with each label said once, and not more of one label than fit a screen."""
    for label, run in groupby(items, key=lambda item: item.label):
        same = list(run)
        for number, item in enumerate(same[:limit]):
            yield "" if number else label, item
        if limit and len(same) > limit:
            yield "", Item(label, words.more(len(same) - limit), Tone.QUIET)


class _Progress:
    """The line that moves: the running step, its statement, the run so far, and the time."""

    def __init__(self, console: Console, hide: Hide) -> None:
        self._console = console
        self._hide = hide
        self._bar = _bar(console)
        self._task = self._bar.add_task("", statement="")
        self._started: StepStarted | None = None
        self._title = ""

    def show(self, event: Event, *, verbose: bool) -> None:
        match event:
            case StepStarted():
                self._start(event)
            case StatementRunning():
                self._bar.update(self._task, statement=words.one_line(self._hide(event.detail)))
            case StatementDone():
                self._advance(event, verbose=verbose)
            case StepRetried():
                self._say(f"{self._title}: {event}", Tone.WARN)
            case StepFinished() if self._started and self._keeps(self._started):
                self._keep(event)

    def stop(self) -> None:
        if self._bar.live.is_started:
            self._bar.stop()

    def _start(self, event: StepStarted) -> None:
        step = words.printable(self._hide(words.step(event.step)))
        self._started, self._title = event, f"{counter(event)} {step}"
        # Not reset(), which always draws: a thousand short steps must not wait for the screen.
        self._bar.update(
            self._task,
            total=event.total,
            completed=event.number - 1,
            description=self._title,
            statement="",
        )
        if self._console.is_interactive and not self._bar.live.is_started:
            self._bar.start()
            self._veil()
            # Rich hides the cursor; a killed process could not bring it back.
            self._console.show_cursor(True)
        if self._keeps(event):
            self._bar.refresh()

    def _veil(self) -> None:
        """Hide secrets in what others print, which the line's streams hand to the screen."""
        for name in ("stdout", "stderr"):
            stream = getattr(sys, name)
            if isinstance(stream, FileProxy):  # the end of the line puts back what was before
                setattr(sys, name, Veil(cast("TextIO", stream), self._hide))

    def _keeps(self, started: StepStarted) -> bool:
        """Whether the line of a step stays on the screen."""
        return started.total <= _LINES or not self._console.is_interactive

    def _advance(self, event: StatementDone, *, verbose: bool) -> None:
        before = self._started.number - 1 if self._started else 0
        share = event.statement / max(event.statements, 1)
        count = f"{event.statement}/{event.statements}"
        self._bar.update(self._task, completed=before + share, statement=count)
        if verbose:
            done = f"statement {event.statement} of {event.statements} done"
            self._say(f"{self._title}: {done}", Tone.QUIET)

    def _say(self, text: str, tone: Tone) -> None:
        shown = words.printable(self._hide(text))
        self._console.print(Text(shown, _STYLES[tone]), soft_wrap=True)

    def _keep(self, event: StepFinished) -> None:
        row = Grid.grid(padding=(0, 0, 0, 2), expand=True)
        row.add_column(ratio=1, overflow="fold")
        row.add_column(no_wrap=True, justify="right")
        row.add_row(Text(self._title), Text(words.duration(event.duration), "dim"))
        self._console.print(row, width=min(self._console.width, _WIDEST))


def _bar(console: Console) -> Progress:
    # Only a run needs it, and it doubles the time that rich takes to import.
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
    from rich.table import Column

    unicode = console.encoding.startswith("utf")
    return Progress(
        SpinnerColumn("dots" if unicode else "line", style="cyan"),
        TextColumn(
            "{task.description}",
            markup=False,
            table_column=Column(ratio=1, no_wrap=True, overflow="ellipsis"),
        ),
        TextColumn("{task.fields[statement]}", style="dim", markup=False),
        BarColumn(bar_width=12, complete_style="cyan", finished_style="green"),
        TimeElapsedColumn(),
        console=console,
        transient=True,
        expand=True,
        # What env.py prints goes above the line, unless it goes into a pipe.
        redirect_stdout=sys.stdout.isatty(),
    )
