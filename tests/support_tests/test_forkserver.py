"""A forked run is what the command in a fresh interpreter is: output, exit code, signals."""

from __future__ import annotations

import json
import signal
import threading
from typing import TYPE_CHECKING

import pytest

from tests.support.crowd import Crowd
from tests.support.forkserver import Forkserver

if TYPE_CHECKING:
    from tests.support.gateway_process import GatewayProcess
    from tests.support.project import Project
    from tests.support.terminal import Result

VERSION = "20250101000000"
TABLE = "CREATE TABLE t (id UInt8) ENGINE = Memory"


@pytest.fixture
def ready(project: Project) -> Project:
    project.add_revision(VERSION, "CREATE TABLE t (id int)", "DROP TABLE t")
    project.add_pair(VERSION, "t", f"{TABLE};\nSELECT 1", "DROP TABLE t")
    return project


@pytest.mark.parametrize(
    "argv",
    [
        "--version",
        "--help",
        "up --nothing",
        "status",
        "status --json",
        "up --dry-run",
        "create a_table",
        "lock",
        "wait --timeout 1s",
    ],
)
def test_it_says_the_same(ready: Project, argv: str) -> None:
    forked, fresh = ready.run(*argv.split()), ready.run(*argv.split(), fresh=True)
    assert forked == fresh


def test_it_migrates(ready: Project) -> None:
    forked = ready.run("up", "--json")
    assert forked.code == 0, forked
    assert json.loads(forked.out)["data"]["changed"]
    assert ready.run("status", "--exit-code", fresh=True).code == 0


def test_variables_reach_it(ready: Project) -> None:
    assert ready.run("status", env={"CLICKHOUSE_URL": "http://127.0.0.1:1/x"}).code == 5


@pytest.mark.parametrize(("number", "code"), [(signal.SIGKILL, -9), (signal.SIGTERM, 143)])
def test_it_can_be_killed_and_stopped(
    ready: Project, gateway: GatewayProcess, number: int, code: int
) -> None:
    fault = gateway.fault("^CREATE TABLE t ")
    with ready.start("up", "--db", "clickhouse") as run:
        fault.wait()
        assert run.running
        with pytest.raises(TimeoutError):
            run.wait(0.01)
        run.signal(number)
        fault.release()
        assert run.wait().code == code
        assert not run.running


def test_runs_overlap(ready: Project, gateway: GatewayProcess) -> None:
    fault = gateway.fault("^CREATE TABLE t ")
    with ready.start("up") as first:
        fault.wait()
        assert ready.run("up", "--lock-timeout", "0.1s").code == 4
        fault.release()
        assert first.wait().code == 0


def test_threads_run_side_by_side(ready: Project) -> None:
    results: list[Result] = []
    threads = [
        threading.Thread(target=lambda: results.append(ready.run("--version"))) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [result.code for result in results] == [0] * 8


def test_a_crowd_waits_for_the_bell_and_leaves_nobody_behind(ready: Project) -> None:
    with Crowd(ready, 3, "status") as crowd:
        with pytest.raises(TimeoutError):
            crowd.runs[0].wait(0.3)
        assert all(run.running for run in crowd.runs)
        crowd.go()
        assert [ended.code for ended in crowd.wait(30)] == [0, 0, 0]
    with Crowd(ready, 1, "status") as crowd:
        run = crowd.runs[0]
    assert not run.running


def test_it_ends_with_whoever_started_it(ready: Project) -> None:
    with Forkserver() as server:
        before, type(ready).forkserver = type(ready).forkserver, server
        try:
            assert ready.run("--version").code == 0
        finally:
            type(ready).forkserver = before
        assert server.process is not None
        assert server.process.poll() is None
    assert server.process.poll() == 0
