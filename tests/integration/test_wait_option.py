"""``--wait``: a command that begins before its databases do."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

import pytest

from tests.support.process import wait_until

if TYPE_CHECKING:
    from tests.support.gateway_process import GatewayProcess
    from tests.support.postgres import EmbeddedPostgres
    from tests.support.project import Project

NOWHERE = {"DATABASE_URL": "postgresql://nobody@127.0.0.1:1/nothing"}
REFUSED = {"DB_NAME": "no_such_database"}


@pytest.fixture
def filled(project: Project) -> Project:
    """One revision in both histories."""
    project.add_revision("r1", "CREATE TABLE t (x int)", "DROP TABLE t")
    project.add_pair(1, "t", "CREATE TABLE t (x Int8) ENGINE = Log", "DROP TABLE t")
    return project


def test_up_waits_for_servers_that_start_late(
    filled: Project, gateway: GatewayProcess, postgres_server: EmbeddedPostgres
) -> None:
    gateway.stop()
    postgres_server.stop()
    try:
        with filled.start("-wait=60s", "up") as running:
            wait_until(lambda: b"waiting: Postgres at" in running.said(), 20, "the first wait")
            postgres_server.start()
            wait_until(lambda: b"waiting: ClickHouse at" in running.said(), 20, "the other wait")
            gateway.restart()
            result = running.wait(60)
    finally:
        postgres_server.start()
        gateway.restart()
    assert result.code == 0, result
    assert "waiting" not in result.out
    assert "clickhouse: 1 applied, now at 1 (head)" in result.out


@pytest.mark.parametrize("argv", [("up",), ("status",), ("drop", "--yes"), ("up", "--dry-run")])
def test_a_server_that_never_comes(filled: Project, argv: tuple[str, ...]) -> None:
    started = time.monotonic()
    result = filled.run(*argv, "--wait", "1s", env=NOWHERE)
    assert result.code == 5
    assert 1 <= time.monotonic() - started < 15
    assert "waited for 1 s, in vain" in result.err


def test_the_outcome_in_json_is_the_one_without_waiting(filled: Project) -> None:
    found = [
        filled.run("status", "--json", *argv, env=NOWHERE) for argv in ((), ("--wait", "0.5s"))
    ]
    assert [each.code for each in found] == [5, 5]
    assert json.loads(found[0].out)["data"] == json.loads(found[1].out)["data"]


def test_without_the_option_nothing_is_waited_for(filled: Project) -> None:
    result = filled.run("up", env=NOWHERE)
    assert result.code == 5
    assert "waiting" not in result.err


def test_the_lock_of_a_run_is_waited_for_where_it_is_kept(filled: Project) -> None:
    moving = filled.run("up", "--db=clickhouse", "--wait=1s", env=NOWHERE)
    assert moving.code == 5
    assert "waiting: Postgres at" in moving.err
    looking = filled.run("status", "--db=clickhouse", "--wait=1s", env=NOWHERE)
    assert looking.code == 0
    assert "waiting" not in looking.err


def test_a_refusal_is_not_waited_for(filled: Project) -> None:
    result = filled.run("up", "--wait", "60s", env=REFUSED, timeout=30)
    assert result.code == 5
    assert "waiting" not in result.err
    assert "no_such_database" in result.err


def test_the_time_of_the_wait_is_not_the_time_of_the_run(filled: Project) -> None:
    filled.add_pair(2, "slow", "SELECT sleep(2)", "SELECT 1")
    assert filled.run("up", "--wait", "1s").code == 0


@pytest.mark.parametrize("command", ["auto", "wait", "serve-health"])
def test_where_it_has_no_meaning_it_is_refused(filled: Project, command: str) -> None:
    result = filled.invoke(command, "--wait", "1s")
    assert result.code == 2
    assert "--wait: " in result.err
    assert "timeout" in result.err or "at once" in result.err
