"""Two operators can't both migrate, and a plan that is no longer true does not run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg
import pytest

from brokle_migrate import command
from brokle_migrate.config import load
from brokle_migrate.environments import open_environments
from brokle_migrate.errors import StalePlan
from brokle_migrate.locks.postgres_rows import KEY
from brokle_migrate.model import CLICKHOUSE, POSTGRES, Operation, Request
from tests.support.postgres import libpq_url

if TYPE_CHECKING:
    from tests.support.gateway_process import GatewayProcess
    from tests.support.project import Project


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
        plan = command.plan(request, environments)
        assert ready.run("up").code == 0
        with pytest.raises(StalePlan, match="nothing was run"):
            command.run(plan, environments, emit=lambda _: None, waiting=lambda _: None)


def test_a_step_under_way_is_waited_for_and_is_not_dirty(
    ready: Project, gateway: GatewayProcess
) -> None:
    fault = gateway.fault("CREATE TABLE t02", action="hold", when="before")
    with ready.start("up") as first:
        fault.wait()
        impatient = ready.run("up", "--lock-timeout", "0.3s")
        assert impatient.code == 4, impatient
        assert "brokle-migrate" in impatient.err
        with ready.start("up", "--lock-timeout", "60s") as second:
            fault.release()
            assert first.wait().code == 0
            result = second.wait()
    assert result.code == 0, result
    assert "nothing to do" in result.out
