"""What usually helps after a refusal by Postgres."""

from __future__ import annotations

import pytest

from brokle_migrate.environments.postgres_refusals import hint_for, is_already_there, is_lost


@pytest.mark.parametrize(
    ("state", "message", "words"),
    [
        ("42P01", 'relation "t" does not exist', "search_path"),
        ("42703", 'column "c" does not exist', "does an earlier revision create it"),
        ("42P07", 'relation "t" already exists', "IF NOT EXISTS"),
        ("42601", 'syntax error at or near "FORM"', "where the mark is"),
        ("57014", "canceling statement due to statement timeout", "--statement-timeout"),
        ("57014", "canceling statement due to user request", "pg_cancel_backend"),
        ("57014", "Anweisung wird abgebrochen", "somebody cancelled it"),
        ("57P01", "terminating connection", "pg_terminate_backend"),
        ("53100", "could not extend file", "disk is full"),
        ("53200", "out of memory", "out of memory"),
        ("53300", "too many clients already", "max_connections"),
        ("40P01", "deadlock detected", "waited for each other"),
        ("25006", "cannot execute in a read-only transaction", "standby"),
        ("23505", "could not create unique index", "rows that are there do not fit"),
        ("25001", "cannot run inside a transaction block", "autocommit_block()"),
        ("55P03", "canceling statement due to lock timeout", "DB_LOCK_TIMEOUT"),
    ],
)
def test_hints(state: str, message: str, words: str) -> None:
    assert words in (hint_for(state, message, "app") or "")


@pytest.mark.parametrize(
    ("message", "statement"),
    [
        ("permission denied for table users", "GRANT ALL ON TABLE users TO app"),
        ("permission denied for schema public", "GRANT USAGE, CREATE ON SCHEMA public TO app"),
        ("permission denied for database d", "GRANT CREATE ON DATABASE d TO app"),
        ("must be owner of table users", "ALTER TABLE users OWNER TO app"),
        ("must be owner of materialized view m", "ALTER MATERIALIZED VIEW m OWNER TO app"),
        (
            'permission denied to create extension "x" (Must be superuser)',
            "for: CREATE EXTENSION x",
        ),
        ("permission denied for foreign server s", "GRANT USAGE ON FOREIGN SERVER s TO app"),
        ("permission denied for view v (a detail)", "GRANT ALL ON TABLE v TO app"),
        ("permission denied for large object 7", "grant app what the message names"),
        (
            "must be owner of index i",
            "ALTER TABLE … OWNER TO app, for the table that the index i is of",
        ),
        ("permission denied for table My Table", 'GRANT ALL ON TABLE "My Table" TO app'),
        ("keine Berechtigung", "grant app what the message names"),
    ],
)
def test_what_has_to_be_granted(message: str, statement: str) -> None:
    assert statement in (hint_for("42501", message, "app") or "")


def test_an_uncommon_refusal_has_no_hint() -> None:
    assert hint_for("XX000", "internal error", "app") is None
    assert hint_for("", "", "app") is None


def test_kinds() -> None:
    assert is_already_there("42710")
    assert not is_already_there("42P01")
    assert is_lost("08006")
    assert is_lost("57P01")
    assert not is_lost("57014")


@pytest.mark.parametrize(
    ("sql", "what"),
    [
        ("SELECT * FROM t", "SELECT"),
        ("TABLE t", "SELECT"),
        ("SELECT * FROM t FOR UPDATE", "SELECT, INSERT, UPDATE, DELETE"),
        ("WITH gone AS (DELETE FROM t RETURNING *) TABLE gone", "SELECT, INSERT, UPDATE, DELETE"),
        ("delete from t", "SELECT, INSERT, UPDATE, DELETE"),
        ("TRUNCATE t", "TRUNCATE"),
        ("CREATE TRIGGER x BEFORE INSERT ON t EXECUTE FUNCTION f()", "TRIGGER"),
        ("ALTER TABLE u ADD FOREIGN KEY (a) REFERENCES t", "REFERENCES"),
        ("CREATE MATERIALIZED VIEW v AS SELECT 1 FROM t", "SELECT"),
        ("SELECT f()", "ALL"),
        ("SELECT 1; DELETE FROM t", "ALL"),
        ("DO $$ BEGIN DELETE FROM t; END $$", "ALL"),
        ("", "ALL"),
    ],
)
def test_the_privilege_is_what_the_statement_takes(sql: str, what: str) -> None:
    hint = hint_for("42501", "permission denied for table t", "app", sql)
    assert hint == f"ask an administrator for: GRANT {what} ON TABLE t TO app"


@pytest.mark.parametrize(
    ("sql", "named"),
    [
        ("DROP TABLE billing.users", "billing.users"),
        ('DROP TABLE "My Billing"."users"', '"My Billing".users'),
        ("DROP TABLE users", "users"),
        ("DROP TABLE billing.users_old, users", "users"),
    ],
)
def test_a_schema_that_stands_in_the_statement_is_kept(sql: str, named: str) -> None:
    hint = hint_for("42501", "must be owner of table users", "app", sql)
    assert hint == f"ask an administrator for: ALTER TABLE {named} OWNER TO app"


@pytest.mark.parametrize(
    ("sql", "what"),
    [("SELECT * FROM s.t", "USAGE"), ("CREATE TABLE s.t ()", "USAGE, CREATE")],
)
def test_a_schema_that_is_only_read_needs_no_create(sql: str, what: str) -> None:
    hint = hint_for("42501", "permission denied for schema s", "app", sql)
    assert hint == f"ask an administrator for: GRANT {what} ON SCHEMA s TO app"
