"""The health endpoint over real HTTP: many probes, those that hang up, wrong questions, metrics."""

from __future__ import annotations

import asyncio
import socket
import time
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from brokle_migrate import asgi, health, load, wsgi
from tests.support.postgres_proxy import PostgresProxy
from tests.support.postgres_wire import GOODBYE
from tests.support.served import uvicorn_of, werkzeug_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager
    from typing import Any

    from brokle_migrate import Config
    from tests.support.gateway_process import GatewayProcess
    from tests.support.project import Project

FOR_EVER = 3600.0


@pytest.fixture
def proxy(filled: Project) -> Iterator[PostgresProxy]:
    """What stands before Postgres and writes down what it is asked; everything is applied."""
    assert filled.postgres_url is not None
    assert filled.invoke("up").code == 0
    with PostgresProxy(filled.postgres_url) as proxy:
        yield proxy


@pytest.fixture
def config(filled: Project, proxy: PostgresProxy) -> Config:
    """The project, with Postgres through the proxy."""
    assert filled.postgres_url is not None
    return load(directory=filled.path, environ={"DATABASE_URL": proxy.url(filled.postgres_url)})


def _server(kind: Any, app: Any) -> AbstractContextManager[str]:
    return uvicorn_of(app) if kind is asgi else werkzeug_of(app)


async def _probe(url: str, number: int) -> list[httpx.Response]:
    limits = httpx.Limits(max_connections=number)
    async with httpx.AsyncClient(base_url=url, timeout=30, limits=limits) as client:
        return await asyncio.gather(*(client.get("/health") for _ in range(number)))


def _statements(proxy: PostgresProxy) -> int:
    """How many a client waited for: it does not wait for the end of its session."""
    return len([text for text in proxy.texts() if text != GOODBYE])


def _asked(proxy: PostgresProxy, gateway: GatewayProcess) -> tuple[int, int]:
    """How many statements both databases have seen since this was asked last."""
    counts = _statements(proxy), len(gateway.texts())
    proxy.reset()
    gateway.reset()
    return counts


@pytest.mark.parametrize(("kind", "number"), [(asgi, 200), (wsgi, 40)])
def test_many_probes_are_one_look(
    kind: Any, number: int, config: Config, proxy: PostgresProxy, gateway: GatewayProcess
) -> None:
    _asked(proxy, gateway)
    app = kind.HealthApp(config, cache=0)
    with _server(kind, app) as url:
        assert httpx.get(f"{url}/health", timeout=30).status_code == 200
        one_look = _asked(proxy, gateway)
    assert min(one_look) > 0
    app = kind.HealthApp(config, cache=FOR_EVER)
    with _server(kind, app) as url:
        answers = asyncio.run(_probe(url, number))
        assert {answer.status_code for answer in answers} == {200}
        assert len({answer.json()["checked"] for answer in answers}) == 1
    assert _asked(proxy, gateway) == one_look


def test_who_hangs_up_ends_nobody_elses_look(config: Config, proxy: PostgresProxy) -> None:
    fault = proxy.fault("alembic_version", when="before", action="hold", times=1)
    with uvicorn_of(asgi.HealthApp(config, cache=FOR_EVER)) as url:
        address = urlsplit(url)
        with socket.create_connection((address.hostname, address.port)) as impatient:
            impatient.sendall(b"GET /health HTTP/1.1\r\nHost: here\r\n\r\n")
            fault.wait()
        fault.release()
        assert httpx.get(f"{url}/health", timeout=30).json()["status"] == "healthy"
    once = _statements(proxy)
    health(config)
    assert _statements(proxy) == 2 * once


@pytest.mark.parametrize("kind", [asgi, wsgi])
def test_wrong_questions(kind: Any, config: Config) -> None:
    with _server(kind, kind.HealthApp(config)) as url:
        head = httpx.head(f"{url}/health", timeout=30)
        assert (head.status_code, head.content) == (200, b"")
        assert int(head.headers["content-length"]) > 100
        assert head.headers["cache-control"] == "no-store"
        assert httpx.get(f"{url}/ready/", timeout=30).status_code == 200
        assert httpx.post(f"{url}/health").status_code == 405
        nothing = httpx.get(f"{url}/nothing")
        assert nothing.status_code == 404
        assert "/health, /ready, /metrics" in nothing.json()["error"]


def test_a_configuration_that_is_not_valid_is_told(
    filled: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled.write("config.yaml", "database:\n  auto_migrat: true\n")
    monkeypatch.chdir(filled.path)
    with uvicorn_of(asgi.HealthApp()) as url:
        answer = httpx.get(f"{url}/ready", timeout=30)
    assert answer.status_code == 503
    assert "auto_migrate" in answer.json()["error"]["message"]


def test_metrics_are_read_by_prometheus(config: Config, filled: Project) -> None:
    filled.add_pair(200, "late", "CREATE TABLE late (x Int8) ENGINE = Log", "DROP TABLE late")
    with uvicorn_of(asgi.HealthApp(config)) as url:
        answer = httpx.get(f"{url}/metrics", timeout=30)
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    families = {each.name: each for each in text_string_to_metric_families(answer.text)}
    pending = families["brokle_migrate_pending_revisions"].samples
    assert {s.labels["database"]: s.value for s in pending} == {"postgres": 0, "clickhouse": 1}
    assert families["brokle_migrate_ready"].samples[0].value == 0
    assert families["brokle_migrate_lock_held"].samples[0].value == 0
    status = families["brokle_migrate_status"].samples
    assert {s.labels["status"]: s.value for s in status}["degraded"] == 1


def test_after_its_time_a_look_is_repeated(config: Config) -> None:
    with uvicorn_of(asgi.HealthApp(config, cache=0.2)) as url:
        first = httpx.get(f"{url}/health", timeout=30).json()["checked"]
        time.sleep(0.3)
        assert httpx.get(f"{url}/health", timeout=30).json()["checked"] > first
