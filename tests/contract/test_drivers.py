"""What every ClickHouse driver promises, on the engine that it speaks to."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from brokle_migrate.config import parse_url
from brokle_migrate.environments import drivers
from brokle_migrate.environments.drivers import (
    ConnectionLost,
    Driver,
    NoAnswer,
    ServerError,
    connect,
)
from brokle_migrate.errors import ConfigError, DatabaseUnreachable
from tests.support.tcp_proxy import TcpProxy

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.support.gateway_process import GatewayProcess

KINDS = ["gateway", "connect", "native", "http", "embedded"]


LITERALS = [
    "100%",
    "%s %(a)s",
    "{x:UInt8} {}",
    ":name",
    "a\\\\b",
    "it''s",
    "é 🙂",
    "line\nbreak",
    "?",
    "%%",
    "{{}}",
    "a\0b",
]


@pytest.fixture(params=KINDS)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database of each kind."""
    return _url_of(request.param, request, tmp_path)


def _url_of(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if kind == "gateway":
        return str(request.getfixturevalue("clickhouse_url"))
    if kind == "connect":
        return _over_connect(str(request.getfixturevalue("clickhouse_url")))
    if kind == "native":
        return str(request.getfixturevalue("native_url"))
    if kind == "http":
        return str(request.getfixturevalue("server_http_url"))
    return f"clickhouse+embedded:///{tmp_path}/data"


def _over_connect(url: str) -> str:
    return f"clickhousedb://{url.partition('://')[2]}"


@pytest.fixture
def driver(url: str) -> Iterator[Driver]:
    opened = connect(parse_url(url, source="test"), {})
    yield opened
    opened.close()


def test_rows_come_as_text(driver: Driver) -> None:
    rows = driver.query("SELECT toUInt64(18446744073709551615), 'a\tb\\\\c', toUInt8(0)")
    assert rows == [("18446744073709551615", "a\tb\\c", "0")]


def test_another_driver_can_be_opened_after_it(driver: Driver) -> None:
    driver.query("SELECT 1")
    assert callable(drivers.connect), "a module of that name would take the function's place"


def test_no_rows(driver: Driver) -> None:
    assert driver.query("SELECT 1 WHERE 0") == []


@pytest.mark.parametrize("literal", LITERALS)
def test_statement_text_arrives_unchanged(driver: Driver, literal: str) -> None:
    driver.execute("CREATE TABLE t (s String) ENGINE = Log")
    driver.execute(f"INSERT INTO t SELECT '{literal}' /* {literal.replace('/', '')} */")
    plain = literal.replace("''", "'").replace("\\\\", "\\")
    assert driver.query("SELECT s FROM t") == [(plain,)]


def test_every_plane_and_an_escaped_null_byte_arrive(driver: Driver) -> None:
    planes = "é漢𐍈𠀀𰀀\U000e0041\U000f0000\U00100000"
    assert driver.query(f"SELECT '{planes}', hex('a\\0b')") == [(planes, "610062")]


def test_a_long_literal_arrives_whole(driver: Driver) -> None:
    driver.execute("CREATE TABLE t (n UInt64) ENGINE = Log")
    long = {"max_query_size": str(6 << 20)}
    driver.execute(f"INSERT INTO t SELECT length('{'x' * (5 << 20)}')", settings=long)
    assert driver.query("SELECT n FROM t") == [(str(5 << 20),)]


@pytest.mark.parametrize(
    ("kind", "method"),
    [
        ("native", "lz4"),
        ("native", "zstd"),
        ("http", "gzip"),
        ("gateway", "gzip"),
        ("connect", "true"),
    ],
)
def test_compression_changes_nothing_but_the_bytes(
    request: pytest.FixtureRequest, tmp_path: Path, kind: str, method: str
) -> None:
    plain = _url_of(kind, request, tmp_path)
    parsed = parse_url(plain, source="test")
    with TcpProxy((parsed.host, parsed.port or 0)) as proxy:
        there = plain.replace(f":{parsed.port}/", f":{proxy.port}/")
        opened = connect(parse_url(f"{there}?compression={method}", source="test"), {})
        opened.execute("CREATE TABLE t (s String) ENGINE = Log")
        for literal in LITERALS:
            opened.execute(f"INSERT INTO t SELECT '{literal}' /* {literal.replace('/', '')} */")
        long = "x" * (1 << 20)
        opened.insert("t", ["s"], [(long,)])
        if kind != "native":  # whose protocol does not compress a statement's text
            large = {"max_query_size": str(2 << 20)}
            opened.execute(f"INSERT INTO t SELECT '{long}'", settings=large)
        assert opened.query("SELECT hex(s) FROM t WHERE length(s) > 99 LIMIT 1") == [
            ("78" * len(long),)
        ]
        found = {row[0] for row in opened.query("SELECT s FROM t WHERE length(s) < 100")}
        assert found == {one.replace("''", "'").replace("\\\\", "\\") for one in LITERALS}
        opened.close()
        assert proxy.carried < 1 << 19


@pytest.mark.parametrize(
    ("scheme", "method", "hint"),
    [
        ("clickhouse+http", "zstd", "gzip"),
        ("clickhousedb", "lz4", "gzip"),
        ("clickhouse+native", "gzip", "lz4, lz4hc, zstd"),
    ],
)
def test_a_compression_that_a_driver_does_not_have(scheme: str, method: str, hint: str) -> None:
    url = parse_url(f"{scheme}://u:p@127.0.0.1:1/x?compression={method}", source="test")
    with pytest.raises(ConfigError) as raised:
        connect(url, {})
    assert hint in str(raised.value.hint)


def test_a_compression_whose_packages_are_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "clickhouse_driver.compression.zstd", None)
    url = parse_url("clickhouse://u:p@127.0.0.1:1/x?compression=zstd", source="test")
    with pytest.raises(ConfigError, match="not installed") as raised:
        connect(url, {})
    assert "brokle-migrate[compression]" in str(raised.value.hint)


def test_what_another_client_calls_compression_is_passed_over_where_it_means_nothing() -> None:
    for scheme in ("clickhouse+http", "clickhousedb", "clickhouse+native"):
        connect(parse_url(f"{scheme}://127.0.0.1:1/x?compress=lz4", source="test"), {}).close()


def test_inserted_rows_survive(driver: Driver) -> None:
    driver.execute("CREATE TABLE t (n UInt64, s String) ENGINE = Log")
    rows = [(1, "tab\there"), (2**64 - 1, "back\\slash"), (3, "line\nbreak"), (4, "")]
    driver.insert("t", ["n", "s"], rows)
    found = driver.query("SELECT n, s FROM t ORDER BY n")
    assert found == sorted([(str(n), s) for n, s in rows], key=lambda row: int(row[0]))


def test_an_insert_takes_settings(driver: Driver) -> None:
    driver.execute("CREATE TABLE t (n UInt64) ENGINE = Log")
    driver.insert("t", ["n"], [(1,)], settings={"max_block_size": "777"})
    assert driver.query("SELECT n FROM t") == [("1",)]
    with pytest.raises(ServerError):
        driver.insert("t", ["n"], [(2,)], settings={"readonly": "1"})


def test_a_refused_statement_has_code_and_words(driver: Driver) -> None:
    with pytest.raises(ServerError) as raised:
        driver.execute("SELECT * FROM nowhere_to_be_found")
    assert raised.value.code == 60
    assert "nowhere_to_be_found" in raised.value.message
    assert "Stack trace" not in raised.value.message
    assert "DB::Exception" not in raised.value.message


def test_settings_hold_for_one_statement(driver: Driver) -> None:
    text = "INSERT INTO t SELECT toString(value) FROM system.settings WHERE name = 'max_block_size'"
    driver.execute("CREATE TABLE t (s String) ENGINE = Log")
    driver.execute(text, settings={"max_block_size": "777"})
    assert driver.query("SELECT s FROM t") == [("777",)]
    driver.execute(text)
    assert driver.query("SELECT count() FROM t WHERE s = '777'") == [("1",)]


@pytest.mark.parametrize("value", ["7", "180", "-1"])
def test_a_setting_that_is_a_signed_number(driver: Driver, value: str) -> None:
    driver.execute("CREATE TABLE t (s String) ENGINE = Log")
    name = "distributed_ddl_task_timeout"
    driver.execute(
        f"INSERT INTO t SELECT toString(value) FROM system.settings WHERE name = '{name}'",
        settings={name: value},
    )
    assert driver.query("SELECT s FROM t") == [(value,)]


def test_a_setting_that_the_server_does_not_have(driver: Driver) -> None:
    driver.execute("CREATE TABLE t (s String) ENGINE = Log")
    with pytest.raises(ServerError, match="max_blok_size") as raised:
        driver.execute("INSERT INTO t SELECT 'a'", settings={"max_blok_size": "7"})
    assert raised.value.code == 115
    assert driver.query("SELECT count() FROM t") == [("0",)]


@pytest.mark.parametrize("value", ["many", "-1"])
def test_a_setting_whose_value_is_none(driver: Driver, value: str) -> None:
    with pytest.raises(ServerError):
        driver.execute("SELECT 1", settings={"max_block_size": value})
    assert driver.query("SELECT 1") == [("1",)]


def test_settings_after_a_lost_connection(native_url: str) -> None:
    parsed = parse_url(native_url, source="test")
    with TcpProxy((parsed.host, parsed.port or 0)) as proxy:
        opened = connect(replace(parsed, port=proxy.port), {"max_threads": "2"})
        opened.execute("SELECT 1")
        with pytest.raises(NoAnswer):
            opened.execute("SELECT sleep(1)", timeout=0.1)
        opened.execute("SELECT 1")
        proxy.cut()
        opened.execute("SELECT 1")
        opened.close()


def test_what_the_client_can_not_tell_an_old_server(
    native_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from clickhouse_driver.settings.available import settings

    monkeypatch.delitem(settings, "max_block_size")
    opened = connect(parse_url(native_url, source="test"), {})
    with pytest.raises(ServerError, match="use HTTP") as raised:
        opened.execute("SELECT 1", settings={"max_block_size": "1"})
    assert raised.value.code == 115
    opened.close()


def test_a_failed_statement_leaves_nothing_in_the_next_answer(driver: Driver) -> None:
    with pytest.raises(ServerError):
        driver.execute("SELECT number, throwIf(number = 90000) FROM numbers(200000)")
    assert driver.query("SELECT 1") == [("1",)]


def test_a_bare_expression_is_no_statement(driver: Driver) -> None:
    with pytest.raises(ServerError):
        driver.execute("1 + 1")


@pytest.mark.parametrize("kind", ["gateway", "connect", "native", "http"])
@pytest.mark.parametrize(
    ("part", "said", "hint"),
    [("password", "assword", "check user, password"), ("database", "nowhere", "CREATE DATABASE")],
)
def test_a_first_contact_that_is_refused(
    request: pytest.FixtureRequest, tmp_path: Path, kind: str, part: str, said: str, hint: str
) -> None:
    url = parse_url(_url_of(kind, request, tmp_path), source="test")
    if kind in {"gateway", "connect"}:
        gateway: GatewayProcess = request.getfixturevalue("gateway")
        gateway.require("brokle", "the-right-word")
        url = replace(url, user="brokle", password="the-right-word")
    wrong = {"password": "the-wrong-word"} if part == "password" else {"database": "nowhere"}
    opened = connect(replace(url, **wrong), {})
    with pytest.raises(ServerError, match=said) as raised:
        opened.query("SELECT 1")
    opened.close()
    told = drivers.unreachable(replace(url, **wrong), raised.value)
    assert told.refused
    assert hint in str(told.hint)
    assert "word" not in f"{told} {told.hint}".replace("password", "")


@pytest.mark.parametrize("kind", ["clickhouse+native", "clickhouse+http", "clickhousedb"])
def test_nobody_listens(kind: str) -> None:
    opened = connect(parse_url(f"{kind}://u:p@127.0.0.1:1/x", source="test"), {})
    with pytest.raises(ConnectionLost, match="refused"):
        opened.query("SELECT 1")
    opened.close()


@pytest.mark.parametrize("spelled", [str, _over_connect])
def test_a_dropped_answer_is_a_lost_connection(
    gateway: GatewayProcess, clickhouse_url: str, spelled: Callable[[str], str]
) -> None:
    opened = connect(parse_url(spelled(clickhouse_url), source="test"), {})
    gateway.fault(r"^CREATE TABLE t", when="after", action="drop")
    with pytest.raises(ConnectionLost):
        opened.execute("CREATE TABLE t (n UInt8) ENGINE = Log")
    assert opened.query("SELECT count() FROM t") == [("0",)]
    opened.close()


def test_an_old_server_cannot_take_inline_values_over_native(native_url: str) -> None:
    opened = connect(parse_url(native_url, source="test"), {})
    refusal = opened.refusal("INSERT INTO t VALUES (1)")
    assert refusal is not None
    assert "8123" in refusal
    assert opened.refusal("INSERT INTO t SELECT 1") is None
    opened.close()


def test_an_old_server_is_too_old_for_clickhouse_connect(server_http_url: str) -> None:
    opened = connect(parse_url(_over_connect(server_http_url), source="test"), {})
    with pytest.raises(DatabaseUnreachable, match="too old") as raised:
        opened.query("SELECT 1")
    assert "clickhouse+http://" in str(raised.value.hint)
    opened.close()


def test_an_answer_that_takes_too_long(gateway: GatewayProcess, clickhouse_url: str) -> None:
    opened = connect(parse_url(_over_connect(clickhouse_url), source="test"), {})
    with pytest.raises(NoAnswer):
        opened.execute("SELECT sleep(1.5)", timeout=0.3)
    opened.close()


@pytest.mark.parametrize("spelled", [str, _over_connect])
def test_text_and_query_id_reach_the_server_as_they_are(
    gateway: GatewayProcess, clickhouse_url: str, spelled: Callable[[str], str]
) -> None:
    opened = connect(parse_url(spelled(clickhouse_url), source="test"), {})
    text = "SELECT '%s {a:Int8} :b \\\\' /* ; */  "
    opened.execute(text, query_id="an id: 1/é")
    opened.close()
    assert [(call["query_id"], call["text"]) for call in gateway.log()][-1] == ("an id: 1/é", text)


@pytest.mark.parametrize("spelled", [str, _over_connect])
def test_a_server_without_encryption_is_asked_for_it(
    clickhouse_url: str, spelled: Callable[[str], str]
) -> None:
    opened = connect(parse_url(f"{spelled(clickhouse_url)}?secure=true", source="test"), {})
    with pytest.raises(ConnectionLost, match="SSL"):
        opened.query("SELECT 1")
    opened.close()
