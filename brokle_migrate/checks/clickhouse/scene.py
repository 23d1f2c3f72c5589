"""What a rule about one act of a ClickHouse statement looks at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from ...sqltext.lexer import Heredocs, LexError, spans
from ...sqltext.tokens import unquoted
from ..rule import Hit

if TYPE_CHECKING:
    from ...model import Location, Statement
    from ...sqltext.acts import Act
    from .schema import Schema

A_co = TypeVar("A_co", bound="Act", covariant=True)


@dataclass(frozen=True, slots=True)
class Scene(Generic[A_co]):
    """An act, the statement that it is in, and what there was before it.

    :ivar is_followed: whether something comes after it in its file that does more than remove.
    """

    act: A_co
    statement: Statement
    schema: Schema
    is_followed: bool = False

    def hit(self, phrases: tuple[str, ...], message: str, hint: str = "") -> Hit:
        """A finding at the last of these phrases."""
        return Hit(place(self.statement, *phrases), message, hint)


def place(statement: Statement, *phrases: str) -> Location:
    """Where the last of these phrases stands in the file, each behind the one before.

    What a parser wrote anew may say with other words what the file says: a phrase that is not
    there is passed over.

    :param phrases: keywords separated by spaces, or a name without quotes and with its dots.
    :return: the beginning of the statement where none is found.
    """
    text = statement.text
    try:
        found = list(spans(text, 0, Heredocs(text)))
    except LexError:
        return statement.location
    words = [unquoted(text[start:end]).upper() for start, end in found]
    at, offset = 0, 0
    for phrase in phrases:
        index, wanted = _index(words, phrase.upper(), at)
        if index is not None:
            offset, at = found[index][0], index + wanted
    return statement.place(offset)


def _index(words: list[str], phrase: str, start: int) -> tuple[int | None, int]:
    """Where a phrase begins, and of how many words it is: a name may be one in quotes."""
    for wanted in (phrase.split(), [phrase], phrase.replace(".", " . ").split()):
        for at in range(start, len(words) - len(wanted) + 1):
            if wanted and words[at : at + len(wanted)] == wanted:
                return at, len(wanted)
    return None, 0


@dataclass(frozen=True, slots=True)
class Change:
    """The two files of a pair.

    :ivar ups: what the first does, in order.
    :ivar downs: likewise.
    :ivar schema: as it is between the two.
    :ivar is_irreversible: whether the second says that there is no way back.
    """

    ups: tuple[Scene[Act], ...]
    downs: tuple[Scene[Act], ...]
    schema: Schema
    is_irreversible: bool = False
