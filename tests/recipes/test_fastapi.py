"""Replicas of the FastAPI recipe that start at once against empty databases."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import httpx
import psycopg

from brokle_migrate import command, load
from tests.support.fleet import Fleet
from tests.support.postgres import libpq_url
from tests.support.project import Project

from .conftest import HISTORY, ON, fill

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from tests.support.gateway_process import GatewayProcess

APPLICATION = "fastapi_app:app"
NAMES = {f"t{number}": 1 for number in range(1, HISTORY + 1)}


def test_eight_start_at_once(filled: Project, gateway: GatewayProcess, tmp_path: Path) -> None:
    with Fleet(filled.path, APPLICATION, 8, ON, tmp_path / "logs") as fleet:
        fleet.go()
        fleet.serve(list(fleet.processes), "/live")
        _expect_healthy(fleet, fleet.processes)
        migrated = [port for port in fleet.processes if "applied, now at" in fleet.said(port)]
        assert migrated, "the migration is in the log of the one that did it"
    _expect_each_applied_once(filled, gateway)


def test_seven_come_up_when_the_one_that_migrates_is_killed(
    filled: Project, gateway: GatewayProcess, tmp_path: Path
) -> None:
    fault = gateway.fault("CREATE TABLE t2", when="before", action="hold")
    with Fleet(filled.path, APPLICATION, 8, ON, tmp_path / "logs") as fleet:
        fleet.go()
        fault.wait()
        holder = command.lock(load(directory=filled.path, environ={})).holder
        assert holder is not None
        assert holder.process is not None
        killed = fleet.kill(holder.process)
        fault.release()
        others = [port for port in fleet.processes if port != killed]
        fleet.serve(others, "/live")
        _expect_healthy(fleet, others)
    _expect_each_applied_once(filled, gateway)


def test_embedded_engines_take_turns(tmp_path: Path, servers_directory: Path) -> None:
    data = servers_directory / "embedded-fleet"
    data.mkdir(mode=0o755)
    project = fill(
        Project(
            tmp_path / "project",
            f"postgresql+embedded:///{data}/postgres",
            f"clickhouse+embedded:///{data}/clickhouse",
        )
    )
    with Fleet(project.path, APPLICATION, 3, ON, tmp_path / "logs") as fleet:
        fleet.go()
        fleet.serve(list(fleet.processes), "/live")
        for port in fleet.processes:
            _expect_healthy(fleet, [port])
    # The replicas were killed: the next process joins the server that they left, and stops it.
    assert project.run("status", "--exit-code").code == 0


def _health(fleet: Fleet, port: int) -> httpx.Response:
    return httpx.get(f"{fleet.url(port)}/migrations/health", timeout=30)


def _expect_healthy(fleet: Fleet, ports: Iterable[int]) -> None:
    for port in ports:
        answer = _health(fleet, port)
        assert answer.status_code == 200, answer.text
        assert answer.json()["status"] == "healthy"
        assert answer.json()["ready"] is True


def _expect_each_applied_once(project: Project, gateway: GatewayProcess) -> None:
    assert project.postgres_url is not None
    with psycopg.connect(libpq_url(project.postgres_url)) as connection:
        ran = connection.execute("SELECT name, count(*) FROM ran GROUP BY name").fetchall()
    assert dict(ran) == NAMES
    texts = [
        text for text in gateway.texts() if text.startswith(("CREATE TABLE t", "INSERT INTO ran"))
    ]
    assert set(Counter(texts).values()) == {1}
    assert len(texts) == 2 * HISTORY
