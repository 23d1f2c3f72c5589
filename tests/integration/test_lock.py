"""Two operators can't both migrate, and a plan that is no longer true does not run."""

from __future__ import annotations

import json
import os
import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING

import psycopg
import pytest

from brokle_migrate import migrating
from brokle_migrate.config import load
from brokle_migrate.environments import open_environments
from brokle_migrate.errors import StalePlan
from brokle_migrate.locks.postgres_rows import KEY
from brokle_migrate.model import CLICKHOUSE, POSTGRES, Operation, Request
from tests.support.postgres import libpq_url
from tests.support.project import Project

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.gateway_process import GatewayProcess


@pytest.fixture
def ready(project: Project) -> Project:
    """Two steps in each database, pending."""
    for day in ("01", "02"):
        project.add_revision(f"202501{day}000000", f"CREATE TABLE t{day} (id int)", "")
        project.add_pair(
            f"202501{day}000000", "t", f"CREATE TABLE t{day} (id UInt8) ENGINE = Memory", "SELECT 1"
        )
    return project


def test_a_held_lock_is_reported_with_its_holder(ready: Project) -> None:
    with psycopg.connect(
        libpq_url(ready.postgres_url or ""), autocommit=True, application_name="somebody else"
    ) as holder:
        holder.execute("SELECT pg_advisory_lock(%s)", [KEY])
        result = ready.run("up", "--lock-timeout", "0.5s")
        assert result.code == 4
        assert "somebody else" in result.err
        only_clickhouse = ready.run("up", "--db", "clickhouse", "--lock-timeout", "0.5s")
        assert only_clickhouse.code == 4
    assert ready.run("up").code == 0


def test_a_run_with_nothing_to_do_needs_no_lock(ready: Project) -> None:
    assert ready.run("up").code == 0
    with psycopg.connect(libpq_url(ready.postgres_url or ""), autocommit=True) as holder:
        holder.execute("SELECT pg_advisory_lock(%s)", [KEY])
        assert ready.run("up", "--lock-timeout", "0.1s").code == 0


def test_concurrent_runs_apply_each_step_once(ready: Project, gateway: GatewayProcess) -> None:
    gateway.reset()
    runs = [ready.start("up") for _ in range(4)]
    results = [run.wait() for run in runs]
    for run in runs:
        run.__exit__()
    assert [result.code for result in results] == [0] * 4, [
        f"{result.out}{result.err}" for result in results
    ]
    made = [text for text in gateway.texts() if text.startswith("CREATE TABLE t")]
    assert sorted(made) == sorted(set(made))
    assert len(made) == 2


def test_a_stale_plan_does_not_run(ready: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ready.path)
    config = load()
    request = Request(Operation.UP, (POSTGRES, CLICKHOUSE))
    with open_environments(config) as environments:
        plan = migrating.plan(request, environments)
        assert ready.run("up").code == 0
        with pytest.raises(StalePlan, match="nothing was run"):
            migrating.run(plan, environments, emit=lambda _: None, waiting=lambda _: None)


def test_a_step_under_way_is_waited_for_and_is_not_dirty(
    ready: Project, gateway: GatewayProcess
) -> None:
    fault = gateway.fault("CREATE TABLE t02", action="hold", when="before")
    with ready.start("up") as first:
        fault.wait()
        impatient = ready.run("up", "--lock-timeout", "0.3s")
        assert impatient.code == 4, impatient
        assert "brokle-migrate" in impatient.err
        status = ready.run("status").out
        assert "running" in status
        assert "is at statement 1 of 1" in status
        assert "dirty" not in status
        with ready.start("up", "--lock-timeout", "60s") as second:
            fault.release()
            assert first.wait().code == 0
            result = second.wait()
    assert result.code == 0, result
    assert "nothing to do" in result.out


@contextmanager
def stranger(project: Project, name: str = "somebody else") -> Iterator[psycopg.Connection]:
    """Somebody who holds the lock by hand."""
    with psycopg.connect(
        libpq_url(project.postgres_url or ""), autocommit=True, application_name=name
    ) as connection:
        connection.execute("SELECT pg_advisory_lock(%s)", [KEY])
        yield connection


def end_lock_sessions(project: Project) -> None:
    """What an administrator or a server that is restarted does; waits until they are gone."""
    with psycopg.connect(libpq_url(project.postgres_url or ""), autocommit=True) as admin:
        admin.execute(
            "SELECT pg_terminate_backend(pid, 10000) FROM pg_locks "
            "WHERE locktype = 'advisory' AND database = "
            "(SELECT oid FROM pg_database WHERE datname = current_database())"
        )


def lock_sessions(project: Project) -> list[tuple[str]]:
    with psycopg.connect(libpq_url(project.postgres_url or ""), autocommit=True) as admin:
        return admin.execute(
            "SELECT application_name FROM pg_stat_activity "
            "WHERE datname = current_database() AND application_name LIKE 'brokle-migrate%'"
        ).fetchall()


@pytest.mark.parametrize(
    ("held", "argv", "code", "made"),
    [
        ("CREATE TABLE t01", ["up"], 6, ["t01"]),
        ("CREATE TABLE t01", ["up", "--db", "clickhouse"], 6, ["t01"]),
        ("CREATE TABLE IF NOT EXISTS `schema_m", ["up", "--db", "clickhouse"], 1, []),
    ],
)
def test_nothing_runs_once_the_lock_is_lost(
    ready: Project,
    gateway: GatewayProcess,
    held: str,
    argv: list[str],
    code: int,
    made: list[str],
) -> None:
    fault = gateway.fault(held, action="hold", when="before")
    with ready.start(*argv) as running:
        fault.wait()
        end_lock_sessions(ready)
        fault.release()
        result = running.wait()
    assert result.code == code, result
    assert "was lost: its session ended" in result.out
    assert "terminating connection" in result.out
    assert "brokle-migrate status" in result.out
    executed = [text.split()[2] for text in gateway.texts() if text.startswith("CREATE TABLE t")]
    assert executed == made
    assert ready.run("up").code == 0


def test_a_lost_lock_rolls_postgres_steps_back(ready: Project, gateway: GatewayProcess) -> None:
    ready.add_revision("20250103000000", "SELECT pg_sleep(1)")
    ready.add_revision("20250104000000", "CREATE TABLE never (id int)")
    with ready.start("up", "--db", "postgres", "-v") as running:
        while b"20250103000000" not in running.said():
            assert running.running
        end_lock_sessions(ready)
        result = running.wait()
    assert result.code == 1, result
    assert "was lost" in result.out
    assert "rolled back" in result.out
    assert ready.run("up").code == 0


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_gives_the_lock_back(
    ready: Project, gateway: GatewayProcess, number: int, code: int
) -> None:
    fault = gateway.fault("CREATE TABLE t01", action="hold", when="before")
    with ready.start("up") as running:
        fault.wait()
        assert len(lock_sessions(ready)) == 1
        running.signal(number)
        fault.release()
        assert running.wait().code == code
    assert lock_sessions(ready) == []


def test_the_lock_connection_is_psycopgs_whatever_the_url_names(ready: Project) -> None:
    from brokle_migrate.locks.session import connect

    url = (ready.postgres_url or "").replace("+psycopg", "+asyncpg")
    with connect(f"{url}&ssl=disable&prepared_statement_cache_size=0", "here") as connection:
        assert connection.execute("SHOW application_name").fetchone()


class TestLockCommand:
    def test_a_free_lock(self, ready: Project) -> None:
        result = ready.run("lock")
        assert result.code == 0
        assert "is free" in result.out
        found = json.loads(ready.run("lock", "--json").out)["data"]
        assert not found["held"]
        assert found["holder"] is None

    def test_a_run_is_shown_and_not_broken(self, ready: Project, gateway: GatewayProcess) -> None:
        fault = gateway.fault("CREATE TABLE t01", action="hold", when="before")
        with ready.start("up") as running:
            fault.wait()
            shown = ready.run("lock")
            process = running.pid
            assert f"pid {process}" in shown.out
            assert "session lock" in shown.out
            found = json.loads(ready.run("lock", "--json").out)["data"]
            assert found["held"]
            assert found["holder"]["process"] == process
            assert found["holder"]["age"] < 60
            alive = ready.run("lock", "--break", "--yes")
            assert alive.code == 4
            assert f"process {process} runs on this host" in alive.err
            fault.release()
            assert running.wait().code == 0

    def test_a_stranger_is_asked_about_and_ended(self, ready: Project) -> None:
        with stranger(ready, "brokle-migrate ann@elsewhere pid 7") as connection:
            assert ready.run("lock", "--break").code == 2
            assert ready.run("lock", "--break", tty=True, input="n\n").code == 2
            assert ready.run("lock", "--break", "--dry-run").code == 0
            connection.execute("SELECT 1")
            broken = ready.run("lock", "--break", tty=True, input="y\n")
            assert broken.code == 0, broken
            assert "ann@elsewhere" in broken.err
            assert "is free" in broken.out
            with pytest.raises(psycopg.OperationalError, match="terminating connection"):
                connection.execute("SELECT 1")
        assert ready.run("up").code == 0

    def test_who_may_not_end_the_session_is_told_what_to_grant(self, ready: Project) -> None:
        url, name = ready.postgres_url or "", f"poor_{os.urandom(4).hex()}"
        poor = {"DATABASE_URL": url.replace("//postgres@", f"//{name}@")}
        with stranger(ready, "brokle-migrate ann@elsewhere pid 7") as admin:
            admin.execute(f"CREATE ROLE {name} LOGIN".encode())
            try:
                shown = ready.run("lock", env=poor)
                assert "ann@elsewhere" in shown.out, shown
                refused = ready.run("lock", "--break", "--yes", env=poor)
                assert refused.code == 1, refused
                assert "GRANT pg_signal_backend" in refused.err
                admin.execute("SELECT 1")
            finally:
                admin.execute(f"DROP ROLE {name}".encode())

    def test_a_free_lock_is_not_broken(self, ready: Project) -> None:
        result = ready.run("lock", "--break")
        assert result.code == 0
        assert "is free" in result.out

    def test_embedded_clickhouse_needs_no_lock(self, tmp_path: Path) -> None:
        project = Project(tmp_path / "p", None, "clickhouse+embedded:///data")
        result = project.run("lock")
        assert result.code == 0, result
        assert "no lock is needed" in result.out
        assert not (project.path / "data").exists()

    def test_looking_creates_no_embedded_postgres(self, tmp_path: Path) -> None:
        project = Project(tmp_path / "p", "postgresql+embedded:///data", None)
        result = project.run("lock")
        assert result.code == 0, result
        assert "is free" in result.out
        assert not (project.path / "data").exists()


def test_a_lock_that_is_lost_ends_the_statement_that_runs(project: Project) -> None:
    project.add_revision("20250101000000", "CREATE TABLE t (id int); SELECT pg_sleep(60)", "")
    with project.start("up", "--db", "postgres") as run:
        while b"upgrade postgres" not in run.said():
            assert run.running
        end_lock_sessions(project)
        result = run.wait(30)
    assert result.code == 1, result
    assert "was lost" in result.out
    assert project.run("status", "--exit-code", "--db", "postgres").code == 3
