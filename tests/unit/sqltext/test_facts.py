"""Plain facts about one statement."""

from __future__ import annotations

import pytest

from brokle_migrate.sqltext import has_inline_values, identifiers, may_mutate, records_version


@pytest.mark.parametrize(
    "text",
    [
        "ALTER TABLE t UPDATE a = 1 WHERE 1",
        "alter table t update a = 1 where 1",
        "ALTER TABLE t UPDATE comment = 'x', partition = 2 WHERE 1",
        "ALTER TABLE t ON CLUSTER c DELETE WHERE a = 1",
        "ALTER TABLE t ON CLUSTER '{c}' DELETE WHERE a = 1",
        'ALTER TABLE `a b`."c" MATERIALIZE INDEX i',
        "ALTER TABLE t MATERIALIZE COLUMN a",
        "ALTER TABLE t MATERIALIZE PROJECTION p",
        "ALTER TABLE t MATERIALIZE TTL",
        "ALTER TABLE t MATERIALIZE STATISTICS a",
        "ALTER TABLE t MODIFY COLUMN a UInt8",
        "ALTER TABLE t MODIFY TTL d + INTERVAL 1 DAY",
        "ALTER TABLE t ALTER COLUMN a TYPE UInt8",
        "ALTER TABLE t DROP COLUMN a",
        "ALTER TABLE t CLEAR COLUMN a",
        "ALTER TABLE t CLEAR INDEX i",
        "ALTER TABLE t CLEAR PROJECTION p",
        "ALTER TABLE t DROP INDEX i",
        "ALTER TABLE t DROP PROJECTION p",
        "ALTER TABLE t RENAME COLUMN a TO b",
        "ALTER TABLE t APPLY DELETED MASK",
        "ALTER TABLE t APPLY PATCHES",
        "ALTER TABLE t REWRITE PARTS",
        "ALTER TABLE t ADD COLUMN a UInt8 DEFAULT f(1, 2), DROP COLUMN b",
        "ALTER TABLE t (ADD COLUMN a UInt8), (DROP COLUMN b)",
        "ALTER TEMPORARY TABLE t DROP COLUMN a",
        "/* x */ ALTER -- y\nTABLE t # z\nDELETE WHERE 1",
        "DELETE FROM t WHERE a = 1",
        "DELETE FROM db.t ON CLUSTER c WHERE a = 1",
        "UPDATE t SET a = 1 WHERE b = 2",
        "DROP INDEX i ON t",
        "DROP TABLE a PARALLEL WITH ALTER TABLE t DELETE WHERE 1",
    ],
)
def test_may_mutate(text: str) -> None:
    assert may_mutate(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "SELECT 1",
        "CREATE TABLE update (delete UInt8) ENGINE = Memory",
        "ALTER TABLE t ADD COLUMN update UInt8",
        "ALTER TABLE t ADD COLUMN a UInt8 AFTER delete",
        "ALTER TABLE t ADD INDEX i a TYPE minmax",
        "ALTER TABLE t ADD COLUMN a UInt8 COMMENT 'x, DELETE WHERE'",
        "ALTER TABLE t COMMENT COLUMN a 'x'",
        "ALTER TABLE t MODIFY COMMENT 'x'",
        "ALTER TABLE t MODIFY SETTING a = 1, b = 2",
        "ALTER TABLE t MODIFY ORDER BY (a, b)",
        "ALTER TABLE t DROP PARTITION 1",
        "ALTER TABLE t DROP DETACHED PARTITION 1",
        "ALTER TABLE t DROP CONSTRAINT c",
        "ALTER TABLE t ATTACH PARTITION 1 FROM u",
        "ALTER TABLE update FREEZE",
        'ALTER TABLE t ADD COLUMN "DROP COLUMN" UInt8',
        "ALTER DATABASE d MODIFY COMMENT 'x'",
        "ALTER USER u RENAME TO v",
        "INSERT INTO t VALUES ('ALTER TABLE t DELETE WHERE 1')",
        "DROP TABLE t",
        "TRUNCATE TABLE t",
        "OPTIMIZE TABLE t FINAL",
        "'",
    ],
)
def test_does_not_mutate(text: str) -> None:
    assert not may_mutate(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("INSERT INTO t VALUES (1)", True),
        ("insert into db.t (a, b) values (1, 2), (3, 4)", True),
        ("-- x\nINSERT INTO t VALUES", True),
        ("INSERT INTO t FORMAT Values (1)", True),
        ("INSERT INTO t SETTINGS async_insert = 1 VALUES (1)", True),
        ("INSERT INTO FUNCTION remote('h', db.t) VALUES (1)", True),
        ("INSERT INTO values VALUES (1)", True),
        ("INSERT INTO t VALUES ('it", True),
        ("INSERT INTO values SELECT 1", False),
        ("INSERT INTO t (values) SELECT 1", False),
        ("INSERT INTO t SELECT * FROM values('a UInt8', 1)", False),
        ("INSERT INTO t SELECT 'VALUES'", False),
        ("INSERT INTO t FORMAT CSV 1", False),
        ("SELECT 1", False),
        ("CREATE TABLE t (values String) ENGINE = Memory", False),
        ("INSERT INTO `t", False),
        ("", False),
    ],
)
def test_has_inline_values(text: str, expected: bool) -> None:
    assert has_inline_values(text) is expected


def test_identifiers() -> None:
    text = 'ALTER TABLE db.`a b` DROP COLUMN "c""d", /* e */ ADD f$g String DEFAULT \'h\' -- i'
    words = {"ALTER", "TABLE", "DROP", "COLUMN", "ADD", "String", "DEFAULT"}
    assert identifiers(text) == words | {"db", "a b", 'c"d', "f$g"}
    assert identifiers("") == frozenset()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("INSERT INTO alembic_version (version_num) VALUES ('1') RETURNING v.version_num", True),
        ("UPDATE v SET version_num='2' WHERE v.version_num = '1'", True),
        ("DELETE FROM v WHERE v.version_num = '1'", True),
        ("CREATE TABLE v (version_num VARCHAR(32) NOT NULL)", True),
        ("DELETE FROM v WHERE v.version_num = '1'; DROP TABLE users", False),
        ("DELETE FROM v WHERE note = 'version_num'", False),
        ("DROP TABLE version_num", False),
    ],
)
def test_the_record_of_a_version(text: str, expected: bool) -> None:
    assert records_version(text) is expected
