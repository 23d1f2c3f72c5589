"""What a page for people is made of, before anybody knows where it will be printed.

A page is a sequence of blocks.  The pages say what there is to tell; a screen says how it looks.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence


class Tone(StrEnum):
    """What a piece of text is, for a screen that has more than one way to print it."""

    PLAIN = "plain"
    STRONG = "strong"
    QUIET = "quiet"
    GOOD = "good"
    WARN = "warn"
    BAD = "bad"
    NEXT = "next"


@dataclass(frozen=True, slots=True)
class Line:
    """A sentence; a text of several lines keeps them."""

    text: str
    tone: Tone = Tone.PLAIN

    def each(self, change: Callable[[str], str]) -> Self:
        """The same block with every text changed."""
        return replace(self, text=change(self.text))


@dataclass(frozen=True, slots=True)
class Remark(Line):
    """A sentence about SQL: a comment where the page is to be a script."""


@dataclass(frozen=True, slots=True)
class Sql:
    """One statement without its semicolon.

    :ivar lines: print at most so many lines, None for the whole statement.
    """

    text: str
    lines: int | None = None

    def each(self, change: Callable[[str], str]) -> Self:
        """The same block with every text changed."""
        return replace(self, text=change(self.text))


@dataclass(frozen=True, slots=True)
class Schema(Sql):
    """A whole schema, from which secrets were taken when it was read.

    It is printed as it would be written to a file: every change would be one of the schema.
    """

    def each(self, change: Callable[[str], str]) -> Self:  # noqa: ARG002 - see above
        """The same block."""
        return self


@dataclass(frozen=True, slots=True)
class Cell:
    """One field of a table."""

    text: str
    tone: Tone = Tone.PLAIN

    def each(self, change: Callable[[str], str]) -> Self:
        """The same cell with its text changed."""
        return replace(self, text=change(self.text))


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table; numbers are aligned at their right end.

    :ivar whole: never broken into lines.
    """

    name: str
    number: bool = False
    whole: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under a header.

    :ivar limit: how many rows a screenful may hold, None for all.
    """

    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    limit: int | None = None

    def each(self, change: Callable[[str], str]) -> Self:
        """The same block with every text changed."""
        return replace(self, rows=tuple(tuple(c.each(change) for c in row) for row in self.rows))


@dataclass(frozen=True, slots=True)
class Item:
    """Something to say about the subject of a section, under a label."""

    label: str
    text: str
    tone: Tone = Tone.PLAIN

    def each(self, change: Callable[[str], str]) -> Self:
        """The same item with its text changed."""
        return replace(self, text=change(self.text))


@dataclass(frozen=True, slots=True)
class Section:
    """A subject, a title, and items; items with the same label follow each other.

    :ivar limit: how many items with one label a screenful may hold, None for all.
    """

    subject: str
    title: str
    items: tuple[Item, ...] = ()
    limit: int | None = None
    tone: Tone = Tone.PLAIN

    def each(self, change: Callable[[str], str]) -> Self:
        """The same block with every text changed."""
        items = tuple(item.each(change) for item in self.items)
        return replace(self, title=change(self.title), items=items)


Block = Line | Remark | Sql | Table | Section
GAP = Line("")


def apart(sections: Sequence[Section]) -> Iterator[Block]:
    """Sections with a gap around those that have something to say."""
    for before, section in zip((None, *sections), sections, strict=False):
        if before is not None and (before.items or section.items):
            yield GAP
        yield section
