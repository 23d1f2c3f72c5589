"""What a run reports is what the databases hold, whatever ``env.py`` and the servers do."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import psycopg
import pytest

from tests.support.postgres import libpq_url

if TYPE_CHECKING:
    from tests.support.gateway_process import GatewayProcess
    from tests.support.project import Project

SWALLOWED = """\
        try:
            with context.begin_transaction():
                context.run_migrations()
                raise ValueError
        except ValueError:
            pass"""
BEGIN = "        with context.begin_transaction():\n            context.run_migrations()"


@pytest.fixture
def ready(project: Project) -> Project:
    """Two steps in each database, pending."""
    for day in ("01", "02"):
        project.add_revision(f"202501{day}000000", f"CREATE TABLE t{day} (id int)", "")
        project.add_pair(
            f"202501{day}000000", "t", f"CREATE TABLE t{day} (id UInt8) ENGINE = Log", "SELECT 1"
        )
    return project


def edit_env_py(project: Project, old: str, new: str) -> None:
    path = project.path / "alembic" / "env.py"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


@pytest.mark.parametrize(
    "body",
    [
        "        context.run_migrations()\n        connection.rollback()",
        SWALLOWED,
    ],
    ids=["no-commit", "swallowed"],
)
def test_steps_that_did_not_happen_are_a_failure(ready: Project, body: str) -> None:
    edit_env_py(ready, BEGIN, body)
    result = ready.run("up", "--db", "postgres")
    assert result.code == 1, result.out
    assert "does not record it" in result.out + result.err
    assert ready.run("status", "--exit-code").code == 3


@pytest.mark.parametrize("argv", ["up", "status", "info"])
def test_an_env_py_that_runs_nothing_is_named(ready: Project, argv: str) -> None:
    edit_env_py(ready, BEGIN, "        pass")
    result = ready.run(argv, "--db", "postgres")
    assert result.code == 2
    assert "env.py did not call context.run_migrations()" in result.out + result.err


@pytest.mark.parametrize("call", ["sys.exit(0)", "print('noise')"])
def test_env_py_does_not_spoil_the_output(ready: Project, call: str) -> None:
    edit_env_py(
        ready, "from alembic import context", f"from alembic import context\nimport sys\n{call}"
    )
    result = ready.run("up", "--json", "--db", "postgres")
    envelope = json.loads(result.out)
    assert envelope["exit_code"] == result.code
    assert result.code == (2 if "exit" in call else 0)


def test_what_an_autocommit_block_committed_is_not_denied(ready: Project) -> None:
    path = ready.add_revision("20250103000000", "SELECT 1", "")
    path.write_text(
        path.read_text().replace(
            "    op.execute('SELECT 1')\n",
            "    op.execute('CREATE TABLE kept AS SELECT 1 AS n UNION ALL SELECT 1')\n"
            "    with op.get_context().autocommit_block():\n"
            "        op.execute('CREATE UNIQUE INDEX CONCURRENTLY u ON kept (n)')\n",
        )
    )
    edit_env_py(
        ready,
        "connection=connection, target_metadata",
        "connection=connection, transaction_per_migration=True, target_metadata",
    )
    result = ready.run("up", "--db", "postgres")
    assert result.code == 6, result.out
    assert "autocommit block" in result.out + result.err


def test_the_lock_is_where_env_py_connects(ready: Project) -> None:
    from brokle_migrate.locks.postgres_rows import KEY

    url = libpq_url(ready.postgres_url or "")
    ini = ready.path / "alembic.ini"
    ini.write_text(
        ini.read_text().replace(ready.postgres_url or "", "driver://user:pass@localhost/dbname")
    )
    edit_env_py(
        ready,
        "config = context.config",
        "config = context.config\n"
        f"config.set_main_option('sqlalchemy.url', {ready.postgres_url!r})",
    )
    with psycopg.connect(url, autocommit=True) as holder:
        holder.execute("SELECT pg_advisory_lock(%s)", [KEY])
        assert ready.run("up", "--db", "clickhouse", "--lock-timeout", "0.2s").code == 4
    assert ready.run("up").code == 0


def test_nobody_reading_the_progress_stops_nothing(ready: Project) -> None:
    command = f"{sys.executable} -m brokle_migrate up 2>&1 | head -1"
    subprocess.run(["bash", "-c", command], cwd=ready.path, check=True, capture_output=True)
    assert ready.run("status", "--exit-code").code == 0


def test_a_user_without_a_name_can_migrate(ready: Project) -> None:
    program = (
        "import getpass, runpy, sys\n"
        "def nameless(): raise KeyError('getpwuid(): uid not found')\n"
        "getpass.getuser = nameless\n"
        "sys.argv = ['brokle-migrate', 'up']\n"
        "runpy.run_module('brokle_migrate', run_name='__main__')\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", program], cwd=ready.path, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr


def test_a_lost_answer_is_asked_for_again(ready: Project, gateway: GatewayProcess) -> None:
    gateway.fault(r"^CREATE TABLE t02", when="after", action="drop")
    result = ready.run("up")
    assert result.code == 0, "the server tells that it ran"
    assert ready.run("status", "--exit-code").code == 0
