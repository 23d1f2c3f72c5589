"""The database's name is taken out where it qualifies a table, and nowhere else."""

from __future__ import annotations

import pytest

from brokle_migrate.sqltext import portable

OBJECTS = {"t", "u", "v", "d", "x.y", "dst"}

# What the server shows of an object in the database ``db``, what the file says, and what it reads.
STATEMENTS = [
    ("CREATE TABLE db.t (a Int8)", "CREATE TABLE t (a Int8)", ""),
    ("CREATE TABLE `db`.`x.y` (db Int8)", "CREATE TABLE `x.y` (db Int8)", ""),
    ("CREATE VIEW IF NOT EXISTS db.v AS SELECT 1", "CREATE VIEW IF NOT EXISTS v AS SELECT 1", ""),
    ("CREATE VIEW db.v AS SELECT * FROM db.t", "CREATE VIEW v AS SELECT * FROM t", "t"),
    (
        "CREATE VIEW db.v AS SELECT a FROM db.t, db.u WHERE a IN (SELECT b, c FROM other.t)",
        "CREATE VIEW v AS SELECT a FROM t, u WHERE a IN (SELECT b, c FROM other.t)",
        "t u",
    ),
    (
        "CREATE VIEW db.v AS SELECT * FROM db.t AS x GLOBAL ANY LEFT JOIN db.`x.y` USING (a), db.u",
        "CREATE VIEW v AS SELECT * FROM t AS x GLOBAL ANY LEFT JOIN `x.y` USING (a), u",
        "t x.y u",
    ),
    # A table's alias, whose columns are called like tables.
    (
        "CREATE VIEW db.v AS SELECT db.u, db.t.u FROM db.t AS db WHERE (db.u, 1) IN (db.u, db.d)",
        "CREATE VIEW v AS SELECT db.u, db.t.u FROM t AS db WHERE (db.u, 1) IN (db.u, db.d)",
        "t",
    ),
    # A column, an array that is joined, a query parameter, a string, another table's column.
    (
        "CREATE VIEW db.v AS SELECT db, t.db, 'db', {db:String} FROM db.t ARRAY JOIN db.u, db.d",
        "CREATE VIEW v AS SELECT db, t.db, 'db', {db:String} FROM t ARRAY JOIN db.u, db.d",
        "t",
    ),
    (
        "CREATE VIEW db.v AS WITH db AS (SELECT 1) SELECT * FROM db, db.t",
        "CREATE VIEW v AS WITH db AS (SELECT 1) SELECT * FROM db, t",
        "t",
    ),
    (
        "CREATE VIEW db.v AS SELECT db.t.a, db.t.* FROM db.t",
        "CREATE VIEW v AS SELECT t.a, t.* FROM t",
        "t",
    ),
    (
        "CREATE VIEW db.v AS SELECT a FROM t WHERE a IN (db.u) AND b NOT IN db.`x.y`",
        "CREATE VIEW v AS SELECT a FROM t WHERE a IN (u) AND b NOT IN `x.y`",
        "u x.y",
    ),
    # Commas that separate no tables.
    (
        "CREATE VIEW db.v AS SELECT a, db.u FROM db.t AS x ORDER BY a, db.u LIMIT 1 BY a, db.u",
        "CREATE VIEW v AS SELECT a, db.u FROM t AS x ORDER BY a, db.u LIMIT 1 BY a, db.u",
        "t",
    ),
    (
        "CREATE MATERIALIZED VIEW db.v REFRESH EVERY 1 HOUR DEPENDS ON db.t, db.u TO db.dst",
        "CREATE MATERIALIZED VIEW v REFRESH EVERY 1 HOUR DEPENDS ON t, u TO dst",
        "t u dst",
    ),
    (
        "CREATE VIEW db.v\nDEFINER = alice SQL SECURITY DEFINER\nAS SELECT a\nFROM db.`x.y`",
        "CREATE VIEW v\nSQL SECURITY DEFINER\nAS SELECT a\nFROM `x.y`",
        "x.y",
    ),
    # What the server itself qualifies: the name of a dictionary.
    (
        "CREATE VIEW db.v AS SELECT dictGet('db.d', 'db', db), dictHas(db.d, 1), dictGet('db.no')",
        "CREATE VIEW v AS SELECT dictGet('d', 'db', db), dictHas(d, 1), dictGet('db.no')",
        "d",
    ),
    (
        "CREATE DICTIONARY db.d (a Int8) SOURCE(CLICKHOUSE(DB 'db' TABLE 't' USER 'db'))",
        "CREATE DICTIONARY d (a Int8) SOURCE(CLICKHOUSE(TABLE 't' USER 'db'))",
        "t",
    ),
    (
        "CREATE DICTIONARY db.d (a Int8) SOURCE(CLICKHOUSE(TABLE 't' HOST 'far' DB 'db'))",
        "CREATE DICTIONARY d (a Int8) SOURCE(CLICKHOUSE(TABLE 't' HOST 'far' DB 'db'))",
        "",
    ),
    (
        "CREATE TABLE db.u (a Int8) ENGINE = Distributed('c', 'db', 't', rand())",
        "CREATE TABLE u (a Int8) ENGINE = Distributed('c', currentDatabase(), 't', rand())",
        "t",
    ),
    (
        "CREATE TABLE db.u (a Int8) ENGINE = Buffer(db, t, 1)",
        "CREATE TABLE u (a Int8) ENGINE = Buffer(currentDatabase(), t, 1)",
        "t",
    ),
    (
        "CREATE TABLE db.u (a Int8) ENGINE = Merge('db', '^t')",
        "CREATE TABLE u (a Int8) ENGINE = Merge(currentDatabase(), '^t')",
        "",
    ),
    (
        "CREATE TABLE db.u (a Int8 COMMENT 'of db.t') ENGINE = Log COMMENT 'db.t'",
        "CREATE TABLE u (a Int8 COMMENT 'of db.t') ENGINE = Log COMMENT 'db.t'",
        "",
    ),
]


@pytest.mark.parametrize(("shown", "text", "reads"), STATEMENTS)
def test_only_tables_lose_the_database(shown: str, text: str, reads: str) -> None:
    found = portable(shown, "db", OBJECTS, is_column="db.u" in text)
    assert found.text == text
    assert found.reads == set(reads.split())
    assert found.left == (("db.t",) if "db.t." in text else ())


LEFT = [
    ("CREATE VIEW db.v AS SELECT 'see db.t'", "'see db.t'"),
    ("CREATE VIEW db.v AS SELECT * FROM merge('db', '^t')", "merge('db')"),
    ("CREATE VIEW db.v AS SELECT joinGet('db.t', 'a', 1)", "joinget('db.t')"),
    ("CREATE VIEW db.v AS SELECT * FROM cluster('c', db.t)", "db.t"),
    ("CREATE TABLE db.u (a Int8) ENGINE = Distributed('c', 'db', 'elsewhere')", "'db'"),
    (
        "CREATE DICTIONARY db.d (a Int8) SOURCE(CLICKHOUSE(QUERY 'SELECT a FROM db.t'))",
        "'SELECT a FROM db.t'",
    ),
]


@pytest.mark.parametrize(("shown", "left"), LEFT)
def test_what_may_be_meant_otherwise_stays_and_is_told(shown: str, left: str) -> None:
    found = portable(shown, "db", OBJECTS)
    assert found.left == (left,)
    assert left.partition("(")[2].rstrip(")") in found.text


def test_a_column_called_like_the_database_may_have_parts() -> None:
    shown = "CREATE VIEW db.v AS SELECT db.t.a FROM db.t"
    found = portable(shown, "db", OBJECTS, is_column=True)
    assert found.text == "CREATE VIEW v AS SELECT db.t.a FROM t"
    assert found.left == ("db.t",)
