"""``check`` through the command: files without a database."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

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
        result.out == "12 postgres revisions, 17 clickhouse revisions: nothing found, 7 allowed\n"
    )


def test_everything_that_is_wrong_is_found_at_once(project: Project) -> None:
    project.add_vars()
    project.add_revision("a", message="first")
    project.add_revision("b", down_revision="a", clickhouse_requires="9")
    project.add_revision("c", down_revision="a")
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
    project.add_revision("a", clickhouse_requires="1")
    project.add_pair(
        "1", "t", f"-- migrate: requires postgres@a\n{TABLE}", "DROP TABLE IF EXISTS t"
    )
    assert [rule for rule, *_ in found(project)] == ["MG005"]


def test_levels_and_allowances(project: Project) -> None:
    project.add_revision("a")
    module = project.add_revision("b", down_revision=None)
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
