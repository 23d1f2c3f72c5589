"""Placeholders through the command line: where values come from, and what reaches the server."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from brokle_migrate.config import parse_url
from brokle_migrate.environments.cluster import Cluster
from brokle_migrate.environments.drivers import connect
from brokle_migrate.environments.filling import asked
from brokle_migrate.sqltext import ServerSide
from tests.support.project import Project
from tests.support.query import http_query
from tests.support.schema import clickhouse_schema

if TYPE_CHECKING:
    from pathlib import Path


UP = """\
-- ${not_looked_at}
CREATE TABLE ${database}.events ${on_cluster} (
    at DateTime, note String DEFAULT '${note}; $${kept}'
) ENGINE = MergeTree ORDER BY at
TTL at + toIntervalDay(${DAYS});
"""


@pytest.fixture
def clickhouse(tmp_path: Path, clickhouse_url: str) -> Project:
    project = Project(tmp_path / "project", None, clickhouse_url)
    project.add_pair("1", "events", UP, "DROP TABLE ${database}.events ${on_cluster}")
    return project


def database(project: Project) -> str:
    return (project.clickhouse_url or "").rpartition("/")[2]


def ask(project: Project, sql: str) -> str:
    ((answer,),) = http_query(project.clickhouse_url or "", sql)
    return str(answer)


def test_x_wins_over_the_environment_and_that_over_the_file(clickhouse: Project) -> None:
    clickhouse.add_vars("DAYS = 1", "note = file")
    for env, argv, days in (
        ({}, (), 1),
        ({"DAYS": "2"}, (), 2),
        ({"DAYS": "2"}, ("-x", "DAYS=3"), 3),
    ):
        result = clickhouse.run(*argv, "up", "--yes", env=env)
        assert result.code == 0, result.err
        made = ask(clickhouse, "SHOW CREATE TABLE events")
        assert f"toIntervalDay({days})" in made
        assert "file; ${kept}" in made
        assert clickhouse.run(*argv, "down", "--yes", env=env).code == 0
    assert not clickhouse.run("status", "--json").out.count('"changed": ["1"]')


def test_names_without_a_value_end_it_before_anything_runs(clickhouse: Project) -> None:
    clickhouse.add_vars()
    clickhouse.add_pair("2", "more", "SELECT 1;\nSELECT ${other}", "SELECT '${unused}'")
    before = clickhouse_schema(clickhouse.clickhouse_url or "")
    result = clickhouse.run("up", "--yes")
    assert result.code == 2
    for line in (
        "1_events.up.sql:3:39: ${note} has no value",
        "1_events.up.sql:5:24: ${DAYS} has no value",
        "2_more.up.sql:2:8: ${other} has no value",
    ):
        assert line in result.err
    words = " ".join(result.err.split())
    assert "-x note=… -x DAYS=… -x other=…" in words
    assert "[clickhouse.vars]" in words
    assert "unused" not in result.err
    assert clickhouse_schema(clickhouse.clickhouse_url or "") == before


def test_a_dry_run_shows_what_would_be_sent(clickhouse: Project) -> None:
    clickhouse.add_vars("note = it is")
    result = clickhouse.run("-x", "DAYS=7", "up", "--dry-run", "--json")
    assert result.code == 0, result.err
    assert f"CREATE TABLE {database(clickhouse)}.events  (" in result.out
    assert "it is; ${kept}" in result.out
    assert "toIntervalDay(7)" in result.out
    assert ask(clickhouse, "EXISTS TABLE events") == "0"


def test_without_a_section_files_are_sent_as_they_are(tmp_path: Path, clickhouse_url: str) -> None:
    project = Project(tmp_path / "project", None, clickhouse_url)
    text = "CREATE TABLE t (s String DEFAULT '${DAYS} $${x} ${A:-b}') ENGINE = Log"
    project.add_pair("1", "t", text, "DROP TABLE t")
    assert project.run("-x", "DAYS=1", "up", "--yes", env={"DAYS": "2"}).code == 0
    assert "'${DAYS} $${x} ${A:-b}'" in ask(project, "SHOW CREATE TABLE t")


def test_a_servers_error_points_into_the_file(clickhouse: Project) -> None:
    clickhouse.add_vars("long = 'a much longer text than its name'")
    clickhouse.add_pair("1", "events", "SELECT ${long}, ${long},\n  ${long} FRM x", "SELECT 1")
    result = clickhouse.run("up", "--yes", "--json")
    assert result.code != 0
    place = json.loads(result.out)["data"]["failure"]["location"]
    assert (place["line"], place["column"]) == (2, 15)


def test_a_secret_value_is_not_shown(clickhouse: Project) -> None:
    clickhouse.add_vars("DAYS = 1")
    clickhouse.add_pair("1", "events", "SELECT '${S3_SECRET}' FROM nowhere", "SELECT 1")
    for argv in (("up", "--dry-run"), ("up", "--yes"), ("info",)):
        result = clickhouse.run(*argv, env={"S3_SECRET": "hush-hush"})
        assert "hush-hush" not in result.out + result.err
    assert "'***'" in result.out + result.err or argv == ("info",)


def test_a_changed_value_of_a_half_done_step_is_thought_of(clickhouse: Project) -> None:
    clickhouse.add_vars("n = 1")
    up = "CREATE TABLE t (n UInt8 DEFAULT ${n}) ENGINE = Log;\nSELECT * FROM missing"
    clickhouse.add_pair("1", "events", up, "DROP TABLE t")
    assert clickhouse.run("up", "--yes").code != 0
    clickhouse.add_pair("1", "events", up.replace("FROM missing", ""), "DROP TABLE t")
    result = clickhouse.run("-x", "n=2", "resume", "--retry", "--yes")
    assert result.code != 0
    assert "the value of a placeholder has changed" in " ".join(result.err.split())


def test_the_embedded_engine_knows_its_database(tmp_path: Path) -> None:
    pytest.importorskip("chdb", reason="needs the extra 'embedded'")
    project = Project(tmp_path / "p", None, f"clickhouse+embedded:///{tmp_path / 'ch'}")
    project.add_vars("DAYS = 1", "note = x")
    project.add_pair("1", "events", UP, "DROP TABLE ${database}.events ${on_cluster}")
    assert "CREATE TABLE main.events" in project.run("up", "--dry-run").out
    for argv in (("up", "--yes"), ("down", "--yes")):
        result = project.run(*argv)
        assert result.code == 0, result.err


def test_the_server_tells_what_built_in_names_stand_for(
    clickhouse_url: str, native_url: str, server_database: str
) -> None:
    with_new = connect(parse_url(clickhouse_url, source="test"), {})
    name = clickhouse_url.rpartition("/")[2]
    assert asked(Cluster(lambda: with_new, "c")) == ServerSide(name, "c")
    with_new.close()
    with_old = connect(parse_url(native_url, source="test"), {})
    assert asked(Cluster(lambda: with_old, "c")) == ServerSide(
        server_database, "c", needs_arguments=True
    )
    with_old.close()
