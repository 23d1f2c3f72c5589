"""What a run says when Postgres fails it mid-step, and that the next run goes on from there."""

from __future__ import annotations

import json
import re
import shutil
import signal
import time
from typing import TYPE_CHECKING

import psycopg
import pytest

from tests.conftest import OWN_POSTGRES
from tests.support.postgres import libpq_url
from tests.support.process import wait_until
from tests.support.project import TEMPLATE
from tests.support.tcp_proxy import TcpProxy

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.postgres import EmbeddedPostgres
    from tests.support.project import Project, Running

SLEEP = "SELECT pg_sleep(30)"
ENV_BEGIN = "        with context.begin_transaction():"
PER_MIGRATION = (
    "connection=connection, target_metadata",
    "connection=connection, transaction_per_migration=True, target_metadata",
)


@pytest.fixture
def slow(project: Project) -> Project:
    """A step, one that takes half a minute, and another one."""
    project.add_revision("20250101000000", "CREATE TABLE first (id int)", "DROP TABLE first")
    project.add_revision("20250102000000", ["CREATE TABLE second (id int)", SLEEP], "SELECT 1")
    project.add_revision("20250103000000", "CREATE TABLE third (id int)", "DROP TABLE third")
    return project


@pytest.fixture
def admin(project: Project) -> Iterator[psycopg.Connection]:
    with psycopg.connect(libpq_url(project.postgres_url or ""), autocommit=True) as connection:
        yield connection


def edit_env_py(project: Project, old: str, new: str) -> None:
    path = project.path / "alembic" / "env.py"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def current(project: Project) -> list[str]:
    status = json.loads(project.run("status", "--db", "postgres", "--json").out)
    found: list[str] = status["data"]["databases"][0]["current"]
    return found


def tables(admin: psycopg.Connection) -> set[str]:
    query = (
        "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
    )
    return {name for (name,) in admin.execute(query)} - {"alembic_version"}


def sleeper(admin: psycopg.Connection, run: Running) -> int:
    """The process of the server that runs the long statement."""
    query = (
        "SELECT pid FROM pg_stat_activity WHERE datname = current_database() "
        "AND state = 'active' AND query = %s"
    )
    found: list[int] = []

    def seen() -> bool:
        assert run.running, run.wait()
        found[:] = [pid for (pid,) in admin.execute(query, [SLEEP])]
        return bool(found)

    wait_until(seen, 20, "the long statement runs")
    return found[0]


def make_quick(project: Project) -> None:
    path = next(project.postgres_versions.glob("20250102000000*"))
    path.write_text(path.read_text().replace("pg_sleep(30)", "pg_sleep(0)"))


def finishes(project: Project) -> None:
    """The next run, once what was slow is quick."""
    make_quick(project)
    result = project.run("up", "--db", "postgres")
    assert result.code == 0, result
    assert current(project) == ["20250103000000"]


@pytest.mark.parametrize(
    ("function", "words", "hint"),
    [
        ("pg_cancel_backend", "user request", "an administrator or a tool cancelled it"),
        ("pg_terminate_backend", "the connection to Postgres broke", "pg_terminate_backend"),
    ],
)
def test_what_an_administrator_ends_is_taken_back(
    slow: Project, admin: psycopg.Connection, function: str, words: str, hint: str
) -> None:
    with slow.start("up", "--db", "postgres") as run:
        admin.execute(f"SELECT {function}(%s)", [sleeper(admin, run)])
        result = run.wait()
    assert result.code == 1, result
    assert words in result.out
    assert hint in result.out
    assert SLEEP in result.out
    assert "Then brokle-migrate up" in result.out
    assert "nothing was changed" in result.out
    assert tables(admin) == set()
    finishes(slow)


def test_with_a_transaction_each_the_steps_before_stay(
    slow: Project, admin: psycopg.Connection
) -> None:
    edit_env_py(slow, *PER_MIGRATION)
    with slow.start("up", "--db", "postgres") as run:
        admin.execute("SELECT pg_terminate_backend(%s)", [sleeper(admin, run)])
        result = run.wait()
    assert result.code == 6, result
    assert "1 applied, 1 failed, 1 not run, now at 20250101000000" in result.out
    assert tables(admin) == {"first"}
    finishes(slow)


@pytest.mark.skipif(bool(OWN_POSTGRES), reason="somebody's own server is not stopped")
def test_a_server_that_stops_mid_step(slow: Project, postgres_server: EmbeddedPostgres) -> None:
    edit_env_py(slow, *PER_MIGRATION)
    url = libpq_url(slow.postgres_url or "")
    with slow.start("up", "--db", "postgres") as run:
        with psycopg.connect(url, autocommit=True) as admin:
            sleeper(admin, run)
        postgres_server.stop()
        result = run.wait()
        postgres_server.start()
    assert result.code == 6, result
    assert "the connection to Postgres broke" in result.out
    assert "where it stands could not be read" in result.out
    assert current(slow) == ["20250101000000"]
    finishes(slow)


@pytest.mark.parametrize("mode", ["one transaction", "one each"])
def test_the_limit_of_a_statement(slow: Project, admin: psycopg.Connection, mode: str) -> None:
    if mode == "one each":
        edit_env_py(slow, *PER_MIGRATION)
    result = slow.run("up", "--db", "postgres", "--statement-timeout", "0.5s")
    assert result.code == (6 if mode == "one each" else 1), result
    assert "statement timeout" in result.out
    assert "raise --statement-timeout" in result.out
    assert tables(admin) == ({"first"} if mode == "one each" else set())
    finishes(slow)


def test_the_limit_of_a_statement_in_an_autocommit_block(
    slow: Project, admin: psycopg.Connection
) -> None:
    path = slow.add_revision("20250104000000", SLEEP, "")
    block = "    with op.get_context().autocommit_block():\n        op.execute('SELECT"
    path.write_text(path.read_text().replace("    op.execute('SELECT", block))
    make_quick(slow)
    started = time.monotonic()
    result = slow.run("up", "--db", "postgres", "--statement-timeout", "1s")
    assert time.monotonic() - started < 25
    assert result.code == 6, result
    assert "(--statement-timeout)" in result.out
    assert "20250104000000 has an autocommit block" in result.out


@pytest.mark.parametrize("mode", ["one transaction", "one each"])
def test_the_deadline_of_a_run(slow: Project, admin: psycopg.Connection, mode: str) -> None:
    if mode == "one each":
        edit_env_py(slow, *PER_MIGRATION)
    started = time.monotonic()
    result = slow.run("up", "--db", "postgres", "--timeout", "2s", "--json")
    assert time.monotonic() - started < 25
    assert result.code == (6 if mode == "one each" else 1), result
    error = json.loads(result.out)["error"]
    assert error["code"] == "timeout"
    assert "the time that the run was given (--timeout) is over" in error["message"]
    assert tables(admin) == ({"first"} if mode == "one each" else set())
    finishes(slow)


@pytest.mark.parametrize("option", ["--timeout", "--statement-timeout"])
def test_an_async_env_py_has_limits_too(
    slow: Project, admin: psycopg.Connection, option: str
) -> None:
    shutil.copy(TEMPLATE.parent / "async" / "env.py", slow.path / "alembic" / "env.py")
    started = time.monotonic()
    result = slow.run("up", "--db", "postgres", option, "2s")
    assert time.monotonic() - started < 25
    assert result.code == 1, result
    assert option in result.out
    assert tables(admin) == set()
    finishes(slow)


def test_after_the_deadline_nothing_is_begun(slow: Project, admin: psycopg.Connection) -> None:
    result = slow.run("up", "--db", "postgres", "--timeout", "0s")
    assert result.code == 1, result
    assert "nothing more was begun" in result.out
    assert "3 not run, now at base" in result.out
    assert tables(admin) == set()


class TestHungNetwork:
    """Nothing passes any more, and nobody says so."""

    @pytest.fixture
    def proxy(self, slow: Project) -> Iterator[TcpProxy]:
        url = slow.postgres_url or ""
        directory = re.search(r"host=([^&]+)", url)
        if directory is None:
            pytest.skip("the proxy stands before the embedded server's socket")
        with TcpProxy(f"{directory[1]}/.s.PGSQL.5432") as proxy:
            through = re.sub(r"@/(\w+)\?.*", rf"@127.0.0.1:{proxy.port}/\1", url)
            ini = slow.path / "alembic.ini"
            ini.write_text(ini.read_text().replace(url, through))
            yield proxy

    def test_a_run_with_a_deadline_ends(
        self, slow: Project, admin: psycopg.Connection, proxy: TcpProxy
    ) -> None:
        edit_env_py(slow, *PER_MIGRATION)
        with slow.start("up", "--db", "postgres", "--timeout", "6s") as run:
            started = time.monotonic()
            pid = sleeper(admin, run)
            proxy.freeze()
            result = run.wait()
        assert time.monotonic() - started < 25
        assert result.code == 6, result
        assert "(--timeout) is over" in result.out
        assert "where it stands could not be read" in result.out
        admin.execute("SELECT pg_terminate_backend(%s)", [pid])
        proxy.cut()
        proxy.thaw()
        assert current(slow) == ["20250101000000"]
        finishes(slow)

    def test_a_line_that_is_cut(
        self, slow: Project, admin: psycopg.Connection, proxy: TcpProxy
    ) -> None:
        with slow.start("up", "--db", "postgres") as run:
            pid = sleeper(admin, run)
            proxy.cut()
            result = run.wait()
        assert result.code == 1, result
        assert "the connection to Postgres broke" in result.out
        assert "the server takes back what was not committed" in result.out
        admin.execute("SELECT pg_terminate_backend(%s)", [pid])
        finishes(slow)


class TestSignals:
    def test_between_two_transactions_nothing_is_wasted(
        self, slow: Project, admin: psycopg.Connection
    ) -> None:
        edit_env_py(slow, *PER_MIGRATION)
        path = next(slow.postgres_versions.glob("20250102000000*"))
        path.write_text(path.read_text().replace("pg_sleep(30)", "pg_sleep(2)"))
        with slow.start("up", "--db", "postgres") as run:
            while b"[2/3]" not in run.said():
                assert run.running
            run.signal(signal.SIGTERM)
            result = run.wait()
        assert result.code == 143, result
        assert "2 applied, 1 not run, now at 20250102000000" in result.out
        assert tables(admin) == {"first", "second"}
        finishes(slow)

    def test_one_transaction_is_rolled_back(self, slow: Project, admin: psycopg.Connection) -> None:
        path = next(slow.postgres_versions.glob("20250102000000*"))
        path.write_text(path.read_text().replace("pg_sleep(30)", "pg_sleep(2)"))
        with slow.start("up", "--db", "postgres") as run:
            while b"[2/3]" not in run.said():
                assert run.running
            run.signal(signal.SIGINT)
            result = run.wait()
        assert result.code == 130, result
        assert "2 rolled back, 1 not run, now at base" in result.out
        assert tables(admin) == set()
        finishes(slow)

    def test_a_last_step_is_not_taken_back(
        self, project: Project, admin: psycopg.Connection
    ) -> None:
        project.add_revision(
            "20250101000000", ["CREATE TABLE t (id int)", "SELECT pg_sleep(2)"], "DROP TABLE t"
        )
        with project.start("up", "--db", "postgres") as run:
            while b"upgrade postgres" not in run.said():
                assert run.running
            run.signal(signal.SIGTERM)
            result = run.wait()
        assert result.code == 0, result
        assert "the running revision has ended" in result.err
        assert tables(admin) == {"t"}

    @pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
    def test_a_second_one_cancels(
        self, slow: Project, admin: psycopg.Connection, number: int, code: int
    ) -> None:
        started = time.monotonic()
        with slow.start("up", "--db", "postgres") as run:
            sleeper(admin, run)
            run.signal(number)
            while b"again within 2 s" not in run.said():
                assert run.running
            run.signal(number)
            result = run.wait()
        assert time.monotonic() - started < 25
        assert result.code == code, result
        assert "2 rolled back, 1 not run, now at base" in result.out
        assert tables(admin) == set()
        finishes(slow)  # and the lock is free
