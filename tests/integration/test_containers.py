"""``auto``, ``wait`` and ``serve-health`` as a container runs them."""

from __future__ import annotations

import json
import signal
import threading
import time
import urllib.error
import urllib.request
from typing import TYPE_CHECKING

import pytest

from tests.support.process import free_port, wait_until

if TYPE_CHECKING:
    from tests.support.gateway_process import GatewayProcess
    from tests.support.project import Project

ON = {"DB_AUTO_MIGRATE": "true"}


@pytest.fixture
def filled(project: Project) -> Project:
    """One revision in both histories."""
    project.add_revision("r1", "CREATE TABLE t (x int)", "DROP TABLE t")
    project.add_pair(1, "t", "CREATE TABLE t (x Int8) ENGINE = Log", "DROP TABLE t")
    return project


def test_auto_does_nothing_unless_it_is_enabled(filled: Project) -> None:
    result = filled.invoke("auto")
    assert result.code == 0
    assert "auto-migration is off" in result.err
    assert filled.invoke("status", "--exit-code").code == 3


def test_auto_migrates_once(filled: Project) -> None:
    first = filled.run("auto", env=ON)
    assert first.code == 0, first
    assert "clickhouse: 1 applied, now at 1 (head)" in first.out
    again = filled.run("auto", "--json", env=ON)
    assert again.code == 0
    assert json.loads(again.out)["data"]["changed"] is False


def test_auto_shows_what_it_would_do(filled: Project) -> None:
    result = filled.run("auto", "--dry-run", env=ON)
    assert result.code == 0
    assert "CREATE TABLE t" in result.out
    assert filled.invoke("status", "--exit-code").code == 3


def test_auto_takes_back_what_failed(filled: Project) -> None:
    filled.add_pair(2, "wrong", "SELECT no_such_function()", "SELECT 1")
    result = filled.run("auto", "--on-failure", "rollback", env=ON)
    assert result.code == 1
    assert "all of it was taken back" in result.out


def test_auto_gives_up_a_database_in_time(filled: Project) -> None:
    env = {**ON, "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/nothing"}
    result = filled.run("auto", "--timeout", "1s", env=env)
    assert result.code == 5
    assert "waiting: Postgres at" in result.err
    assert "hint:" in result.err


def test_auto_stops_at_a_signal(filled: Project, gateway: GatewayProcess) -> None:
    filled.add_pair(2, "u", "CREATE TABLE u (x Int8) ENGINE = Log", "DROP TABLE u")
    fault = gateway.fault("CREATE TABLE t", when="before", action="hold")
    with filled.start("auto", env=ON) as running:
        fault.wait()
        running.signal(signal.SIGTERM)
        wait_until(lambda: b"stopping" in running.said(), 10, "word of the signal")
        fault.release()
        assert running.wait().code == 143


def test_auto_is_stopped_while_it_waits(filled: Project) -> None:
    env = {**ON, "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/nothing"}
    with filled.start("auto", env=env) as running:
        wait_until(lambda: b"waiting" in running.said(), 20, "the wait")
        running.signal(signal.SIGTERM)
        assert running.wait(10).code == 143


def test_wait_sees_databases_that_answer(filled: Project) -> None:
    assert filled.run("wait").code == 0


def test_wait_gives_up_in_time(filled: Project) -> None:
    env = {"DATABASE_URL": "postgresql://nobody@127.0.0.1:1/nothing"}
    started = time.monotonic()
    result = filled.run("wait", "--timeout", "1s", env=env)
    assert result.code == 5
    assert time.monotonic() - started < 15


def test_wait_does_not_wait_for_what_is_refused(filled: Project) -> None:
    result = filled.run("wait", "--timeout", "60s", env={"DB_NAME": "no_such_database"}, timeout=30)
    assert result.code == 5
    assert "no_such_database" in result.out


def test_wait_for_what_somebody_else_migrates(filled: Project) -> None:
    assert filled.run("wait", "--at-head", "--timeout", "0s").code == 3
    timer = threading.Timer(0.5, lambda: filled.run("up"))
    timer.start()
    result = filled.run("wait", "--at-head", "--timeout", "30s")
    timer.join()
    assert result.code == 0, result
    assert "waiting for postgres: 1 pending" in result.err


def test_serve_health_until_a_signal(filled: Project) -> None:
    port = free_port()
    with filled.start("serve-health", "--port", str(port), "--cache", "0s") as server:
        wait_until(lambda: b"serving" in server.said(), 20, "the server")
        assert _get(port, "/health") == 200
        assert _get(port, "/ready") == 503
        assert filled.invoke("up").code == 0
        assert _get(port, "/ready") == 200
        assert _get(port, "/nothing") == 404
        server.signal(signal.SIGTERM)
        assert server.wait(20).code == 0


def test_serve_health_where_somebody_listens_already(filled: Project) -> None:
    port = free_port()
    with filled.start("serve-health", "--port", str(port), "--timeout", "20s") as server:
        wait_until(lambda: b"serving" in server.said(), 20, "the server")
        result = filled.run("serve-health", "--port", str(port))
        assert result.code == 2
        assert f"can't listen on 127.0.0.1 port {port}" in result.err


def test_serve_health_for_a_while(filled: Project) -> None:
    assert filled.run("serve-health", "--port", "0", "--timeout", "500ms").code == 2
    assert filled.run("serve-health", "--port", "0", "--timeout", "1s").code == 0


def _get(port: int, path: str) -> int:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=20) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        error.close()
        return error.code
