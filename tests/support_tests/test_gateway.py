"""The gateway answers as a ClickHouse server does, and breaks only where a test asks it to."""

from __future__ import annotations

import contextlib
import gzip
import http.client
import json
import os
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import clickhouse_connect
import pytest
import requests
import sqlalchemy as sa
from clickhouse_sqlalchemy.exceptions import DatabaseException

from tests.support.gateway_process import GatewayProcess
from tests.support.process import wait_until
from tests.support.query import QueryFailed, http_query
from tests.support.schema import clickhouse_data, clickhouse_schema

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

WRITTEN = "CREATE TABLE t (a Int64, s String) ENGINE = MergeTree ORDER BY a"


@pytest.fixture
def database(gateway: GatewayProcess) -> Iterator[str]:
    """An empty database, and a log that starts after it was made."""
    name = gateway.create_database()
    gateway.reset()
    yield name
    gateway.reset()
    gateway.drop_database(name)


def request(
    gateway: GatewayProcess,
    method: str,
    body: Any = None,
    headers: dict[str, str] | None = None,
    timeout: float = 30,
    **options: str,
) -> tuple[int, bytes, dict[str, str]]:
    """One bare HTTP request: status, body, headers."""
    connection = http.client.HTTPConnection("127.0.0.1", gateway.port, timeout=timeout)
    with contextlib.closing(connection):
        connection.request(method, f"/?{urlencode(options)}", body, headers or {})
        response = connection.getresponse()
        return response.status, response.read(), dict(response.headers)


@contextlib.contextmanager
def http_transport(url: str) -> Iterator[Any]:
    """The client under clickhouse-sqlalchemy's HTTP dialect."""
    engine = sa.create_engine(url)
    with contextlib.closing(engine.raw_connection()) as connection:
        yield connection.driver_connection.transport  # type: ignore[union-attr]
        connection.driver_connection.transport.http.close()  # type: ignore[union-attr]
    engine.dispose()


# The interface


def test_a_probe_gets_ok(gateway: GatewayProcess) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", gateway.port, timeout=30)
    with contextlib.closing(connection):
        for path in ("/ping", "/"):  # one connection, kept alive
            connection.request("GET", path)
            assert connection.getresponse().read() == b"Ok.\n"


def test_the_answer_has_a_servers_headers(gateway: GatewayProcess) -> None:
    status, body, headers = request(
        gateway, "POST", b"SELECT 1 AS a", query_id="mine", default_format="CSVWithNames"
    )
    assert (status, body) == (200, b'"a"\n1\n')
    assert headers["X-ClickHouse-Query-Id"] == "mine"
    assert headers["X-ClickHouse-Format"] == "CSVWithNames"
    assert json.loads(headers["X-ClickHouse-Summary"])["read_rows"] == "1"


def test_a_format_clause_wins(gateway: GatewayProcess) -> None:
    _, body, headers = request(gateway, "POST", b"SELECT 1 AS a FORMAT JSONEachRow")
    assert (body, headers["X-ClickHouse-Format"]) == (b'{"a":1}\n', "JSONEachRow")


def test_query_parameter_and_body_are_one_text(gateway: GatewayProcess, database: str) -> None:
    gateway.query(WRITTEN, database)
    _, _, headers = request(
        gateway, "POST", b"1,a;b\n2,'\n", query="INSERT INTO t FORMAT CSV", database=database
    )
    assert json.loads(headers["X-ClickHouse-Summary"])["written_rows"] == "2"
    assert gateway.query("SELECT * FROM t ORDER BY a", database) == [(1, "a;b"), (2, "'")]


def test_binary_rows_arrive_unchanged(gateway: GatewayProcess, database: str) -> None:
    gateway.query("CREATE TABLE t (s String) ENGINE = Memory", database)
    rows = b"INSERT INTO t FORMAT RowBinary\n\x04\x00\xff;\n"
    assert request(gateway, "POST", rows, database=database)[0] == 200
    assert gateway.query("SELECT hex(s) FROM t", database) == [("00FF3B0A",)]


@pytest.mark.parametrize("encoding", ["gzip", "lz4", "zstd", "chunked"])
def test_bodies_may_be_packed(gateway: GatewayProcess, encoding: str) -> None:
    import lz4.frame  # type: ignore[import-untyped]
    from backports import zstd

    pack = {"gzip": gzip.compress, "lz4": lz4.frame.compress, "zstd": zstd.compress}
    query = b"SELECT 'packed'"
    if encoding == "chunked":
        body: Any = (query[at : at + 4] for at in range(0, len(query), 4))
        answer = request(gateway, "POST", body)
    else:
        answer = request(gateway, "POST", pack[encoding](query), {"Content-Encoding": encoding})
    assert answer[:2] == (200, b"packed\n")


def test_an_answer_is_packed_only_when_asked(gateway: GatewayProcess) -> None:
    accept = {"Accept-Encoding": "gzip"}
    assert request(gateway, "POST", b"SELECT 1", accept)[1] == b"1\n"
    _, body, headers = request(gateway, "POST", b"SELECT 1", accept, enable_http_compression="1")
    assert headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(body) == b"1\n"


def test_parameters_are_bound(gateway: GatewayProcess) -> None:
    assert request(gateway, "POST", b"SELECT {p:String}", param_p="a;b")[1] == b"a;b\n"


def test_get_only_reads(gateway: GatewayProcess, database: str) -> None:
    assert request(gateway, "GET", query="SELECT 7")[1] == b"7\n"
    status, body, _ = request(gateway, "GET", query=WRITTEN, database=database)
    assert (status, body[:10]) == (500, b"Code: 164.")


def test_nothing_of_a_request_is_left_for_the_next(gateway: GatewayProcess, database: str) -> None:
    look = "SELECT currentDatabase(), getSetting('max_block_size')"
    before = gateway.query(look)
    assert gateway.query(look, database, max_block_size=77) == [(database, 77)]
    gateway.query("SET max_block_size = 78")
    assert gateway.query(look) == before


@pytest.mark.parametrize(
    ("sql", "options", "status", "code"),
    [
        ("SELEC 1", {}, 400, 62),
        ("SELECT 1; SELECT 2", {}, 400, 62),
        ("INSERT INTO FUNCTION null('a Int8') VALUES (1); SELECT 1", {}, 500, 33),
        ("1 + 1", {}, 400, 62),
        ("exit", {}, 400, 62),
        ("", {}, 400, 62),
        ("-- nothing", {}, 400, 62),
        ("SELECT * FROM absent", {}, 404, 60),
        ("SELECT 1", {"database": "absent"}, 404, 81),
        ("SELECT 1", {"absent_setting": "1"}, 404, 115),
        ("SELECT throwIf(1)", {}, 500, 395),
    ],
)
def test_what_a_server_refuses_is_refused(
    gateway: GatewayProcess, sql: str, options: dict[str, Any], status: int, code: int
) -> None:
    answer = request(gateway, "POST", sql.encode(), **options)
    assert answer[0] == status
    assert answer[2]["X-ClickHouse-Exception-Code"] == str(code)
    assert answer[1].startswith(f"Code: {code}. DB::Exception: ".encode())
    assert answer[1].endswith(b" (official build))\n")


@pytest.mark.parametrize("sql", ["SELECT 1;", "SELECT 1;\n-- done;\n", "SELECT ';', `a` FROM "])
def test_one_statement_may_end_as_it_likes(gateway: GatewayProcess, sql: str) -> None:
    tail = "(SELECT 1 AS `a`)" if sql.endswith("FROM ") else ""
    assert request(gateway, "POST", (sql + tail).encode())[0] == 200


def test_a_password_is_required_once_it_is_set(gateway: GatewayProcess) -> None:
    gateway.require("bob", "p@ss:w/ord#1%")
    status, body, headers = request(gateway, "POST", b"SELECT 1")
    assert (status, headers["X-ClickHouse-Exception-Code"]) == (403, "516")
    assert b"default: Authentication failed" in body
    right = {"X-ClickHouse-User": "bob", "X-ClickHouse-Key": "p@ss:w/ord#1%"}
    assert request(gateway, "POST", b"SELECT 1", right)[0] == 200
    url = gateway.database_url(user="bob", password="p%40ss%3Aw%2Ford%231%25")
    assert http_query(url, "SELECT currentUser() != ''") == [(1,)]


# The clients


def test_clickhouse_sqlalchemy_connects_and_reads(gateway: GatewayProcess, database: str) -> None:
    engine = sa.create_engine(gateway.database_url(database))
    with engine.connect() as connection:
        rows = connection.execute(sa.text("SELECT currentDatabase() AS name, 1 AS n")).fetchall()
        connection.connection.driver_connection.transport.http.close()  # type: ignore[union-attr]
    engine.dispose()
    assert [tuple(row) for row in rows] == [(database, 1)]
    assert gateway.texts()[:2] == ["select version()", "select currentDatabase()"]


def test_clickhouse_sqlalchemys_transport_sends_text_as_it_is(
    gateway: GatewayProcess, database: str
) -> None:
    text = "SELECT '100%', '%(x)s {a} ''', 1 -- ?"
    with http_transport(gateway.database_url(database)) as transport:
        answer = transport.raw(text, params={"query_id": "mine", "max_threads": "1"})
    assert answer.splitlines()[2] == "100%\t%(x)s {a} \\'\t1"
    record = gateway.log()[-1]
    assert (record["text"], record["query_id"]) == (text, "mine")
    assert record["settings"] == {"max_threads": "1"}


def test_clickhouse_sqlalchemy_reports_errors(gateway: GatewayProcess) -> None:
    with (
        http_transport(gateway.database_url()) as transport,
        pytest.raises(DatabaseException) as caught,
    ):
        transport.raw("SELECT * FROM absent")
    assert caught.value.orig.code == 404
    assert str(caught.value.orig).startswith("Code: 60. DB::Exception: ")


def test_clickhouse_connect_does_everything(gateway: GatewayProcess, database: str) -> None:
    client = clickhouse_connect.get_client(
        host="127.0.0.1", port=gateway.port, database=database, username="default"
    )
    with contextlib.closing(client):
        client.command(WRITTEN, settings={"query_id": "made"})
        summary = client.insert("t", [[1, "50%;"], [2, "é"]], column_names=["a", "s"])
        assert summary.written_rows == 2
        assert client.query("SELECT * FROM t ORDER BY a").result_rows == [(1, "50%;"), (2, "é")]
        with pytest.raises(clickhouse_connect.driver.exceptions.DatabaseError) as caught:
            client.command("SELECT * FROM absent")
        assert (caught.value.code, caught.value.name) == (60, "UNKNOWN_TABLE")
    assert "made" in [record["query_id"] for record in gateway.log()]


def test_requests_run_side_by_side(gateway: GatewayProcess, database: str) -> None:
    gateway.query(WRITTEN, database)
    with ThreadPoolExecutor(8) as pool:
        inserts = [f"INSERT INTO t VALUES ({number}, 'x')" for number in range(40)]
        list(pool.map(lambda sql: gateway.query(sql, database), inserts))
    assert gateway.query("SELECT count(), sum(a) FROM t", database) == [(40, 780)]


# The memory


def test_the_log_tells_what_came_and_how_it_ended(gateway: GatewayProcess, database: str) -> None:
    gateway.query(WRITTEN, database, query_id="first")
    with pytest.raises(QueryFailed):
        gateway.query(WRITTEN, database, query_id="second")
    first, second = gateway.log()
    assert (first["query_id"], first["text"], first["error"]) == ("first", WRITTEN, None)
    assert first["started"] <= first["finished"] <= second["started"]
    assert (second["query_id"], second["code"], second["state"]) == ("second", 57, "done")
    assert "already exists" in second["error"]
    assert [record["query_id"] for record in gateway.log(since=1)] == ["second"]


def test_the_query_log_table_knows_every_query_id(gateway: GatewayProcess, database: str) -> None:
    gateway.query(WRITTEN, database, query_id="made")
    gateway.query("INSERT INTO t VALUES (1, 'x')", database, query_id="filled")
    with pytest.raises(QueryFailed):
        gateway.query(WRITTEN, database, query_id="failed")
    look = (
        "SELECT query_id, type, exception_code, written_rows FROM system.query_log "
        "WHERE query_id IN ('made', 'filled', 'failed') ORDER BY event_time_microseconds"
    )
    assert gateway.query(look) == [
        ("made", "QueryStart", 0, 0),
        ("made", "QueryFinish", 0, 0),
        ("filled", "QueryStart", 0, 0),
        ("filled", "QueryFinish", 0, 1),
        ("failed", "ExceptionBeforeStart", 57, 0),
    ]


def test_a_running_query_is_a_process_and_can_be_killed(gateway: GatewayProcess) -> None:
    slow = "SELECT sum(sleepEachRow(0.05)) FROM numbers(400) SETTINGS max_block_size = 1"
    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(gateway.query, slow, query_id="slow")
        processes = "SELECT query_id, query FROM system.processes AS p WHERE query_id = 'slow'"
        while not (found := gateway.query(processes)):
            time.sleep(0.01)
        assert found == [("slow", slow)]
        with pytest.raises(QueryFailed) as twice:
            gateway.query("SELECT 1", query_id="slow")
        assert twice.value.code == 216
        gateway.query("KILL QUERY WHERE query_id = 'slow' SYNC")
        with pytest.raises(QueryFailed) as killed:
            future.result(timeout=20)
    assert killed.value.code == 394


# The faults


def in_background(gateway: GatewayProcess, sql: str, database: str, **options: str) -> Any:
    """Send a query and don't wait; its future."""
    pool = ThreadPoolExecutor(1)
    future = pool.submit(gateway.query, sql, database, **options)
    pool.shutdown(wait=False)
    return future


def tables(gateway: GatewayProcess, database: str) -> list[Any]:
    """The names of the tables."""
    return [name for (name,) in gateway.query("SHOW TABLES", database)]


@pytest.mark.parametrize(("when", "while_held"), [("before", []), ("after", ["t"])])
def test_a_statement_is_held_until_released(
    gateway: GatewayProcess, database: str, when: str, while_held: list[str]
) -> None:
    fault = gateway.fault("^CREATE TABLE", when=when)
    future = in_background(gateway, WRITTEN, database, query_id="held")
    assert fault.wait() == ["held"]
    assert fault.state["held"] == ["held"]
    assert tables(gateway, database) == while_held
    running = gateway.query("SELECT count() FROM system.processes WHERE query_id = 'held'")
    assert running == [(int(when == "before"),)]
    fault.release()
    assert future.result(timeout=20) == []
    assert tables(gateway, database) == ["t"]


def test_a_held_statement_runs_even_when_its_client_is_gone(
    gateway: GatewayProcess, database: str
) -> None:
    fault = gateway.fault("^CREATE TABLE")
    connection = http.client.HTTPConnection("127.0.0.1", gateway.port)
    connection.request("POST", f"/?database={database}", WRITTEN)
    fault.wait()
    connection.close()
    fault.release()
    while gateway.log()[0]["state"] != "done":
        time.sleep(0.01)
    assert tables(gateway, database) == ["t"]


def test_a_held_statement_can_be_killed(gateway: GatewayProcess, database: str) -> None:
    fault = gateway.fault("^CREATE TABLE")
    future = in_background(gateway, WRITTEN, database, query_id="held")
    fault.wait()
    gateway.query("KILL QUERY WHERE query_id = 'held'")
    with pytest.raises(QueryFailed) as caught:
        future.result(timeout=20)
    assert caught.value.code == 394
    assert tables(gateway, database) == []


@pytest.mark.parametrize(("when", "left"), [("before", []), ("after", ["t"])])
def test_a_connection_is_dropped(
    gateway: GatewayProcess, database: str, when: str, left: list[str]
) -> None:
    gateway.fault("^CREATE TABLE", action="drop", when=when)
    with (
        http_transport(gateway.database_url(database)) as transport,
        pytest.raises(requests.exceptions.ConnectionError, match="without response"),
    ):
        transport.raw(WRITTEN)
    assert gateway.log()[-1]["state"] == ("done" if left else "lost")
    assert tables(gateway, database) == left


def test_held_and_then_dropped(gateway: GatewayProcess, database: str) -> None:
    fault = gateway.fault("^CREATE TABLE")
    future = in_background(gateway, WRITTEN, database)
    fault.wait()
    fault.release("drop")
    with pytest.raises(http.client.RemoteDisconnected):
        future.result(timeout=20)
    assert tables(gateway, database) == []


def test_what_was_held_and_dropped_never_arrived(gateway: GatewayProcess, database: str) -> None:
    gateway.query(WRITTEN, database)
    fault = gateway.fault("^INSERT")
    future = in_background(gateway, "INSERT INTO t SELECT 1, 'a'", database, query_id="mine")
    fault.wait()
    fault.release("drop")
    with pytest.raises(ConnectionError):
        future.result()
    count = "SELECT count() FROM system.query_log WHERE query_id = 'mine'"
    assert gateway.query(count) == [(0,)]


def test_an_answer_comes_late(gateway: GatewayProcess) -> None:
    gateway.fault("^SELECT 1$", action="delay", seconds=0.3)
    before = time.monotonic()
    assert gateway.query("SELECT 1") == [(1,)]
    assert time.monotonic() - before >= 0.3


@pytest.mark.parametrize(("when", "left"), [("before", []), ("after", ["t"])])
def test_a_statement_is_refused(
    gateway: GatewayProcess, database: str, when: str, left: list[str]
) -> None:
    message = "Cannot reserve 1.00 MiB, not enough space. (NOT_ENOUGH_SPACE)"
    gateway.fault("^CREATE TABLE", action="error", when=when, code=243, message=message)
    with pytest.raises(QueryFailed, match="not enough space") as caught:
        gateway.query(WRITTEN, database)
    assert caught.value.code == 243
    assert tables(gateway, database) == left


@pytest.mark.parametrize(
    ("sql", "when", "kinds"),
    [
        (WRITTEN, "before", [3]),
        (WRITTEN, "after", [3]),  # also when a part of it was executed
        ("INSERT INTO t SELECT 1, 'a'", "before", [3]),
        ("INSERT INTO t SELECT 1, 'a'", "after", [1, 4]),
    ],
)
def test_the_query_log_knows_what_was_refused(
    gateway: GatewayProcess, database: str, sql: str, when: str, kinds: list[int]
) -> None:
    if sql != WRITTEN:
        gateway.query(WRITTEN, database)
    gateway.fault(f"^{sql[:6]}", action="error", when=when, code=241, message="Memory limit")
    with pytest.raises(QueryFailed):
        gateway.query(sql, database, query_id="mine")
    gateway.query("SYSTEM FLUSH LOGS")
    log = gateway.query(
        "SELECT type, exception_code FROM system.query_log WHERE query_id = 'mine' ORDER BY type",
        output_format_json_quote_64bit_integers=0,
    )
    names = {1: "QueryStart", 3: "ExceptionBeforeStart", 4: "ExceptionWhileProcessing"}
    assert log == [(names[kind], 0 if kind == 1 else 241) for kind in kinds]


@pytest.mark.parametrize(("when", "left"), [("before", []), ("after", ["t"])])
def test_a_connection_is_frozen(
    gateway: GatewayProcess, database: str, when: str, left: list[str]
) -> None:
    fault = gateway.fault("^CREATE TABLE", action="freeze", when=when)
    with pytest.raises(TimeoutError):
        request(gateway, "POST", WRITTEN.encode(), database=database, timeout=0.3)
    fault.wait()
    assert tables(gateway, database) == left
    assert gateway.query("SELECT count() FROM system.processes") == [(1,)]
    with ThreadPoolExecutor() as pool:
        gateway.fault("SELECT 4711", action="freeze", when=when)
        future = pool.submit(request, gateway, "POST", b"SELECT 4711")
        wait_until(lambda: "SELECT 4711" in gateway.texts(), 10, "it has arrived")
        assert not future.done()
        gateway.reset()
        with pytest.raises(ConnectionError):
            future.result()


def test_only_the_nth_statement_is_hit(gateway: GatewayProcess) -> None:
    fault = gateway.fault(r"^SELECT \d$", action="error", code=999, nth=2, times=2)
    outcomes = []
    for number in range(1, 6):
        with contextlib.suppress(QueryFailed):
            outcomes += gateway.query(f"SELECT {number}")
    assert outcomes == [(1,), (4,), (5,)]
    assert (fault.state["seen"], len(fault.state["hits"])) == (5, 2)


def test_waiting_for_a_fault_ends(gateway: GatewayProcess) -> None:
    with pytest.raises(TimeoutError):
        gateway.fault("never").wait(timeout=0.05)


def test_a_reset_forgets_everything(gateway: GatewayProcess, database: str) -> None:
    gateway.fault("^SELECT 1$", action="error", code=999)
    fault = gateway.fault("^CREATE TABLE")
    future = in_background(gateway, WRITTEN, database)
    fault.wait()
    gateway.require("bob", "secret")
    gateway.reset()
    with pytest.raises(http.client.RemoteDisconnected):
        future.result(timeout=20)
    assert gateway.log() == []
    assert gateway.query("SELECT 1") == [(1,)]


# Its life


def test_it_ends_with_its_parent_and_keeps_what_was_written(tmp_path: Path) -> None:
    gateway = GatewayProcess(tmp_path)
    try:
        gateway.query(WRITTEN)
        gateway.query("INSERT INTO t VALUES (1, 'x')")
        assert gateway.process.stdin is not None
        gateway.process.stdin.close()
        assert gateway.process.wait(20) == 0
        gateway.restart()
        assert gateway.query("SELECT * FROM t") == [(1, "x")]
        gateway.process.terminate()
        assert gateway.process.wait(20) == 0
        gateway.restart()
        gateway.kill()
        gateway.restart()
        assert gateway.query("SELECT * FROM t") == [(1, "x")]
    finally:
        gateway.stop()
    assert (tmp_path / "gateway.log").read_text() == ""
    with pytest.raises(ProcessLookupError):
        os.kill(gateway.process.pid, 0)


def test_it_stops_while_a_statement_is_held(tmp_path: Path) -> None:
    gateway = GatewayProcess(tmp_path)
    fault = gateway.fault("^SELECT 1$")
    future = in_background(gateway, "SELECT 1", "default")
    fault.wait()
    gateway.stop()
    with pytest.raises((http.client.RemoteDisconnected, ConnectionError)):
        future.result(timeout=20)


# The eyes


def test_two_databases_with_the_same_schema_look_the_same(gateway: GatewayProcess) -> None:
    looks = []
    for _ in range(2):
        name = gateway.create_database()
        url = gateway.database_url(name)
        http_query(url, WRITTEN)
        http_query(url, f"CREATE VIEW v AS SELECT a FROM {name}.t")
        view = "CREATE MATERIALIZED VIEW m ENGINE = MergeTree ORDER BY a AS SELECT a FROM t"
        http_query(url, view)
        http_query(url, "INSERT INTO t VALUES (2, 'b')")
        http_query(url, "INSERT INTO t VALUES (1, 'a')")
        looks.append((clickhouse_schema(url), clickhouse_data(url)))
        http_query(url, "ALTER TABLE t ADD COLUMN z Int8")
        assert clickhouse_schema(url) != looks[-1][0]
        gateway.drop_database(name)
    assert looks[0] == looks[1]
    schema, data = looks[0]
    assert ("column", "t", "a", "Int64", "", "") in schema
    assert [row[1] for row in schema if row[0] == "table"] == [".inner_id.UUID", "m", "t", "v"]
    assert list(data) == [".inner_id.UUID", "t"]


def test_the_data_of_a_table_is_compared_without_order(gateway: GatewayProcess) -> None:
    name = gateway.create_database()
    gateway.query("CREATE TABLE l (a Int64) ENGINE = Log", name)
    gateway.query("INSERT INTO l VALUES (1), (2)", name)
    before = clickhouse_data(gateway.query, name)
    gateway.query("TRUNCATE TABLE l", name)
    assert clickhouse_data(gateway.query, name) != before
    gateway.query("INSERT INTO l VALUES (2), (1)", name)
    assert clickhouse_data(gateway.query, name) == before
    gateway.drop_database(name)
