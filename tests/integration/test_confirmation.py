"""What asks first, and what happens when nobody can answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.support.project import Project


@pytest.fixture
def migrated(project: Project) -> Project:
    """One step in each database, applied."""
    project.add_revision("20250101000000", "CREATE TABLE users (id int)", "DROP TABLE users")
    project.add_pair(
        "20250101000000",
        "events",
        "CREATE TABLE events (id UInt8) ENGINE = Log; INSERT INTO events VALUES (1)",
        "DROP TABLE events",
    )
    assert project.run("up").code == 0
    return project


def at_head(project: Project) -> bool:
    return project.run("status", "--exit-code").code == 0


@pytest.mark.parametrize(
    "argv",
    ["down", "down --all", "steps --steps -1", "goto --version base", "force --version 0", "drop"],
)
class TestAsks:
    def test_without_a_terminal_nothing_runs(self, migrated: Project, argv: str) -> None:
        result = migrated.run(*argv.split())
        assert result.code == 2
        assert "--yes" in result.err
        assert at_head(migrated)

    def test_no_changes_nothing(self, migrated: Project, argv: str) -> None:
        result = migrated.run(*argv.split(), tty=True, input="no\n")
        assert result.code == 2
        assert at_head(migrated)


def test_the_plan_and_what_it_destroys_are_shown_before_the_question(migrated: Project) -> None:
    result = migrated.run("down", tty=True, input="y\n", columns=140)
    assert result.code == 0, result.err
    assert "drops table events" in result.err
    assert "drops table users" in result.err
    assert result.err.index("drops table events") < result.err.index("Roll this back?")
    assert not at_head(migrated)


def test_drop_wants_the_name_of_each_database(migrated: Project) -> None:
    names = [
        (migrated.clickhouse_url or "").rpartition("/")[2],
        (migrated.postgres_url or "").partition("?")[0].rpartition("/")[2],
    ]
    wrong = migrated.run("drop", tty=True, input="yes\n")
    assert wrong.code == 2
    assert at_head(migrated)
    right = migrated.run("drop", tty=True, input="\n".join(names) + "\n")
    assert right.code == 0, right.err
    assert not at_head(migrated)


def test_up_asks_only_with_confirm(migrated: Project) -> None:
    migrated.add_pair("20250102000000", "x", "SELECT 1", "SELECT 1")
    assert migrated.run("up", "--confirm").code == 2
    assert migrated.run("up", "--confirm", tty=True, input="n\n").code == 2
    assert migrated.run("up", "--confirm", tty=True, input="y\n").code == 0
    assert at_head(migrated)
