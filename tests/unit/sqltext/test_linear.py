"""Texts that would take minutes if anything were read over and over."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest

from brokle_migrate.errors import SqlSyntaxError
from brokle_migrate.sqltext import checksum, split

N = 40_000
TEXTS = {
    "tags that never close": "".join(f"$a{i}$ " for i in range(N)),
    "dollars": "$" * 2 * N,
    "numbers and dollars": "1a$ " * N,
    "one long word": "a$a" * N,
    "statements": "a;" * N,
    "statements on one long line": "SELECT 'x' ; " * N,
    "line comments": "-- x\n" * N,
    "line comments in a statement": "a " + "-- x\n" * N + "b",
    "comments": "a " + "/* x */ " * N,
    "nested comments": "/*" * N + "*/" * N,
    "comments that nest": "a " + "/*/**/*/ " * N,
    "a comment that never closes": "a " + "/* x */ /* " * N,
    "a comment full of stars": "a /*" + "*/ /*" * N + "*" * N + "*/",
    "a string full of quotes": "'" + "''\\'" * N + "'",
    "a string that never closes": "'" + "''\\'" * N,
    "strings": "'a;b', " * N,
    "space": " " * N + "a" + " " * N + ";" + "\n" * N,
    "operators": "- / # " * N,
    "carriage returns": "a\r;" * N,
    "nothing but carriage returns": "\r" * N + ";" + "-- a\r" * N,
    "backslashes": "\\" * N,
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_reads_on(text: str) -> None:
    checksum(text)
    with contextlib.suppress(SqlSyntaxError):
        split(text, Path("x.sql"))
