"""Offsets in a text as lines and columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import SqlSyntaxError
from ..model import Location

if TYPE_CHECKING:
    from pathlib import Path

    from .lexer import LexError


class Places:
    """Locations in one text, asked for from its beginning to its end.

    Lines end as they do for ClickHouse and for editors: at line feeds, with or without a carriage
    return before them; at carriage returns in a text that has no line feed at all.

    :param text: a byte order mark at its beginning takes no column.
    """

    def __init__(self, text: str, path: Path) -> None:
        self._text = text
        self._path = path
        self._ending = "\n" if "\n" in text or "\r" not in text else "\r"
        self._position = 0
        self._line = 1
        self._line_start = 1 if text.startswith("\ufeff") else 0

    def at(self, position: int) -> Location:
        """The location of an offset that is not before the one asked for last."""
        breaks = self._text.count(self._ending, self._position, position)
        if breaks:
            self._line += breaks
            self._line_start = self._text.rfind(self._ending, self._position, position) + 1
        self._position = position
        return Location(self._path, self._line, position - self._line_start + 1)


def located(error: LexError, text: str, path: Path) -> SqlSyntaxError:
    """The same error with its place in a file."""
    place = Places(text, path).at(error.position)
    return SqlSyntaxError(error.message, location=place, hint=error.hint)
