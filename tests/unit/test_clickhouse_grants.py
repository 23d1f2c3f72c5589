"""The grant that ClickHouse's words ask for, as a statement."""

from __future__ import annotations

import pytest

from brokle_migrate.config import parse_url
from brokle_migrate.environments.clickhouse_grants import advice, statement_for, whom
from brokle_migrate.environments.drivers import ServerError, unreachable
from brokle_migrate.errors import DatabaseUnreachable, StateError

NEEDED = "Not enough privileges. To execute this query, it's necessary to have the grant"


@pytest.mark.parametrize(
    ("words", "statement"),
    [
        ("CREATE TABLE ON app.t. (ACCESS_DENIED)", "GRANT CREATE TABLE ON app.t TO ann"),
        ("CREATE TABLE ON app.t", "GRANT CREATE TABLE ON app.t TO ann"),
        ("SELECT(a, b) ON app.t. (ACCESS_DENIED)", "GRANT SELECT ON app.t TO ann"),
        ("INSERT(a) ON app.`odd name`.", "GRANT INSERT ON app.`odd name` TO ann"),
        (
            "SELECT(a) ON app.t, INSERT(b) ON app.u. (ACCESS_DENIED)",
            "GRANT SELECT ON app.t, INSERT ON app.u TO ann",
        ),
        ("SELECT for at least one column on app.t", "GRANT SELECT ON app.t TO ann"),
        ("CLUSTER ON *.*. (ACCESS_DENIED)", "GRANT CLUSTER ON *.* TO ann"),
        (
            "SELECT(a, b) ON app.t. (Missing permissions: SELECT(b) ON app.t). (ACCESS_DENIED)",
            "GRANT SELECT ON app.t TO ann",
        ),
        (
            "CREATE USER ON *.* WITH GRANT OPTION. (ACCESS_DENIED)",
            "GRANT CREATE USER ON *.* TO ann",
        ),
    ],
)
def test_the_statement(words: str, statement: str) -> None:
    assert statement_for(f"ann: {NEEDED} {words}") == statement


def test_on_a_cluster_all_servers_have_to_know() -> None:
    words = f"ann: {NEEDED} REMOTE ON *.*. (ACCESS_DENIED)"
    assert statement_for(words, "main") == "GRANT ON CLUSTER main REMOTE ON *.* TO ann"
    assert statement_for(words, "a-b") == "GRANT ON CLUSTER `a-b` REMOTE ON *.* TO ann"


def test_who_has_an_odd_name_is_quoted() -> None:
    words = f"o'neil: a: {NEEDED} SELECT ON app.t"
    assert statement_for(words) == "GRANT SELECT ON app.t TO `o'neil: a`"
    assert whom(words) == "`o'neil: a`"
    assert whom("Not enough privileges") == "the user"


@pytest.mark.parametrize(
    ("code", "message", "words"),
    [
        (497, "ann: Not enough privileges.", "what the message names"),
        (164, "Cannot execute query in readonly mode", "profile without readonly"),
        (392, "Cannot execute query. DDL queries are prohibited for the user", "allow_ddl=1"),
        (291, "Access denied to database app for user ann", "<database>app</database>"),
        (291, "Access denied", "allow the user this database"),
    ],
)
def test_the_advice(code: int, message: str, words: str) -> None:
    assert words in (advice(ServerError(message, code)) or "")


def test_other_refusals_have_none() -> None:
    assert advice(ServerError("Table app.t doesn't exist", 60)) is None


def test_a_question_that_is_not_allowed_is_no_lost_connection() -> None:
    url = parse_url("clickhouse://ann:secret@db/app", source="the test")
    denied = ServerError(f"ann: {NEEDED} SELECT ON app.schema_migrations. (ACCESS_DENIED)", 497)
    error = unreachable(url, denied, "main")
    assert isinstance(error, StateError)
    assert "GRANT ON CLUSTER main SELECT ON app.schema_migrations TO ann" in str(error.hint)
    outside = unreachable(url, ServerError("Access denied to database app for user ann", 291))
    assert isinstance(outside, DatabaseUnreachable)
    assert outside.refused
