"""Which rows an INSERT takes from outside of SQL.

The grammar is that of ``src/Parsers/ParserInsertQuery.cpp``
(https://github.com/ClickHouse/ClickHouse).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from .lexer import LexError, spans

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .lexer import Heredocs

_MAY_INSERT = re.compile(r"(?:INSERT|WITH)(?![0-9A-Za-z_$])", re.IGNORECASE)
_OPENING = frozenset("([{")
_CLOSING = frozenset(")]}")
_QUERY = frozenset(("SELECT", "WITH"))
_LONGEST_WORD = 64  # no keyword or format is longer, and literals can be
VALUES = "VALUES"


class Rows(NamedTuple):
    """Rows that stand in the text behind an INSERT.

    :ivar position: where VALUES or FORMAT stands.
    :ivar format: the name of their format as it is written; VALUES for VALUES.
    """

    position: int
    format: str


def inline_rows(text: str, start: int, heredocs: Heredocs) -> Rows | None:
    """The rows that the statement at this place brings along.

    Those of a file (``FROM INFILE``) and of a query are none; a query with ``input()`` reads the
    rows that follow its FORMAT.

    :raises LexError: a quote or comment never closes before the rows begin.
    """
    if _MAY_INSERT.match(text, start) is None:
        return None
    outline = _outline(text, start, heredocs)
    if not any(word == "INSERT" for _, word in outline):
        return None
    _skip_table(outline)
    seen: set[str] = set()
    for position, word in outline:
        if word == VALUES and not seen & _QUERY:
            return Rows(position, VALUES)
        if word == "FORMAT" and ("INPUT()" in seen or not seen & {*_QUERY, "(SELECT"}):
            return None if "INFILE" in seen else Rows(position, _format(text, outline))
        seen.add(word)
    return None


def _format(text: str, outline: Iterator[tuple[int, str]]) -> str:
    position, word = next(outline, (0, ""))
    return VALUES if word == VALUES else text[position : position + len(word)]


def refuse_data(text: str, start: int, heredocs: Heredocs) -> None:
    """Refuse an INSERT whose rows are data in another format than VALUES.

    Such data ends where the format says, not at a ``;``, and over the native protocol the server
    would wait for it forever.

    :raises LexError: it is such an INSERT.
    """
    rows = inline_rows(text, start, heredocs)
    if rows is not None and rows.format != VALUES:
        raise LexError(
            rows.position,
            f"INSERT … FORMAT {rows.format} takes data that is not SQL",
            "write INSERT … VALUES, or INSERT … SELECT … FROM format(CSV, $$…$$)",
        )


def _skip_table(outline: Iterator[tuple[int, str]]) -> None:
    """Go past INTO [TABLE] [FUNCTION] and one word: a table can have any name."""
    for _, word in outline:
        if word not in {"INTO", "TABLE", "FUNCTION"}:
            return


def _outline(text: str, start: int, heredocs: Heredocs) -> Iterator[tuple[int, str]]:
    """The words of one statement in capitals, with () for brackets and all that is inside.

    A name behind a dot is left out, whatever it is.  Two things are shown wherever they stand: a
    call of input(), and a query in brackets.
    """
    depth, before = 0, ""
    for position, end in spans(text, start, heredocs):
        word = text[position:end].upper() if end - position <= _LONGEST_WORD else ""
        depth += (word in _OPENING) - (word in _CLOSING)
        if word == "(" and before == "INPUT":
            yield position, "INPUT()"
        elif word in _QUERY and before == "(":
            yield position, "(SELECT"
        elif word in _CLOSING and depth == 0:
            yield position, "()"
        elif word in {";", "\\G"}:
            return
        elif depth == 0 and before != ".":
            yield position, word
        before = word
