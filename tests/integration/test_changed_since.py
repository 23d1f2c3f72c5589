"""``check --changed-since`` with real git."""

from __future__ import annotations

import json
import os
import shutil
from typing import TYPE_CHECKING

import pytest

from brokle_migrate import checking
from brokle_migrate.checks.rule import Rule
from brokle_migrate.model import Level, Location
from tests.support.git import Repository
from tests.support.project import Project

if TYPE_CHECKING:
    from pathlib import Path

NOWHERE = ("postgresql+psycopg://nobody@127.0.0.1:1/x", "clickhouse://nobody@127.0.0.1:1/x")
SQL = ("SELECT 1", "SELECT 1")


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """A repository whose project is in a directory with a space and an umlaut."""
    path = tmp_path / "all of it"
    project = Project(path / "shöp and more", *NOWHERE)
    project.write(".gitignore", "__pycache__/\n")
    project.add_revision("a", "SELECT 1")
    project.add_pair("1", "old", *SQL)
    project.add_pair("5", "newest", *SQL)
    return Repository(path)


@pytest.fixture
def project(repository: Repository) -> Project:
    """The project in it, on a branch."""
    repository.branch("topic")
    made = Project.__new__(Project)
    made.path = repository.path / "shöp and more"
    made.postgres_versions = made.path / "alembic" / "versions"
    made.clickhouse_versions = made.path / "migrations_clickhouse" / "versions"
    made._head = "a"
    return made


def found(project: Project, ref: str = "main") -> list[tuple[str, str]]:
    """Id and file of every error."""
    result = project.invoke("check", "--changed-since", ref, "--json")
    data = json.loads(result.out)["data"]
    assert data is not None, result.out
    errors = [each for each in data["findings"] if each["level"] == "error"]
    assert result.code == (3 if errors else 0)
    return [(each["id"], each["location"].rsplit("/", 1)[-1].split(":")[0]) for each in errors]


def test_nothing_changed(project: Project) -> None:
    assert found(project) == []
    assert project.invoke("check", "--changed-since", "main").out == (
        "1 postgres revision, 2 clickhouse revisions, 0 files changed since main: nothing found\n"
    )


def test_a_new_pair_has_to_be_the_newest(project: Project, repository: Repository) -> None:
    project.add_pair("3", "between", *SQL)  # not even added to git
    project.add_pair("6", "behind", *SQL)
    assert found(project) == [("MG007", "3_between.up.sql")]
    repository.commit("pairs")
    assert found(project) == [("MG007", "3_between.up.sql")]


def test_newest_is_what_the_other_branch_has_now(project: Project, repository: Repository) -> None:
    project.add_pair("6", "mine", *SQL)
    project.add_revision("mine", "SELECT 1")
    project.add_revision("mine too", "SELECT 1")
    repository.commit("mine")
    assert found(project) == []
    repository.git("switch", "--quiet", "main")
    project.add_pair("7", "theirs", *SQL)
    project.add_revision("theirs", "SELECT 1", down_revision="a")
    repository.commit("theirs")
    repository.git("switch", "--quiet", "topic")
    assert found(project) == [("MG007", "mine_revision_mine.py"), ("MG007", "6_mine.up.sql")]
    out = project.invoke("check", "--changed-since", "main").out
    assert "does not build on what main got since: theirs_revision_theirs.py" in out
    assert "give both files of the pair a version above 7" in out
    repository.git("merge", "--quiet", "main")
    assert found(project) == [("MG004", "theirs_revision_theirs.py"), ("MG007", "6_mine.up.sql")]


def test_what_was_there_stays_as_it_was(project: Project, repository: Repository) -> None:
    up = project.clickhouse_versions / "1_old.up.sql"
    up.write_text("-- why\nSELECT  1;\n")
    assert found(project) == []
    up.write_text("SELECT 2\n")
    module = next(project.postgres_versions.glob("a_*.py"))
    module.write_text(module.read_text().replace("SELECT 1", "SELECT 2"))
    for path in project.clickhouse_versions.glob("5_*"):
        repository.git("rm", "--quiet", str(path))
    assert found(project) == [
        ("MG008", module.name),
        ("MG008", "1_old.up.sql"),
        ("MG008", "5_newest.down.sql"),
        ("MG008", "5_newest.up.sql"),
    ]


def test_the_lock_file_stays(project: Project, repository: Repository) -> None:
    project.invoke("check", "--update-lock")
    repository.commit("lock")
    (project.path / "migrations.lock").unlink()
    assert found(project, "HEAD") == [("MG008", "migrations.lock")]
    assert found(project, "HEAD~1") == []


def test_other_rules_count_in_changed_files_alone(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    rule = Rule("CH999", Level.ERROR, "anything")
    new, _ = project.add_pair("6", "new", *SQL)
    old = project.clickhouse_versions / "1_old.up.sql"
    planted = [rule.finding("clickhouse", "x", location=Location(p, 1, 1)) for p in (new, old)]
    monkeypatch.setattr(checking, "history_findings", lambda _: planted)
    assert found(project) == [("CH999", "6_new.up.sql")]


def test_a_worktree_and_a_clone(project: Project, repository: Repository, tmp_path: Path) -> None:
    project.add_pair("3", "between", *SQL)
    repository.commit("older")
    repository.git("switch", "--quiet", "main")
    repository.git("worktree", "add", "--quiet", str(tmp_path / "tree"), "topic")
    project.path = tmp_path / "tree" / "shöp and more"
    assert found(project) == [("MG007", "3_between.up.sql")]
    repository.git("switch", "--quiet", "--detach")  # so that the clone has no branch of its own
    url = f"file://{repository.path}"
    repository.git("clone", "--quiet", "--branch", "topic", url, str(tmp_path / "whole"))
    project.path = tmp_path / "whole" / "shöp and more"
    assert found(project, "origin/main") == [("MG007", "3_between.up.sql")]
    argv = ("--depth", "1", "--no-single-branch", "--branch", "topic")
    repository.git("clone", "--quiet", *argv, url, str(tmp_path / "shallow"))
    project.path = tmp_path / "shallow" / "shöp and more"
    for ref in ("origin/main", "v1"):
        result = project.invoke("check", "--changed-since", ref)
        assert result.code == 2
        assert "fetch-depth: 0" in result.err


@pytest.mark.parametrize("ref", ["nowhere", "--help", "", "main:alembic.ini"])
def test_no_such_commit(project: Project, ref: str) -> None:
    result = project.invoke("check", f"--changed-since={ref}")
    assert result.code == 2
    assert f"--changed-since {ref}: git has no such commit" in result.err


def test_histories_without_a_common_commit(project: Project, repository: Repository) -> None:
    repository.git("switch", "--quiet", "--orphan", "island")
    repository.commit("island")
    repository.git("switch", "--quiet", "topic")
    result = project.invoke("check", "--changed-since", "island")
    assert result.code == 2
    assert "their histories have nothing in common" in result.err


def test_no_repository_and_no_git(
    project: Project, repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(repository.path.parent))
    shutil.rmtree(repository.path / ".git")
    result = project.invoke("check", "--changed-since", "main")
    assert result.code == 2
    assert "not a git repository" in result.err
    monkeypatch.setenv("PATH", os.devnull)
    result = project.invoke("check", "--changed-since", "main")
    assert result.code == 2
    assert "git, which can't be started" in result.err


def test_several_directories(project: Project, repository: Repository, tmp_path: Path) -> None:
    package = tmp_path / "installed"  # in no repository
    package.mkdir()
    ini = project.path / "alembic.ini"
    ini.write_text(
        ini.read_text().replace(
            "[alembic]",
            f"[alembic]\nversion_locations = %(here)s/alembic/versions;%(here)s/more;{package}\n"
            "path_separator = ;",
        )
    )
    module = project.add_revision("b", "SELECT 1")
    (project.path / "more").mkdir()
    moved = project.path / "more" / module.name
    module.rename(moved)
    repository.commit("more")
    moved.write_text(moved.read_text().replace("SELECT 1", "SELECT 2"))
    assert found(project, "HEAD") == [("MG008", moved.name)]
    assert found(project) == []
    text = project.invoke("check", "--changed-since", "main").out
    assert "1 file changed since main" in text


def test_a_directory_that_is_gone(project: Project) -> None:
    shutil.rmtree(project.postgres_versions)
    assert found(project) == [("MG008", "a_revision_a.py")]


def test_an_edit_can_be_allowed_and_still_has_to_be_sealed(project: Project) -> None:
    project.invoke("check", "--update-lock")
    why = "migrate: allow MG008 because no release has it"
    (project.clickhouse_versions / "1_old.up.sql").write_text(f"SELECT 1;\n\n-- {why}\nSELECT 2")
    module = next(project.postgres_versions.glob("a_*.py"))
    text = module.read_text().replace("SELECT 1", "SELECT 2")
    module.write_text(f"# {why}\n# migrate: allow MG010 because I say so\n{text}")
    assert found(project) == [("MG010", module.name), ("MG010", "1_old.up.sql")]
    result = project.invoke("check", "-v", "--changed-since", "main")
    assert result.out.count("MG008 is allowed: no release has it") == 2
