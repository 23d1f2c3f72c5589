"""``brokle_migrate.command``: a Config in, values out."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from brokle_migrate import MigrationFailed, command, load
from brokle_migrate.errors import DatabaseUnreachable, RevisionError, UnknownRevision
from brokle_migrate.model import Action, StepState
from tests.support.process import ROOT

if TYPE_CHECKING:
    from pathlib import Path

    from brokle_migrate import Config
    from tests.support.project import Project

SECRET = "marked-secret-word"


@pytest.fixture
def filled(project: Project) -> Project:
    """Three versions in both histories, the same in both."""
    for number in (1, 2, 3):
        version = f"2025010100000{number}"
        project.add_revision(
            version, f"CREATE TABLE t{number} (x int)", f"DROP TABLE t{number}", message="add"
        )
        up = f"CREATE TABLE t{number} (x Int8) ENGINE = Log"
        project.add_pair(version, "add", up, f"DROP TABLE t{number}")
    return project


@pytest.fixture
def config(filled: Project) -> Config:
    """Its configuration."""
    return load(directory=filled.path, environ={})


HEAD = "20250101000003"


def test_neither_click_nor_rich_is_imported() -> None:
    code = (
        "import sys, brokle_migrate.command, brokle_migrate.asgi; "
        "from brokle_migrate import auto_migrate, auto_migrate_async, health, load; "
        "print({'click', 'rich', 'sqlalchemy', 'alembic'} & set(sys.modules))"
    )
    argv = [sys.executable, "-c", code]
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stdout == "set()\n", done.stderr


def test_up_and_down_and_where_it_stands(config: Config, capfd: pytest.CaptureFixture[str]) -> None:
    assert command.heads(config) == {"postgres": (HEAD,), "clickhouse": (HEAD,)}
    assert command.current(config) == {"postgres": (), "clickhouse": ()}
    assert len(command.plan(config).steps) == 6
    report = command.upgrade(config)
    assert {result.state for result in report.results} == {StepState.APPLIED}
    assert command.upgrade(config).results == ()
    assert command.status(config).at_head
    assert command.current(config) == command.heads(config)
    assert [r.id for r in command.history(config)["clickhouse"]][-1] == HEAD
    down = command.downgrade(config, "-1")
    assert [result.step.action for result in down.results] == [Action.DOWNGRADE] * 2
    assert command.current(config)["postgres"] == ("20250101000002",)
    command.upgrade(config, HEAD, environments=["clickhouse"])
    assert command.current(config)["postgres"] == ("20250101000002",)
    command.downgrade(config, "base")
    assert command.current(config) == {"postgres": (), "clickhouse": ()}
    assert capfd.readouterr() == ("", "")


def test_the_wrong_way_is_refused_and_nothing_runs(config: Config) -> None:
    command.upgrade(config)
    with pytest.raises(RevisionError, match="the other way"):
        command.upgrade(config, "20250101000001")
    command.downgrade(config, "base")
    with pytest.raises(RevisionError, match="the other way"):
        command.downgrade(config, HEAD)
    assert command.current(config)["clickhouse"] == ()


def test_a_stamp_records_and_runs_nothing(config: Config) -> None:
    command.stamp(config, HEAD)
    assert command.status(config).at_head
    assert "t1" not in str(command.info(config).databases[1].vitals.tables)


def test_an_unknown_revision_is_our_error(config: Config) -> None:
    with pytest.raises(UnknownRevision):
        command.upgrade(config, "nothing")


def test_a_failure_carries_its_report(filled: Project, config: Config) -> None:
    filled.add_pair("20250101000004", "bad", f"SELECT no_such_function('{SECRET}')", "SELECT 1")
    secretive = load(
        directory=filled.path, environ={"CLICKHOUSE_PASSWORD": SECRET, "CLICKHOUSE_USER": "default"}
    )
    with pytest.raises(MigrationFailed) as caught:
        command.upgrade(secretive, on_failure="rollback")
    assert caught.value.report is not None
    assert caught.value.report.undo_error is None
    assert "all of it was taken back" in str(caught.value)
    for shown in (str(caught.value), str(caught.value.error), repr(caught.value.error)):
        assert SECRET not in shown
    assert command.current(config) == {"postgres": (), "clickhouse": ()}


def test_an_unreachable_database_is_a_value_or_an_error(filled: Project) -> None:
    url = f"postgresql://nobody:{SECRET}@127.0.0.1:1/nothing"
    config = load(directory=filled.path, environ={"DATABASE_URL": url})
    status = command.status(config)
    assert isinstance(status.error, DatabaseUnreachable)
    assert SECRET not in str(status.error)
    with pytest.raises(DatabaseUnreachable) as caught:
        command.upgrade(config)
    assert caught.value.__cause__ is None
    assert command.wait(config, timeout=0.5).error is not None


def test_a_revision_is_written_in_both(config: Config) -> None:
    created = command.revision(config, "more tables")
    assert len(created.paths) == 3
    assert all(path.exists() for path in created.paths)


def test_the_lock_can_be_looked_at(config: Config) -> None:
    state = command.lock(config)
    assert state.holder is None
    assert state.where


def test_wait_tells_where_it_ended(config: Config) -> None:
    assert not command.wait(config, at_head=True, timeout=0).is_ready
    command.upgrade(config)
    assert command.wait(config, at_head=True, timeout=5).is_ready


def test_public_names_come_when_they_are_asked_for(tmp_path: Path) -> None:
    import brokle_migrate

    assert all(getattr(brokle_migrate, name) is not None for name in brokle_migrate.__all__)
    with pytest.raises(AttributeError, match="nothing"):
        _ = brokle_migrate.nothing
