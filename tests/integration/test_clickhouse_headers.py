"""Headers for ClickHouse over HTTP: a proxy that asks for them, and who asks the server."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from brokle_migrate import __version__
from brokle_migrate.config import parse_url
from brokle_migrate.environments.drivers import connect
from brokle_migrate.errors import ConfigError
from tests.support.access import AccessProxy
from tests.support.project import Project

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.gateway_process import GatewayProcess

SECRET = "the-clients-own-word-77"
REQUIRED = {"CF-Access-Client-Id": "client.access", "CF-Access-Client-Secret": SECRET}
LINES = "\n".join(f"{name}: {value}" for name, value in REQUIRED.items())
SCHEMES = ["clickhouse+http", "clickhousedb"]


@pytest.fixture
def proxy(gateway: GatewayProcess, clickhouse_url: str) -> Iterator[AccessProxy]:
    with AccessProxy(gateway.port, REQUIRED) as made:
        yield made


def through(proxy: AccessProxy, url: str, scheme: str) -> str:
    return f"{scheme}://default:@127.0.0.1:{proxy.server_port}/{url.rpartition('/')[2]}"


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_proxy_that_asks_for_headers(
    proxy: AccessProxy, clickhouse_url: str, scheme: str, tmp_path: Path
) -> None:
    project = Project(tmp_path / "project", None, through(proxy, clickhouse_url, scheme))
    project.add_pair("1", "t", "CREATE TABLE t (a UInt8) ENGINE = Log", "DROP TABLE t")
    refused = project.run("up")
    assert refused.code == 5
    assert "403" in refused.err
    assert "CLICKHOUSE_HEADERS" in refused.err
    given = {"CLICKHOUSE_HEADERS": LINES}
    done = project.run("up", env=given)
    assert done.code == 0, done.err
    info = project.run("info", "--json", env=given)
    assert info.code == 0, info.err
    shown = {one["name"]: one for one in json.loads(info.out)["data"]["settings"]}
    assert shown["clickhouse.headers"]["value"] == "***"
    assert shown["clickhouse.headers"]["source"] == "environment CLICKHOUSE_HEADERS"
    for result in (refused, done, info):
        assert SECRET not in result.out + result.err
    assert f"brokle-migrate/{__version__}" in {one["user-agent"] for one in proxy.seen}


@pytest.mark.parametrize("scheme", SCHEMES)
def test_headers_of_the_url(proxy: AccessProxy, clickhouse_url: str, scheme: str) -> None:
    pairs = "&".join(f"header__{name}={value}" for name, value in REQUIRED.items())
    url = f"{through(proxy, clickhouse_url, scheme)}?{pairs}&header__authorization=Bearer%20x9"
    parsed = parse_url(f"{url}&header__User-Agent=somebody", source="test")
    assert SECRET not in f"{parsed!r} {parsed}"
    opened = connect(parsed, {})
    assert opened.query("SELECT 1") == [("1",)]
    opened.close()
    assert {one["authorization"] for one in proxy.seen} == {"Bearer x9"}
    assert {one["user-agent"] for one in proxy.seen} == {"somebody"}


def test_the_native_protocol_has_no_headers() -> None:
    url = parse_url(f"clickhouse+native://u:p@127.0.0.1:1/x?header__A={SECRET}", source="test")
    with pytest.raises(ConfigError, match="go over HTTP") as raised:
        connect(url, {})
    assert SECRET not in f"{raised.value}{raised.value.hint}"


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_header_that_can_not_be_sent(scheme: str) -> None:
    text = f"{scheme}://127.0.0.1:1/x?header__A={SECRET}%0d%0aB:%20c"
    with pytest.raises(ConfigError, match="value of A") as raised:
        connect(parse_url(text, source="test"), {}).query("SELECT 1")
    assert SECRET not in f"{raised.value}{raised.value.hint}"


def test_the_native_protocol_says_who_asks(native_url: str) -> None:
    opened = connect(parse_url(native_url, source="test"), {})
    names = opened.query("SELECT client_name FROM system.processes WHERE query LIKE '%process%'")
    opened.close()
    assert (f"ClickHouse brokle-migrate/{__version__}",) in names
