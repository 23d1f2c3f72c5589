"""``adopt``: golang-migrate's live databases and files, and databases without a record."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import psycopg
import pytest

from tests.support.golang_migrate import (
    Change,
    lock_id,
    record_clickhouse,
    record_postgres,
    rows,
    run_clickhouse,
    run_postgres,
)
from tests.support.postgres import libpq_url
from tests.support.query import http_query
from tests.support.schema import clickhouse_schema, postgres_data, postgres_schema

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.project import Project, Result

CONFIG = "database:\n  migrations_path: migrations\n"
FUNCTION = """\
CREATE FUNCTION fNUMBER() RETURNS int LANGUAGE plpgsql AS $$
BEGIN
  -- ; NUMBER
  RETURN NUMBER % 7;
END $$"""
EVENTS = """\
CREATE TABLE eNUMBER (id UInt64, s String COMMENT 'a; NUMBER')
ENGINE = MergeTree ORDER BY id"""
POSTGRES = [
    Change(
        number,
        f"change_{number}",
        [
            f"CREATE TABLE t{number} (id int PRIMARY KEY, note text DEFAULT ':x %s {number} %')",
            FUNCTION.replace("NUMBER", str(number)),
            f"INSERT INTO t{number} SELECT f{number}() -- :y; 100 %\n",
        ],
        [f"DROP FUNCTION f{number}()", f"DROP TABLE t{number}"],
    )
    for number in range(1, 61)
]
POSTGRES[34] = Change(
    35, "index", ["CREATE INDEX CONCURRENTLY t1_note ON t1 (note)"], ["DROP INDEX t1_note"]
)
POSTGRES[39] = Change(
    40,
    "own_transaction",
    ["BEGIN", "CREATE TYPE mood AS ENUM ('a')", "COMMIT"],
    ["DROP TYPE mood"],
)
POSTGRES[40] = Change(41, "new_value", ["ALTER TYPE mood ADD VALUE 'b'"], [])
POSTGRES[41] = Change(42, "uses_it", ["CREATE TABLE moods AS SELECT 'b'::mood AS m"], None)
CLICKHOUSE = [
    Change(
        number,
        f"events_{number}",
        [
            EVENTS.replace("NUMBER", str(number)),
            f"ALTER TABLE e{number} ADD COLUMN n UInt8 DEFAULT {number}",
        ],
        [f"DROP TABLE e{number}"],
    )
    for number in range(1, 31)
]
CLICKHOUSE[20] = Change(21, "nothing", ["SELECT 1"], [])  # an empty down file
CLICKHOUSE[21] = Change(22, "no_way_back", ["SELECT 1"], None)


@pytest.fixture
def old(project: Project) -> Project:
    """Empty databases and ``migrations/{postgres,clickhouse}`` without a file."""
    for name in ("alembic", "migrations_clickhouse"):
        shutil.rmtree(project.path / name)
    (project.path / "alembic.ini").unlink()
    project.write("config.yaml", CONFIG)
    for name in ("postgres", "clickhouse"):
        (project.path / "migrations" / name).mkdir(parents=True)
    return project


def write(old: Project, postgres: list[Change], clickhouse: list[Change]) -> None:
    for change in postgres:
        change.write(old.path / "migrations" / "postgres", 6)
    for change in clickhouse:
        change.write(old.path / "migrations" / "clickhouse", 3)


def run(old: Project, *argv: str) -> Result:
    urls = {"DATABASE_URL": old.postgres_url, "CLICKHOUSE_URL": old.clickhouse_url}
    return old.run(*argv, env=urls)


def adopt(old: Project, *argv: str) -> Result:
    return run(old, "adopt", "golang-migrate", "migrations", *argv)


def files(old: Project) -> dict[str, bytes]:
    found = sorted(path for path in old.path.rglob("*") if path.is_file())
    return {str(path.relative_to(old.path)): path.read_bytes() for path in found}


@pytest.fixture
def half(old: Project) -> Project:
    """Three pairs in each database, two of them applied."""
    write(old, POSTGRES[:3], CLICKHOUSE[:3])
    run_postgres(str(old.postgres_url), POSTGRES[:2])
    run_clickhouse(str(old.clickhouse_url), CLICKHOUSE[:2])
    record_postgres(str(old.postgres_url), 2)
    record_clickhouse(str(old.clickhouse_url), [1, 2])
    return old


def test_a_live_project_is_adopted_and_brought_to_head(
    old: Project, other_postgres_url: str, other_clickhouse_url: str
) -> None:
    postgres, clickhouse = str(old.postgres_url), str(old.clickhouse_url)
    write(old, POSTGRES, CLICKHOUSE)
    run_postgres(postgres, POSTGRES[:30])
    run_clickhouse(clickhouse, CLICKHOUSE[:15])
    record_postgres(postgres, 30)
    record_clickhouse(clickhouse, [*range(1, 18), 16, 15])  # two were rolled back again
    adopted = adopt(old, "-y")
    assert adopted.code == 0, adopted.err
    status = json.loads(run(old, "status", "--json").out)["data"]["databases"]
    assert [(d["current"], len(d["pending"])) for d in status] == [(["30"], 30), (["15"], 15)]
    up = run(old, "up")
    assert up.code == 0, (up.out, up.err)
    run_postgres(other_postgres_url, POSTGRES)
    run_clickhouse(other_clickhouse_url, CLICKHOUSE)
    with psycopg.connect(libpq_url(postgres)) as connection:
        connection.execute("DROP TABLE schema_migrations, alembic_version")
    assert postgres_schema(postgres) == postgres_schema(other_postgres_url)
    assert postgres_data(postgres) == postgres_data(other_postgres_url)
    theirs = [row for row in clickhouse_schema(clickhouse) if "schema_migrations" not in row[1]]
    assert theirs == clickhouse_schema(other_clickhouse_url)


def test_dry_run_shows_everything_and_writes_nothing(half: Project) -> None:
    before = files(half), postgres_schema(str(half.postgres_url))
    tables = clickhouse_schema(str(half.clickhouse_url))
    shown = adopt(half, "--dry-run", "-v")
    assert shown.code == 0, shown.err
    for words in (
        "at version 2 (schema_migrations), 2 of 3 pairs in migrations/postgres are applied",
        "rename the table schema_migrations to schema_migrations_golang_migrate",
        "2, and all before it, as applied; runs nothing; 1 pending",
        "migrations/postgres/env.py",
        "migrations/postgres/versions/000003_change_3.py",
        'op.execute_sql_file("../000003_change_3.up.sql")',
    ):
        assert words in shown.out
    assert (files(half), postgres_schema(str(half.postgres_url))) == before
    assert clickhouse_schema(str(half.clickhouse_url)) == tables


def test_adopting_twice_is_harmless(half: Project) -> None:
    told = json.loads(adopt(half, "-y", "--json").out)
    assert (told["ok"], told["data"]["done"]) == (True, True)
    assert [d["record"] for d in told["data"]["databases"]] == ["2", "2"]
    assert {step["state"] for step in told["data"]["run"]["steps"]} == {"applied"}
    assert rows(str(half.postgres_url), "SELECT * FROM schema_migrations") == [(2, False)]
    assert rows(str(half.postgres_url), "SELECT * FROM alembic_version") == [("2",)]
    kept = http_query(str(half.clickhouse_url), "SELECT * FROM schema_migrations_golang_migrate")
    assert len(kept) == 4
    before = files(half)
    again = adopt(half)
    assert (again.code, files(half)) == (0, before)
    assert "nothing is left to do" in again.out
    assert run(half, "up").code == 0
    assert "nothing is left to do" in adopt(half).out
    assert run(half, "down", "--all", "-y").code == 0
    refused = adopt(half, "-y")
    assert refused.code == 1
    assert "has a record of brokle-migrate already" in refused.err


def test_it_asks_first(half: Project) -> None:
    before = files(half)
    refused = adopt(half)
    assert refused.code == 2
    assert "Take this over?" in refused.err
    assert files(half) == before


@pytest.mark.parametrize("done", ["files", "some files", "rename", "postgres"])
def test_an_interrupted_adoption_is_finished(half: Project, done: str) -> None:
    if done == "rename":
        http_query(
            str(half.clickhouse_url),
            "RENAME TABLE schema_migrations TO schema_migrations_golang_migrate",
        )
    elif done == "postgres":
        assert adopt(half, "-y", "--db", "postgres").code == 0
    else:
        dry = json.loads(adopt(half, "--dry-run", "--json").out)["data"]["files"]
        for file in dry[: 3 if done == "some files" else None]:
            half.write(file["path"], file["text"])
    finished = adopt(half, "-y")
    assert finished.code == 0, finished.err
    at = json.loads(run(half, "status", "--json").out)["data"]["databases"]
    assert [database["current"] for database in at] == [["2"], ["2"]]


def test_the_files_of_a_checkout_are_taken_as_they_are(half: Project) -> None:
    """One developer adopts and commits; the same command then records what each database has."""
    assert adopt(half, "-y").code == 0
    path = half.path / "migrations/postgres/versions/000002_change_2.py"
    path.write_text(path.read_text().replace('"', "'") + "\n# edited\n")
    with psycopg.connect(libpq_url(str(half.postgres_url))) as connection:
        connection.execute("DROP TABLE alembic_version")  # as in another database
    before = files(half)
    assert adopt(half, "-y").code == 0
    assert rows(str(half.postgres_url), "SELECT * FROM alembic_version") == [("2",)]
    assert files(half) == before
    path.write_text(path.read_text().replace("down_revision = '1'", "down_revision = None"))
    refused = adopt(half, "-y")
    assert refused.code == 2
    assert "revision 2 builds on nothing" in refused.err


def test_what_is_not_adopted_yet_does_not_begin_anew(half: Project) -> None:
    """A checkout has the revisions, and this database was never adopted."""
    env = {"DATABASE_URL": half.postgres_url, "CLICKHOUSE_URL": half.clickhouse_url}
    env["CLICKHOUSE_MIGRATIONS_TABLE"] = "ledger"
    dry = json.loads(adopt(half, "--dry-run", "--json").out)["data"]["files"]
    for file in dry:
        half.write(file["path"], file["text"])
    for name in ("postgres", "clickhouse"):
        refused = half.run("up", "--db", name, env=env)
        assert refused.code == 2
        assert f"golang-migrate has migrated {name} (schema_migrations: version 2)" in refused.err
        assert "has migrated this database" in half.run("status", env=env).out
        forced = half.run("force", "--version", "0", "-y", "--db", name, env=env)
        assert forced.code == 0, forced.err
        assert half.run("up", "--dry-run", "--db", name, env=env).code == 0


def test_another_history_is_not_mixed_in(half: Project) -> None:
    assert adopt(half, "-y").code == 0
    assert run(half, "create", "--name", "next", "--db", "postgres").code == 0
    assert "nothing is left to do" in adopt(half).out
    half.write("migrations/postgres/000004_late.up.sql", "SELECT 1;")
    refused = adopt(half, "-y")
    assert refused.code == 2
    assert "000004_late.py" in refused.err


def test_dirty_databases_are_refused(half: Project) -> None:
    record_postgres(str(half.postgres_url), 2, dirty=True)
    refused = adopt(half, "-y")
    assert refused.code == 1
    assert "dirty at version 2" in refused.err
    assert "000002_change_2.up.sql or 000003_change_3.down.sql" in refused.err
    assert "force 2" in refused.err
    record_postgres(str(half.postgres_url), 2)
    http_query(str(half.clickhouse_url), f"INSERT INTO schema_migrations VALUES (3, 1, {2**62})")
    refused = adopt(half, "-y")
    assert refused.code == 1
    assert "in clickhouse is dirty at version 3" in refused.err


def test_a_version_without_a_file_is_refused(half: Project) -> None:
    record_postgres(str(half.postgres_url), 7)
    refused = adopt(half, "-y")
    assert refused.code == 2
    assert "postgres is at version 7" in refused.err


def test_files_that_golang_migrate_takes_otherwise_are_refused_at_once(half: Project) -> None:
    for name in ("0003_again.up.sql", "4_x_up.sql", "5_x.up.sql.bak", "0_zero.up.sql"):
        half.write(f"migrations/postgres/{name}", "SELECT 1;")
    half.write("migrations/postgres/6_latin.up.sql", b"SELECT '\xe4'")
    half.write("migrations/postgres/README.md", "nothing")
    refused = adopt(half, "-y")
    assert refused.code == 2
    for words in (
        "version 3 is in 000003_change_3.up.sql, too",
        "4_x_up.sql: golang-migrate ignores a file of this name",
        "5_x.up.sql.bak: golang-migrate takes this for version 5",
        "0_zero.up.sql: version 0 can't be used",
        "6_latin.up.sql: is not UTF-8",
    ):
        assert words in refused.err.replace("\n", " ")
    assert "README" not in refused.err


def test_a_half_that_is_missing_is_no_way_back(old: Project) -> None:
    write(old, [POSTGRES[0], Change(2, "x", ["SELECT 1"], None)], [CLICKHOUSE[0], CLICKHOUSE[21]])
    assert adopt(old, "-y").code == 0
    assert run(old, "up").code == 0
    for name in ("postgres", "clickhouse"):
        down = run(old, "down", "-y", "--db", name)
        assert down.code == 2
        assert f"{name} {2 if name == 'postgres' else 22} can't be rolled back" in down.err
        assert "no down file" in down.err


def test_nothing_applied_and_no_table(old: Project) -> None:
    write(old, POSTGRES[:2], CLICKHOUSE[:2])
    record_clickhouse(str(old.clickhouse_url), [1, -1])
    adopted = adopt(old, "-y")
    assert adopted.code == 0, adopted.err
    assert "no version table" in adopted.err
    assert run(old, "up").code == 0


def test_golang_migrate_is_held_off(half: Project) -> None:
    with psycopg.connect(libpq_url(str(half.postgres_url))) as connection:
        name = connection.info.dbname
        for database in (name, f"/{name}"):
            connection.execute("SELECT pg_advisory_lock(%s)", [lock_id(database)])
            held = adopt(half, "-y", "--lock-timeout", "0s")
            assert held.code == 4
            assert "golang-migrate" in held.err
            connection.execute("SELECT pg_advisory_unlock_all()")
    assert adopt(half, "-y").code == 0


def test_the_version_table_must_be_another(half: Project) -> None:
    half.write("config.yaml", f"{CONFIG}  migrations_table: schema_migrations\n")
    refused = adopt(half, "-y")
    assert refused.code == 2
    assert "DB_MIGRATIONS_TABLE=alembic_version" in refused.err


def test_pairs_that_set_the_search_path(old: Project) -> None:
    dumped = ["SELECT pg_catalog.set_config('search_path', '', false)", "CREATE TABLE public.a ()"]
    write(old, [Change(1, "dump", dumped, ["DROP TABLE public.a"])], CLICKHOUSE[:1])
    record_postgres(str(old.postgres_url), None)
    assert adopt(old, "-y").code == 0
    up = run(old, "up", "--db", "postgres")
    assert up.code == 0, up.out
    assert run(old, "status", "--exit-code", "--db", "postgres").code == 0


def test_one_database_and_its_directory(half: Project) -> None:
    adopted = run(
        half, "adopt", "golang-migrate", "migrations/clickhouse", "--db", "clickhouse", "-y"
    )
    assert adopted.code == 0, adopted.err
    two = run(half, "adopt", "golang-migrate", "migrations/postgres", "migrations/clickhouse", "-y")
    assert two.code == 0, two.err


def test_another_table(half: Project) -> None:
    for url, query in (
        (half.postgres_url, "ALTER TABLE schema_migrations RENAME TO old"),
        (half.clickhouse_url, "RENAME TABLE schema_migrations TO old"),
    ):
        if url == half.postgres_url:
            with psycopg.connect(libpq_url(str(url))) as connection:
                connection.execute(query)
        else:
            http_query(str(url), query)
    assert adopt(half, "--table", "old", "-y").code == 0
    assert http_query(str(half.clickhouse_url), "SELECT count() FROM old") == [(4,)]


def test_a_baseline(project: Project) -> None:
    project.add_revision("20250101000000", "CREATE TABLE a (i int)")
    project.add_revision("20250102000000", "CREATE TABLE b (i int)")
    for version in ("20250101000000", "20250102000000"):
        project.add_pair(version, "x", "SELECT 1;", "SELECT 1;")
    asks = project.run("adopt", "--baseline", "20250101000000")
    assert asks.code == 2
    done = project.run("adopt", "--baseline", "20250101000000", "-y")
    assert done.code == 0, done.err
    at = json.loads(project.run("status", "--json").out)["data"]["databases"]
    assert [len(database["pending"]) for database in at] == [1, 1]
    again = project.run("adopt", "--postgres", "20250102000000", "--clickhouse", "head", "-y")
    assert again.code == 1
    assert "postgres has a record already, at 20250101000000" in again.err


@pytest.mark.parametrize(
    "argv",
    [
        ("adopt",),
        ("adopt", "golang-migrate"),
        ("adopt", "golang-migrate", "a", "b", "c"),
        ("adopt", "golang-migrate", "a", "--baseline", "1"),
        ("adopt", "flyway", "a"),
        ("adopt", "--baseline", "1", "--table", "x"),
    ],
)
def test_what_can_not_be_meant(half: Project, argv: tuple[str, ...]) -> None:
    assert run(half, *argv).code == 2


def test_pairs_elsewhere(half: Project, tmp_path: Path) -> None:
    shutil.copytree(half.path / "migrations", tmp_path / "elsewhere")
    refused = run(half, "adopt", "golang-migrate", str(tmp_path / "elsewhere"), "-y")
    assert refused.code == 2
    assert "clickhouse.migrations_path" in refused.err
