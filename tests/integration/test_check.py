"""``check`` through the command: files without a database."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest

from brokle_migrate import command, load
from tests.support.git import Repository
from tests.support.project import Project

if TYPE_CHECKING:
    from pathlib import Path

NOWHERE = ("postgresql+psycopg://nobody@127.0.0.1:1/x", "clickhouse://nobody@127.0.0.1:1/x")
TABLE = "CREATE TABLE IF NOT EXISTS t (id UInt64) ENGINE = MergeTree ORDER BY id"


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project whose databases don't answer."""
    return Project(tmp_path / "project", *NOWHERE)


def found(project: Project, *argv: str) -> list[tuple[str, str, str]]:
    """Id, file and line of every finding."""
    result = project.invoke("check", "--json", *argv)
    data = json.loads(result.out)["data"]
    assert result.code == (3 if any(f["level"] == "error" for f in data["findings"]) else 0)
    places = [str(each["location"]).rsplit("/", 1)[-1] for each in data["findings"]]
    return [
        (each["id"], *place.split(":")[:2])
        for each, place in zip(data["findings"], places, strict=True)
    ]


def test_the_bundled_histories_have_nothing(project: Project) -> None:
    result = project.with_bundled_histories().invoke("check")
    assert result.code == 0, result.out + result.err
    assert (
        result.out == "12 postgres revisions, 17 clickhouse revisions: nothing found, 11 allowed\n"
    )


def test_everything_that_is_wrong_is_found_at_once(project: Project) -> None:
    project.add_vars()
    project.add_revision("a", "SELECT 1", "SELECT 1", message="first")
    project.add_revision("b", "SELECT 1", "SELECT 1", down_revision="a", clickhouse_requires="9")
    project.add_revision("c", "SELECT 1", "SELECT 1", down_revision="a")
    project.add_pair("1", "good", TABLE, "DROP TABLE IF EXISTS t")
    project.add_pair("2", "alone", TABLE, None)
    project.add_pair("3", "open", "SELECT 1;\nSELECT 'x", "SELECT 1")
    project.add_pair("4", "empty", "SELECT 1", " \n")
    project.add_pair("5", "values", "SELECT 1,\n  ${nothing}", "SELECT 1")
    project.add_pair("6", "late", "-- migrate: timout 3s\nSELECT 1", "SELECT 1")
    project.add_pair("7", "link", "-- migrate: requires postgres@zzz\nSELECT 1", "SELECT 1")
    project.write("migrations_clickhouse/versions/8-x.up.sql", "SELECT 1")
    project.write("migrations_clickhouse/versions/1_twin.up.sql", "SELECT 1")
    assert sorted(found(project)) == [
        ("MG001", "1_twin.up.sql", "1"),
        ("MG001", "2_alone.up.sql", "1"),
        ("MG001", "4_empty.down.sql", "1"),
        ("MG001", "8-x.up.sql", "1"),
        ("MG002", "3_open.up.sql", "2"),
        ("MG002", "6_late.up.sql", "1"),
        ("MG003", "5_values.up.sql", "2"),
        ("MG004", "c_revision_c.py", "1"),
        ("MG005", "7_link.up.sql", "1"),
        ("MG005", "b_revision_b.py", "1"),
    ]


def test_links_that_wait_for_each_other(project: Project) -> None:
    project.add_revision("a", "SELECT 1", "SELECT 1", clickhouse_requires="1")
    project.add_pair(
        "1", "t", f"-- migrate: requires postgres@a\n{TABLE}", "DROP TABLE IF EXISTS t"
    )
    assert [rule for rule, *_ in found(project)] == ["MG005"]


def test_levels_and_allowances(project: Project) -> None:
    project.add_revision("a", "SELECT 1", "SELECT 1")
    module = project.add_revision("b", "SELECT 1", "SELECT 1", down_revision=None)
    assert [rule for rule, *_ in found(project)] == ["MG004"]
    module.write_text(
        "# migrate: allow MG004 because of the merge next week\n" + module.read_text()
    )
    result = project.invoke("check", "-v")
    assert result.code == 0, result.out
    assert "MG004 is allowed: of the merge next week" in result.out
    assert project.invoke("check", "--json").out.count("MG004") == 1
    module.write_text(module.read_text().replace("MG004", "MG001"))
    ini = project.path / "alembic.ini"
    ini.write_text(f"{ini.read_text()}\n[check]\nlevels = MG004=warning\n")
    result = project.invoke("check")
    assert result.code == 0, result.out
    assert "warning MG004: postgres has 2 heads: a, b" in result.out
    assert result.out.endswith("2 postgres revisions, 0 clickhouse revisions: 2 warnings\n")
    assert "MG006: MG001 is allowed, and nothing here breaks it" in result.out


PATHS = "database:\n  migrations_path: alembic\n"


@pytest.mark.parametrize(
    "yaml",
    [
        f"{PATHS}clickhouse:\n  migrations_path: migrations_clickhouse\n",
        PATHS,  # the other directory has the usual name
        f"{PATHS}  host: db\n  password_file: /none\nclickhouse: {{host: c, password_file: /none}}",
    ],
    ids=["both", "usual", "secrets elsewhere"],
)
def test_files_are_enough(tmp_path: Path, yaml: str) -> None:
    project = Project(tmp_path / "project")
    project.write("config.yaml", yaml)
    project.add_vars()
    project.add_revision("a", "SELECT 1", "SELECT 1")
    project.add_pair("1", "t", TABLE.replace(" t ", " ${database}.t "), "DROP TABLE IF EXISTS t")
    result = project.invoke("check")
    assert result.out.startswith("1 postgres revision, 1 clickhouse revision"), result.err
    assert project.invoke("check", "--db", "clickhouse").code == result.code
    assert project.invoke("status").code == 2


def test_the_library(tmp_path: Path) -> None:
    project = Project(tmp_path / "project")
    project.write("config.yaml", PATHS)
    project.add_pair("1", "t", TABLE, "DROP TABLE IF EXISTS t")
    config = load(directory=project.path, environ={}, files_only=True)
    assert command.seal(config, write=False).entries == 1
    assert not config.lock_file.exists()
    assert command.seal(config).written
    project.add_pair("2", "u", TABLE, "DROP TABLE IF EXISTS t")
    found = command.check(config).findings
    assert {each.id for each in found} == {"MG011"}
    Repository(project.path)
    project.add_pair("0", "v", TABLE, "DROP TABLE IF EXISTS t")
    found = command.check(config, ["clickhouse"], changed_since="HEAD").findings
    assert [each.id for each in found if each.location.path.name.startswith("0_")] == [
        "MG007",
        "MG011",
    ]


def test_there_have_to_be_files(tmp_path: Path) -> None:
    project = Project(tmp_path / "project")
    shutil.rmtree(project.path / "migrations_clickhouse")
    result = project.invoke("check")
    assert result.code == 2
    assert "Postgres is not configured" in result.err
    project.write("config.yaml", "clickhouse:\n  migrations_path: elsewhere\n")
    result = project.invoke("check")
    assert result.code == 2
    assert "config.yaml clickhouse.migrations_path: there is no directory" in result.err


def test_a_report_in_a_file_and_text_for_people(project: Project) -> None:
    (project.path / ".git").mkdir()  # the top, which paths are relative to
    project.add_revision("a", "SELECT 1", "SELECT 1")
    project.add_revision("b", "SELECT 1", "SELECT 1", down_revision=None)
    inside = project.path / "alembic"
    out = project.path / "report.sarif"
    result = project.run(
        "check", "--format", "sarif", "--out", str(out), "-c", "../alembic.ini", cwd=inside
    )
    assert result.code == 3, result.err
    assert "error MG004: postgres has 2 heads" in result.out
    (found,) = json.loads(out.read_text())["runs"][0]["results"]
    (place,) = found["locations"]
    uri = place["physicalLocation"]["artifactLocation"]["uri"]
    assert uri == "alembic/versions/b_revision_b.py"
    out.unlink()
    project.invoke("check", "--format", "junit", "--out", str(out), "--dry-run")
    assert not out.exists()
    for form, begins in (("junit", "<?xml"), ("sarif", "{"), ("github", "::error file=alembic/")):
        assert project.invoke("check", "--format", form).out.startswith(begins)
    assert project.invoke("check", "--format", "json").out == project.invoke("check", "--json").out


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        ("--json --format sarif", "exclude each other"),
        ("--out report.xml", "--out report.xml needs --format"),
        ("--format json --out report.json", "--out report.json needs --format"),
        ("--update-lock --changed-since main", "--update-lock checks nothing"),
        ("--update-lock --format junit", "--update-lock checks nothing"),
        ("--format xml", "'xml' is not one of"),
        ("--format junit --out nowhere/report.xml", "can't write nowhere/report.xml"),
    ],
)
def test_options_that_make_no_sense(project: Project, argv: str, words: str) -> None:
    result = project.invoke("check", *argv.split())
    assert result.code == 2
    assert words in result.out + result.err
