"""What servers of every age say, without their noise."""

from __future__ import annotations

import pytest

from brokle_migrate.environments.drivers.base import ServerError, format_tsv, parse_tsv

MODERN = "Code: 60. DB::Exception: Table a.t does not exist. (UNKNOWN_TABLE) (version 26.9.2.1)"
OLD = (
    "Code: 60, e.displayText() = DB::Exception: Table a.t doesn't exist., e.what() = DB::Exception"
)
TRACED = "DB::Exception: Unknown user x. Stack trace:\n\n0. /usr/bin/clickhouse-server\n1. x"
SYNTAX = """\
Code: 62. DB::Exception: Syntax error: failed at position 8 (fro) (line 1, col 8): fro t. \
Expected one of: token, Comma, FROM, PREWHERE, WHERE, GROUP BY, WITH, HAVING, WINDOW, QUALIFY, \
ORDER BY, LIMIT, OFFSET, FETCH, SETTINGS, UNION. (SYNTAX_ERROR)"""
READABLE = """\
Syntax error: failed at position 8 (fro) (line 1, col 8): expected token, Comma, FROM, PREWHERE, \
WHERE, GROUP BY, WITH, HAVING, WINDOW, QUALIFY, ORDER BY, LIMIT, … (SYNTAX_ERROR)"""


@pytest.mark.parametrize(
    ("said", "code", "message"),
    [
        (MODERN, 60, "Table a.t does not exist. (UNKNOWN_TABLE)"),
        (OLD, 60, "Table a.t doesn't exist."),
        (TRACED, 0, "Unknown user x."),
        (SYNTAX, 62, READABLE),
        ("something else entirely", 0, "something else entirely"),
    ],
)
def test_server_errors_are_reduced_to_what_they_say(said: str, code: int, message: str) -> None:
    error = ServerError(said)
    assert (error.code, error.message) == (code, message)


@pytest.mark.parametrize("value", ["", "a\tb", "c\nd", "back\\slash", "\\t", "é 🙂", "\0"])
def test_tab_separated_values_survive(value: str) -> None:
    assert parse_tsv(format_tsv([(value, "x")])) == [(value, "x")]


def test_no_rows() -> None:
    assert parse_tsv("") == []
