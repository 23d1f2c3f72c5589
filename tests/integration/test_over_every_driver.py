"""The whole product, command by command, over every driver of ClickHouse."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from brokle_migrate.config import parse_url
from brokle_migrate.environments.drivers import connect
from tests.support.project import Project

if TYPE_CHECKING:
    from pathlib import Path

    from brokle_migrate.environments.drivers import Row

KINDS = ["native", "http", "gateway", "clickhousedb", "embedded"]
TEXT = "100% %s {x:UInt8} :name ? é 🙂 \\\\ tab\tline\nnull\0end"

EVENTS = """
CREATE TABLE events (day Date, id UInt64, name String)
  ENGINE = MergeTree PARTITION BY day ORDER BY id;
CREATE MATERIALIZED VIEW names ENGINE = MergeTree ORDER BY name AS SELECT name FROM events;
"""
ROWS = f"""
-- migrate: settings max_block_size=777
INSERT INTO events SELECT toDate('2026-01-02'), number, '{TEXT}' FROM numbers(3) /* ; % {{}} */;
INSERT INTO events SELECT toDate('2026-01-03'), 9, toString(value)
  FROM system.settings WHERE name = 'max_block_size';
"""
SCORE = """
ALTER TABLE events ADD COLUMN score UInt8 DEFAULT 7;
ALTER TABLE events UPDATE name = concat(name, '!') WHERE id = 2;
"""
TABLES = "SELECT count() FROM system.tables WHERE database = currentDatabase()"
FAILING = """
CREATE TABLE half (a UInt8) ENGINE = Log;
INSERT INTO half SELECT missing FROM events;
"""
MISSPELLED = FAILING.replace("INSERT", "-- migrate: settings max_blok_size=7\nINSERT")


@pytest.fixture(params=KINDS)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database, through each driver."""
    kind = request.param
    if kind == "embedded":
        return f"clickhouse+embedded:///{tmp_path}/data"
    if kind in {"native", "http"}:
        return str(request.getfixturevalue({"native": "native_url"}.get(kind, "server_http_url")))
    plain = str(request.getfixturevalue("clickhouse_url"))
    return plain if kind == "gateway" else f"clickhousedb://{plain.partition('://')[2]}"


@pytest.fixture
def project(url: str, tmp_path: Path) -> Project:
    made = Project(tmp_path / "project", None, url)
    made.add_pair("1", "events", EVENTS, "DROP TABLE names;\nDROP TABLE events;")
    made.add_pair("2", "rows", ROWS, "ALTER TABLE events DROP PARTITION '2026-01-02';\n")
    made.add_pair("3", "score", SCORE, "ALTER TABLE events DROP COLUMN score;")
    return made


def look(url: str, sql: str) -> list[Row]:
    opened = connect(parse_url(url, source="test"), {})
    try:
        return opened.query(sql)
    finally:
        opened.close()


def done(project: Project, *argv: str) -> str:
    result = project.run(*argv)
    assert result.code == 0, f"{argv}: {result.out}{result.err}"
    assert "Traceback" not in result.err
    return result.out


def current(project: Project) -> list[str]:
    (found,) = json.loads(done(project, "status", "--json"))["data"]["databases"]
    return list(found["current"])


def test_every_command(project: Project, url: str) -> None:
    done(project, "up")
    written = TEXT.replace("\\\\", "\\")
    rows = look(url, "SELECT id, name, score FROM events ORDER BY id")
    expected = [(str(n), written + "!" * (n == 2), "7") for n in range(3)]
    assert rows[:3] == expected
    assert rows[3][2] == "7"
    assert look(url, "SELECT count() FROM names") == [("4",)]
    done(project, "dump")
    dumped = (project.path / "schema" / "clickhouse.sql").read_text()
    assert "score" in dumped
    assert "MATERIALIZED VIEW" in dumped
    done(project, "goto", "--clickhouse", "2", "-y")
    assert current(project) == ["2"]
    done(project, "down", "--all", "-y")
    assert look(url, f"{TABLES} AND name IN ('events', 'names')") == [("0",)]
    done(project, "up")
    done(project, "drop", "-y")
    assert look(url, TABLES) == [("0",)]


def test_what_fails_is_reported(project: Project, url: str) -> None:
    done(project, "up")
    project.add_pair("4", "half", MISSPELLED, "DROP TABLE half;")
    refused = project.run("up")
    assert refused.code == 2, refused.out + refused.err
    told = " ".join(refused.err.split())
    assert "4_half.up.sql:4" in told
    assert "max_blok_size" in told
    assert look(url, f"{TABLES} AND name = 'half'") == [("0",)], "nothing of the file ran"

    project.add_pair("4", "half", FAILING, "DROP TABLE half;")
    failed = project.run("up")
    assert failed.code == 6, failed.out + failed.err
    told = " ".join((failed.out + failed.err).split())
    for words in ("statement 2 of 2", "4_half.up.sql:3", "missing"):
        assert words in told, told
    assert "Traceback" not in refused.err + failed.err
    assert look(url, "SELECT count() FROM half") == [("0",)]
    done(project, "down", "-y")
    assert current(project) == ["3"]
