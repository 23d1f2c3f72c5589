"""The splitter and the tokens against rules that are written down a second time, on odd texts."""

from __future__ import annotations

import random
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from brokle_migrate.errors import SqlSyntaxError
from brokle_migrate.sqltext import checksum, split
from brokle_migrate.sqltext.tokens import tokens

from . import reference

if TYPE_CHECKING:
    from collections.abc import Iterator

PATH = Path("x.sql")

PARTS = (
    *"'\"`$;\\-/*# \n\t\r!_xXbB01aeGz.,()=<>|:@{}?&%+~^é😀",
    *("\u2018", "\u2019", "\u201c", "\u201d", "\u2212", "\xa0", "\u200b", "\ufeff"),
    *("--", "//", "/*", "*/", "# ", "#!", "''", "\\'", "\\G", "$$", "$a$", "$b_1$", "x'", "b'"),
    *("x'41'", "b'01'", "'a;b'", '"a;b"', "`a;b`", "$a$;$a$", "/*;*/", "-- ;\n", "1.5", "a$b$c"),
    *("SELECT", "word", "; ", " ", " ", "\n", "\r\n"),
)


def _texts(seed: int, count: int) -> Iterator[str]:
    chance = random.Random(seed)
    for _ in range(count):
        yield "".join(chance.choices(PARTS, k=chance.randint(1, 24)))


def _long_texts(seed: int, count: int) -> Iterator[str]:
    """Texts in which something comes more often than one expression reads at a time."""
    chance = random.Random(seed)
    for text in _texts(seed + 1, count):
        part = "".join(chance.choices(PARTS, k=chance.randint(1, 4)))
        cut = chance.randint(0, len(text))
        yield text[:cut] + part * chance.choice((29, 31, 61, 301, 601)) + text[cut:]


def _expected(text: str) -> list[tuple[int, str]] | int:
    try:
        return reference.pieces(text)
    except reference.Unclosed as error:
        return error.position


def _found(text: str) -> list[tuple[int, str]] | int:
    """Offsets are columns: newlines are taken out of the counting by reading one line."""
    try:
        return [
            (_offset(text, s.location.line, s.location.column), s.text) for s in split(text, PATH)
        ]
    except SqlSyntaxError as error:
        return _offset(text, error.location.line, error.location.column)


def _offset(text: str, line: int, column: int) -> int:
    ending = "\n" if "\n" in text or "\r" not in text else "\r"
    start = 0
    for _ in range(line - 1):
        start = text.index(ending, start) + 1
    first = line == 1 and text.startswith("\ufeff")
    return start + column - 1 + first


def _ordinary(text: str) -> bool:
    """Whether only the rules decide.

    Not so where a carriage return in a comment hides what follows, nor where x'…' touches what
    ``grammar`` says it must not touch.
    """
    return "\r" not in text.replace("\r\n", "") and not re.search(r"(?i)(\\G|\$)[xb]'", text)


@pytest.mark.parametrize("seed", range(4))
def test_split_as_the_rules_say(seed: int) -> None:
    for text in filter(_ordinary, _texts(seed, 2_500)):
        assert _found(text) == _expected(text), repr(text)


@pytest.mark.parametrize("seed", range(2))
def test_split_long_texts_as_the_rules_say(seed: int) -> None:
    for text in filter(_ordinary, _long_texts(seed, 300)):
        assert _found(text) == _expected(text), repr(text)


@pytest.mark.parametrize("seed", range(4, 6))
def test_tokens_leave_out_nothing_but_space_and_comments(seed: int) -> None:
    for text in (*_texts(seed, 2_500), *_long_texts(seed, 200)):
        try:
            kept = [
                token for token in reference.lex(text) if token.kind not in {"space", "comment"}
            ]
        except reference.Unclosed:
            continue
        assert "".join(tokens(text)) == "".join(text[t.start : t.end] for t in kept), repr(text)


@pytest.mark.parametrize("seed", range(6, 8))
def test_checksum_is_that_of_the_pieces_joined_otherwise(seed: int) -> None:
    for text in filter(_ordinary, _texts(seed, 1_500)):
        try:
            statements = split(text, PATH)
        except SqlSyntaxError:
            continue
        again = "\n/* ; */\n;\n -- '\n".join(statement.text for statement in statements)
        plain = ";".join(statement.text for statement in statements)
        if all("\n" not in s.text[-1:] for s in statements):
            assert checksum(again) == checksum(plain), repr(text)


@pytest.mark.parametrize("seed", range(8, 10))
def test_pieces_split_into_themselves(seed: int) -> None:
    for text in filter(_ordinary, _texts(seed, 2_000)):
        try:
            first = [statement.text for statement in split(text, PATH)]
        except SqlSyntaxError:
            continue
        again = split("\n;\n".join(first), PATH)
        if "$" not in text:  # joined, two lone heredoc tags make one heredoc
            assert [statement.text for statement in again] == first, repr(text)
