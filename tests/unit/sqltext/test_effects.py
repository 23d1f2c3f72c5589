"""What shows that a statement has had its effect, and what running it again would do."""

from __future__ import annotations

import pytest

from brokle_migrate.sqltext import Change, Trace, changes, is_repeatable, makes, moves, traces


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("CREATE TABLE t (a Int8) ENGINE = Memory", [Trace("table", "t")]),
        ("CREATE TABLE IF NOT EXISTS db.`t` (a Int8)", [Trace("table", "db.t")]),
        ("create materialized view v to t as select 1", [Trace("table", "v")]),
        ("CREATE VIEW v AS SELECT 1", [Trace("table", "v")]),
        ("CREATE DATABASE d", [Trace("database", "d")]),
        ("DROP TABLE IF EXISTS t SYNC", [Trace("table", "t", present=False)]),
        ("DROP DICTIONARY d", [Trace("table", "d", present=False)]),
        (
            "RENAME TABLE a TO b",
            [Trace("table", "a", present=False), Trace("table", "b")],
        ),
        ("ALTER TABLE t ADD COLUMN c Int8 AFTER b", [Trace("column", "t", "c")]),
        ("ALTER TABLE t DROP COLUMN c", [Trace("column", "t", "c", present=False)]),
        (
            "ALTER TABLE t RENAME COLUMN a TO b",
            [Trace("column", "t", "a", present=False), Trace("column", "t", "b")],
        ),
        ("CREATE TABLE t ENGINE = Log AS SELECT 1", []),
        ("CREATE MATERIALIZED VIEW v ENGINE = Log POPULATE AS SELECT 1", []),
        ("CREATE OR REPLACE VIEW v AS SELECT 1", []),
        ("CREATE TABLE t ON CLUSTER c (a Int8)", []),
        ("DROP TABLE a, b", []),
        ("RENAME TABLE a TO b, c TO d", []),
        ("EXCHANGE TABLES a AND b", []),
        ("ALTER TABLE t ADD COLUMN a Int8, ADD COLUMN b Int8", []),
        ("ALTER TABLE t UPDATE a = a + 1 WHERE 1", []),
        ("INSERT INTO t SELECT 1", []),
        ("DROP TABLE 't", []),
        ("DROP TABLE `a.b`", []),
        ("ALTER TABLE t ADD COLUMN n Nested(x Int8)", []),
        ("CREATE TABLE t CLONE AS s", []),
    ],
)
def test_traces(text: str, expected: list[Trace]) -> None:
    assert list(traces(text)) == expected


@pytest.mark.parametrize(
    "text",
    [
        "SELECT throwIf(1)",
        "SYSTEM RELOAD DICTIONARY d",
        "OPTIMIZE TABLE t FINAL",
        "CREATE TABLE IF NOT EXISTS t (a Int8)",
        "CREATE MATERIALIZED VIEW IF NOT EXISTS v TO t AS SELECT 1",
        "DROP VIEW IF EXISTS v",
        "ALTER TABLE t ADD COLUMN IF NOT EXISTS c Int8, ADD INDEX IF NOT EXISTS i c TYPE minmax",
        "ALTER TABLE t DROP COLUMN IF EXISTS c",
        "ALTER TABLE t MODIFY COLUMN c Int16",
        "ALTER TABLE t MODIFY TTL d + INTERVAL 1 DAY",
        "ALTER TABLE t MATERIALIZE INDEX i",
    ],
)
def test_what_does_no_harm_a_second_time(text: str) -> None:
    assert is_repeatable(text)


@pytest.mark.parametrize(
    "text",
    [
        "INSERT INTO t SELECT 1",
        "CREATE TABLE t (a Int8)",
        "CREATE TABLE IF NOT EXISTS t ENGINE = Log AS SELECT 1",
        "CREATE MATERIALIZED VIEW IF NOT EXISTS v ENGINE = Log POPULATE AS SELECT 1",
        "CREATE OR REPLACE TABLE t (a Int8)",
        "CREATE TABLE IF NOT EXISTS t CLONE AS s",
        "DROP TABLE t",
        "RENAME TABLE a TO b",
        "EXCHANGE TABLES a AND b",
        "TRUNCATE TABLE t",
        "ALTER TABLE t UPDATE a = a + 1 WHERE 1",
        "ALTER TABLE t DELETE WHERE a = 1",
        "ALTER TABLE t ADD COLUMN c Int8, ADD COLUMN IF NOT EXISTS d Int8",
        "ALTER TABLE t ATTACH PARTITION 1",
    ],
)
def test_what_may_do_harm_a_second_time(text: str) -> None:
    assert not is_repeatable(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("CREATE TABLE IF NOT EXISTS db.t (a Int8)", {"db.t"}),
        ("CREATE OR REPLACE VIEW v AS SELECT 1", {"v"}),
        ("INSERT INTO t (a) SELECT a FROM u", {"rows of t"}),
        (
            "RENAME TABLE a TO b, c TO d",
            {"b", "d", *(f"place of {name}" for name in "abcd")},
        ),
        ("EXCHANGE TABLES a AND b", {"a", "b", "place of a", "place of b"}),
        ("ALTER TABLE t ADD COLUMN c Int8, DROP COLUMN d", {"t.c"}),
        ("ALTER TABLE t RENAME COLUMN a TO b", {"t.b"}),
        ("DROP TABLE t", set()),
        ("SELECT 1", set()),
    ],
)
def test_what_a_statement_makes(text: str, expected: set[str]) -> None:
    assert makes(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("RENAME TABLE a TO b, c TO d", {"a", "c"}),
        ("EXCHANGE TABLES a AND b", {"a", "b"}),
        ("DROP TABLE a", set()),
    ],
)
def test_what_a_statement_moves(text: str, expected: set[str]) -> None:
    assert moves(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("INSERT INTO t SELECT 1", Change("t", adds=True)),
        ("ALTER TABLE t UPDATE a = 1 WHERE 1", Change("t", adds=False)),
        ("ALTER TABLE t DELETE WHERE 1", None),
        ("ALTER TABLE t DROP COLUMN a", None),
        ("DROP TABLE t", None),
    ],
)
def test_what_changes_data(text: str, expected: Change | None) -> None:
    assert changes(text) == expected


@pytest.mark.parametrize(
    ("back", "text", "expected"),
    [
        ("INSERT INTO t SELECT 1", "ALTER TABLE t DELETE WHERE 1", True),
        ("INSERT INTO t SELECT 1", "DROP TABLE t", True),
        ("INSERT INTO t SELECT 1", "INSERT INTO t SELECT 2", False),
        ("ALTER TABLE t UPDATE a = a - 1 WHERE 1", "ALTER TABLE t UPDATE a = a + 1 WHERE 1", True),
        ("ALTER TABLE t UPDATE a = a - 1 WHERE 1", "INSERT INTO t SELECT 2", False),
    ],
)
def test_what_makes_up_for_what(back: str, text: str, expected: bool) -> None:
    change = changes(back)
    assert change is not None
    assert change.makes_up_for(text) is expected
