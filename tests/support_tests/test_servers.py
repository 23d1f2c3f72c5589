"""The servers that tests run against start, answer, survive and go away."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import psycopg
import pytest
import sqlalchemy as sa

from tests.support import servers
from tests.support.daemon import REQUIRED
from tests.support.postgres import fresh_database, libpq_url
from tests.support.process import free_port
from tests.support.query import QueryFailed, http_query
from tests.support.schema import (
    clickhouse_data,
    clickhouse_schema,
    postgres_data,
    postgres_schema,
)

if TYPE_CHECKING:
    from tests.support.postgres import EmbeddedPostgres
    from tests.support.servers import ClickHouseServer

# Postgres


def execute(url: str, *statements: str) -> None:
    """Run statements, each committed."""
    with psycopg.connect(libpq_url(url), autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement)


def test_each_postgres_database_is_empty_and_goes_away(postgres_server: EmbeddedPostgres) -> None:
    with fresh_database(postgres_server) as first, fresh_database(postgres_server) as second:
        assert first != second
        execute(first, "CREATE TABLE t (a int)")
        still_open = psycopg.connect(libpq_url(first))
        assert "CREATE TABLE" not in postgres_schema(second)
    with pytest.raises(psycopg.OperationalError):
        still_open.execute("SELECT 1")
    still_open.close()
    with pytest.raises(psycopg.OperationalError, match="does not exist"):
        psycopg.connect(libpq_url(first))


def test_the_postgres_url_is_sqlalchemys(postgres_url: str) -> None:
    engine = sa.create_engine(postgres_url)
    with engine.connect() as connection:
        assert connection.scalar(sa.text("SELECT current_user")) == "postgres"
    engine.dispose()


def test_postgres_can_be_stopped_and_started(postgres_server: EmbeddedPostgres) -> None:
    with fresh_database(postgres_server) as url:
        process_id = postgres_server.process_id
        postgres_server.stop()
        try:
            with pytest.raises(psycopg.OperationalError):
                psycopg.connect(libpq_url(url))
        finally:
            postgres_server.start()
        assert postgres_server.process_id != process_id
        execute(url, "SELECT 1")


def test_equal_postgres_databases_are_equal_in_schema_and_data(
    postgres_server: EmbeddedPostgres,
) -> None:
    table = "CREATE TABLE t (a int PRIMARY KEY, b text DEFAULT 'x')"
    rows = ["INSERT INTO t VALUES (1, 'a\nb')", "INSERT INTO t VALUES (2)"]
    with fresh_database(postgres_server) as first, fresh_database(postgres_server) as second:
        execute(first, table, *rows)
        execute(second, table, *reversed(rows))
        assert postgres_schema(first) == postgres_schema(second)
        assert postgres_data(first) == postgres_data(second)
        execute(second, "ALTER TABLE t ADD COLUMN c int", "UPDATE t SET b = 'y'")
        assert postgres_schema(first) != postgres_schema(second)
        assert postgres_data(first) != postgres_data(second)


# Debian's ClickHouse server


def test_the_server_takes_its_hard_password(
    clickhouse_server: ClickHouseServer, server_database: str
) -> None:
    look = "SELECT currentDatabase(), user FROM system.processes WHERE query LIKE '%processes%'"
    url = clickhouse_server.url("http", server_database)
    assert http_query(url, look) == [(server_database, "brokle")]
    anonymous = clickhouse_server.url("http", user="default", password="")
    assert http_query(anonymous, look) == [("default", "default")]
    with pytest.raises(QueryFailed) as caught:
        http_query(clickhouse_server.url("http", password="wrong"), look)
    assert caught.value.code == 193


@pytest.mark.parametrize("fixture", ["native_url", "server_http_url"])
def test_clickhouse_sqlalchemy_reaches_the_server(
    request: pytest.FixtureRequest, server_database: str, fixture: str
) -> None:
    engine = sa.create_engine(request.getfixturevalue(fixture))
    with engine.connect() as connection:
        rows = connection.execute(sa.text("SELECT currentDatabase() AS name")).fetchall()
        transport = connection.connection.driver_connection.transport  # type: ignore[union-attr]
        (transport.disconnect if fixture == "native_url" else transport.http.close)()
    engine.dispose()
    assert [tuple(row) for row in rows] == [(server_database,)]


def test_the_server_survives_a_kill(
    clickhouse_server: ClickHouseServer, server_database: str
) -> None:
    clickhouse_server.query("CREATE TABLE t (a Int64) ENGINE = TinyLog", server_database)
    clickhouse_server.query("INSERT INTO t VALUES (1)", server_database)
    clickhouse_server.kill()
    with pytest.raises(ConnectionError):
        clickhouse_server.query("SELECT 1")
    clickhouse_server.restart()
    assert clickhouse_server.query("SELECT * FROM t", server_database) == [(1,)]


def test_the_servers_schema_and_data_can_be_read(
    clickhouse_server: ClickHouseServer, server_http_url: str
) -> None:
    http_query(server_http_url, "CREATE TABLE t (b Int64, a String DEFAULT 'x') ENGINE = Log")
    http_query(server_http_url, "INSERT INTO t (b) VALUES (1)")
    columns = [row[1:] for row in clickhouse_schema(server_http_url) if row[0] == "column"]
    assert columns == [("t", "b", "Int64", "", ""), ("t", "a", "String", "DEFAULT", "'x'")]
    assert clickhouse_data(server_http_url)["t"].startswith("1 rows, ")


def test_an_absent_server_skips_or_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(servers, "_binary", lambda: None)
    monkeypatch.delenv(REQUIRED, raising=False)
    with pytest.raises(pytest.skip.Exception, match="not installed"):
        servers.require_clickhouse_server()
    monkeypatch.setenv(REQUIRED, "1")
    with pytest.raises(pytest.fail.Exception, match=REQUIRED):
        servers.require_clickhouse_server()


# All of them


def test_the_environment_is_clean() -> None:
    loud = [name for name in os.environ if name.startswith(("DB_", "CLICKHOUSE_", "PG"))]
    assert not loud
    assert "DATABASE_URL" not in os.environ


def test_a_free_port_is_free() -> None:
    with pytest.raises(ConnectionRefusedError):
        http_query(f"http://127.0.0.1:{free_port()}/default", "SELECT 1")
