"""Without Postgres the lock is a lease in ClickHouse, on engines old and new."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pytest

from tests.support.crowd import Crowd
from tests.support.leases import STRANGER, TABLE, ClickHouseLeases
from tests.support.project import Project

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.gateway_process import GatewayProcess

LEDGER = "CREATE TABLE IF NOT EXISTS `schema_migrations` "


def with_steps(project: Project) -> Project:
    for number in ("01", "02"):
        project.add_pair(
            f"202501{number}000000",
            "t",
            f"CREATE TABLE t{number} (id UInt8) ENGINE = Memory",
            f"DROP TABLE t{number}",
        )
    return project


@pytest.fixture(params=["modern http", "old native", "old http"])
def leases(request: pytest.FixtureRequest, tmp_path: Path) -> ClickHouseLeases:
    """Two pending steps and no Postgres, on three kinds of connection."""
    if request.param == "modern http":
        url = looking = request.getfixturevalue("clickhouse_url")
    else:
        looking = request.getfixturevalue("server_http_url")
        url = request.getfixturevalue("native_url") if "native" in request.param else looking
    return ClickHouseLeases(with_steps(Project(tmp_path / "project", None, url)), looking)


@pytest.fixture
def modern(tmp_path: Path, clickhouse_url: str) -> ClickHouseLeases:
    return ClickHouseLeases(
        with_steps(Project(tmp_path / "project", None, clickhouse_url)), clickhouse_url
    )


def test_a_lease_is_taken_given_back_and_taken_over(leases: ClickHouseLeases) -> None:
    project = leases.project
    assert project.run("up", "--steps", "1").code == 0
    assert leases.holders() == []
    leases.plant()
    held = project.run("up", "--lock-timeout", "0.5s")
    assert held.code == 4, held
    assert STRANGER in held.err
    assert "last heartbeat" in held.err
    assert leases.holders() == [STRANGER]
    leases.age(17)
    result = project.run("up", "--lock-timeout", "0.5s")
    assert result.code == 0, result
    assert project.run("status", "--exit-code").code == 0


def test_the_lock_is_shown_and_broken(leases: ClickHouseLeases) -> None:
    project = leases.project
    free = project.run("lock")
    assert free.code == 0
    assert "is free" in free.out
    assert leases.query("SELECT count() FROM system.tables WHERE database = currentDatabase()") == [
        (0,)
    ]
    assert project.run("up").code == 0
    leases.plant()
    shown = project.run("lock")
    assert STRANGER in shown.out
    alive = project.run("lock", "--break", "--yes")
    assert alive.code == 4
    assert "renewed its lease" in alive.err
    leases.age(17)
    assert project.run("lock", "--break").code == 2
    broken = project.run("lock", "--break", "--yes")
    assert broken.code == 0, broken
    assert "was broken" in broken.out
    assert "is free" in broken.out
    assert leases.holders() == []


def test_simultaneous_runs_apply_each_step_once(leases: ClickHouseLeases) -> None:
    if leases.query("SELECT version()")[0][0].startswith("18."):
        leave_only_the_lease(leases)
    with Crowd(leases.project, 4, "up", "--lock-timeout", "60s") as crowd:
        crowd.go()
        results = crowd.wait(60)
    assert [result.code for result in results] == [0] * 4, [
        f"{result.out}{result.err}" for result in results
    ]
    rows = leases.query(
        "SELECT version, count() FROM schema_migrations WHERE version > 0 GROUP BY version, event"
    )
    assert sorted(rows) == sorted(
        (version, 1) for version in (20250101000000, 20250102000000) for _ in range(2)
    )


def leave_only_the_lease(leases: ClickHouseLeases) -> None:
    """Have the lease's table made: a server that old crashes when somebody inserts into a table
    that another session is still making."""
    assert leases.project.run("up").code == 0
    for table in ("t01", "t02", "schema_migrations"):
        leases.query(f"DROP TABLE {table}")


def test_drop_takes_the_lock_away_last(leases: ClickHouseLeases) -> None:
    project = leases.project
    assert project.run("up").code == 0
    leases.query(f"DROP TABLE {TABLE}")  # as after runs that knew of a Postgres
    assert project.run("drop", "--yes").code == 0
    assert leases.query("SELECT count() FROM system.tables WHERE database = currentDatabase()") == [
        (0,)
    ]


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_gives_the_lease_back(
    modern: ClickHouseLeases, gateway: GatewayProcess, number: int, code: int
) -> None:
    fault = gateway.fault("CREATE TABLE t01", action="hold", when="before")
    with modern.project.start("up") as running:
        fault.wait()
        assert len(modern.holders()) == 1
        running.signal(number)
        fault.release()
        assert running.wait().code == code
    assert modern.holders() == []


def test_sigterm_gives_the_lease_back_where_nothing_runs_step_by_step(
    modern: ClickHouseLeases, gateway: GatewayProcess
) -> None:
    assert modern.project.run("up").code == 0
    fault = gateway.fault("DROP TABLE IF EXISTS", action="delay", seconds=2, when="before")
    with modern.project.start("drop", "--yes") as running:
        fault.wait()
        running.signal(signal.SIGTERM)
        assert running.wait().code == 143
    assert modern.holders() == []


def test_a_broken_lock_stops_its_holder(modern: ClickHouseLeases, gateway: GatewayProcess) -> None:
    fault = gateway.fault("CREATE TABLE t01", action="hold", when="before")
    with modern.project.start("up") as running:
        fault.wait()
        running.signal(signal.SIGSTOP)
        modern.age(17)
        broken = modern.project.run("lock", "--break", "--yes")
        assert broken.code == 4, broken  # its process is on this host
        assert f"process {running.pid} runs on this host" in broken.err
        modern.query(f"TRUNCATE TABLE {TABLE}")
        running.signal(signal.SIGCONT)
        fault.release()
        result = running.wait()
    assert result.code == 6, result
    assert "taken away" in result.out
    assert not any(text.startswith("CREATE TABLE t02") for text in gateway.texts())
    assert modern.project.run("up").code == 0


def test_a_holder_that_was_overtaken_while_it_slept_runs_nothing_more(
    modern: ClickHouseLeases, gateway: GatewayProcess
) -> None:
    fault = gateway.fault(LEDGER, action="hold", when="before")
    with modern.project.start("up") as sleeper:
        fault.wait()
        sleeper.signal(signal.SIGSTOP)
        fault.release()
        modern.age(17)
        assert modern.project.run("up").code == 0
        sleeper.signal(signal.SIGCONT)
        result = sleeper.wait()
    assert result.code == 6, result
    assert "taken away" in result.out
    made = [text for text in gateway.texts() if text.startswith("CREATE TABLE t0")]
    assert len(made) == 2


def test_a_dead_holder_is_taken_over_in_the_time_that_a_run_waits(
    modern: ClickHouseLeases, gateway: GatewayProcess
) -> None:
    fault = gateway.fault(LEDGER, action="hold", when="before")
    with modern.project.start("up") as killed:
        fault.wait()
        killed.kill()
    fault.release()
    result = modern.project.run("up")
    assert result.code == 0, result
    assert "waiting for the lock" in result.err


def test_a_run_with_nothing_to_do_needs_no_lease(modern: ClickHouseLeases) -> None:
    assert modern.project.run("up").code == 0
    modern.plant()
    assert modern.project.run("up", "--lock-timeout", "0.1s").code == 0
