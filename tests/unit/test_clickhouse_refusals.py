"""A refusal of ClickHouse: its place in the file, and what usually helps."""

from __future__ import annotations

from pathlib import Path

import pytest

from brokle_migrate.environments.clickhouse_refusals import hint_for
from brokle_migrate.environments.drivers import ServerError
from brokle_migrate.model import Location, Statement


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Code: 60. DB::Exception: Table d.t does not exist. (UNKNOWN_TABLE)", "earlier file"),
        ("Code: 47. DB::Exception: Missing columns: 'x'", "earlier file"),
        ("Code: 57. DB::Exception: Table d.t already exists.", "IF NOT EXISTS"),
        ("Code: 497. DB::Exception: u: Not enough privileges.", "grant"),
        ("Code: 252. DB::Exception: Too many parts (300).", "system.merges"),
        ("Code: 517. DB::Exception: Cannot assign alter.", "system.mutations"),
        ("Code: 241. DB::Exception: Memory limit exceeded", "max_memory_usage"),
        ("Code: 243. DB::Exception: Cannot reserve 1.00 MiB", "disk is full"),
        ("Code: 1001. DB::Exception: write: No space left on device", "disk is full"),
        ("Code: 473. DB::Exception: Locking attempt timed out", "system.processes"),
        ("Code: 164. DB::Exception: Cannot execute query in readonly mode", "administrator"),
    ],
)
def test_a_common_refusal_has_a_hint(text: str, words: str) -> None:
    assert words in (hint_for(ServerError(text)) or "")


def test_another_refusal_has_none() -> None:
    assert hint_for(ServerError("Code: 36. DB::Exception: Bad argument")) is None


def test_the_place_of_a_syntax_error_is_counted_in_bytes() -> None:
    error = ServerError("Code: 62. DB::Exception: Syntax error: failed at position 12 ('FORM'): x")
    assert error.position == 11
    assert ServerError("Code: 60. DB::Exception: failed at position 12").position is None


@pytest.mark.parametrize(
    ("offset", "line", "column"), [(0, 3, 5), (2, 3, 7), (4, 4, 1), (6, 4, 3), (7, 5, 1)]
)
def test_a_statement_knows_the_place_of_its_characters(offset: int, line: int, column: int) -> None:
    path = Path("1_a.up.sql")
    statement = Statement("abc\ndé\nf", Location(path, 3, 5))
    assert statement.place(offset) == Location(path, line, column)
