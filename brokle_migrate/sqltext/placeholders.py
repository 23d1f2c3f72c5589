"""``${name}`` in a ClickHouse statement: what the author leaves to the place where it runs.

A statement is filled in after its file was split, so that no value can end it.  Comments keep what
is written in them; strings, names and heredocs are filled in, and ``$${`` stands for ``${``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ..errors import Problem
from ..model import Filled
from .lexer import Heredocs, LexError, body, skip, spans
from .words import sentences

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from ..model import Location, Statement

BUILT_IN = ("database", "on_cluster", "replicated")
"""Names that nobody else may give a value to."""

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")

_MARK = re.compile(rf"(?P<escape>\$)?\$\{{(?:(?P<name>{NAME.pattern})\}})?")
_SHOWN = re.compile(r"\$\{[^}\n]{0,40}\}?")
_ENGINE = re.compile(r"[A-Za-z]*MergeTree\b(?P<open>\s*\((?P<empty>\s*\))?)?")


@dataclass(frozen=True, slots=True)
class ServerSide:
    """What the built-in placeholders depend on.

    :ivar database: the connection's database.
    :ivar cluster: None for a single server.
    :ivar replicated_database: whether the database itself carries statements to every replica.
    :ivar needs_arguments: whether a Replicated engine can't go without path and replica; servers
        before 20.10.
    """

    database: str
    cluster: str | None = None
    replicated_database: bool = False
    needs_arguments: bool = False

    def value(self, name: str) -> str:
        """What a built-in placeholder stands for."""
        if name == "database":
            return self.database
        if self.cluster is None:
            return ""
        if name == "replicated":
            return "Replicated"
        return "" if self.replicated_database else f"ON CLUSTER {_backquoted(self.cluster)}"


class Unfilled(Exception):
    """A statement that can't be filled in.

    :param problems: each with its place.
    :param undefined: the names that have no value.
    """

    def __init__(self, problems: Sequence[Problem], undefined: Sequence[str] = ()) -> None:
        super().__init__("; ".join(problems))
        self.problems = tuple(problems)
        self.undefined = tuple(undefined)


@dataclass(frozen=True, slots=True)
class _Piece:
    """What takes the place of a stretch of the text as it is written."""

    start: int
    end: int
    text: str


def fill(
    statement: Statement, value: Callable[[str], str | None], server: Callable[[], ServerSide]
) -> Statement:
    """A statement with every placeholder replaced.

    :param value: gives the value of a name, None when it has none.
    :param server: gives what the built-in names stand for; asked only where one is used.
    :raises Unfilled: names without a value, a ``${`` that begins no placeholder, or values that
        end the statement early or leave a quote open.
    """
    written = statement.text
    if "${" not in written:
        return statement
    pieces: list[_Piece] = []
    problems: list[Problem] = []
    undefined: list[str] = []
    for mark in _marks(written):
        text = _text(mark, value, server)
        if text is not None:
            pieces.append(_Piece(mark.start(), mark.end(), text))
            continue
        problems.append(_at(statement.place(mark.start()), _problem(mark)))
        undefined += filter(None, [mark["name"]])
    if problems:
        raise Unfilled(problems, undefined)
    pieces += _arguments(written, pieces, server)
    filled = _filled(statement, sorted(pieces, key=lambda piece: (piece.start, piece.end)))
    _require_one(filled)
    return filled


def _text(
    mark: re.Match[str], value: Callable[[str], str | None], server: Callable[[], ServerSide]
) -> str | None:
    name = mark["name"]
    if mark["escape"]:
        return mark[0][1:]
    if name in BUILT_IN:
        return server().value(name)
    return value(name) if name else None


def _problem(mark: re.Match[str]) -> str:
    if mark["name"]:
        return f"{mark[0]} has no value"
    shown = _SHOWN.match(mark.string, mark.start())
    found = shown[0] if shown else mark[0]
    return (
        f"{found} is no placeholder: in the braces a name of letters, digits and _ is expected; "
        f"to send it as it is, write ${found}"
    )


def _marks(text: str) -> Iterator[re.Match[str]]:
    """Every placeholder, and what looks like one, outside of comments."""
    for start, end in _open(text):
        yield from _MARK.finditer(text, start, end)


def _open(text: str) -> Iterator[tuple[int, int]]:
    """The stretches that may hold placeholders: all but comments and the tags of heredocs."""
    heredocs = Heredocs(text)
    begin = last = 0
    for start, end in spans(text, 0, heredocs):
        if start > last:
            yield begin, last
            begin = start
        last = end
        # A word may hold a $; a heredoc is a token that begins with one and is closed.
        if text[start] == "$" and heredocs.end(start) == end:
            tag = text.index("$", start + 1) + 1 - start
            yield begin, start
            yield start + tag, end - tag
            begin = end
    yield begin, last


def _arguments(
    text: str, pieces: Iterable[_Piece], server: Callable[[], ServerSide]
) -> Iterator[_Piece]:
    """The arguments of ``${replicated}…MergeTree`` for a server that insists on them."""
    ends = [p.end for p in pieces if text[p.start : p.end] == "${replicated}"]
    if not ends or server().cluster is None or not server().needs_arguments:
        return
    table = _created(_applied(text, pieces), server().database)
    if table is None:
        return
    arguments = f"'/clickhouse/tables/{{shard}}/{table}', '{{replica}}'"
    for engine in filter(None, (_ENGINE.match(text, end) for end in ends)):
        if engine["open"] is None:
            yield _Piece(engine.end(), engine.end(), f"({arguments})")
        else:
            at = text.index("(", engine.start()) + 1
            yield _Piece(at, at, arguments if engine["empty"] else f"{arguments}, ")


def _created(text: str, database: str) -> str | None:
    """``database/table`` of a statement that creates one, fit for a string."""
    words = next(sentences(text), None)
    if words is None or not words.take("CREATE"):
        return None
    words.take("OR REPLACE")
    if not words.take_one("TABLE", "MATERIALIZED VIEW"):
        return None
    words.take("IF NOT EXISTS")
    name = words.name()
    if not name:
        return None
    path = name.replace(".", "/", 1) if "." in name else f"{database}/{name}"
    return path.replace("\\", "\\\\").replace("'", "\\'")


def _applied(text: str, pieces: Iterable[_Piece]) -> str:
    parts: list[str] = []
    at = 0
    for piece in pieces:
        parts += (text[at : piece.start], piece.text)
        at = piece.end
    return "".join((*parts, text[at:]))


def _filled(statement: Statement, pieces: Sequence[_Piece]) -> Statement:
    stretches: list[Filled] = []
    shift = 0
    for piece in pieces:
        written = piece.end - piece.start
        stretches.append(Filled(piece.start + shift, len(piece.text), written))
        shift += len(piece.text) - written
    text = _applied(statement.text, pieces)
    return replace(statement, text=text, written=statement.text, filled=tuple(stretches))


def _require_one(statement: Statement) -> None:
    """Refuse values that make something else of a statement than one statement."""
    text = statement.text
    try:
        start = skip(text, 0)
        end, stop = body(text, start, Heredocs(text))
    except LexError as error:
        place = statement.place(error.position)
        raise Unfilled([_at(place, f"with its values filled in: {error.message}")]) from error
    if start >= end:
        raise Unfilled([_at(statement.location, "with its values filled in, nothing is left")])
    if stop < len(text):
        place = statement.place(stop)
        raise Unfilled([_at(place, "a value ends the statement here, and more follows")])


def _at(place: Location, message: str) -> Problem:
    return Problem(place.path, message, place.line, place.column)


def _backquoted(name: str) -> str:
    return "`" + name.replace("\\", "\\\\").replace("`", "\\`") + "`"
