"""The tokens of a text: what remains when comments and spacing don't count."""

from __future__ import annotations

import hashlib
import re
from itertools import chain
from typing import TYPE_CHECKING

from .grammar import ALL_TOKENS, IS_UNFINISHED, STRETCH, TAG
from .lexer import Heredocs, LexError, skip, token_end

if TYPE_CHECKING:
    from collections.abc import Iterator

_AT_ONCE = 1 << 20
_ENDS = frozenset((";", "\\G"))
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_CLOSING = {"'": "'", '"': '"', "`": "`", "\u2018": "\u2019", "\u201c": "\u201d"}


def tokens(text: str) -> list[str]:
    """Every token, each as it is written.

    :raises LexError: a quote or comment never closes, or a NUL stands outside of them.
    """
    return list(chain.from_iterable(_batches(text)))


def checksum(text: str) -> str:
    """A digest of the tokens: comments and spacing don't count, the insides of quotes do.

    A ``;`` at the very end doesn't count either.  Text that can't be read counts as it is.

    :returns: SHA-256 in hexadecimal.
    """
    try:
        return _digest_of_tokens(text)
    except LexError:
        return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()


def _digest_of_tokens(text: str) -> str:
    digest = hashlib.sha256()
    ends: list[str] = []
    for batch in _batches(text):
        words = ends + batch
        ends = []
        while words and words[-1] in _ENDS:
            ends.insert(0, words.pop())
        # Between tokens a NUL: no token can hold one, but for quotes, which say where they end.
        digest.update("\0".join((*words, "")).encode(errors="surrogatepass"))
    return digest.hexdigest()


def _batches(text: str) -> Iterator[list[str]]:
    """The tokens, many at a time: a list of all of them can take ten times the text."""
    if len(text) <= _AT_ONCE and not ("$" in text and TAG.search(text)):
        found = list(filter(None, ALL_TOKENS.findall(text)))
        if not (found and IS_UNFINISHED.match(found[-1])):
            yield found
            return
    yield from _careful_batches(text)


def _careful_batches(text: str) -> Iterator[list[str]]:
    """The same for texts with heredocs, comments inside comments, or errors, and for large ones."""
    heredocs = Heredocs(text)
    start = skip(text, 0)
    while start < len(text):
        stretch = STRETCH.match(text, start)
        stop = stretch.end() if stretch else token_end(text, start, heredocs)
        if stretch is None:
            yield [text[start:stop]]
        else:
            yield list(filter(None, ALL_TOKENS.findall(text, start, stop)))
        start = skip(text, stop)


def unquoted(token: str) -> str:
    """What a quoted token stands for; any other token is left as it is."""
    closing = _CLOSING.get(token[:1])
    if closing is None:
        return token
    inside = token[1:-1]
    if token[0] != closing:
        return inside  # curly quotes know no escapes
    return _ESCAPED.sub(r"\1", inside.replace(closing * 2, closing))
