"""A half-applied ClickHouse file goes on where the ledger proves what happened, and only there."""

from __future__ import annotations

import json
import signal
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.support.gateway_process import GatewayProcess
    from tests.support.project import Project

VERSION = "20250101000000"
MEMORY = "ENGINE = Memory"
BROKEN = [
    f"CREATE TABLE a (id UInt8) {MEMORY}",
    "INSERT INTO a SELECT 1",
    "CREATE TABLE b (id Unt8",
]
RIGHT = [*BROKEN[:2], f"CREATE TABLE b (id UInt8) {MEMORY}", f"CREATE TABLE c (x Int8) {MEMORY}"]


def _pair(project: Project, statements: list[str]) -> None:
    project.add_pair(VERSION, "t", ";\n".join(statements), "SELECT 1")


def _up(project: Project) -> int:
    return project.run("up", "--db", "clickhouse").code


def _dirty(project: Project) -> list[object]:
    status = json.loads(project.run("status", "--db", "clickhouse", "--json").out)
    dirty: list[object] = status["data"]["databases"][0]["dirty"]
    return dirty


def _database(project: Project) -> str:
    assert project.clickhouse_url is not None
    return project.clickhouse_url.rpartition("/")[2]


def _executed(gateway: GatewayProcess, start: str) -> int:
    return sum(text.startswith(start) for text in gateway.texts())


def test_a_corrected_file_goes_on_at_the_refused_statement(
    project: Project, gateway: GatewayProcess
) -> None:
    gateway.reset()
    _pair(project, BROKEN)
    assert _up(project) == 6
    assert len(_dirty(project)) == 1
    _pair(project, RIGHT)
    shown = project.run("up", "--db", "clickhouse", "--dry-run").out
    assert "CREATE TABLE b (id UInt8)" in shown
    assert "INSERT INTO a" not in shown
    assert _up(project) == 0
    assert _dirty(project) == []
    assert _executed(gateway, "INSERT INTO a SELECT") == 1
    assert _executed(gateway, "CREATE TABLE c") == 1


def test_without_a_correction_the_second_failure_changes_nothing(project: Project) -> None:
    _pair(project, BROKEN)
    assert _up(project) == 6
    assert _up(project) == 1
    assert len(_dirty(project)) == 1


def test_an_edit_of_what_was_run_is_refused(project: Project) -> None:
    _pair(project, BROKEN)
    assert _up(project) == 6
    _pair(project, [RIGHT[0], "INSERT INTO a SELECT 2", *RIGHT[2:]])
    result = project.run("up", "--db", "clickhouse")
    assert result.code == 1
    assert "statement 2 was edited after it was run" in result.err
    _pair(project, RIGHT[:1])
    assert "no longer in the file" in project.run("up", "--db", "clickhouse").err


def test_a_file_whose_rest_was_removed_is_done(project: Project, gateway: GatewayProcess) -> None:
    gateway.reset()
    _pair(project, BROKEN)
    assert _up(project) == 6
    _pair(project, BROKEN[:2])
    assert _up(project) == 0
    assert _dirty(project) == []
    assert project.run("up", "--db", "clickhouse").out.startswith("nothing to do")
    assert _executed(gateway, "INSERT INTO a SELECT") == 1


def test_a_first_statement_without_effect_leaves_nothing_dirty(project: Project) -> None:
    _pair(project, BROKEN[2:])
    assert _up(project) == 1
    assert _dirty(project) == []
    _pair(project, RIGHT[2:])
    assert _up(project) == 0


def test_down_takes_back_what_stands_half_done(project: Project, gateway: GatewayProcess) -> None:
    project.add_pair(
        VERSION, "t", ";\n".join(BROKEN), "DROP TABLE c;\nDROP TABLE kept;\nDROP TABLE a"
    )
    gateway.query(f"CREATE TABLE {_database(project)}.kept (x Int8) {MEMORY}")
    assert _up(project) == 6
    gateway.reset()
    assert project.run("down", "--db", "clickhouse", "--yes").code == 0
    assert _dirty(project) == []
    dropped = [text for text in gateway.texts() if text.startswith("DROP")]
    assert dropped == ["DROP TABLE a"], "the upgrade had made nothing else"
    _pair(project, RIGHT)
    assert _up(project) == 0


def test_a_statement_that_may_have_had_an_effect_is_not_run_again(project: Project) -> None:
    failing = "INSERT INTO a SELECT throwIf(number = 3) FROM numbers(5) SETTINGS max_block_size = 1"
    _pair(project, [RIGHT[0], failing])
    assert _up(project) == 6
    result = project.run("up", "--db", "clickhouse")
    assert result.code == 1
    assert "is dirty" in result.err
    assert "look at what statement 2 did" in result.err
    assert "resume --retry" in result.err


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_signal_stops_between_two_statements(
    project: Project, gateway: GatewayProcess, number: int, code: int
) -> None:
    gateway.reset()
    _pair(project, RIGHT)
    fault = gateway.fault("^INSERT INTO a SELECT")
    with project.start("up", "--db", "clickhouse") as run:
        fault.wait()
        run.signal(number)
        fault.release()
        result = run.wait()
    assert result.code == code, result
    assert _executed(gateway, "CREATE TABLE b") == 0
    assert "brokle-migrate status" in result.out
    assert _up(project) == 0
    assert _executed(gateway, "INSERT INTO a SELECT") == 1
    assert _executed(gateway, "CREATE TABLE c") == 1


def test_a_second_signal_does_not_wait(project: Project, gateway: GatewayProcess) -> None:
    _pair(project, RIGHT)
    fault = gateway.fault("^INSERT INTO a SELECT")
    with project.start("up", "--db", "clickhouse") as run:
        fault.wait()
        run.signal(signal.SIGTERM)
        while b"again within 2 s" not in run.said():
            assert run.running
        run.signal(signal.SIGTERM)
        result = run.wait()
    assert result.code == 143, result
    fault.release("drop")
