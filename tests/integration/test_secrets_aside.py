"""Where secrets could be seen beside what a command says: processes, sessions, terminals."""

from __future__ import annotations

import logging
import time
import urllib.error
import urllib.request
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg

from brokle_migrate import command, load
from brokle_migrate.locks.postgres_rows import KEY
from tests.support.marked import POSTGRES, TOKEN, Place, clean, rows_of_clickhouse
from tests.support.marks import secret
from tests.support.process import free_port
from tests.support.project import Project

if TYPE_CHECKING:
    import pytest

    from tests.support.running import Running

PRINTS = "print(config.get_main_option('sqlalchemy.url'))\n"


def arguments_while(running: Running) -> set[str]:
    """The arguments of every process of this machine while a command runs."""
    seen: set[str] = set()
    while running.running:
        for process in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                seen.add((process / "cmdline").read_bytes().decode(errors="replace"))
        time.sleep(0.005)
    return seen


def test_the_arguments_of_processes(place: Place, tmp_path: Path) -> None:
    """Those of the command, of pg_dump, and of the embedded server that it starts."""
    place.run("up")
    with place.project.start("dump", env=place.env) as running:
        seen = arguments_while(running)
    assert any("pg_dump" in arguments for arguments in seen)
    clean(seen)
    data = tmp_path / "data"
    own = Project(tmp_path / "own", f"postgresql+embedded:///{data}")
    own.add_revision("r1", "CREATE TABLE t (id int)", "DROP TABLE t")
    env = {"DB_PASSWORD": secret("own"), "PGPASSWORD": secret("libpq")}
    with own.start("--db", "postgres", "up", env=env, fresh=True) as running:
        seen = arguments_while(running)
        result = running.wait()
    clean(f"{seen}{result}")
    assert any(str(data) in arguments for arguments in seen), result


def test_what_other_sessions_see(place: Place) -> None:
    place.project.add_revision("r2", "SELECT pg_sleep(0.3)", "")
    seen: list[object] = []
    with (
        psycopg.connect(place.postgres_url(POSTGRES), autocommit=True) as watching,
        place.project.start("up", env=place.env) as running,
    ):
        while running.running:
            seen += watching.execute("SELECT * FROM pg_stat_activity").fetchall()
            time.sleep(0.05)
        result = running.wait()
    assert result.code == 0, result
    assert "brokle-migrate" in str(seen)
    clean(seen)


def test_a_lock_that_is_held(place: Place) -> None:
    name = f"brokle-migrate {TOKEN}"
    with psycopg.connect(place.postgres_url(POSTGRES), application_name=name) as other:
        other.execute("SELECT pg_advisory_lock(%s)", [KEY])
        result = place.run("up", "--lock-timeout", "0.1s")
        shown = place.run("lock", "--json")
    assert result.code == 4, result
    assert "brokle-migrate ***" in result.err + shown.out
    clean(f"{result.err}{result.out}")


def test_the_lease_in_clickhouse(place: Place, tmp_path: Path) -> None:
    """Where there is no Postgres the lock is a row beside the ledger."""
    own = Project(tmp_path / "own", None, "clickhouse://nowhere")
    own.add_pair(1, "one", "CREATE TABLE one (id UInt8) ENGINE = Log", "DROP TABLE one")
    env = {"CLICKHOUSE_URL": place.env["CLICKHOUSE_URL"]}
    result = own.run("up", env=env)
    assert result.code == 0, result
    rows = rows_of_clickhouse(place)
    assert len(rows) > 1
    clean(rows)


def test_the_moving_line_of_a_terminal(place: Place) -> None:
    """What env.py and a revision print while it moves passes through the terminal's library."""
    project = place.project
    env = project.path / "alembic" / "env.py"
    env.write_text(env.read_text() + PRINTS)
    revision = project.add_revision("r2", "SELECT 1", "")
    revision.write_text(
        "from alembic import context\nimport sys\n"
        + revision.read_text()
        + "\n\nbefore = upgrade\n\n\ndef upgrade() -> None:\n"
        "    url = context.config.get_main_option('sqlalchemy.url')\n"
        "    print('printed', url)\n    print('also', url, file=sys.stderr)\n    before()\n"
    )
    result = project.run("up", env=place.env, tty=True, columns=200)
    assert result.code == 0, result
    assert "printed postgresql" in result.out + result.err
    assert "also postgresql" in result.err
    clean(f"{result.out}{result.err}")


def test_the_health_endpoint(place: Place) -> None:
    port = free_port()
    env = {**place.env, "DATABASE_URL": place.postgres_url(secret("wrong"))}
    with place.project.start("serve-health", "--port", str(port), env=env) as running:
        for path in ("health", "ready", "metrics"):
            clean(_get(f"http://127.0.0.1:{port}/{path}", running))
        running.signal(15)
        clean(running.wait())


def _get(url: str, running: Running) -> str:
    while running.running:
        try:
            with urllib.request.urlopen(url) as response:
                return str(response.read().decode())
        except urllib.error.HTTPError as error:
            with error:
                return error.read().decode()
        except urllib.error.URLError:
            time.sleep(0.05)
    raise AssertionError(running.said())


def test_the_logging_of_an_application_is_left_as_it_was(
    place: Place, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.chdir(place.project.path)
    for name, value in place.env.items():
        monkeypatch.setenv(name, value or "")
    factory, handlers = logging.getLogRecordFactory(), logging.root.handlers[:]
    command.upgrade(load())
    assert logging.getLogRecordFactory() is factory
    assert logging.root.handlers == handlers
    logging.getLogger("application").warning("own secret %s", POSTGRES)
    assert POSTGRES in caplog.text  # what an application logs itself is its own business
