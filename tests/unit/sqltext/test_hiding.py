"""Secrets in statements, as old servers show them."""

from __future__ import annotations

import pytest

from brokle_migrate.sqltext import hide_secrets, laid_out

# Each S is a secret.
HIDDEN = [
    "CREATE TABLE t (a Int8) ENGINE = MySQL('h:1', 'db', 't', 'u', 'S')",
    "CREATE TABLE t (a Int8) ENGINE = PostgreSQL('h:1', 'db', 't', 'u', 'S', 'schema')",
    "CREATE TABLE t (a Int8) ENGINE = MongoDB('h:1', 'db', 't', 'u', 'S')",
    "CREATE TABLE t (a Int8) ENGINE = Redis('h:1', 0, 'S')",
    "CREATE TABLE t (a Int8) ENGINE = S3('http://b/f', 'KEY', 'S', 'CSV', 'gzip')",
    "CREATE TABLE t (a Int8) ENGINE = S3('http://b/f', 'KEY', 'S', 'S', 'Parquet')",
    "CREATE TABLE t (a Int8) ENGINE = S3(named, secret_access_key = 'S', format = 'CSV')",
    "CREATE TABLE t (a Int8) ENGINE = AzureBlobStorage('a', 'c', 'b', 'name', 'S')",
    "CREATE TABLE t (a Int8) ENGINE = Kafka SETTINGS kafka_x = 'a', kafka_sasl_password = 'S'",
    "CREATE TABLE t (a Int8) ENGINE = NATS SETTINGS nats_url = 'h', nats_token = 'S', x = 1",
    "CREATE VIEW v AS SELECT * FROM remote('h', db, t, 'u', 'S')",
    "CREATE VIEW v AS SELECT encrypt('aes', 'S', 'S') FROM t",
    "CREATE DICTIONARY d (a Int8) SOURCE(MYSQL(HOST 'h' USER 'u' PASSWORD 'S' DB 'db'))",
    "CREATE DICTIONARY d (a Int8) SOURCE(HTTP(CREDENTIALS(USER 'u' PASSWORD 'S')))",
    "CREATE DICTIONARY d (a Int8) SOURCE(HTTP(HEADERS(HEADER(NAME 'API-KEY' VALUE 'S'))))",
    "CREATE VIEW v AS SELECT 'S' AS known",
]
PARTS = [
    ("URL('http://u:pw@h/x?a=b', 'CSV')", "URL('http://u:[HIDDEN]@h/x?a=b', 'CSV')"),
    ("ODBC('DSN=x;UID=u;PWD=pw;A=1', t)", "ODBC('DSN=x;UID=u;PWD=[HIDDEN];A=1', t)"),
    ("MongoDB('mongodb://u:pw@h/d', 'c')", "MongoDB('mongodb://u:[HIDDEN]@h/d', 'c')"),
]
SHOWN = [
    "CREATE TABLE t (password String DEFAULT 'x', e Enum8('password' = 1)) ENGINE = Log",
    "CREATE VIEW v AS SELECT 'x', token = 'x' FROM t WHERE password = 'x' AND f(token = 'x', 'y')",
    "CREATE VIEW v AS SELECT extract(u, 'password=([^&]+)'), 'http://u:x@h' FROM t",
    "CREATE TABLE t (a Int8) ENGINE = S3('http://b/f', 'CSV', 'a Int8', 'gzip')",
    "CREATE TABLE t (a Int8) ENGINE = ReplicatedMergeTree('/a/{uuid}', '{replica}') ORDER BY a",
]


@pytest.mark.parametrize("text", HIDDEN)
def test_secrets_are_hidden(text: str) -> None:
    secret = "it\\'s s3cr3t"
    written = text.replace("'S'", f"'{secret}'")
    assert hide_secrets(written, {"it's s3cr3t"} if "known" in text else ()) == text.replace(
        "'S'", "'[HIDDEN]'"
    )


@pytest.mark.parametrize(("text", "shown"), PARTS)
def test_secrets_inside_of_strings_are_hidden(text: str, shown: str) -> None:
    head = "CREATE TABLE t (a Int8) ENGINE = "
    assert hide_secrets(head + text) == head + shown


@pytest.mark.parametrize("text", SHOWN)
def test_everything_else_is_shown(text: str) -> None:
    assert hide_secrets(text) == text


def test_a_statement_in_one_line_is_laid_out() -> None:
    text = (
        "CREATE MATERIALIZED VIEW v ( a Int8,  b Enum8('x, y' = 1, '(' = 2)) ENGINE = MergeTree() "
        "PARTITION BY (a, b) ORDER BY (a, b) SETTINGS x = 8192 AS SELECT a, b FROM t ORDER BY a"
    )
    assert laid_out(text).splitlines() == [
        "CREATE MATERIALIZED VIEW v",
        "(",
        "    a Int8,",
        "    b Enum8('x, y' = 1, '(' = 2)",
        ")",
        "ENGINE = MergeTree()",
        "PARTITION BY (a, b)",
        "ORDER BY (a, b)",
        "SETTINGS x = 8192",
        "AS SELECT a, b FROM t ORDER BY a",
    ]


def test_a_statement_with_lines_keeps_them() -> None:
    text = "CREATE VIEW v\nAS SELECT a, b FROM t"
    assert laid_out(text) == text
