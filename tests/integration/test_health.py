"""Health on real engines: well, unwell, down, hung, restarting, and at work."""

from __future__ import annotations

import json
import shutil
import threading
import time
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from brokle_migrate import Config, auto_migrate, health, load
from brokle_migrate.conditions import Condition, Health
from brokle_migrate.errors import Busy, ConfigError
from brokle_migrate.past import Ending
from brokle_migrate.render.health_data import health_data
from tests.support.postgres_proxy import PostgresProxy
from tests.support.project import Project
from tests.support.tcp_proxy import TcpProxy

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.gateway_process import GatewayProcess

BRISK = 4.0


@pytest.fixture
def filled(project: Project) -> Project:
    """Two revisions in both histories, applied."""
    for number in (1, 2):
        _add(project, number)
    assert project.invoke("up").code == 0
    return project


def _add(project: Project, number: int) -> None:
    project.add_revision(f"r{number}", f"CREATE TABLE t{number} (x int)", f"DROP TABLE t{number}")
    up = f"CREATE TABLE t{number} (x Int8) ENGINE = Log"
    project.add_pair(number, f"t{number}", up, f"DROP TABLE t{number}")


def _config(project: Project, **environ: str) -> Config:
    return load(directory=project.path, environ=environ)


def _conditions(found: Health) -> list[Condition]:
    return [database.condition for database in found.databases]


def _commands(found: Health) -> list[str]:
    return [each.command for each in found.recommendations]


def test_all_is_well(filled: Project) -> None:
    found = health(_config(filled))
    assert found.condition is Condition.HEALTHY
    assert found.is_ready
    assert found.recommendations == ()
    assert all(database.reachable for database in found.databases)
    assert all(0 < (database.latency or 0) < 5 for database in found.databases)
    assert found.lock is not None
    assert found.lock.holder is None
    assert abs(found.checked - time.time()) < 60
    assert found.last_run is not None
    assert found.last_run.ending is Ending.DONE
    assert abs(found.last_run.ended - time.time()) < 60
    json.dumps(health_data(found))


def test_pending_is_not_ready(filled: Project) -> None:
    _add(filled, 3)
    found = health(_config(filled))
    assert _conditions(found) == [Condition.DEGRADED, Condition.DEGRADED]
    assert not found.is_ready
    assert _commands(found) == ["brokle-migrate up", "brokle-migrate up"]


def test_newer_code_leaves_older_pods_ready(filled: Project) -> None:
    for path in [*filled.postgres_versions.glob("r2*"), *filled.clickhouse_versions.glob("2_*")]:
        path.unlink()
    found = health(_config(filled))
    assert found.condition is Condition.DEGRADED
    assert found.is_ready


def test_newer_code_at_work_leaves_older_pods_ready(
    filled: Project, gateway: GatewayProcess, tmp_path: Path
) -> None:
    older = shutil.copytree(filled.path, tmp_path / "older")
    _add(filled, 3)
    fault = gateway.fault("CREATE TABLE t3", when="before", action="hold")
    with filled.start("up") as running:
        fault.wait()
        found = health(load(directory=older, environ={}))
        fault.release()
        assert running.wait().code == 0
    assert found.is_ready
    assert found.databases[1].status.running
    assert found.last_run is not None
    assert found.last_run.ending is Ending.RUNNING


def test_out_of_order_and_changed(filled: Project) -> None:
    filled.add_pair(0, "late", "SELECT 1", "SELECT 1")
    filled.add_pair(1, "t1", "CREATE TABLE t1 (x Int16) ENGINE = Log", "DROP TABLE t1")
    found = health(_config(filled))
    assert _conditions(found) == [Condition.HEALTHY, Condition.DEGRADED]
    assert not found.is_ready
    assert "brokle-migrate --db clickhouse up --allow-out-of-order" in _commands(found)
    assert any(command.startswith("git log") for command in _commands(found))


def test_a_half_applied_file_is_unhealthy(filled: Project) -> None:
    filled.add_pair(
        3, "half", "CREATE TABLE h (x Int8) ENGINE = Log; SELECT no_such_function()", "SELECT 1"
    )
    assert filled.invoke("up").code == 6
    found = health(_config(filled))
    assert _conditions(found) == [Condition.HEALTHY, Condition.UNHEALTHY]
    assert not found.is_ready
    assert _commands(found) == ["brokle-migrate up"]


def test_a_migration_under_way_is_not_unhealthy(filled: Project, gateway: GatewayProcess) -> None:
    _add(filled, 3)
    fault = gateway.fault("CREATE TABLE t3", when="before", action="hold")
    with filled.start("up") as running:
        fault.wait()
        found = health(_config(filled))
        fault.release()
        assert running.wait().code == 0
    assert found.condition is Condition.DEGRADED
    assert not found.is_ready
    assert found.lock is not None
    assert found.lock.holder is not None
    assert found.lock.holder.age is not None
    assert found.lock.holder.process == running.pid
    assert found.databases[1].status.running
    assert found.last_run is not None
    assert found.last_run.ending is Ending.RUNNING
    assert "resume" not in str(found.recommendations)


def test_a_migration_in_this_very_process(filled: Project) -> None:
    """Alembic is one run at a time in a process: a look does not wait for a long one."""
    assert filled.postgres_url is not None
    _add(filled, 3)
    with PostgresProxy(filled.postgres_url) as proxy:
        url = proxy.url(filled.postgres_url)
        config = _config(filled, DATABASE_URL=url, DB_AUTO_MIGRATE="true")
        fault = proxy.fault("CREATE TABLE t3", when="before", action="hold")
        thread = threading.Thread(target=auto_migrate, args=(config,))
        thread.start()
        fault.wait()
        found = health(config)
        fault.release()
        thread.join(30)
    assert _conditions(found) == [Condition.DEGRADED, Condition.DEGRADED]
    assert isinstance(found.databases[0].status.error, Busy)
    assert health(_config(filled)).condition is Condition.HEALTHY


def test_a_dead_database_hides_nothing_of_the_other(filled: Project) -> None:
    url = "postgresql://nobody:secret-word@127.0.0.1:1/nothing"
    found = health(_config(filled, DATABASE_URL=url))
    assert _conditions(found) == [Condition.UNHEALTHY, Condition.HEALTHY]
    assert not found.databases[0].reachable
    assert _commands(found) == ["brokle-migrate --db postgres wait"]
    assert "secret-word" not in json.dumps(health_data(found))


def test_a_hung_clickhouse_costs_its_time_and_no_more(filled: Project) -> None:
    address = urlsplit(filled.clickhouse_url or "")
    with TcpProxy((address.hostname or "", address.port or 0)) as proxy:
        proxy.freeze()
        config = _config(filled, CLICKHOUSE_HOST="127.0.0.1", CLICKHOUSE_PORT=str(proxy.port))
        started = time.monotonic()
        found = health(config, timeout=2)
        assert time.monotonic() - started < 2 + BRISK
    assert _conditions(found) == [Condition.HEALTHY, Condition.UNHEALTHY]


def test_a_hung_postgres_costs_its_time_and_no_more(filled: Project) -> None:
    assert filled.postgres_url is not None
    with PostgresProxy(filled.postgres_url) as proxy:
        proxy.fault("alembic_version", when="before", action="hold")
        config = _config(filled, DATABASE_URL=proxy.url(filled.postgres_url))
        started = time.monotonic()
        found = health(config, timeout=2)
        assert time.monotonic() - started < 4 + BRISK
    assert _conditions(found) == [Condition.UNHEALTHY, Condition.HEALTHY]


def test_a_restart_is_seen_and_gone(filled: Project, gateway: GatewayProcess) -> None:
    config = _config(filled)
    gateway.stop()
    assert _conditions(health(config))[1] is Condition.UNHEALTHY
    gateway.restart()
    assert health(config).condition is Condition.HEALTHY


def test_files_that_are_not_valid_are_said(filled: Project) -> None:
    filled.write("migrations_clickhouse/versions/3_x.up.sql", "SELECT 1")
    found = health(_config(filled))
    assert _conditions(found) == [Condition.HEALTHY, Condition.UNHEALTHY]
    assert "3_x" in found.recommendations[0].reason


def test_nothing_configured_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError):
        health(load(directory=tmp_path, environ={}))


def test_embedded_databases_are_not_created_by_a_look(tmp_path: Path) -> None:
    project = Project(
        tmp_path / "p", "postgresql+embedded:///.data/pg", "clickhouse+embedded:///.data/ch"
    )
    _add(project, 1)
    found = health(_config(project))
    assert found.condition is Condition.DEGRADED
    assert not (project.path / ".data").exists()
