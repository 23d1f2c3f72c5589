"""Bad input: a clear error that names the file or the key; nothing changed, nothing lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.schema import clickhouse_schema, postgres_schema

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.gateway_process import GatewayProcess
    from tests.support.project import Project

GOOD = "CREATE TABLE t (id UInt8) ENGINE = MergeTree ORDER BY id"


@pytest.fixture
def ready(project: Project) -> Project:
    """One good step in each database, pending."""
    project.add_revision("20250101000000", "CREATE TABLE t (id int)", "DROP TABLE t")
    project.add_pair("20250101000000", "t", GOOD, "DROP TABLE t")
    return project


def refused(project: Project, *argv: str, code: int = 2, env: dict[str, str] | None = None) -> str:
    """Run a command that must be refused with nothing changed; what it said."""
    result = project.run(*(argv or ("up",)), env=env)
    assert result.code == code, result.out + result.err
    assert "Traceback" not in result.err
    assert "error:" in result.err
    assert "CREATE TABLE" not in postgres_schema(project.postgres_url or "")
    assert clickhouse_schema(project.clickhouse_url or "") == []
    return result.err


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"2_x.sql": "SELECT 1"}, ["2_x.sql: misnamed"]),
        ({"2_x.up copy.sql": "SELECT 1"}, ["2_x.up copy.sql: misnamed"]),
        ({"x_2.up.sql": "SELECT 1"}, ["x_2.up.sql: misnamed"]),
        ({"2_x.up.sql": "SELECT 1"}, ["2_x.up.sql: unpaired: 2_x.down.sql is missing"]),
        ({"2_x.down.sql": "SELECT 1"}, ["unpaired: 2_x.up.sql is missing"]),
        (
            {"2_x.up.sql": "SELECT 1", "2_x.down.sql": "SELECT 1", "002_y.up.sql": "SELECT 1"},
            ["duplicate version 2"],
        ),
        ({"2_x.up.sql": "", "2_x.down.sql": "SELECT 1"}, ["2_x.up.sql: is empty"]),
        ({"2_x.up.sql": "SELECT 1", "2_x.down.sql": " \n"}, ["2_x.down.sql: is empty"]),
        (
            {"2_x.up.sql": b"SELECT 1;\n\xff", "2_x.down.sql": "SELECT 1"},
            [".up.sql:2: is not UTF-8"],
        ),
        ({"99999999999999999999_x.up.sql": "SELECT 1"}, ["too large"]),
        (
            {"2_x.sql": "SELECT 1", "3_y.up.sql": "SELECT 1", "4_z.down.sql": ""},
            ["3 problems", "2_x.sql", "3_y.down.sql", "4_z.up.sql"],
        ),
    ],
)
def test_bad_files_are_reported_all_at_once(
    ready: Project, files: dict[str, str | bytes], said: list[str]
) -> None:
    for name, content in files.items():
        ready.write(f"migrations_clickhouse/versions/{name}", content)
    text = refused(ready)
    for part in said:
        assert part in text


@pytest.mark.parametrize(
    ("sql", "place"),
    [
        ("SELECT 1;\n  SELECT 'open", "2_x.up.sql:2:10"),
        ("SELECT 1;\n/* open /* nested */", "2_x.up.sql:2:1"),
        ("SELECT `open", "2_x.up.sql:1:8"),
        ("-- migrate: requirse postgres@x\nSELECT 1", "2_x.up.sql:1"),
        ("INSERT INTO t FORMAT TSV\n1\t2", "2_x.up.sql:1:1"),
    ],
)
def test_what_cannot_be_split_is_named_with_its_place(ready: Project, sql: str, place: str) -> None:
    ready.add_pair(2, "x", sql, "SELECT 1")
    # The file is older than nothing: versions 2 and 20250101000000 are both pending.
    assert place in refused(ready)


def test_an_unreadable_file(ready: Project) -> None:
    (ready.clickhouse_versions / "2_x.up.sql").mkdir()
    ready.write("migrations_clickhouse/versions/2_x.down.sql", "SELECT 1")
    assert "2_x.up.sql: can't be read" in refused(ready)


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbfCREATE TABLE x (id UInt8) ENGINE = Memory;\n",
        b"CREATE TABLE x (id UInt8)\r\nENGINE = Memory;\r\n-- end; of file\r\n",
        b"CREATE TABLE x (id UInt8) ENGINE = Memory",
        b"INSERT INTO t VALUES "
        + b",".join([b"(1)"] * 2_600_000)
        + b";"
        + b"CREATE TABLE x (id UInt8) ENGINE = Memory",
    ],
    ids=["bom", "crlf", "no-end", "10-mb"],
)
def test_unusual_files_run(ready: Project, content: bytes) -> None:
    ready.add_pair("20250102000000", "x", content, "DROP TABLE x")
    result = ready.run("up")
    assert result.code == 0, result.err
    assert "x" in {row[1] for row in clickhouse_schema(ready.clickhouse_url or "")}


def test_two_heads(ready: Project) -> None:
    ready.add_revision("aaaa", "SELECT 1", "", down_revision="20250101000000")
    ready.add_revision("bbbb", "SELECT 1", "", down_revision="20250101000000")
    text = refused(ready)
    assert "aaaa, bbbb" in text
    assert "alembic merge" in text


def test_a_syntax_error_in_a_revision(ready: Project) -> None:
    path = ready.add_revision("20250102000000", "SELECT 1", "")
    path.write_text(path.read_text() + "\ndef broken(:\n")
    assert f"{path.name}:" in refused(ready)


def test_a_revision_that_builds_on_nothing(ready: Project) -> None:
    ready.add_revision("20250102000000", "SELECT 1", "", down_revision="gone")
    assert "builds on gone" in refused(ready)


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        ("--db postgress up", "postgres"),
        ("up --stepss 2", "--steps"),
        ("upp", "up"),
        ("steps", "--steps"),
        ("steps --steps two", "two"),
        ("steps --steps 0", "--steps 1"),
        ("steps --steps 99", "99 were asked for"),
        ("goto", "--postgres"),
        ("goto --version 20250101000009 -y", "20250101000000"),
        ("goto --version 18446744073709551616 -y", "18446744073709551616"),
        ("create", "--name"),
        ("up --lock-timeout soon", "90s"),
        ("-c nowhere.yaml up", "nowhere.yaml"),
    ],
)
def test_wrong_command_lines(ready: Project, argv: str, said: str) -> None:
    assert said in refused(ready, *argv.split())


def test_no_configuration(tmp_path: Path, ready: Project) -> None:
    result = ready.run("up", cwd=tmp_path)
    assert result.code == 2
    assert "alembic.ini" in result.err


def test_an_unknown_key_names_the_nearest(ready: Project) -> None:
    ready.write("config.yaml", "clickhouse:\n  migrations_pth: x\n")
    text = refused(ready)
    assert "migrations_pth" in text
    assert "migrations_path" in text


@pytest.mark.parametrize(
    ("name", "url", "said"),
    [
        ("DATABASE_URL", "postgresql://u:sesame@127.0.0.1:1/db", "127.0.0.1:1"),
        ("CLICKHOUSE_URL", "clickhouse://u:sesame@127.0.0.1:1/db", "127.0.0.1:1"),
        ("CLICKHOUSE_URL", "http://u:sesame@127.0.0.1:1/db", "127.0.0.1:1"),
    ],
)
def test_a_refused_connection(ready: Project, name: str, url: str, said: str) -> None:
    text = refused(ready, "up", code=5, env={name: url})
    assert said in text
    assert "sesame" not in text


def test_a_database_that_does_not_exist(ready: Project) -> None:
    base, _, name = (ready.clickhouse_url or "").rpartition("/")
    assert "CREATE DATABASE gone" in refused(ready, code=5, env={"CLICKHOUSE_URL": f"{base}/gone"})
    other = (ready.postgres_url or "").replace("/test_", "/gone_", 1)
    assert "does not exist" in refused(ready, code=5, env={"DATABASE_URL": other})
    assert name


def test_a_wrong_password(ready: Project, gateway: GatewayProcess) -> None:
    gateway.require("default", "right")
    result = ready.run(
        "up",
        env={
            "CLICKHOUSE_URL": (ready.clickhouse_url or "").replace(
                "default:@", "default:wrong-one@"
            )
        },
    )
    assert result.code == 5
    assert "wrong-one" not in result.out + result.err


def test_a_ledger_made_by_golang_migrate(ready: Project, gateway: GatewayProcess) -> None:
    database = (ready.clickhouse_url or "").rpartition("/")[2]
    gateway.query(
        "CREATE TABLE schema_migrations (version Int64, dirty UInt8, sequence UInt64) "
        "ENGINE = TinyLog",
        database=database,
    )
    gateway.query("INSERT INTO schema_migrations VALUES (1, 0, 1)", database=database)
    result = ready.run("up")
    assert result.code == 2
    assert "golang-migrate" in result.err
    assert "CLICKHOUSE_MIGRATIONS_TABLE" in result.err
    assert gateway.query("SELECT count() FROM schema_migrations", database=database) == [(1,)]
