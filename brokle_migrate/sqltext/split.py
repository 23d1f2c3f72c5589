"""From the text of a ``.sql`` file to its statements."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING

from ..model import Allowance, Statement
from .directives import NO_OPTIONS, Directives
from .grammar import SPACES
from .inserts import refuse_data
from .lexer import Heredocs, LexError, body, comments, comments_between, skip
from .places import Places, located
from .tokens import checksum

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ..model import Link, Location
    from .directives import Options

_MAY_INSERT = frozenset("iIwW")  # INSERT, or WITH before it


@dataclass(frozen=True, slots=True)
class Script:
    """A ``.sql`` file that was read.

    :ivar requires: revisions of the other history that must be applied first.
    :ivar irreversible: why there is no way back; None when there may be one.
    :ivar checksum: what the file says, comments and spacing aside.
    """

    path: Path
    statements: tuple[Statement, ...]
    requires: tuple[Link, ...]
    irreversible: str | None
    checksum: str


def parse(text: str, path: Path) -> Script:
    """Read a ClickHouse script.

    :param text: the whole file; a byte order mark does no harm.
    :param path: where it was read, for locations.
    :raises SqlSyntaxError: it can't be split, or a directive is wrong.
    """
    try:
        directives = Directives(text)
        statements = tuple(_statements(text, path, directives))
    except LexError as error:
        raise located(error, text, path) from None
    return Script(path, statements, directives.requires, directives.irreversible, checksum(text))


def split(text: str, path: Path) -> tuple[Statement, ...]:
    """The statements of a ClickHouse script, cut where ClickHouse's own client cuts.

    A statement's text is what is written from its first token to its last: comments before and
    behind it are left out, those inside are kept, and so is every space.  A piece with nothing
    but comments is no statement.

    :raises SqlSyntaxError: it can't be split, or a directive is wrong.
    """
    try:
        return tuple(_statements(text, path, Directives(text)))
    except LexError as error:
        raise located(error, text, path) from None


def header(text: str, path: Path) -> tuple[tuple[Link, ...], str | None]:
    """What the top of a file says about the whole of it; nothing below is read.

    :returns: the revisions it requires, and why it is irreversible, if it is.
    :raises SqlSyntaxError: a directive at the top is wrong.
    """
    try:
        directives = Directives(text)
    except LexError as error:
        raise located(error, text, path) from None
    return directives.requires, directives.irreversible


def _statements(text: str, path: Path, directives: Directives) -> Iterator[Statement]:
    heredocs = Heredocs(text)
    _refuse_swallowed_lines(text, heredocs)
    places = Places(text, path)
    position = 0
    while position < len(text):
        start = skip(text, position)
        if text[start : start + 1] in _MAY_INSERT:
            refuse_data(text, start, heredocs)
        end, stop = body(text, start, heredocs)
        options = NO_OPTIONS
        if directives.present:
            options = directives.above(position, start, followed=start < end)
            directives.refuse_between(start, stop, heredocs)
        if start < end:
            allowed = () if options is NO_OPTIONS else _allowed(options, text, path)
            yield _statement(text[start:end].rstrip(SPACES), places.at(start), options, allowed)
        position = stop + (2 if text.startswith("\\G", stop) else 1)


def _allowed(options: Options, text: str, path: Path) -> tuple[Allowance, ...]:
    """What is allowed, each with a place of its own: a directive may speak for many statements."""
    return tuple(
        Allowance(rule, reason, Places(text, path).at(position))
        for rule, reason, position in options.allowed
    )


def _statement(
    text: str, location: Location, options: Options, allowed: tuple[Allowance, ...]
) -> Statement:
    if options is NO_OPTIONS:
        return Statement(text, location)
    wait = options.wait is not False
    return Statement(text, location, options.settings, options.timeout, wait, allowed=allowed)


def _refuse_swallowed_lines(text: str, heredocs: Heredocs) -> None:
    """Refuse comments that editors end at a carriage return: ClickHouse goes on to a line feed.

    :raises LexError: there is one, and whatever follows in its line would be lost.
    """
    if text.count("\r") == text.count("\r\n"):
        return
    inside = comments_between(text, skip(text, 0), len(text), heredocs)
    for start, end in chain(comments(text, 0), inside):
        if not text.startswith("/*", start) and "\r" in text[start:end].rstrip():
            raise LexError(
                start,
                "this comment goes on behind a carriage return",
                "end lines with a line feed: to ClickHouse nothing else ends a comment",
            )
