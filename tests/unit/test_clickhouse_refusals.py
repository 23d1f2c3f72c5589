"""A refusal of ClickHouse: its place in the file, and what usually helps."""

from __future__ import annotations

from pathlib import Path

import pytest

from brokle_migrate.environments.clickhouse_refusals import (
    did_nothing,
    hint_for,
    was_not_there,
)
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


@pytest.mark.parametrize(
    ("code", "sql", "expected"),
    [
        (60, "INSERT INTO nothing SELECT 1", True),
        (497, "INSERT\nINTO t SELECT 1", True),
        (27, "INSERT INTO t SELECT toUInt8('x')", False),
        (241, "INSERT INTO t SELECT 1", False),
        (57, "CREATE TABLE t ENGINE = Log AS SELECT 1", True),
        (57, "CREATE TABLE t ON CLUSTER c (a Int8)", False),
        (60, "DROP TABLE t", True),
        (241, "DROP TABLE t", False),
        (57, "RENAME TABLE a TO b, c TO d", False),
        (60, "ALTER TABLE t DROP COLUMN a, DROP COLUMN b", False),
        (202, "DROP TABLE t", True),
        (202, "INSERT INTO t SELECT 1", False),
        (517, "ALTER TABLE t DROP COLUMN a", True),
        (517, "ALTER TABLE t ON CLUSTER c DROP COLUMN a", False),
        (473, "DROP DATABASE d", False),
        (999, "ALTER TABLE t DROP COLUMN a", False),
    ],
)
def test_what_proves_that_nothing_happened(code: int, sql: str, expected: bool) -> None:
    assert did_nothing(ServerError("words", code), sql) is expected


@pytest.mark.parametrize(
    ("code", "sql", "expected"),
    [
        (60, "DROP\nTABLE t", True),
        (57, "CREATE TABLE t (a Int8)", True),
        (60, "INSERT INTO t SELECT * FROM bak", False),
        (241, "DROP TABLE t", False),
    ],
)
def test_what_a_rollback_may_pass_over(code: int, sql: str, expected: bool) -> None:
    assert was_not_there(ServerError("words", code), sql) is expected
