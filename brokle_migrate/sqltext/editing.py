"""A statement's tokens with their places, so that it can be changed and keep its layout."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from .lexer import Heredocs, spans
from .tokens import unquoted

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_OPENING = frozenset("([{")
_CLOSING = frozenset(")]}")


class Token(NamedTuple):
    """One token as it is written, from ``start`` to ``end`` of the statement."""

    text: str
    start: int
    end: int

    @property
    def word(self) -> str:
        """The token in capitals, for comparing with keywords; quoted names are none."""
        return self.text.upper()

    @property
    def name(self) -> str:
        """What it stands for as a name or as a literal."""
        return unquoted(self.text)

    @property
    def is_literal(self) -> bool:
        """Whether it is a string."""
        return self.text[:1] == "'"

    @property
    def is_name(self) -> bool:
        """Whether it can be a name."""
        first = self.text[:1]
        return first in '"`' or first == "_" or first.isalpha()


NOTHING = Token("", 0, 0)


@dataclass(slots=True)
class Bracket:
    """What a pair of brackets is to those inside.

    :ivar call: the word before it in capitals; empty outside of all brackets.
    :ivar argument: how many commas came before, which is the number of the argument.
    :ivar is_engine: whether it holds the arguments of a table engine.
    :ivar lists_tables: whether commas separate tables here: behind FROM.
    """

    call: str = ""
    argument: int = 0
    is_engine: bool = False
    lists_tables: bool = False


class Tokens:
    """A statement's tokens.

    :raises LexError: the text can't be read.
    """

    def __init__(self, text: str) -> None:
        self.all = [Token(text[start:end], start, end) for start, end in _spans(text)]

    def at(self, index: int) -> Token:
        """The token of that number; an empty one beyond the ends."""
        return self.all[index] if 0 <= index < len(self.all) else NOTHING

    def walk(self) -> Iterator[tuple[int, list[Bracket]]]:
        """The number of each token with the brackets around it, the innermost last."""
        around = [Bracket()]
        for index, token in enumerate(self.all):
            if token.text in _CLOSING and len(around) > 1:
                around.pop()
            yield index, around
            if token.text in _OPENING:
                around.append(self._bracket(index))
            elif token.text == ",":
                around[-1].argument += 1

    def _bracket(self, index: int) -> Bracket:
        is_engine = self.at(index - 2).text == "=" and self.at(index - 3).word == "ENGINE"
        return Bracket(self.at(index - 1).word, is_engine=is_engine)


def edited(text: str, edits: Iterable[tuple[int, int, str]]) -> str:
    """A text with stretches of it replaced.

    :param edits: start, end and what comes there; none overlaps another.
    """
    parts, position = [], 0
    for start, end, replacement in sorted(edits):
        parts += [text[position:start], replacement]
        position = end
    return "".join([*parts, text[position:]])


def literal(text: str) -> str:
    """A string literal."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _spans(text: str) -> Iterator[tuple[int, int]]:
    return spans(text, 0, Heredocs(text))
