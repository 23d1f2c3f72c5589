"""What became of an interrupted statement is asked of the server, and only its proof counts."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.project import Project
from tests.support.query import http_query

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.gateway_process import ArmedFault, GatewayProcess
    from tests.support.servers import ClickHouseServer

VERSION = "20250101000000"
STATEMENTS = (
    "CREATE TABLE a (id UInt64) ENGINE = MergeTree ORDER BY id",
    "INSERT INTO a SELECT number FROM numbers(10)",
    "INSERT INTO a SELECT number + 10 FROM numbers(10)",
)
DOWN = "DROP TABLE a"
INSERT = r"^INSERT INTO a SELECT number FROM"


@pytest.fixture
def project(tmp_path: Path, postgres_url: str, clickhouse_url: str) -> Project:
    """One pair of three statements, pending; the lock is in Postgres, and free after a kill."""
    project = Project(tmp_path / "project", postgres_url, clickhouse_url)
    project.add_pair(VERSION, "t", ";\n".join(STATEMENTS), DOWN)
    return project


def _database(project: Project) -> str:
    assert project.clickhouse_url is not None
    return project.clickhouse_url.rpartition("/")[2]


def _rows(gateway: GatewayProcess, project: Project) -> int:
    ((count,),) = gateway.query("SELECT count() FROM a", _database(project))
    return int(count)


def _dirty(project: Project) -> dict[str, Any]:
    status = json.loads(project.run("status", "--json").out)
    (dirty,) = status["data"]["databases"][1]["dirty"]
    found: dict[str, Any] = dirty
    return found


def _killed(project: Project, fault: ArmedFault) -> None:
    with project.start("up") as run:
        fault.wait()
        run.kill()


def test_a_statement_that_finished_is_not_run_again(
    project: Project, gateway: GatewayProcess
) -> None:
    _killed(project, gateway.fault(INSERT, when="after"))
    result = project.run("up")
    assert result.code == 0, result
    assert "the server's query log has its end" in result.err
    assert _rows(gateway, project) == 20


@pytest.mark.parametrize("number", [1, 2, 3])
def test_a_statement_that_never_arrived_is_run(
    project: Project, gateway: GatewayProcess, number: int
) -> None:
    _killed(project, gateway.fault("^INSERT INTO `schema_migrations`", nth=number, when="after"))
    result = project.run("up")
    assert result.code == 0, result
    assert ("never arrived" in result.err) is (number > 1), "before the first nothing is dirty"
    assert _rows(gateway, project) == 20


def test_a_statement_that_still_runs_is_waited_for(
    project: Project, gateway: GatewayProcess
) -> None:
    fault = gateway.fault(INSERT, when="before")
    _killed(project, fault)
    assert _dirty(project)["outcome"] == "running"
    assert "it still runs" in project.run("down", "--yes", "--dry-run").err
    with project.start("up") as run:
        while b"waiting for the server" not in run.said():
            assert run.running
        fault.release()
        result = run.wait()
    assert result.code == 0, result
    assert _rows(gateway, project) == 20


def test_an_answer_that_takes_long_is_waited_for_no_longer_than_allowed(
    project: Project, gateway: GatewayProcess
) -> None:
    fault = gateway.fault(INSERT, when="before")
    result = project.run("up", "--statement-timeout", "1s", "--json")
    assert result.code == 6, result
    failure = json.loads(result.out)["data"]["failure"]
    assert "it took longer than 1 s, and was cancelled" in failure["error"]
    assert not fault.state["held"], "the server was told to end it"


@pytest.fixture
def unproven(project: Project, gateway: GatewayProcess) -> Project:
    """A project whose second statement was executed, and ended in a way that does not prove it."""
    gateway.fault(
        INSERT, when="after", action="error", code=241, message="Code: 241. Memory limit exceeded"
    )
    assert project.run("up").code == 6
    assert _dirty(project)["outcome"] == "unknown"
    return project


def test_what_nothing_proves_is_for_a_person_to_say(unproven: Project) -> None:
    result = unproven.run("up")
    assert result.code == 1
    assert "resume --retry" in result.err
    asked = unproven.run("resume")
    assert asked.code == 2
    assert "--retry, --mark-applied, --rollback" in asked.err


def test_resume_runs_it_again(unproven: Project, gateway: GatewayProcess) -> None:
    assert unproven.run("resume", "--retry").code == 0
    assert _rows(gateway, unproven) == 30


def test_resume_counts_it_as_done(unproven: Project, gateway: GatewayProcess) -> None:
    assert unproven.run("resume", "--mark-applied").code == 0
    assert _rows(gateway, unproven) == 20
    assert unproven.run("status", "--exit-code").code == 0


def test_resume_undoes_the_step(unproven: Project) -> None:
    assert unproven.run("resume", "--rollback").code == 2, "it destroys, so it asks"
    assert unproven.run("resume", "--rollback", "--yes").code == 0
    assert unproven.run("status", "--exit-code").code == 3
    assert unproven.run("up").code == 0


@pytest.mark.parametrize(("answer", "rows"), [("retry", 30), ("mark-applied", 20)])
def test_resume_asks(unproven: Project, gateway: GatewayProcess, answer: str, rows: int) -> None:
    result = unproven.run("resume", input=f"{answer}\n", tty=True)
    assert result.code == 0, result
    assert "count the statement as done" in result.err
    assert _rows(gateway, unproven) == rows


def test_resume_with_nothing_to_settle(project: Project) -> None:
    assert project.run("up").code == 0
    result = project.run("resume")
    assert result.code == 0
    assert result.out == "nothing to do: nothing is interrupted in postgres and clickhouse\n"


def test_an_interrupted_rollback_goes_on(project: Project, gateway: GatewayProcess) -> None:
    project.add_pair(
        "20250102000000",
        "u",
        "CREATE TABLE b (x Int8) ENGINE = Memory;CREATE TABLE c (x Int8) ENGINE = Memory",
        "DROP TABLE c;DROP TABLE b",
    )
    assert project.run("up").code == 0
    fault = gateway.fault("^DROP TABLE c", when="after")
    with project.start("down", "--yes") as run:
        fault.wait()
        run.kill()
    refused = project.run("up")
    assert refused.code == 1
    assert "brokle-migrate resume goes on at statement 2" in refused.err
    assert project.run("resume").code == 0
    assert project.run("up").code == 0


def test_without_a_log_the_schema_tells(project: Project, gateway: GatewayProcess) -> None:
    fault = gateway.fault("^CREATE TABLE a", when="after")
    _killed(project, fault)
    fault.release("drop")
    gateway.fault("query_log", times=0, action="error", code=497, message="Code: 497. Not allowed")
    result = project.run("up")
    assert result.code == 0, result
    assert "table a exists" in result.err
    assert _rows(gateway, project) == 20


def test_a_killed_mutation_is_not_counted_as_done(
    project: Project, gateway: GatewayProcess
) -> None:
    project.add_pair(
        "20250102000000", "u", "ALTER TABLE a DELETE WHERE throwIf(id = 1) = 1", "SELECT 1"
    )
    assert project.run("up").code == 6
    assert _dirty(project)["outcome"] == "unknown", "it is tried again and again"
    assert " @ 0x" not in _dirty(project)["error"], "the server's stack is noise"
    gateway.query(f"KILL MUTATION WHERE database = '{_database(project)}' SYNC")
    assert _dirty(project)["outcome"] == "unknown"
    assert project.run("up").code == 1
    assert project.run("resume", "--mark-applied").code == 0


@pytest.mark.parametrize("scheme", ["clickhouse+native", "clickhouse+http"])
def test_a_real_server_tells(
    tmp_path: Path, clickhouse_server: ClickHouseServer, server_database: str, scheme: str
) -> None:
    url = clickhouse_server.url(scheme, server_database)
    project = Project(tmp_path / "project", None, url)
    slow = (
        "INSERT INTO a SELECT sleepEachRow(0.5) + number FROM numbers(6) SETTINGS max_block_size=1"
    )
    project.add_pair(VERSION, "t", ";\n".join([STATEMENTS[0], slow, STATEMENTS[2]]), DOWN)
    looking = "SELECT count() FROM system.processes WHERE query LIKE 'INSERT INTO a%'"
    with project.start("up") as run:
        while clickhouse_server.query(looking) == [(0,)]:
            assert run.running
        run.kill()
    result = project.run("up")
    if scheme == "clickhouse+native" and result.code:
        # This server cancels what a native client that went away had asked for.
        assert "dirty" in result.err
        assert project.run("resume", "--rollback", "--yes").code == 0
        assert project.run("up").code == 0
        return
    assert result.code == 0, result
    count = http_query(clickhouse_server.url("http", server_database), "SELECT count() FROM a")
    assert count == [(16,)]
