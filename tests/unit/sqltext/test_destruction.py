"""What a statement destroys, as ClickHouse and Postgres write it."""

from __future__ import annotations

import pytest

from brokle_migrate.sqltext import Destruction, destroys

ALEMBIC = [
    ("DROP TABLE users", ["drops table users"]),
    ("DROP TABLE public.users", ["drops table public.users"]),
    ('DROP TABLE "Users"', ["drops table Users"]),
    ("ALTER TABLE users DROP COLUMN email", ["drops column users.email"]),
    ("ALTER TABLE app.users DROP COLUMN IF EXISTS email", ["drops column app.users.email"]),
    ('ALTER TABLE "order" DROP COLUMN "to" CASCADE', ["drops column order.to"]),
    ("ALTER TABLE users DROP email", ["drops column users.email"]),
    ("ALTER TABLE users DROP IF EXISTS email RESTRICT", ["drops column users.email"]),
    ("ALTER TABLE users DROP index", ["drops column users.index"]),
    (
        "ALTER TABLE IF EXISTS ONLY users * DROP a, DROP COLUMN b",
        ["drops column users.a", "drops column users.b"],
    ),
    ("ALTER TABLE users DROP CONSTRAINT users_pkey", []),
    ("ALTER TABLE users ALTER COLUMN a DROP NOT NULL", []),
    ("ALTER TABLE users ALTER COLUMN a DROP DEFAULT, DROP COLUMN b", ["drops column users.b"]),
    (r"ALTER TABLE users ALTER a SET DEFAULT '\', DROP COLUMN b", ["drops column users.b"]),
    ("ALTER TABLE users RENAME COLUMN a TO b", []),
    ("ALTER TYPE address DROP ATTRIBUTE city", ["drops attribute address.city"]),
    ("DROP INDEX ix_users_email", []),
    ("DROP INDEX CONCURRENTLY IF EXISTS ix", []),
    ("DROP TYPE role", ["drops type role"]),
    ("DROP TYPE IF EXISTS role, mood CASCADE", ["drops type role", "drops type mood"]),
    ("DROP SEQUENCE users_id_seq", ["drops sequence users_id_seq"]),
    ("DROP SCHEMA IF EXISTS audit CASCADE", ["drops schema audit"]),
    ("DROP VIEW a, b", ["drops view a", "drops view b"]),
    ("DROP MATERIALIZED VIEW a", ["drops materialized view a"]),
    ("DROP FUNCTION f(int, numeric(1, 2)), g() CASCADE", ["drops function f", "drops function g"]),
    ("DROP TRIGGER t ON users", ["drops trigger t"]),
    ("DROP EXTENSION IF EXISTS pgcrypto", ["drops extension pgcrypto"]),
    ("DELETE FROM users WHERE id = 1", ["deletes rows of users"]),
    ("DELETE FROM ONLY users", ["deletes rows of users"]),
    ("WITH d AS (DELETE FROM a RETURNING *) INSERT INTO b SELECT * FROM d", ["deletes rows of a"]),
    ("TRUNCATE a, ONLY b RESTART IDENTITY CASCADE", ["truncates table a", "truncates table b"]),
    ("CREATE OR REPLACE VIEW a AS SELECT 1", []),
    ("CREATE OR REPLACE FUNCTION f() RETURNS int LANGUAGE sql AS $$ DROP TABLE x; $$", []),
    ("-- Running upgrade\n\nALTER TABLE a DROP COLUMN b;\n\n", ["drops column a.b"]),
    ("BEGIN;\nDROP TABLE a;\nDELETE FROM b;\nCOMMIT;", ["drops table a", "deletes rows of b"]),
    ("UPDATE alembic_version SET version_num='DROP TABLE a' WHERE 1=1", []),
]

CLICKHOUSE = [
    ("DROP TABLE a", ["drops table a"]),
    ("drop /* x */ table -- y\n if exists `a.b`.c on cluster '{c}' sync", ["drops table a.b.c"]),
    ("DROP TABLE IF EXISTS IF EMPTY a, db.b SYNC", ["drops table a", "drops table db.b"]),
    ("DROP TEMPORARY TABLE a", ["drops table a"]),
    ("DROP TABLE {table:Identifier}", ["drops table {table:Identifier}"]),
    ("DROP TABLE ${database}.a", ["drops table ${database}.a"]),
    ("DROP VIEW a", ["drops view a"]),
    ("DROP DICTIONARY a", ["drops dictionary a"]),
    ("DROP DATABASE IF EXISTS d ON CLUSTER c", ["drops database d"]),
    ("DROP FUNCTION f", ["drops function f"]),
    ("DROP NAMED COLLECTION c", ["drops named collection c"]),
    ("DROP INDEX i ON t", []),
    ("DROP TABLE a PARALLEL WITH DROP VIEW b", ["drops table a", "drops view b"]),
    ("DETACH TABLE a", []),
    ("DETACH TABLE a ON CLUSTER c PERMANENTLY SYNC", ["permanently detaches table a"]),
    ("DETACH VIEW IF EXISTS a PERMANENTLY", ["permanently detaches view a"]),
    ("UNDROP TABLE a", []),
    ("TRUNCATE a", ["truncates table a"]),
    ("TRUNCATE TABLE IF EXISTS db.a ON CLUSTER c", ["truncates table db.a"]),
    ("TRUNCATE DATABASE d", ["truncates database d"]),
    ("TRUNCATE ALL TABLES FROM IF EXISTS d", ["truncates tables of database d"]),
    ("CREATE OR REPLACE TABLE a (x UInt8) ENGINE = Memory", ["replaces table a"]),
    (
        "CREATE OR REPLACE MATERIALIZED VIEW a ENGINE = Memory AS SELECT 1",
        ["replaces materialized view a"],
    ),
    ("CREATE OR REPLACE VIEW a AS SELECT 1", []),
    ("CREATE OR REPLACE DICTIONARY d (a UInt8) PRIMARY KEY a", []),
    ("REPLACE TABLE a (x UInt8) ENGINE = Memory", ["replaces table a"]),
    ("CREATE TABLE a (drop String) ENGINE = Memory", []),
    ("EXCHANGE TABLES a AND b", []),
    ("RENAME TABLE a TO drop", []),
    ("DELETE FROM db.a ON CLUSTER c WHERE 1", ["deletes rows of db.a"]),
    ("OPTIMIZE TABLE a FINAL DEDUPLICATE BY x", ["deletes duplicate rows of a"]),
    ("OPTIMIZE TABLE a FINAL", []),
    (
        "ALTER TABLE a ON CLUSTER c DROP COLUMN IF EXISTS x, DROP COLUMN `n.y`",
        ["drops column a.x", "drops column a.n.y"],
    ),
    (
        "ALTER TABLE a (DROP COLUMN x), (DROP INDEX i), (DROP COLUMN y)",
        ["drops column a.x", "drops column a.y"],
    ),
    ("ALTER TABLE a CLEAR COLUMN x IN PARTITION 1", ["clears column a.x"]),
    ("ALTER TABLE a DROP PARTITION 202401", ["drops partition a.202401"]),
    ("ALTER TABLE a DROP PARTITION ID 'abc'", ["drops partition a.abc"]),
    ("ALTER TABLE a DROP PARTITION ('2024-01-01', 7)", ["drops partition a.(2024-01-01, 7)"]),
    ("ALTER TABLE a DROP PARTITION tuple()", ["drops partition a.tuple()"]),
    ("ALTER TABLE a DROP PARTITION ALL", ["drops partition a.ALL"]),
    ("ALTER TABLE a DROP PART 'all_1_1_0'", ["drops partition a.all_1_1_0"]),
    ("ALTER TABLE a DROP DETACHED PARTITION 1", ["drops detached partition a.1"]),
    ("ALTER TABLE a REPLACE PARTITION 1 FROM b", ["replaces partition a.1"]),
    ("ALTER TABLE a DETACH PARTITION 1", []),
    ("ALTER TABLE a DELETE WHERE x IN (1, 2)", ["deletes rows of a"]),
    ("ALTER TABLE a DELETE IN PARTITION 1 WHERE x", ["deletes rows of a"]),
    ("ALTER TABLE a DROP PROJECTION p, DROP CONSTRAINT c, DROP STATISTICS s", []),
    ("ALTER TABLE a UPDATE x = 1, drop = 2, delete = 3 WHERE 1", []),
    ("ALTER TABLE a MODIFY SETTING x = 1, drop = 2", []),
    ("ALTER TABLE a ADD COLUMN drop String", []),
    ("INSERT INTO a VALUES ('DROP TABLE b; DELETE FROM c')", []),
    ("SYSTEM DROP MARK CACHE", []),
    ("EXPLAIN AST DROP TABLE a", []),
]

BROKEN = [
    "",
    "DROP",
    "DROP TABLE",
    "TRUNCATE",
    "ALTER TABLE a DROP",
    "ALTER",
    "DELETE",
    "DROP '",
    "DETACH",
]


@pytest.mark.parametrize(("text", "expected"), ALEMBIC, ids=[text[:40] for text, _ in ALEMBIC])
def test_postgres(text: str, expected: list[str]) -> None:
    assert list(map(str, destroys(text))) == expected


@pytest.mark.parametrize(("text", "expected"), CLICKHOUSE, ids=[t[:40] for t, _ in CLICKHOUSE])
def test_clickhouse(text: str, expected: list[str]) -> None:
    assert list(map(str, destroys(text))) == expected


@pytest.mark.parametrize("text", BROKEN)
def test_text_that_is_no_statement_destroys_nothing(text: str) -> None:
    assert destroys(text) == ()


def test_values() -> None:
    assert destroys("ALTER TABLE a DROP COLUMN b, DELETE WHERE 1") == (
        Destruction("column", "a.b"),
        Destruction("rows", "a", "deletes"),
    )
