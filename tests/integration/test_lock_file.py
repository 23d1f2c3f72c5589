"""``migrations.lock``: written, checked, and merged with real git."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from brokle_migrate import authoring
from tests.support.git import Repository
from tests.support.project import Project

if TYPE_CHECKING:
    from pathlib import Path

NOWHERE = ("postgresql+psycopg://nobody@127.0.0.1:1/x", "clickhouse://nobody@127.0.0.1:1/x")
TABLE = "CREATE TABLE IF NOT EXISTS t (id UInt64) ENGINE = MergeTree ORDER BY id"


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project with a revision and a pair, both in its lock file."""
    made = Project(tmp_path / "shop", *NOWHERE)
    made.add_revision("1", "SELECT 1")
    made.add_pair("1", "first", TABLE, "DROP TABLE IF EXISTS t")
    seal(made)
    return made


@pytest.fixture
def repository(project: Project) -> Repository:
    """The same under git."""
    project.write(".gitignore", "__pycache__/\n")
    return Repository(project.path)


def seal(project: Project, *argv: str) -> str:
    result = project.invoke("check", "--update-lock", *argv)
    assert result.code == 0, result.out + result.err
    return result.out


def found(project: Project, *argv: str) -> list[tuple[str, str, str]]:
    """Id, place and message of every finding about the histories."""
    data = json.loads(project.invoke("check", "--json", *argv).out)["data"]
    return [
        (each["id"], each["location"].rsplit("/", 1)[-1].rsplit(":", 1)[0], each["message"])
        for each in data["findings"]
        if each["id"].startswith("MG")
    ]


def lock(project: Project) -> list[str]:
    return (project.path / "migrations.lock").read_text().splitlines()


def of_the_file(project: Project) -> list[tuple[str, str]]:
    """Place and message of what is wrong with the lock file itself."""
    return [each[1:] for each in found(project) if each[0] == "MG014"]


def write(project: Project, lines: list[str]) -> None:
    project.write("migrations.lock", "".join(f"{line}\n" for line in lines))


def create(project: Project, name: str, *argv: str) -> str:
    """The version of a new revision."""
    result = project.invoke("create", "--name", name, "--json", *argv)
    assert result.code == 0, result.err
    return str(json.loads(result.out)["data"]["version"])


def test_a_project_without_one_needs_none(tmp_path: Path) -> None:
    project = Project(tmp_path / "shop", *NOWHERE)
    project.add_pair("1", "first", TABLE, "DROP TABLE IF EXISTS t")
    assert found(project) == []
    version = create(project, "more")
    assert not (project.path / "migrations.lock").exists()
    assert seal(project, "--dry-run") == (
        f"new     postgres {version}\nnew     clickhouse 1\nnew     clickhouse {version}\n"
        "migrations.lock would be written: 3 entries\n"
    )
    assert not (project.path / "migrations.lock").exists()


def test_an_edit_is_found_and_sealed(project: Project) -> None:
    assert found(project) == []
    up = project.clickhouse_versions / "1_first.up.sql"
    up.write_text(f"-- why\n\n{TABLE.replace(' (', '(  ')};\n")
    module = next(project.postgres_versions.glob("1_*.py"))
    module.write_text(f"# why\n{module.read_text()}")
    assert found(project) == []
    up.write_text(TABLE.replace("UInt64", "UInt32"))
    module.write_text(module.read_text().replace("SELECT 1", "SELECT 2"))
    assert found(project) == [
        ("MG010", f"{module.name}:1", f"{module.name} was edited since migrations.lock sealed it"),
        ("MG010", f"{up.name}:1", f"{up.name} was edited since migrations.lock sealed it"),
    ]
    assert "brokle-migrate check --update-lock seals it" in project.invoke("check").out
    before = lock(project)
    assert seal(project, "--dry-run").startswith(
        "edited  postgres 1 (py)\nedited  clickhouse 1 (up)"
    )
    assert lock(project) == before
    assert seal(project).endswith("migrations.lock is written: 2 entries\n")
    assert found(project) == []
    assert seal(project) == "migrations.lock fits the files: 2 entries\n"


def test_what_was_removed(project: Project) -> None:
    for path in project.clickhouse_versions.iterdir():
        path.unlink()
    assert found(project) == [
        ("MG012", "migrations.lock:3", "clickhouse 1 has an entry, and no file")
    ]
    assert found(project, "--db", "postgres") == []
    assert seal(project, "--db", "postgres").startswith("migrations.lock fits")
    assert seal(project).startswith("gone    clickhouse 1\n")


def test_a_file_that_is_not_in_order_is_one_finding(project: Project) -> None:
    (project.clickhouse_versions / "1_first.down.sql").unlink()
    assert [rule for rule, *_ in found(project)] == ["MG001"]
    result = project.invoke("check", "--update-lock")
    assert result.code == 2
    assert "unpaired: 1_first.down.sql is missing" in result.err
    module = project.add_revision("1", message="twin")
    assert sorted(rule for rule, *_ in found(project)) == ["MG001", "MG001"]
    module.unlink()


def test_create_adds_its_own_entries_alone(project: Project) -> None:
    module = next(project.postgres_versions.glob("1_*.py"))
    module.write_text(module.read_text().replace("SELECT 1", "SELECT 2"))
    before = lock(project)
    assert not json.loads(project.invoke("create", "--name", "x", "--json", "--dry-run").out)[
        "data"
    ]["lock_file"]
    version = create(project, "more", "--sql")
    after = lock(project)
    assert after[1] == before[1]
    assert after[2].startswith(f"postgres {version} py=")
    assert " up.sql=" in after[2]
    assert " down.sql=" in after[2]
    assert after[3] == before[2]
    assert after[4].startswith(f"clickhouse {version} up=")
    assert [rule for rule, *_ in found(project)] == ["MG010"]  # the edit of somebody else
    beside = next(project.postgres_versions.glob("*.up.sql"))
    beside.write_text("SELECT 1;\n")
    assert [place for _, place, _ in found(project)] == [f"{module.name}:1", f"{beside.name}:1"]


def test_create_leaves_a_file_that_is_not_in_order_alone(project: Project) -> None:
    path = project.path / "migrations.lock"
    broken = path.read_text().replace("lock 1 ", "lock 1 0")
    path.write_text(broken)
    result = project.invoke("create", "--name", "more")
    assert result.code == 0
    assert "migrations.lock was left alone, line 1" in result.err
    assert path.read_text() == broken
    path.unlink()
    path.mkdir()
    result = project.invoke("create", "--name", "another")
    assert result.code == 0
    assert len(result.out.splitlines()) == 3
    assert "migrations.lock was left alone: " in result.err
    assert "can't be read: Is a directory" in result.err
    assert project.invoke("check").code == 2


@pytest.mark.parametrize("dbs", [("all", "all"), ("postgres", "clickhouse")])
def test_two_branches_that_create_conflict(
    project: Project,
    repository: Repository,
    dbs: tuple[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    versions = iter(("20250101000000", "20250102000000"))
    monkeypatch.setattr(authoring, "_next_version", lambda *_: next(versions))
    created: dict[str, list[str]] = {}
    for branch, db in zip(("ours", "theirs"), dbs, strict=True):
        repository.branch(branch)
        version = create(project, branch, "--db", db)
        names = ("postgres", "clickhouse") if db == "all" else (db,)
        created[branch] = [f"{name} {version}" for name in names]
        repository.commit(branch)
    repository.git("switch", "--quiet", "ours")
    assert "CONFLICT (content): Merge conflict in migrations.lock" in repository.git(
        "merge", "theirs", fails=True
    )
    # Left as git left it.
    last = max(n for n, line in enumerate(lock(project), 1) if line.startswith(">>>>>>>"))
    (conflict,) = of_the_file(project)
    assert conflict == ("migrations.lock:1", f"a conflict that git left: lines 1 to {last}")
    # Resolved by taking one side: the other side's revisions are named.
    repository.git("checkout", "--ours", "migrations.lock")
    lacking = {message for rule, _, message in found(project) if rule == "MG011"}
    assert lacking == {f"{each} is not in migrations.lock" for each in created["theirs"]}
    assert not of_the_file(project)
    # Resolved by deleting the markers: two first lines, and what both sides have stands twice.
    repository.git("checkout", "--merge", "migrations.lock")
    kept = [line for line in lock(project) if line[:7] not in {"<<<<<<<", "=======", ">>>>>>>"}]
    write(project, kept)
    second = 1 + max(n for n, line in enumerate(kept) if line.startswith("brokle-migrate"))
    wrong = of_the_file(project)
    assert (f"migrations.lock:{second}", "a first line stands in the middle of the file") in wrong
    assert len(wrong) == 1 + len(kept) - 1 - len(set(kept[1:]))
    # Resolved by one first line over the entries of both.
    write(project, list(dict.fromkeys(line for n, line in enumerate(kept, 1) if n != second)))
    ((place, message),) = of_the_file(project)
    assert place == "migrations.lock:1"
    assert message.startswith("the checksum on the first line is not that of the lines below")
    # Resolved.
    assert "is written" in seal(project)
    assert {rule for rule, *_ in found(project)} <= {"MG004"}  # two heads of Postgres are no lock's


def test_it_is_the_same_file_from_everywhere(project: Project) -> None:
    (project.clickhouse_versions / "1_first.up.sql").write_text(TABLE.replace("UInt64", "UInt32"))
    result = project.run("check", "-c", "../alembic.ini", cwd=project.path / "alembic")
    assert "error MG010: 1_first.up.sql was edited" in result.out
    ini = project.path / "alembic.ini"
    (project.path / "migrations.lock").rename(project.path / "sealed.txt")
    assert found(project) == []
    ini.write_text(f"{ini.read_text()}\n[check]\nlock_file = sealed.txt\n")
    result = project.run("check", "-c", "../alembic.ini", cwd=project.path / "alembic")
    assert "was edited since sealed.txt sealed it" in result.out


def test_alembics_verb_adds_its_pair(project: Project) -> None:
    before = lock(project)
    result = project.run("clickhouse", "revision", "-m", "more", "--rev-id", "7")
    assert result.code == 0, result.err
    assert "Adding it to" in result.out
    assert lock(project)[1:3] == before[1:3]
    assert lock(project)[3].startswith("clickhouse 7 up=")
