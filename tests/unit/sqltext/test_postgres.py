"""Postgres scripts, split as psql splits them."""

from __future__ import annotations

import pytest

from brokle_migrate.sqltext.postgres import place, statements

ROUTINE = (
    "create or replace function f() returns int "
    "begin atomic; select case when true then 1 end; select 2; end"
)
CASES = [
    ("", []),
    (" ; ;\n-- only\n/* comments; */", []),
    ("SELECT 1;SELECT 2", ["SELECT 1", "SELECT 2"]),
    (
        "-- before;\nSELECT /* a /* nested; */ one */ 1; -- after;\n",
        ["SELECT /* a /* nested; */ one */ 1"],
    ),
    (
        "SELECT ';', 'it''s;', \";\"\";\"; SELECT 2",
        ["SELECT ';', 'it''s;', \";\"\";\"", "SELECT 2"],
    ),
    (
        r"SELECT 'a\'; SELECT E'\';\\'; SELECT E'it''s;\''",
        [r"SELECT 'a\'", r"SELECT E'\';\\'", r"SELECT E'it''s;\''"],
    ),
    ("SELECT $$;$a$;$$, $a$;$$;$a$; SELECT 2", ["SELECT $$;$a$;$$, $a$;$$;$a$", "SELECT 2"]),
    ("SELECT a$b$c; SELECT $1", ["SELECT a$b$c", "SELECT $1"]),
    (
        "CREATE RULE r AS ON INSERT TO t DO ALSO (SELECT 1; SELECT 2); SELECT 3",
        ["CREATE RULE r AS ON INSERT TO t DO ALSO (SELECT 1; SELECT 2)", "SELECT 3"],
    ),
    (f"{ROUTINE}; SELECT 3", [ROUTINE, "SELECT 3"]),
    ("BEGIN; SELECT 1; END; COMMIT", ["BEGIN", "SELECT 1", "END", "COMMIT"]),
    ("SELECT 'open; SELECT 2", ["SELECT 'open; SELECT 2"]),
    ("SELECT $x$open; SELECT 2", ["SELECT $x$open; SELECT 2"]),
    ("SELECT 1 /* open; SELECT 2", ["SELECT 1"]),
    ('SELECT é, "ü;", 1.5e3;SELECT 2', ['SELECT é, "ü;", 1.5e3', "SELECT 2"]),
]


@pytest.mark.parametrize(("text", "expected"), CASES)
def test_split(text: str, expected: list[str]) -> None:
    found = list(statements(text))
    assert [each.text for each in found] == expected
    assert all(text[each.start :].startswith(each.text) for each in found)


@pytest.mark.parametrize(
    "text",
    [
        "BEGIN",
        "start transaction",
        "COMMIT",
        "END",
        "ROLLBACK TO a",
        "SAVEPOINT a",
        "CREATE UNIQUE INDEX CONCURRENTLY i ON t (a)",
        "DROP INDEX CONCURRENTLY i",
        "REINDEX INDEX CONCURRENTLY i",
        "ALTER TABLE t DETACH PARTITION p CONCURRENTLY",
        "VACUUM t",
        "CREATE DATABASE d",
        "DROP TABLESPACE s",
        "ALTER SYSTEM SET x = 1",
        "CALL p()",
        "DO $$ BEGIN PERFORM 1; COMMIT; END $$",
    ],
)
def test_what_stands_alone(text: str) -> None:
    (found,) = statements(text)
    assert found.stands_alone


@pytest.mark.parametrize(
    "text",
    [
        "CREATE TABLE begin (commit int)",
        "INSERT INTO t VALUES ('COMMIT')",
        "CREATE INDEX concurrently_i ON t (a)",
        "REFRESH MATERIALIZED VIEW CONCURRENTLY v",
        "DO $$ BEGIN PERFORM 1; END $$",
        "CREATE PROCEDURE p() LANGUAGE plpgsql AS $$ BEGIN COMMIT; END $$",
        "ALTER TABLE t ADD COLUMN vacuum int",
    ],
)
def test_what_does_not(text: str) -> None:
    (found,) = statements(text)
    assert not found.stands_alone


def test_place() -> None:
    assert place("a\nbc", 0) == (1, 1)
    assert place("a\nbc", 3) == (2, 2)
