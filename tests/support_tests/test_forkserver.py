"""A forked run is what the command in a process of its own is: output, exit code, signals."""

from __future__ import annotations

import json
import signal
from typing import TYPE_CHECKING

import pytest

from tests.support.forkserver import Forkserver

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.gateway_process import GatewayProcess
    from tests.support.project import Project

VERSION = "20250101000000"
TABLE = "CREATE TABLE t (id UInt8) ENGINE = Memory"


@pytest.fixture(scope="module")
def forkserver() -> Iterator[Forkserver]:
    with Forkserver() as server:
        yield server


@pytest.fixture
def ready(project: Project) -> Project:
    project.add_revision(VERSION, "CREATE TABLE t (id int)", "DROP TABLE t")
    project.add_pair(VERSION, "t", f"{TABLE};\nSELECT 1", "DROP TABLE t")
    return project


@pytest.mark.parametrize(
    "argv", [("--version",), ("--help",), ("status",), ("status", "--json"), ("up", "--nothing")]
)
def test_it_says_the_same(forkserver: Forkserver, ready: Project, argv: tuple[str, ...]) -> None:
    forked, real = forkserver.run(ready, *argv), ready.run(*argv)
    assert forked == real


def test_it_migrates(forkserver: Forkserver, ready: Project) -> None:
    forked = forkserver.run(ready, "up", "--json")
    assert forked.code == 0, forked
    assert json.loads(forked.out)["data"]["changed"]
    assert ready.run("status", "--exit-code").code == 0


def test_variables_reach_it(forkserver: Forkserver, ready: Project) -> None:
    result = forkserver.run(ready, "status", env={"CLICKHOUSE_URL": "http://127.0.0.1:1/x"})
    assert result.code == 5


@pytest.mark.parametrize(("number", "code"), [(signal.SIGKILL, -9), (signal.SIGTERM, 143)])
def test_it_can_be_killed_and_stopped(
    forkserver: Forkserver, ready: Project, gateway: GatewayProcess, number: int, code: int
) -> None:
    fault = gateway.fault("^CREATE TABLE t ")
    with forkserver.start(ready, "up", "--db", "clickhouse") as run:
        fault.wait()
        assert run.running
        with pytest.raises(TimeoutError):
            run.wait(0.01)
        run.signal(number)
        fault.release()
        assert run.wait().code == code


def test_runs_overlap(forkserver: Forkserver, ready: Project, gateway: GatewayProcess) -> None:
    fault = gateway.fault("^CREATE TABLE t ")
    with forkserver.start(ready, "up") as first:
        fault.wait()
        assert forkserver.run(ready, "up", "--lock-timeout", "0.1s").code == 4
        fault.release()
        assert first.wait().code == 0
