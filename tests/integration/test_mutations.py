"""Mutations that stand in the way of a later statement are found before it is sent."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.process import wait_until
from tests.support.project import Project

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.gateway_process import GatewayProcess

ADD = "ALTER TABLE t ADD COLUMN y Int8"
FAILS = "ALTER TABLE t UPDATE s = toString(throwIf(s = 'a')) WHERE 1"
SLOW = "ALTER TABLE t UPDATE s = toString(sleepEachRow(1)) WHERE 1"
IN_BACKGROUND = "-- migrate: wait none\n"
WAITING = {"mutations_sync": "2", "lightweight_deletes_sync": "2", "alter_sync": "2"}
UNREADABLE: dict[str, Any] = {
    "action": "error",
    "code": 497,
    "message": "Not enough privileges. (ACCESS_DENIED)",
    "times": 0,
}


@pytest.fixture
def table(project: Project, gateway: GatewayProcess) -> Iterator[Project]:
    """A table with one row; what was started on it is ended."""
    up = "CREATE TABLE t (id Int8, s String) ENGINE = MergeTree ORDER BY id"
    project.add_pair("1", "t", f"{up}; INSERT INTO t VALUES (1, 'a')", "DROP TABLE t")
    assert up_json(project)["exit_code"] == 0
    yield project
    gateway.query(f"KILL MUTATION WHERE database = '{database_of(project)}'")


def waits(project: Project) -> None:
    """Have every statement sent with settings that make the server wait."""
    text = f"from brokle_migrate.clickhouse import context\ncontext.configure(settings={WAITING})"
    project.write("migrations_clickhouse/env.py", text)


def database_of(project: Project) -> str:
    return (project.clickhouse_url or "").rpartition("/")[2]


def mutations_of(project: Project) -> Any:
    argv = ("status", "--json", "--db", "clickhouse")
    (found,) = json.loads(project.invoke(*argv).out)["data"]["databases"]
    return found["mutations"]


def up_json(project: Project, *argv: str) -> dict[str, Any]:
    result = project.run("up", "--json", *argv)
    return {**json.loads(result.out), "exit_code": result.code, "err": result.err}


def test_a_failing_mutation_is_an_error_before_the_alter_is_sent(
    table: Project, gateway: GatewayProcess
) -> None:
    table.add_pair("2", "fails", IN_BACKGROUND + FAILS, "SELECT 1")
    table.add_pair("3", "add", ADD, "ALTER TABLE t DROP COLUMN y")
    found = up_json(table)
    assert found["exit_code"] == 6
    failure = found["data"]["failure"]
    kill = f"KILL MUTATION WHERE database = '{database_of(table)}' AND table = 't' AND mutation_id"
    assert failure["revision"] == "3"
    assert kill in failure["error"]
    assert "throwIf" in failure["error"]
    assert not [text for text in gateway.texts() if text.startswith(ADD)]
    gateway.query(failure["error"].partition("end it: ")[2].rstrip(")"), database_of(table))
    assert up_json(table)["exit_code"] == 0


def test_an_unfinished_mutation_is_waited_for_before_an_alter(
    table: Project, gateway: GatewayProcess
) -> None:
    table.add_pair("2", "slow", IN_BACKGROUND + SLOW, "SELECT 1")
    table.add_pair("3", "add", ADD, "ALTER TABLE t DROP COLUMN y")
    assert up_json(table)["exit_code"] == 0
    looks = [text for text in gateway.texts() if "FROM system.mutations" in text]
    assert len(looks) > 1


def test_the_time_of_the_run_ends_the_wait_and_nothing_was_sent(
    table: Project, gateway: GatewayProcess
) -> None:
    gateway.query(f"SYSTEM STOP MERGES {database_of(table)}.t")
    table.add_pair("2", "slow", IN_BACKGROUND + SLOW, "SELECT 1")
    table.add_pair("3", "add", ADD, "ALTER TABLE t DROP COLUMN y")
    assert up_json(table, "--timeout=3s")["exit_code"] != 0
    assert not [text for text in gateway.texts() if text.startswith(ADD)]
    gateway.query(f"SYSTEM START MERGES {database_of(table)}.t")
    found = up_json(table)
    assert found["exit_code"] == 0, found


def test_mutations_that_may_not_be_read_stop_no_alter(
    table: Project, gateway: GatewayProcess
) -> None:
    gateway.fault("FROM system.mutations", **UNREADABLE)
    table.add_pair("2", "add", ADD, "ALTER TABLE t DROP COLUMN y")
    assert up_json(table)["exit_code"] == 0


def test_what_is_not_waited_for_is_in_the_status_until_it_is_done(
    table: Project, gateway: GatewayProcess
) -> None:
    gateway.query(f"SYSTEM STOP MERGES {database_of(table)}.t")
    update = "ALTER TABLE t UPDATE s = 'ann@x.y' WHERE 1"
    table.add_pair("2", "u", IN_BACKGROUND + update, "SELECT 1")
    assert up_json(table)["exit_code"] == 0
    (found,) = mutations_of(table)
    assert (found["table"], found["parts"], found["failure"]) == ("t", 1, None)
    assert "ann@x.y" not in json.dumps(found)
    text = table.invoke("status").out
    assert "mutation" in text
    assert "1 part to do" in text
    assert "nothing to do" not in text
    gateway.query(f"SYSTEM START MERGES {database_of(table)}.t")
    wait_until(lambda: mutations_of(table) == [], 20, "it is done")
    assert "nothing to do" in table.invoke("status").out


@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TABLE t UPDATE s = 'b' WHERE 1",
        "ALTER TABLE t MODIFY COLUMN s LowCardinality(String)",
        "ALTER TABLE t DROP COLUMN s",
        "DELETE FROM t WHERE id = 1",
    ],
)
def test_a_server_that_waits_by_itself_is_told_not_to(
    table: Project, gateway: GatewayProcess, statement: str
) -> None:
    waits(table)
    gateway.query(f"SYSTEM STOP MERGES {database_of(table)}.t")
    table.add_pair("2", "m", IN_BACKGROUND + statement, "SELECT 1")
    assert up_json(table, "--timeout=20s")["exit_code"] == 0
    assert len(mutations_of(table)) == 1


def test_what_the_file_says_of_such_a_setting_counts(
    table: Project, gateway: GatewayProcess
) -> None:
    gateway.query(f"SYSTEM STOP MERGES {database_of(table)}.t")
    asks = "-- migrate: settings mutations_sync=1\n-- migrate: timeout 1s\n"
    update = "ALTER TABLE t UPDATE s = 'b' WHERE 1"
    table.add_pair("2", "m", IN_BACKGROUND + asks + update, "SELECT 1")
    found = up_json(table)
    assert found["exit_code"] == 6
    assert "it took longer than 1 s" in found["data"]["failure"]["error"]


def test_what_is_waited_for_is_sent_as_it_is(table: Project, gateway: GatewayProcess) -> None:
    table.add_pair("2", "m", "ALTER TABLE t UPDATE s = 'b' WHERE 1", "SELECT 1")
    assert up_json(table)["exit_code"] == 0
    assert not [text for text in gateway.texts() if "system.settings" in text]


def test_an_old_server_is_told_nothing_that_it_does_not_know(
    tmp_path: Path, native_url: str
) -> None:
    project = Project(tmp_path / "old", None, native_url)
    up = "CREATE TABLE t (d Date, id Int8, s String) ENGINE = MergeTree(d, id, 8192)"
    project.add_pair("1", "t", up, "DROP TABLE t")
    project.add_pair("2", "m", f"{IN_BACKGROUND}ALTER TABLE t DELETE WHERE id = 1", "SELECT 1")
    found = up_json(project, "--db=clickhouse")
    assert found["exit_code"] == 0, found


def test_a_status_without_the_right_to_read_mutations(
    table: Project, gateway: GatewayProcess
) -> None:
    gateway.fault("FROM system.mutations", **UNREADABLE)
    assert mutations_of(table) is None


def test_mutations_of_other_tables_are_in_nobodys_way(
    table: Project, gateway: GatewayProcess
) -> None:
    gateway.query(f"{FAILS} SETTINGS mutations_sync = 0", database_of(table))
    up = "CREATE TABLE u (id Int8) ENGINE = MergeTree ORDER BY id; ALTER TABLE u ADD COLUMN y Int8"
    table.add_pair("2", "u", up, "DROP TABLE u")
    assert up_json(table)["exit_code"] == 0
