"""``down --last-run`` takes back exactly what the last run upwards applied, in both databases."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.support.project import Project


@pytest.fixture
def two_runs(project: Project) -> Project:
    """Three steps in each database: one applied by a first run, two by a second."""
    for day in (1, 2, 3):
        version = f"2025010{day}000000"
        project.add_revision(version, f"CREATE TABLE t{day} (id int)", f"DROP TABLE t{day}")
        project.add_pair(
            version, "t", f"CREATE TABLE t{day} (x Int8) ENGINE = Log", f"DROP TABLE t{day}"
        )
    assert project.run("up", "--steps", "1").code == 0
    assert project.run("up").code == 0
    return project


def _current(project: Project) -> list[list[str]]:
    status = json.loads(project.run("status", "--json").out)
    return [database["current"] for database in status["data"]["databases"]]


def test_the_last_run_is_taken_back_and_no_more(two_runs: Project) -> None:
    assert two_runs.run("down", "--last-run").code == 2, "it asks"
    assert two_runs.run("down", "--last-run", "--yes").code == 0
    assert _current(two_runs) == [["20250101000000"]] * 2
    again = two_runs.run("down", "--last-run", "--yes")
    assert again.code == 0
    assert again.out == "nothing to do: nothing is left of what the last run applied\n"
    assert _current(two_runs) == [["20250101000000"]] * 2


def test_one_database_of_it(two_runs: Project) -> None:
    assert two_runs.run("down", "--last-run", "--yes", "--db", "clickhouse").code == 0
    assert _current(two_runs) == [["20250103000000"], ["20250101000000"]]


def test_what_stands_on_it_keeps_it(two_runs: Project) -> None:
    two_runs.add_revision("20250104000000", "CREATE TABLE t4 (id int)", "DROP TABLE t4")
    assert two_runs.run("up", "--db", "postgres").code == 0
    result = two_runs.run("down", "--last-run", "--yes")
    assert result.code == 2
    assert "20250104000000 stands on what it applied" in result.err
    assert _current(two_runs) == [["20250104000000"], ["20250103000000"]]
