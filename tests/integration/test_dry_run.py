"""Dry-run tells the truth: what it prints is what a run executes, and it writes nothing."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from tests.support.postgres import libpq_url
from tests.support.schema import (
    clickhouse_data,
    clickhouse_schema,
    postgres_data,
    postgres_schema,
)

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.gateway_process import GatewayProcess
    from tests.support.postgres import EmbeddedPostgres
    from tests.support.project import Project

BOOKKEEPING = re.compile(
    r"schema_migrations|system\.|^SELECT 1$|currentDatabase\(\)|^SELECT version"
)
DDL = re.compile(r"\s*(CREATE|ALTER|DROP|INSERT|UPDATE|DELETE|TRUNCATE|COMMENT)\b", re.IGNORECASE)


@pytest.fixture
def mixed(project: Project) -> Project:
    """Steps of every kind, linked across the databases."""
    project.add_revision(
        "20250101000000",
        [
            "CREATE TABLE users (id int PRIMARY KEY, note text DEFAULT 'a; b % :c')",
            "CREATE INDEX users_note ON users (note)",
        ],
        "DROP TABLE users",
    )
    project.add_revision(
        "20250103000000",
        "INSERT INTO users VALUES (1, 'x')",
        "DELETE FROM users",
        clickhouse_requires="20250102000000",
    )
    project.add_pair(
        "20250102000000",
        "events",
        "CREATE TABLE events (id UInt64, s String) ENGINE = MergeTree ORDER BY id;\n"
        "INSERT INTO events VALUES (1, 'a; b'), (2, 'it''s {x:UInt8} %');\n",
        "DROP TABLE events",
    )
    project.add_pair(
        "20250104000000",
        "more",
        "ALTER TABLE events ADD COLUMN n UInt8 /* ; */ DEFAULT 1;\n"
        "ALTER TABLE events UPDATE s = 'z' WHERE id = 1",
        "ALTER TABLE events DROP COLUMN n",
    )
    return project


def state(project: Project) -> tuple[Any, ...]:
    """Everything that both databases and the project directory hold."""
    postgres, clickhouse = project.postgres_url or "", project.clickhouse_url or ""
    return (
        postgres_schema(postgres),
        postgres_data(postgres),
        clickhouse_schema(clickhouse),
        clickhouse_data(clickhouse),
        sorted(p for p in project.path.rglob("*") if "__pycache__" not in p.parts),
    )


@pytest.mark.parametrize("migrated", [False, True])
@pytest.mark.parametrize(
    "argv",
    [
        "up",
        "down",
        "down --all",
        "steps --steps 1",
        "steps --steps -1",
        "goto --version 20250102000000",
        "force --version 20250104000000",
        "force --version 0",
        "drop",
        "create --name anything",
        "status",
        "info",
    ],
)
def test_a_dry_run_writes_nothing(mixed: Project, argv: str, migrated: bool) -> None:
    if migrated:
        assert mixed.run("up").code == 0
    before = state(mixed)
    result = mixed.run("--dry-run", *argv.split())
    assert result.code in {0, 2}, result.err  # 2: there is no such step from here
    assert "Traceback" not in result.err
    assert state(mixed) == before


def test_an_embedded_project_gets_no_directory(tmp_path: Path) -> None:
    from tests.support.project import Project

    where = tmp_path / "fresh"
    project = Project(
        where,
        f"postgresql+embedded:///{where}/data/postgres",
        f"clickhouse+embedded:///{where}/data/clickhouse",
    )
    project.add_revision("20250101000000", "CREATE TABLE t (id int)", "DROP TABLE t")
    project.add_pair(
        "20250101000000", "t", "CREATE TABLE t (id Int8) ENGINE = Memory", "DROP TABLE t"
    )
    for argv in ("up --dry-run", "status", "info", "drop --dry-run"):
        result = project.run(*argv.split())
        assert result.code == 0, result.err
        assert not (where / "data").exists()
    assert "CREATE TABLE t" in project.run("up", "--dry-run").out


def preview(project: Project, *argv: str) -> dict[str, list[str]]:
    """The statements that a dry-run prints, by database."""
    found = json.loads(project.run(*argv, "--dry-run", "--json").out)["data"]["steps"]
    printed: dict[str, list[str]] = {"postgres": [], "clickhouse": []}
    for step in found:
        printed[step["environment"]].extend(step["statements"])
    return printed


@pytest.mark.parametrize("direction", ["up", "down"])
def test_the_clickhouse_statements_printed_are_those_executed(
    mixed: Project, gateway: GatewayProcess, direction: str
) -> None:
    argv = ["up"] if direction == "up" else ["down", "--all", "-y"]
    if direction == "down":
        assert mixed.run("up").code == 0
    printed = preview(mixed, *argv)["clickhouse"]
    gateway.reset()
    assert mixed.run(*argv).code == 0
    executed = [text for text in gateway.texts() if not BOOKKEEPING.search(text)]
    assert executed == printed
    assert len(printed) >= 2


@pytest.mark.parametrize("direction", ["up", "down"])
def test_the_postgres_statements_printed_are_those_executed(
    mixed: Project, postgres_server: EmbeddedPostgres, direction: str
) -> None:
    argv = ["up"] if direction == "up" else ["down", "--all", "-y"]
    if direction == "down":
        assert mixed.run("up").code == 0
    printed = [normal(text) for text in preview(mixed, *argv)["postgres"] if DDL.match(text)]
    url = libpq_url(mixed.postgres_url or "")
    log = postgres_server.directory / "log"
    name = psycopg.conninfo.conninfo_to_dict(url)["dbname"]
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"ALTER DATABASE {name} SET log_statement = 'all'")
        connection.execute(f"ALTER DATABASE {name} SET log_parameter_max_length = -1")
    start = log.stat().st_size
    assert mixed.run(*argv).code == 0
    with log.open() as file:
        file.seek(start)
        executed = statements(file.read())
    assert executed == printed
    assert len(printed) >= 3


LINE = re.compile(
    r"LOG:  (?:statement|execute [^:]*): (?P<sql>.*?)\n"
    r"(?:[^\n]*DETAIL:  [Pp]arameters: (?P<values>[^\n]*)\n)?"
    r"(?=\d{4}-|\Z)",
    re.DOTALL,
)


def statements(log: str) -> list[str]:
    """The statements of a server log, parameters put in."""
    found = []
    for match in LINE.finditer(log):
        sql = match["sql"]
        for number, value in re.findall(r"(\$\d+) = ('(?:[^']|'')*'|NULL)", match["values"] or ""):
            sql = re.sub(re.escape(number) + r"(::[A-Za-z ]+)?\b", lambda _, v=value: v, sql)
        if DDL.match(sql):
            found.append(normal(sql))
    return found


def normal(sql: str) -> str:
    """A statement without what does not tell one from another."""
    without_returning = re.sub(r" RETURNING .*", "", " ".join(sql.split()))
    return re.sub(r"'::(VARCHAR|character varying)", "'", without_returning).rstrip(";")


def test_a_revision_that_reads_data_is_named(project: Project) -> None:
    path = project.add_revision("20250101000000", "CREATE TABLE a (id int)", "DROP TABLE a")
    reading = path.read_text().replace(
        "def upgrade() -> None:\n",
        "def upgrade() -> None:\n"
        "    rows = op.get_bind().exec_driver_sql('SELECT 1').all()\n"
        "    assert rows\n",
    )
    path.write_text(reading)
    project.add_revision("20250102000000", "CREATE TABLE b (id int)", "DROP TABLE b")
    result = project.run("up", "--dry-run")
    assert result.code == 0
    assert "reads data" in result.out
    assert "CREATE TABLE b" in result.out
    assert project.run("up").code == 0
