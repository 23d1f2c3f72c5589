"""Behind a pooler that hands out backends by transaction, the lock is a lease."""

from __future__ import annotations

import os
import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING

import psycopg
import pytest

from brokle_migrate.locks.postgres_rows import KEY
from tests.support.leases import PostgresLeases
from tests.support.pgbouncer import PgBouncer, require_pgbouncer
from tests.support.postgres import libpq_url
from tests.support.project import Project

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.gateway_process import ArmedFault, GatewayProcess

LEDGER = "CREATE TABLE IF NOT EXISTS `schema_migrations` "


@pytest.fixture
def pooled(tmp_path: Path, pooled_url: str, clickhouse_url: str) -> Project:
    """A step in each database, pending, with Postgres behind the pooler."""
    return with_steps(Project(tmp_path / "project", pooled_url, clickhouse_url))


def with_steps(project: Project) -> Project:
    project.add_revision("20250101000000", "CREATE TABLE users (id int)", "DROP TABLE users")
    project.add_pair(
        "20250101000000", "t", "CREATE TABLE t01 (id UInt8) ENGINE = Memory", "DROP TABLE t01"
    )
    return project


@pytest.fixture
def direct(postgres_url: str) -> dict[str, str]:
    """What makes a run go past the pooler."""
    return {"DATABASE_URL": postgres_url}


@pytest.fixture
def leases(postgres_url: str) -> PostgresLeases:
    return PostgresLeases(postgres_url)


@pytest.fixture
def at_ledger(gateway: GatewayProcess, clickhouse_url: str) -> ArmedFault:
    """Holds the first run where it has the lock and has executed nothing in ClickHouse."""
    return gateway.fault(LEDGER, action="hold", when="before")


def test_a_run_takes_a_lease_and_gives_it_back(
    pooled: Project, postgres_url: str, leases: PostgresLeases, direct: dict[str, str]
) -> None:
    assert pooled.run("up").code == 0
    with psycopg.connect(libpq_url(postgres_url)) as connection:
        query = "SELECT count(*) FROM brokle_migrate.lease"
        assert connection.execute(query).fetchone() == (0,)
        held = connection.execute("SELECT * FROM pg_locks WHERE locktype = 'advisory'").fetchall()
        assert held == []
    assert pooled.run("down", "-y", env=direct).code == 0
    assert pooled.run("up").code == 0


def test_a_run_through_the_pooler_warns_once_with_the_way_out(
    pooled: Project, direct: dict[str, str]
) -> None:
    result = pooled.run("up")
    assert result.code == 0, result
    assert result.err.count("warning: ") == 1
    assert "is behind a connection pooler" in result.err
    assert "server's own URL as DATABASE_URL" in result.err
    assert "pooler" not in pooled.run("down", "-y", "-q").err
    past = pooled.run("up", env=direct)
    assert past.code == 0, past
    assert "pooler" not in past.out + past.err


def test_what_the_pooler_refuses_has_a_way_out(pooled: Project, pooled_url: str) -> None:
    result = pooled.run("up", env={"DATABASE_URL": f"{pooled_url}?options=-csearch_path%3Dpublic"})
    assert result.code == 5, result
    assert "unsupported startup parameter" in result.err
    assert "hint: a pooler refuses this part of the URL" in result.err


@pytest.mark.parametrize("first", ["pooled", "direct"])
@pytest.mark.parametrize("second", ["pooled", "direct"])
def test_runs_exclude_each_other(
    pooled: Project, direct: dict[str, str], at_ledger: ArmedFault, first: str, second: str
) -> None:
    ways = {"pooled": None, "direct": direct}
    assert pooled.run("up", "--db", "postgres").code == 0  # there is a table of leases now
    with pooled.start("up", env=ways[first]) as running:
        at_ledger.wait()
        result = pooled.run("up", "--lock-timeout", "0.5s", env=ways[second])
        assert result.code == 4, result
        assert f"pid {running.pid}" in result.err
        assert ("last heartbeat" in result.err) == (first == "pooled")
        at_ledger.release()
        assert running.wait().code == 0
    assert pooled.run("status", "--exit-code").code == 0


def test_a_session_lock_of_anybody_keeps_leases_away(pooled: Project, postgres_url: str) -> None:
    with psycopg.connect(
        libpq_url(postgres_url), autocommit=True, application_name="somebody else"
    ) as holder:
        holder.execute("SELECT pg_advisory_lock(%s)", [KEY])
        result = pooled.run("up", "--lock-timeout", "0.5s")
    assert result.code == 4
    assert "somebody else" in result.err


@pytest.mark.parametrize("way", ["pooled", "direct"])
def test_a_dead_holder_is_taken_over(
    pooled: Project,
    direct: dict[str, str],
    leases: PostgresLeases,
    at_ledger: ArmedFault,
    way: str,
) -> None:
    with pooled.start("up") as killed:
        at_ledger.wait()
        killed.kill()
    at_ledger.release()
    env = direct if way == "direct" else None
    assert len(leases.holders()) == 1
    assert pooled.run("up", "--lock-timeout", "0.2s", env=env).code == 4
    leases.age(16)
    assert "takes it over" in pooled.run("lock", env=env).out
    result = pooled.run("up", "--lock-timeout", "0.2s", env=env)
    assert result.code == 0, result
    assert pooled.run("status", "--exit-code").code == 0


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_gives_the_lease_back(
    pooled: Project, leases: PostgresLeases, gateway: GatewayProcess, number: int, code: int
) -> None:
    pooled.add_pair("20250102000000", "next", "SELECT 2", "SELECT 1")
    fault = gateway.fault("CREATE TABLE t01", action="hold", when="before")
    with pooled.start("up") as running:
        fault.wait()
        assert len(leases.holders()) == 1
        running.signal(number)
        fault.release()
        assert running.wait().code == code
    assert leases.holders() == []


def test_a_failure_gives_the_lease_back(pooled: Project, leases: PostgresLeases) -> None:
    pooled.add_pair("20250102000000", "bad", "SELECT nonsense", "SELECT 1")
    assert pooled.run("up").code == 6
    assert leases.holders() == []


def test_a_holder_that_was_overtaken_while_it_slept_runs_nothing_more(
    pooled: Project, leases: PostgresLeases, at_ledger: ArmedFault, gateway: GatewayProcess
) -> None:
    with pooled.start("up") as sleeper:
        at_ledger.wait()
        sleeper.signal(signal.SIGSTOP)
        at_ledger.release()
        leases.age(16)
        assert pooled.run("up").code == 0
        sleeper.signal(signal.SIGCONT)
        result = sleeper.wait()
    assert result.code == 6, result
    assert "the lock in" in result.out + result.err
    assert "taken away" in result.out + result.err
    assert len([text for text in gateway.texts() if text.startswith("CREATE TABLE t01")]) == 1


def test_who_may_not_make_the_lease_is_told_what_to_grant(
    tmp_path: Path, servers_directory: Path, postgres_url: str, clickhouse_url: str
) -> None:
    require_pgbouncer()
    name = f"poor_{os.urandom(4).hex()}"
    with (
        psycopg.connect(libpq_url(postgres_url), autocommit=True) as admin,
        poor_pooler(admin, name, servers_directory / name, postgres_url) as pooler,
    ):
        project = Project(tmp_path / "poor", pooler.url(postgres_url), clickhouse_url)
        result = with_steps(project).run("up")
        assert result.code == 1, result
        assert "GRANT CREATE ON DATABASE" in result.err
        assert project.run("status").code == 0


@contextmanager
def poor_pooler(
    admin: psycopg.Connection, name: str, directory: Path, url: str
) -> Iterator[PgBouncer]:
    """A pooler that logs in as somebody who may not make a schema."""
    admin.execute(f"CREATE ROLE {name} LOGIN".encode())
    admin.execute(f"GRANT CREATE ON SCHEMA public TO {name}".encode())
    pooler = PgBouncer(directory, url, user=name)
    try:
        yield pooler
    finally:
        pooler.stop()
        admin.execute(f"DROP OWNED BY {name} CASCADE".encode())
        admin.execute(f"DROP ROLE {name}".encode())
