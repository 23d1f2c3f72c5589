"""A statement's tokens, read like a sentence."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from .lexer import LexError
from .tokens import tokens, unquoted

if TYPE_CHECKING:
    from collections.abc import Iterator

_NAME = re.compile(r"[0-9A-Za-z_$\"`\u201c]")
_OPENING = frozenset("([{")
_CLOSING = frozenset(")]}")


@cache
def _keywords(text: str) -> list[str]:
    return text.split()


@cache  # a few hundred keywords, asked for a million times
def _split(keywords: str) -> list[str]:
    return keywords.split()


class Words:
    """A cursor over tokens; keywords match in any case, and never a name in quotes."""

    def __init__(self, found: list[str]) -> None:
        self.tokens = found
        self._upper = [token.upper() for token in found]
        self._at = 0

    @property
    def word(self) -> str:
        """The next token in capitals; empty at the end."""
        return self._upper[self._at] if self._at < len(self._upper) else ""

    @property
    def rest(self) -> list[str]:
        """The tokens from here."""
        return self.tokens[self._at :]

    def next(self) -> str:
        """Go past the next token.

        :returns: the token as it is written.
        """
        token = self.tokens[self._at] if self._at < len(self.tokens) else ""
        self._at += 1
        return token

    def take(self, keywords: str) -> bool:
        """Go past these keywords if they come next.

        :param keywords: separated by spaces.
        """
        wanted = _keywords(keywords)
        if self._upper[self._at : self._at + len(wanted)] != wanted:
            return False
        self._at += len(wanted)
        return True

    def take_one(self, *choices: str) -> str:
        """Go past the first of these that comes next.

        :returns: it, or nothing.
        """
        return next((choice for choice in choices if self.take(choice)), "")

    def seek(self, keywords: str) -> bool:
        """Go past these keywords, wherever they come next; to the end if they don't."""
        while self._at < len(self.tokens):
            if self.take(keywords):
                return True
            self._at += 1
        return False

    def name(self) -> str:
        """Go past a name, with all the parts that dots join.

        :returns: the name without quotes; empty when none comes next.
        """
        parts = [self._part()]
        while parts[-1] and self.take("."):
            parts.append(self._part())
        return ".".join(filter(None, parts))

    def _part(self) -> str:
        if self.word in {"{", "$"}:  # a query parameter, or a placeholder of some tool
            return self._placeholder()
        return unquoted(self.next()) if _NAME.match(self.word) else ""

    def _placeholder(self) -> str:
        dollar = self.next() if self.word == "$" else ""
        return dollar + "".join(self.group())

    def group(self) -> list[str]:
        """Go past what stands in brackets, if a bracket comes next.

        :returns: its tokens, the brackets among them.
        """
        start, depth = self._at, 0
        if self.word not in _OPENING:
            return []
        for at in range(start, len(self._upper)):
            token = self._upper[at]
            depth += (token in _OPENING) - (token in _CLOSING)
            self._at = at + 1
            if depth == 0:
                break
        return self.tokens[start : self._at]

    def parts(self) -> Iterator[Words]:
        """What commas separate from here to the end, without the brackets around a part."""
        part: list[str] = []
        while self.word:
            if self.take(","):
                yield Words(_bare(part))
                part = []
            else:
                part += self.group() or [self.next()]
        yield Words(_bare(part))


def _bare(part: list[str]) -> list[str]:
    return part[1:-1] if part[:1] == ["("] and part[-1:] == [")"] else part


def sentences(text: str) -> Iterator[Words]:
    """Each statement of a text; what ``PARALLEL WITH`` joins is taken apart.

    Text that ClickHouse can't read is read as standard SQL, where a backslash is nothing special;
    nothing comes out when that does not help either.
    """
    try:
        found = tokens(text)
    except LexError:
        try:
            found = tokens(text.replace("\\", ""))
        except LexError:
            return
    yield from map(Words, _separated(found))


def _separated(found: list[str]) -> Iterator[list[str]]:
    sentence: list[str] = []
    for token in found:
        if token in {";", "\\G"}:
            yield sentence
            sentence = []
        elif token.upper() == "WITH" and sentence[-1:] and sentence[-1].upper() == "PARALLEL":
            yield sentence[:-1]
            sentence = []
        else:
            sentence.append(token)
    yield sentence
