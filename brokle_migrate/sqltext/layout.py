"""Long statements on lines of their own, as servers from 20.3 on print them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .editing import Tokens, edited

if TYPE_CHECKING:
    from collections.abc import Iterator

_CLAUSES = frozenset(
    ("AS", "COMMENT", "ENGINE", "ORDER", "PARTITION", "PRIMARY", "SAMPLE", "SETTINGS", "TTL")
)
_INDENT = " " * 4


def laid_out(text: str) -> str:
    """A ``CREATE`` statement with a line for each column and clause.

    What has lines already is left as it is.

    :raises LexError: the text can't be read.
    """
    return text if "\n" in text else edited(text, _line_ends(Tokens(text)))


def _line_ends(tokens: Tokens) -> Iterator[tuple[int, int, str]]:
    """Where a line ends, and what comes in the place of the spacing there."""
    has_columns = False
    for index, around in tokens.walk():
        token, before = tokens.at(index), tokens.at(index - 1)
        outside = len(around) == 1
        in_columns = len(around) == 2 and not has_columns
        if (outside and token.word in {"AS", "ENGINE"}) or (
            outside and has_columns and (token.word in _CLAUSES)
        ):
            yield before.end, token.start, "\n"
        elif outside and token.text == "(" and not has_columns:
            yield before.end, token.start, "\n"
            yield token.end, tokens.at(index + 1).start, f"\n{_INDENT}"
        elif in_columns and token.text == ",":
            yield token.end, tokens.at(index + 1).start, f"\n{_INDENT}"
        elif outside and token.text == ")" and not has_columns:
            has_columns = True
            yield before.end, token.start, "\n"
        if outside and token.word == "AS":
            return
