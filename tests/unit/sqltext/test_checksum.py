"""What counts in a checksum and what does not."""

from __future__ import annotations

import hashlib

import pytest

from brokle_migrate.sqltext import checksum
from brokle_migrate.sqltext.grammar import SPACE_RUN, SPACES
from brokle_migrate.sqltext.tokens import tokens, unquoted

from .reference import SPACE

CREATE = "CREATE TABLE a (x UInt8 DEFAULT 1 + 2, y String) ENGINE = Memory;\nSELECT 'b', \"c\""


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (CREATE, CREATE + ";"),
        (CREATE, CREATE + "\n;\n\n"),
        (CREATE, CREATE + " -- the end; really\n/* yes */"),
        (CREATE, CREATE.replace("\n", "\r\n")),
        (CREATE, CREATE.replace("\n", "\r")),
        (CREATE, CREATE.replace(" ", "\n\t")),
        (CREATE, CREATE.replace(" ", " /* it's /* nested */ */ ")),
        (
            CREATE,
            CREATE.replace(", ", ",").replace(" (", "(").replace(" + ", "+").replace(" = ", "="),
        ),
        (CREATE, "\ufeff" + CREATE),
        ("a", "-- migrate: timeout 5m\na"),
        ("a <= 1 . 5", "a<=1 . 5"),
        ("a$b", "/**/a$b"),
        ("$$ a $$ ;", "$$ a $$"),
        ("a = -1", "a=-1"),
        ("", "-- nothing"),
        ("", ";"),
        ("a\\G", "a"),
    ],
)
def test_equal(first: str, second: str) -> None:
    assert checksum(first) == checksum(second)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("a b", "ab"),
        ("a; b", "a b"),
        ("< =", "<="),
        ("1.5", "15"),
        ("1e-5", "1e - 5"),
        ("- -1", "-1"),
        ("'a b'", "'a  b'"),
        ("'a\nb'", "'a\r\nb'"),
        ("'a' 'b'", "'a''b'"),
        ("'a'", '"a"'),
        ("'-- a'", "'-- b'"),
        ("`a/*b*/`", "`a`"),
        ("$$a$$", "$$ a$$"),
        ("$$a$$", "$x$a$x$"),
        ("x'41'", "x '41'"),
        ("\u2018a b\u2019", "\u2018ab\u2019"),
        ("SELECT", "select"),
        ("'", "''"),
        ("a 'b", "a  'b"),
    ],
)
def test_different(first: str, second: str) -> None:
    assert checksum(first) != checksum(second)


@pytest.mark.parametrize(
    "text", ["'", "a; `b", "/*", "\0", "x'4g", "$$ '", "/* /* */", "\u201c", "'\ud800"]
)
def test_text_that_can_not_be_read_counts_as_it_is(text: str) -> None:
    assert checksum(text) == hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()


def test_checksum_stays_the_same_for_ever() -> None:
    """Databases hold it: whoever changes it makes every applied file look edited."""
    text = (
        "-- x\nSELECT a$b, 1.5e-3, x'41', $t$;$t$ FROM `c` /* y */ WHERE d <= 'e''f' ;\nSELECT 2;\n"
    )
    assert checksum(text) == "be2cb19a157118d001ced1bdf19228767e16600ef9e394dc46368268931a22c0"


def test_large_texts_are_read_in_stretches() -> None:
    statement = "INSERT INTO t VALUES (1, 'a;b', \"c\") -- d\n, (2, 'e', /* f */ 3);\n"
    text = statement * 20_000
    assert len(text) > 1 << 20
    found = tokens(text)
    assert found == tokens(statement) * 20_000
    expected = hashlib.sha256("".join(f"{token}\0" for token in found[:-1]).encode()).hexdigest()
    assert checksum(text) == expected


@pytest.mark.parametrize(
    "text", ["a /* b /* c */ */ d", "a $$ ' $$ d", "a $x$ $x$ '" + "''" * 99 + "' d"]
)
def test_the_careful_way_finds_the_same(text: str) -> None:
    found = tokens(text)
    assert (found[0], found[-1]) == ("a", "d")


@pytest.mark.parametrize(
    ("token", "expected"),
    [
        ("a", "a"),
        ("'a'", "a"),
        ("''", ""),
        ("'it''s'", "it's"),
        (r"'it\'s \\ here'", r"it's \ here"),
        ('"a""b"', 'a"b'),
        ("`a``b`", "a`b"),
        ("\u201ca\\b\u201d", "a\\b"),
        ("$$a$$", "$$a$$"),
        ("", ""),
    ],
)
def test_unquoted(token: str, expected: str) -> None:
    assert unquoted(token) == expected


def test_spaces_are_those_of_the_expressions() -> None:
    assert set(SPACES) == set(filter(SPACE_RUN.fullmatch, map(chr, range(0x11000)))) == SPACE
