"""A project of a test is one that Alembic and the command take for real."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from alembic import command
from alembic.config import Config

from tests.support.project import Project
from tests.support.query import http_query
from tests.support.schema import clickhouse_schema, postgres_data, postgres_schema
from tests.support.terminal import run_in_terminal

if TYPE_CHECKING:
    from pathlib import Path

TERMINAL = (
    "import os, sys; print(os.get_terminal_size().columns, sys.stdin.isatty(), "
    "sys.stdout.isatty(), sys.stderr.isatty(), input()); print('aside', file=sys.stderr); exit(3)"
)


def test_alembic_runs_the_revisions(tmp_path: Path, postgres_url: str) -> None:
    project = Project(tmp_path / "project", postgres_url)
    project.add_revision("r1", "CREATE TABLE t (a text)", "DROP TABLE t", message="make t")
    project.add_revision(
        "r2",
        ["INSERT INTO t VALUES ('12:30 :x 100% \\ ''q''')", "UPDATE t SET a = a::text"],
        "DELETE FROM t",
        clickhouse_requires="20260101000000",
    )
    config = Config(project.path / "alembic.ini")
    empty = postgres_schema(postgres_url)
    command.upgrade(config, "head")
    assert "12:30 :x 100% \\ ''q''" in postgres_data(postgres_url)
    command.downgrade(config, "base")
    assert "alembic_version" not in empty
    assert "TABLE public.t " not in postgres_schema(postgres_url)
    names = sorted(path.name for path in project.postgres_versions.glob("*.py"))
    assert names == ["r1_make_t.py", "r2_revision_r2.py"]


def test_a_project_stands_over_two_empty_databases(project: Project) -> None:
    assert project.postgres_url is not None
    assert project.clickhouse_url is not None
    assert "CREATE TABLE" not in postgres_schema(project.postgres_url)
    assert clickhouse_schema(project.clickhouse_url) == []
    http_query(project.clickhouse_url, "CREATE TABLE t (a Int8) ENGINE = Memory")
    assert clickhouse_schema(project.clickhouse_url) != []


def test_percent_signs_in_urls_survive_the_ini(tmp_path: Path) -> None:
    url = "clickhouse+http://bob:p%40ss@127.0.0.1:1/db"
    project = Project(tmp_path / "project", "postgresql+psycopg://a%25@/x", url)
    config = Config(project.path / "alembic.ini")
    assert config.get_main_option("sqlalchemy.url") == "postgresql+psycopg://a%25@/x"
    sections = config.file_config
    assert sections.get("clickhouse", "sqlalchemy.url") == url
    scripts = sections.get("clickhouse", "script_location")
    assert scripts == str(project.path / "migrations_clickhouse")


def test_pairs_may_lack_a_half(tmp_path: Path) -> None:
    project = Project(tmp_path / "project")
    up, down = project.add_pair("001", "t", "SELECT 1;\r\n", None)
    assert (up.name, down.name) == ("001_t.up.sql", "001_t.down.sql")
    assert up.read_bytes() == b"SELECT 1;\r\n"
    assert not down.exists()


@pytest.mark.parametrize("columns", [80, 140])
def test_a_terminal_has_a_width_and_two_outputs(tmp_path: Path, columns: int) -> None:
    result = run_in_terminal(
        [sys.executable, "-c", TERMINAL],
        cwd=tmp_path,
        env={},
        text="typed\n",
        timeout=20,
        columns=columns,
    )
    assert result.out == f"{columns} True True True typed\n"
    assert (result.err, result.code) == ("aside\n", 3)


def test_a_terminal_does_not_wait_for_ever(tmp_path: Path) -> None:
    program = "print('so far', flush=True); input()"
    with pytest.raises(subprocess.TimeoutExpired) as caught:
        run_in_terminal(
            [sys.executable, "-c", program],
            cwd=tmp_path,
            env={},
            text=None,
            timeout=1,
            columns=80,
        )
    assert caught.value.output == b"so far\r\n"


def test_the_command_runs_in_a_pipe_a_terminal_and_this_process(tmp_path: Path) -> None:
    project = Project(tmp_path / "project")
    piped = project.run("--help")
    assert (piped.code, piped.err) == (0, "")
    assert "brokle-migrate" in piped.out
    assert project.run("--help", tty=True).code == 0
    assert project.invoke("--help").code == 0
    with project.start("--help") as running:
        assert running.wait().out == piped.out
