"""``dump`` and ``up --dump``: what is written loads into empty databases, and is the same there."""

from __future__ import annotations

import json
import os
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import psycopg
import pytest

from brokle_migrate import command, load
from brokle_migrate.sqltext import split
from tests.support.postgres import libpq_url, program
from tests.support.query import http_query
from tests.support.schema import clickhouse_schema, postgres_schema

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.project import Project
    from tests.support.terminal import Result

POSTGRES, CLICKHOUSE = "schema/postgres.sql", "schema/clickhouse.sql"


def read(project: Project, name: str) -> str:
    return (project.path / name).read_text()


def load_postgres(text: str, url: str) -> None:
    options = ["--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1"]
    psql = [program("psql"), *options, f"--dbname={libpq_url(url)}"]
    done = subprocess.run(psql, input=text, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def load_clickhouse(text: str, url: str) -> None:
    for statement in split(text, Path("clickhouse.sql")):
        http_query(url, statement.text)


def succeeded(result: Result) -> Result:
    assert result.code == 0, result.out + result.err
    return result


def move_to(monkeypatch: pytest.MonkeyPatch, postgres: str, clickhouse: str) -> None:
    """Have the project work on other databases."""
    monkeypatch.setenv("DATABASE_URL", postgres)
    monkeypatch.setenv("CLICKHOUSE_URL", clickhouse)


def test_the_bundled_histories_make_a_round_trip(
    project: Project,
    other_postgres_url: str,
    other_clickhouse_url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    project.with_bundled_histories()
    done = succeeded(project.invoke("up", "--dump"))
    assert f"postgres: wrote {POSTGRES} (new)" in done.out
    first = read(project, POSTGRES), read(project, CLICKHOUSE)
    load_postgres(first[0], other_postgres_url)
    load_clickhouse(first[1], other_clickhouse_url)

    move_to(monkeypatch, other_postgres_url, other_clickhouse_url)
    succeeded(project.invoke("status", "--exit-code"))
    done = succeeded(project.invoke("up", "--dump"))
    assert f"clickhouse: {CLICKHOUSE} is unchanged" in done.out
    assert (read(project, POSTGRES), read(project, CLICKHOUSE)) == first
    assert postgres_schema(other_postgres_url) == postgres_schema(project.postgres_url or "")
    before = clickhouse_schema(project.clickhouse_url or "")
    assert clickhouse_schema(other_clickhouse_url) == before
    again = command.dump(load(directory=project.path), write=False)
    assert [each.state for each in again.files] == ["unchanged", "unchanged"]
    assert project.invoke("down", "--last-run", "-y").code == 0  # nothing was run here
    succeeded(project.invoke("down", "-y"))


ODD_POSTGRES = r"""
CREATE SCHEMA app;
CREATE EXTENSION IF NOT EXISTS plpgsql;
CREATE TYPE app.mood AS ENUM ('sad', 'it''s ok; -- fine');
CREATE DOMAIN app.positive AS int CHECK (value > 0);
CREATE SEQUENCE app.numbers START 7;
CREATE TABLE app."Odd.Name" (
  id int DEFAULT nextval('app.numbers'), "Select" app.mood, n app.positive);
COMMENT ON TABLE app."Odd.Name" IS
  E'first\n\n\n--\n-- Name: not a comment\nSET lock_timeout = 0;\n';
CREATE TABLE app.events (at date NOT NULL, note text) PARTITION BY RANGE (at);
CREATE TABLE app.events_2025 PARTITION OF app.events
  FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
CREATE FUNCTION app.f(x int) RETURNS int LANGUAGE plpgsql AS $body$
BEGIN



SET lock_timeout = 0;
-- kept
  RETURN x + 1;
END $body$;
CREATE FUNCTION app.g(x int) RETURNS int LANGUAGE sql BEGIN ATOMIC; SELECT x + 1; SELECT x + 2; END;
CREATE PROCEDURE app.p() LANGUAGE sql AS 'SELECT ''$$''; --
';
CREATE VIEW app.v AS SELECT id, "Select" FROM app."Odd.Name";
CREATE VIEW app.w AS SELECT count(*) FROM app.v;
CREATE INDEX ON app.events (lower(note)) WHERE note <> E'\\';
ALTER TABLE app.events ENABLE ROW LEVEL SECURITY;
CREATE POLICY mine ON app.events USING (note = current_user);
CREATE SCHEMA brokle_migrate;
CREATE TABLE brokle_migrate.other (a int);
"""


def test_everything_that_postgres_has_makes_a_round_trip(
    project: Project, other_postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.add_revision("r1", [], [])
    env_py = project.path / "alembic" / "env.py"
    table = "version_table_schema='app', version_table='Its'"
    configured = f"target_metadata=target_metadata, {table}"
    env_py.write_text(env_py.read_text().replace("target_metadata=target_metadata", configured))
    with psycopg.connect(libpq_url(project.postgres_url or ""), autocommit=True) as connection:
        connection.execute(ODD_POSTGRES)
    succeeded(project.invoke("--db", "postgres", "up", "--dump"))
    text = read(project, POSTGRES)
    assert "\n-- kept\n" in text
    assert "BEGIN\n\n\n\nSET lock_timeout = 0;\n" in text
    assert "brokle_migrate" not in text.replace("`brokle-migrate dump`", "").replace("\n", "", 1)
    assert text.endswith("INSERT INTO app.\"Its\" (version_num) VALUES ('r1');\n")
    load_postgres(text, other_postgres_url)

    monkeypatch.setenv("DATABASE_URL", other_postgres_url)
    succeeded(project.invoke("--db", "postgres", "status", "--exit-code"))
    done = succeeded(project.invoke("--db", "postgres", "dump"))
    assert done.out == f"postgres: {POSTGRES} is unchanged\n"


# {0} is the name of the database.
ODD_CLICKHOUSE = """
CREATE TABLE a_base (id UInt64, `{0}` String COMMENT 'it''s {0}.a_base; --', `n.x` Array(UInt8),
  `te.xt` String DEFAULT '{0}') ENGINE = MergeTree ORDER BY id COMMENT 'the {0}.`a_base` table';
CREATE TABLE `x.y` (id UInt64) ENGINE = MergeTree ORDER BY id;
CREATE VIEW z_view AS SELECT {0}.id AS `{0}`, {0}.{0} AS b, {0}.`n.x` FROM a_base AS {0};
CREATE VIEW a_view AS SELECT b FROM z_view WHERE `{0}` IN (SELECT id FROM `x.y`);
CREATE VIEW b_view AS WITH `{0}` AS (SELECT id FROM `x.y`) SELECT `{0}`.id FROM `{0}`;
CREATE VIEW c_view AS SELECT id FROM {0}.a_base WHERE id IN {0}.`x.y`;
CREATE VIEW d_view AS SELECT id FROM a_base WHERE `te.xt` = '{0}' AND `{0}` = {{{0}:String}};
CREATE TABLE target (id UInt64, n UInt64) ENGINE = SummingMergeTree ORDER BY id;
CREATE MATERIALIZED VIEW b_mv TO target AS SELECT id, count() AS n FROM a_base GROUP BY id;
CREATE MATERIALIZED VIEW a_mv ENGINE = MergeTree ORDER BY id AS
  SELECT id, `{0}` FROM a_base ARRAY JOIN `n.x` AS q;
CREATE MATERIALIZED VIEW r_mv REFRESH EVERY 1 YEAR TO target AS SELECT id, 1 AS n FROM a_base;
CREATE VIEW reads_mv AS SELECT id FROM a_mv;
CREATE DICTIONARY a_dict (id UInt64, `{0}` String DEFAULT '') PRIMARY KEY id
  SOURCE(CLICKHOUSE(TABLE 'a_base' DB '{0}')) LAYOUT(FLAT()) LIFETIME(10);
CREATE DICTIONARY b_dict (id UInt64, `{0}` String DEFAULT '') PRIMARY KEY id
  SOURCE(CLICKHOUSE(TABLE 'a_base' USER 'u' PASSWORD 's3cr3t!')) LAYOUT(FLAT()) LIFETIME(10);
CREATE TABLE a_uses (id UInt64, z String DEFAULT dictGet('a_dict', '{0}', id)) ENGINE = Log;
CREATE TABLE a_buffer AS a_base ENGINE = Buffer(currentDatabase(), a_base, 1, 1, 1, 1, 1, 1, 1);
CREATE TABLE a_merge AS `x.y` ENGINE = Merge({0}, '^x');
CREATE TABLE a_remote (id UInt64) ENGINE = MySQL('h:3306', 'db', 't', 'u', 's3cr3t!')
"""


def test_everything_that_clickhouse_has_makes_a_round_trip(
    project: Project, other_clickhouse_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = project.clickhouse_url or ""
    database, other = (urlsplit(each).path[1:] for each in (url, other_clickhouse_url))
    project.add_pair("007", "odd", ODD_CLICKHOUSE.format(database), "SELECT 1")
    project.add_pair("8", "more", "SELECT 1", "SELECT 1")
    succeeded(project.invoke("--db", "clickhouse", "up", "--steps", "1"))
    succeeded(project.invoke("--db", "clickhouse", "up"))
    done = succeeded(project.invoke("--db", "clickhouse", "dump"))
    text = read(project, CLICKHOUSE)
    assert "s3cr3t!" not in text
    assert done.err.count("a secret is hidden") == 2
    assert "still names" not in done.err
    statements = split(text, Path("c"))
    assert text.count(";\n") >= len(statements)
    load_clickhouse(text, other_clickhouse_url)

    monkeypatch.setenv("CLICKHOUSE_URL", other_clickhouse_url)
    succeeded(project.invoke("--db", "clickhouse", "status", "--exit-code"))
    done = succeeded(project.invoke("--db", "clickhouse", "dump"))
    assert done.out == f"clickhouse: {CLICKHOUSE} is unchanged\n", read(project, CLICKHOUSE)
    assert other not in read(project, CLICKHOUSE)


def test_what_still_names_the_database_is_told(project: Project) -> None:
    database = urlsplit(project.clickhouse_url or "").path[1:]
    up = (
        "CREATE TABLE t (id UInt64) ENGINE = Log;"
        f"CREATE VIEW v AS SELECT * FROM merge('{database}', '^t');"
        f"CREATE VIEW w AS SELECT '{database}.t' AS name"
    )
    project.add_pair("1", "t", up, "SELECT 1")
    succeeded(project.invoke("--db", "clickhouse", "up"))
    done = succeeded(project.invoke("--db", "clickhouse", "dump", "--out", "-"))
    for name, named in (("v", f"merge('{database}')"), ("w", f"'{database}.t'")):
        assert f"{name}: still names the database {database}: {named}" in done.err
        assert f"-- still names the database {database}: {named}\nCREATE VIEW {name}" in done.out


def test_a_half_done_version_is_told(project: Project) -> None:
    project.add_pair("1", "t", "CREATE TABLE t (id UInt64) ENGINE = Log", "SELECT 1")
    project.add_pair(
        "2", "u", "CREATE TABLE u (id UInt64) ENGINE = Log; SELECT no_such", "SELECT 1"
    )
    assert project.invoke("--db", "clickhouse", "up", "--dump").code == 6
    assert not (project.path / CLICKHOUSE).exists()
    done = succeeded(project.invoke("--db", "clickhouse", "dump", "--out", "-"))
    assert "clickhouse: 2 is not finished, and is not recorded in the dump" in done.err
    assert "(1, 1, '" in done.out
    assert "(2, 2, '" not in done.out


def simple(project: Project) -> Project:
    project.add_revision("r1", "CREATE TABLE t (id int)", "DROP TABLE t")
    project.add_pair("1", "t", "CREATE TABLE t (id UInt64) ENGINE = Log", "DROP TABLE t")
    return project


def test_a_dry_run_says_what_would_change_and_writes_nothing(project: Project) -> None:
    succeeded(simple(project).invoke("up"))
    done = succeeded(project.invoke("dump", "--dry-run", "--out", "s"))
    assert done.out.splitlines() == [
        "postgres: would write s/postgres.sql (new)",
        "clickhouse: would write s/clickhouse.sql (new)",
    ]
    assert not (project.path / "s").exists()
    succeeded(project.invoke("dump", "--out", "s"))
    project.write("s/clickhouse.sql", "-- old\n")
    before = (project.path / "s" / "postgres.sql").stat().st_mtime_ns
    document = json.loads(succeeded(project.invoke("dump", "--out", "s", "--json")).out)
    assert [(f["environment"], f["state"], f["changed"]) for f in document["data"]["files"]] == [
        ("postgres", "unchanged", False),
        ("clickhouse", "changed", True),
    ]
    assert (project.path / "s" / "postgres.sql").stat().st_mtime_ns == before
    names = sorted(path.name for path in (project.path / "s").iterdir())
    assert names == ["clickhouse.sql", "postgres.sql"]


def test_a_dead_database_keeps_no_other_from_being_dumped(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    succeeded(simple(project).invoke("up"))
    monkeypatch.setenv("DATABASE_URL", "postgresql://postgres:s3cret!@127.0.0.1:1/db")
    done = project.invoke("dump")
    assert done.code == 5
    assert done.out == f"clickhouse: wrote {CLICKHOUSE} (new)\n"
    assert "does not answer" in done.err


def test_an_embedded_database_that_does_not_exist_is_not_made(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    move_to(monkeypatch, "postgresql+embedded:///no/p", "clickhouse+embedded:///no/c")
    done = succeeded(project.invoke("dump"))
    assert done.err.count("there is no database yet") == 2
    assert not (project.path / "no").exists()
    assert not (project.path / "schema").exists()


def test_a_dump_that_fails_after_a_run_says_that_the_migration_is_done(project: Project) -> None:
    project.write("schema", "a file where a directory is needed")
    done = simple(project).invoke("up", "--dump", "--json")
    document = json.loads(done.out)
    assert done.code == document["exit_code"] == 1
    assert document["error"]["code"] == "not_dumped"
    assert "the migration is done" in document["error"]["message"]
    assert [step["state"] for step in document["data"]["steps"]] == ["applied", "applied"]
    succeeded(project.invoke("status", "--exit-code"))


def test_one_file_for_both_is_refused_before_anything_runs(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DB_SCHEMA_FILE", "schema.sql")
    monkeypatch.setenv("CLICKHOUSE_SCHEMA_FILE", "./schema.sql")
    done = simple(project).invoke("up", "--dump")
    assert done.code == 2
    assert "have the same schema file" in done.err
    assert project.invoke("status", "--exit-code").code == 3


def test_a_locked_table_does_not_hang_a_dump(project: Project) -> None:
    succeeded(simple(project).invoke("up"))
    with psycopg.connect(libpq_url(project.postgres_url or "")) as connection:
        connection.execute("LOCK TABLE t IN ACCESS EXCLUSIVE MODE")
        started = time.monotonic()
        done = project.invoke("--db", "postgres", "dump", "--timeout", "1s")
        assert time.monotonic() - started < 10
    assert done.code == 1
    assert "due to statement timeout" in done.err
    assert "public.t" in done.err
    assert "somebody changes that table" in done.err


SHOW = """#!/bin/sh
case "$1" in --version) exec {0} --version;; esac
{{ tr '\\0' '\\n' < /proc/$$/cmdline; echo; env; }} > {1}
exec {0} "$@"
"""


@pytest.fixture
def spied(project: Project, monkeypatch: pytest.MonkeyPatch) -> Callable[[], tuple[str, str]]:
    """A pg_dump on PATH that writes down what every user of the machine can see of it."""
    seen = project.path / "seen"
    path = project.write("bin/pg_dump", SHOW.format(program("pg_dump"), seen))
    path.chmod(0o755)
    monkeypatch.setenv("PATH", f"{path.parent}{os.pathsep}{os.environ['PATH']}")

    def look() -> tuple[str, str]:
        arguments, _, environment = seen.read_text().partition("\n\n")
        return arguments, environment

    return look


def test_no_password_is_in_the_file_or_in_the_arguments(
    project: Project, spied: Callable[[], tuple[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    succeeded(simple(project).invoke("up"))
    secret = "s3cret%23pw"
    url = (project.postgres_url or "").replace("postgres@", f"postgres:{secret}@")
    monkeypatch.setenv("DATABASE_URL", f"{url}&sslmode=allow&keepalives_idle=77")
    monkeypatch.setenv("PGHOST", "nowhere.invalid")
    done = succeeded(project.invoke("--db", "postgres", "dump", "--json"))
    arguments, environment = spied()
    for place in (arguments, done.out, done.err, read(project, POSTGRES)):
        assert "s3cret" not in place
    assert "PGPASSWORD=s3cret#pw" in environment
    assert "PGSSLMODE=allow" in environment
    assert "keepalives_idle=77" in arguments


def test_a_configured_password_in_a_function_is_hidden(project: Project) -> None:
    secret = "marked-secret-word"
    url = (project.postgres_url or "").replace("postgres@", f"postgres:{secret}@")
    body = f"SELECT 'host=elsewhere password={secret}'"
    project.add_revision(
        "r1",
        f"CREATE FUNCTION f() RETURNS text LANGUAGE sql AS $$ {body} $$",
        "DROP FUNCTION f()",
    )
    env = {"DATABASE_URL": url}
    assert project.run("up", env=env).code == 0
    done = project.run("--db", "postgres", "dump", env=env)
    assert done.code == 0, done
    text = (project.path / "schema" / "postgres.sql").read_text()
    assert secret not in text
    assert "password=***" in text
    assert "a password of the configuration stands in the schema" in done.err


@pytest.mark.parametrize("password", ["a", "int", "users", "public", "postgres_pw"])
def test_a_password_that_is_a_word_of_the_schema_leaves_it_alone(
    project: Project, password: str
) -> None:
    """The file has to stay what it is, and so has what is printed."""
    url = (project.postgres_url or "").replace("postgres@", f"postgres:{password}@")
    project.add_revision(
        "r1",
        [
            "CREATE TABLE public.users (a int, postgres_pw text DEFAULT 'a')",
            "CREATE FUNCTION f() RETURNS bigint LANGUAGE sql AS $$ SELECT count(*) FROM users $$",
            "CREATE VIEW v AS SELECT 1 FROM users WHERE postgres_pw = 'a b' AND 'pwd=x' <> 'users'",
        ],
        "DROP TABLE users",
    )
    assert project.run("--db", "postgres", "up").code == 0
    plain = project.run("--db", "postgres", "dump", "--out", "-")
    env = {"DATABASE_URL": url}
    shown = project.run("--db", "postgres", "dump", "--out", "-", env=env)
    assert project.run("--db", "postgres", "dump", env=env).code == 0
    assert shown.out == plain.out == read(project, POSTGRES)
    assert "'pwd=x'" in shown.out
    written = project.run("--db", "postgres", "dump", "--out", "-", "--json", env=env).out
    assert json.loads(written)["data"]["files"][0]["sql"] == plain.out


def test_foreign_servers_keep_their_passwords_to_themselves(project: Project) -> None:
    with psycopg.connect(libpq_url(project.postgres_url or ""), autocommit=True) as connection:
        connection.execute(
            "CREATE FOREIGN DATA WRAPPER w;"
            "CREATE SERVER s FOREIGN DATA WRAPPER w OPTIONS (host 'h');"
            "CREATE USER MAPPING FOR PUBLIC SERVER s OPTIONS (password 'it''s; s3cret')"
        )
    done = succeeded(project.invoke("--db", "postgres", "dump", "--out", "-"))
    assert "password '[HIDDEN]'" in done.out
    assert "host 'h'" in done.out
    assert "s3cret" not in done.out
    assert "foreign servers: 1 secret hidden" in done.err


def test_a_pg_dump_that_is_too_old_is_passed_over(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    succeeded(simple(project).invoke("up"))
    path = project.write("bin/pg_dump", "#!/bin/sh\necho 'pg_dump (PostgreSQL) 9.6'\n")
    path.chmod(0o755)
    monkeypatch.setenv("PATH", f"{path.parent}{os.pathsep}{os.environ['PATH']}")
    succeeded(project.invoke("--db", "postgres", "dump"))
    monkeypatch.setattr(
        "brokle_migrate.environments.postgres_dump._programs", lambda: iter([str(path)])
    )
    done = project.invoke("--db", "postgres", "dump")
    assert done.code == 2
    assert f"{path} is version 9" in done.err
    assert "apt-get install postgresql-client-" in done.err


def test_half_a_dump_is_not_taken_for_a_schema(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    succeeded(simple(project).invoke("up", "--dump"))
    before = read(project, POSTGRES)
    path = project.write("bin/pg_dump", "#!/bin/sh\necho 'pg_dump (PostgreSQL) 99.1'\n")
    path.chmod(0o755)
    monkeypatch.setenv("PATH", f"{path.parent}{os.pathsep}{os.environ['PATH']}")
    done = project.invoke("--db", "postgres", "dump")
    assert done.code == 1
    assert f"{path} gave no reason" in done.err
    assert read(project, POSTGRES) == before
