"""What the terminal says of a failed Postgres statement, and of what an interruption left."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import psycopg
import pytest

from tests.support.postgres import libpq_url
from tests.support.process import wait_until

if TYPE_CHECKING:
    from tests.support.project import Project, Result

REVISION = "20250101000000"
PER_MIGRATION = (
    "connection=connection, target_metadata",
    "connection=connection, transaction_per_migration=True, target_metadata",
)


def failed(project: Project, *sql: str) -> Result:
    project.add_revision(REVISION, sql, "")
    result = project.run("up", "--db", "postgres")
    assert result.code == 1, result
    assert "nothing was changed" in result.out
    assert "Then brokle-migrate up" in result.out
    return result


def marked(result: Result) -> str:
    """What stands above the mark, from there on."""
    lines = result.out.splitlines()
    mark = next(number for number, line in enumerate(lines) if line.strip() == "^")
    return lines[mark - 1][lines[mark].index("^") :]


@pytest.mark.parametrize(
    "sql", ["\n  SELECT 'é %',\n    1 FORM t", "SELECT '%', 7 % 2 FORM t", "SELECT 1 FORM t"]
)
def test_a_syntax_error_is_marked_at_its_place(project: Project, sql: str) -> None:
    result = failed(project, sql)
    assert marked(result).startswith("t")
    assert "put the syntax right where the mark is" in result.out
    assert "%%" not in result.out
    assert f"at alembic/versions/{REVISION}" in result.out


def test_a_syntax_error_in_a_sql_file_is_marked_in_it(project: Project) -> None:
    path = project.add_revision(REVISION, (), "")
    call = "def upgrade() -> None:\n    op.execute_sql_file('up.sql')"
    path.write_text(path.read_text().replace("def upgrade() -> None:\n    pass", call))
    project.write("alembic/versions/up.sql", "CREATE TABLE a (id int);\nSELECT '%%' FORM x;\n")
    result = project.run("up", "--db", "postgres")
    assert result.code == 1
    assert marked(result) == "x;"
    assert "alembic/versions/up.sql:2:18" in result.out
    assert "SELECT '%%' FORM x" in result.out


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        ("SELECT * FROM nothing", "does an earlier revision create it"),
        ("CREATE INDEX CONCURRENTLY i ON pg_class (oid)", "autocommit_block()"),
        ("DO $$ BEGIN RAISE SQLSTATE '53100'; END $$", "disk is full"),
        ("SELECT 1/0", f"put {REVISION}_revision_{REVISION}.py right"),
    ],
)
def test_what_helps_is_said(project: Project, sql: str, words: str) -> None:
    assert words in failed(project, sql).out


def test_who_lacks_a_privilege_is_named(project: Project) -> None:
    result = failed(
        project,
        "CREATE ROLE nobody_here; CREATE TABLE secret (id int); SET ROLE nobody_here",
        "SELECT * FROM secret",
    )
    assert "GRANT SELECT ON TABLE secret TO" in result.out


def test_a_constraint_that_is_checked_at_commit(project: Project) -> None:
    result = failed(
        project,
        "CREATE TABLE a (id int PRIMARY KEY)",
        "CREATE TABLE b (a int REFERENCES a DEFERRABLE INITIALLY DEFERRED)",
        "INSERT INTO b VALUES (1)",
    )
    assert "violates foreign key constraint" in result.out
    assert "the rows that are there do not fit" in result.out


def test_a_block_of_an_earlier_step_of_the_transaction_counts(project: Project) -> None:
    path = project.add_revision(REVISION, "CREATE TABLE kept (id int)", "")
    block = "    with op.get_context().autocommit_block():\n        op.execute('CREATE"
    path.write_text(path.read_text().replace("    op.execute('CREATE", block))
    project.add_revision("20250102000000", "SELECT 1/0", "")
    result = project.run("up", "--db", "postgres")
    assert result.code == 6, result
    assert f"{REVISION} has an autocommit block" in result.out
    assert "now at base" in result.out


def test_autocommit_is_no_rollback(project: Project) -> None:
    env_py = project.path / "alembic" / "env.py"
    autocommit = "poolclass=pool.NullPool, isolation_level='AUTOCOMMIT'"
    env_py.write_text(env_py.read_text().replace("poolclass=pool.NullPool", autocommit))
    project.add_revision(REVISION, ["CREATE TABLE kept (id int)", "SELECT pg_sleep(20)"], "")
    result = project.run("up", "--db", "postgres", "--statement-timeout", "1s")
    assert result.code == 6, result
    assert "env.py connects in AUTOCOMMIT" in result.out
    assert "nothing was changed" not in result.out


class TestLeftovers:
    """CREATE INDEX CONCURRENTLY was interrupted: nothing in alembic_version tells."""

    @pytest.fixture
    def interrupted(self, project: Project) -> Project:
        env_py = project.path / "alembic" / "env.py"
        env_py.write_text(env_py.read_text().replace(*PER_MIGRATION))
        project.add_revision("20250101000000", "CREATE TABLE t (id int)", "DROP TABLE t")
        path = project.add_revision("20250102000000", "CREATE INDEX CONCURRENTLY i ON t (id)", "")
        block = "    with op.get_context().autocommit_block():\n        op.execute('CREATE"
        path.write_text(path.read_text().replace("    op.execute('CREATE", block))
        assert project.run("up", "--db", "postgres", "--steps", "1").code == 0
        with psycopg.connect(libpq_url(project.postgres_url or "")) as blocker:
            blocker.execute("INSERT INTO t VALUES (1)")  # the index waits for this transaction
            with project.start("up", "--db", "postgres") as run:
                wait_until(lambda: self._is_building(project), 20, "the index is being built")
                assert self._findings(project) == []  # somebody is at it
                run.kill()
            self._end_builders(project)
        return project

    @staticmethod
    def _ask(project: Project, query: str) -> list[tuple[object, ...]]:
        with psycopg.connect(libpq_url(project.postgres_url or ""), autocommit=True) as admin:
            return admin.execute(query).fetchall()

    def _is_building(self, project: Project) -> bool:
        return bool(
            self._ask(
                project,
                "SELECT 1 FROM pg_stat_progress_create_index WHERE datname = current_database() "
                "AND index_relid <> 0",
            )
        )

    def _end_builders(self, project: Project) -> None:
        """As the server does it once it notices that nobody waits for the answer."""
        builders = (
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE query LIKE 'CREATE INDEX%' AND datname = current_database()"
        )
        self._ask(project, builders)
        wait_until(lambda: not self._is_building(project), 20, "nobody builds the index")

    @staticmethod
    def _findings(project: Project) -> list[str]:
        status = json.loads(project.run("status", "--db", "postgres", "--json").out)
        return [found["id"] for found in status["data"]["databases"][0]["findings"]]

    def test_invalid_index(self, interrupted: Project) -> None:
        assert self._findings(interrupted) == ["invalid_index"]
        status = interrupted.run("status", "--db", "postgres").out
        assert "the index public.i is invalid" in status
        assert "DROP INDEX CONCURRENTLY public.i" in status
        result = interrupted.run("up", "--db", "postgres")
        assert result.code == 6  # it may have, says the block
        assert "the index public.i is invalid" in result.err
        hint = " ".join(result.out.split())
        assert "an earlier run of 20250102000000 may have been interrupted" in hint
        assert "force --version 20250102000000" in hint

    def test_what_the_hint_says_works(self, interrupted: Project) -> None:
        status = interrupted.run("status", "--db", "postgres").out
        drop = re.search(r"DROP INDEX CONCURRENTLY [\w.]+", status)
        assert drop
        with psycopg.connect(libpq_url(interrupted.postgres_url or ""), autocommit=True) as admin:
            admin.execute(drop[0].encode())
        assert interrupted.run("up", "--db", "postgres").code == 0
        assert self._findings(interrupted) == []
