"""The embedded ClickHouse: sessions, its lock between processes, and through SQLAlchemy."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import create_engine, inspect, text

pytest.importorskip("chdb", reason="needs the extra 'embedded'")

from brokle_migrate.embedded.clickhouse import DATABASE, exists, open_session
from brokle_migrate.errors import ConfigError, DatabaseUnreachable, LockHeld

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from brokle_migrate.embedded.clickhouse import Session

HOLDER = """
import sys
from pathlib import Path
from brokle_migrate.embedded.clickhouse import open_session
session = open_session(Path(sys.argv[1]))
print("up", flush=True)
sys.stdin.read()
"""

BARE_HOLDER = """
import sys, chdb
connection = chdb._chdb.connect(sys.argv[1])
print("up", flush=True)
sys.stdin.read()
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
def directory(tmp_path: Path) -> Path:
    return tmp_path / "new" / "ch"


@pytest.fixture
def session(directory: Path) -> Iterator[Session]:
    found = open_session(directory)
    yield found
    found.close()


def ask(session: Session, sql: str) -> str:
    return str(session.query(sql, "TabSeparated").bytes().decode()).removesuffix("\n")


def python(code: str, *arguments: object) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-W", "error", "-c", code, *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    _started.append(process)
    return process


def holder(directory: Path, code: str = HOLDER) -> subprocess.Popen[str]:
    """A process that has the directory open, until its standard input ends."""
    process = python(code, directory)
    assert process.stdout is not None
    assert process.stdout.readline() == "up\n", process.communicate()[1]
    return process


# --- sessions


def test_the_first_session_makes_the_directory_and_its_parents(directory: Path) -> None:
    assert not exists(directory)
    assert not directory.parent.exists()
    open_session(directory).close()
    assert exists(directory)


def test_what_a_session_made_the_next_one_finds(directory: Path) -> None:
    first = open_session(directory)
    first.query("CREATE TABLE t (a Int32) ENGINE = MergeTree ORDER BY a")
    first.query("INSERT INTO t VALUES (1), (2)")
    first.close()
    second = open_session(directory)
    assert ask(second, "SELECT sum(a) FROM t") == "3"
    second.close()


def test_its_database_is_an_ordinary_one(session: Session) -> None:
    assert ask(session, "SELECT currentDatabase()") == DATABASE
    engine = "SELECT engine FROM system.databases WHERE name = currentDatabase()"
    assert ask(session, engine) == "Atomic"
    session.query("CREATE TABLE a (x Int8) ENGINE = MergeTree ORDER BY x")
    session.query("CREATE TABLE b (x Int8) ENGINE = MergeTree ORDER BY x")
    session.query("EXCHANGE TABLES a AND b")
    session.query("RENAME TABLE a TO c")
    assert ask(session, "SHOW TABLES") == "b\nc"


def test_files_in_the_current_directory_are_no_tables(
    session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "traces").write_text("a file\n")
    session.query("CREATE TABLE IF NOT EXISTS traces (x Int8) ENGINE = MergeTree ORDER BY x")
    assert ask(session, "SHOW TABLES") == "traces"


def test_settings_and_database_belong_to_one_session(directory: Path, session: Session) -> None:
    session.query("SET max_threads = 7")
    session.query("CREATE DATABASE other")
    session.query("USE other")
    beside = open_session(directory)
    state = "SELECT getSetting('max_threads'), currentDatabase()"
    assert ask(session, state) == "7\tother"
    assert ask(beside, state).split("\t")[0] != "7"
    assert ask(beside, state).split("\t")[1] == DATABASE
    beside.close()
    assert ask(session, state) == "7\tother"


def test_the_pool_is_small(session: Session) -> None:
    sql = "SELECT value FROM system.server_settings WHERE name = 'background_pool_size'"
    assert ask(session, sql) == "16"


def test_an_error_is_clickhouses_own(session: Session) -> None:
    with pytest.raises(RuntimeError, match=r"Code: 60\. DB::Exception: .*UNKNOWN_TABLE"):
        session.query("SELECT * FROM missing")


def test_closed_it_says_so(directory: Path) -> None:
    session = open_session(directory)
    session.close()
    session.close()
    with pytest.raises(RuntimeError, match="closed"):
        session.query("SELECT 1")


def test_threads_may_share_a_session(session: Session) -> None:
    session.query("CREATE TABLE t (a Int32) ENGINE = MergeTree ORDER BY a")

    def insert() -> None:
        for _ in range(10):
            session.query("INSERT INTO t VALUES (1)")

    threads = [threading.Thread(target=insert) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert ask(session, "SELECT count() FROM t") == "40"


def test_another_thread_closes_it_only_after_the_statement(directory: Path) -> None:
    session = open_session(directory)
    closing = threading.Timer(0.1, session.close)
    closing.start()
    assert ask(session, "SELECT sleep(0.5)") == "0"
    closing.join()
    with pytest.raises(RuntimeError, match="closed"):
        session.query("SELECT 1")


# --- processes


def test_a_second_process_is_refused_and_told_by_whom(directory: Path) -> None:
    process = holder(directory)
    before = sorted(path.name for path in directory.rglob("*"))
    with pytest.raises(LockHeld, match=rf"another process \(PID {process.pid}\)") as caught:
        open_session(directory)
    assert caught.value.hint
    assert before == sorted(path.name for path in directory.rglob("*"))
    assert process.communicate("") == ("", "")
    open_session(directory).close()


def test_a_process_that_uses_chdb_directly_is_found_too(directory: Path) -> None:
    process = holder(directory, BARE_HOLDER)
    with pytest.raises(LockHeld, match=rf"PID {process.pid}"):
        open_session(directory)
    process.communicate("")
    open_session(directory).close()


def test_the_directory_is_free_only_after_the_last_session(directory: Path) -> None:
    first, second = open_session(directory), open_session(directory)
    code = HOLDER.replace("sys.stdin.read()", "session.close()")
    first.close()
    assert "LockHeld" in python(code, directory).communicate()[1]
    second.close()
    assert python(code, directory).communicate() == ("up\n", "")


def test_a_session_that_was_forgotten_holds_nothing(directory: Path) -> None:
    open_session(directory)
    process = holder(directory)
    process.communicate("")
    assert process.returncode == 0


def test_a_process_ends_quietly_and_soon_without_closing(directory: Path) -> None:
    process = holder(directory)
    started = time.monotonic()
    assert process.communicate("") == ("", "")
    assert process.returncode == 0
    assert time.monotonic() - started < 5


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_after_a_killed_process_the_next_one_opens_it(
    directory: Path, number: signal.Signals
) -> None:
    process = holder(directory)
    process.send_signal(number)
    process.communicate()
    assert process.returncode == -number
    session = open_session(directory)
    assert ask(session, "SELECT 1") == "1"
    session.close()


def test_ctrl_c_arrives_after_the_statement(session: Session) -> None:
    session.query("CREATE TABLE t (a Int32) ENGINE = MergeTree ORDER BY a")
    threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT)).start()
    with pytest.raises(KeyboardInterrupt):
        session.query("INSERT INTO t SELECT sleep(1)")
    assert ask(session, "SELECT count() FROM t") == "1"


def test_a_process_has_one_directory_open_at_a_time(session: Session, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"can't open .*other beside it"):
        open_session(tmp_path / "other")
    session.close()
    open_session(tmp_path / "other").close()


# --- where it can't be


def test_a_file_instead_of_a_directory(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for path in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(DatabaseUnreachable, match="Not a directory"):
            open_session(path)


def test_a_directory_with_something_else_in_it(directory: Path) -> None:
    directory.mkdir(parents=True)
    (directory / "notes.txt").write_text("mine")
    with pytest.raises(DatabaseUnreachable, match="neither empty nor the data directory"):
        open_session(directory)
    assert [path.name for path in directory.iterdir()] == ["notes.txt"]


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is closed to root")
def test_a_directory_that_may_not_be_written(directory: Path) -> None:
    directory.mkdir(parents=True)
    directory.chmod(0o500)
    with pytest.raises(DatabaseUnreachable, match="can't write to"):
        open_session(directory)


def test_a_broken_data_directory(directory: Path, capfd: pytest.CaptureFixture[str]) -> None:
    open_session(directory).close()
    (directory / "metadata" / f"{DATABASE}.sql").write_text("nonsense")
    with pytest.raises(DatabaseUnreachable, match="does not start"):
        open_session(directory)
    assert "nonsense" in capfd.readouterr().err  # chDB's own words


@pytest.mark.parametrize("name", ["x" * 150, "a b", 'it\'s "q" #1 &x=y', "p%20c", "ünï"])
def test_names_of_directories(tmp_path: Path, name: str) -> None:
    session = open_session(tmp_path / name)
    assert ask(session, "SELECT path FROM system.disks") == str(tmp_path / name / "_")[:-1].replace(
        "'", "\\'"
    )
    session.close()


def test_a_question_mark_in_a_name(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"can't be in a directory with a \?"):
        open_session(tmp_path / "what?")
    assert list(tmp_path.iterdir()) == []


def test_without_the_extra(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "chdb", None)
    with pytest.raises(ConfigError, match="the embedded ClickHouse is not installed") as caught:
        open_session(directory)
    assert caught.value.hint == "pip install 'brokle-migrate[embedded]'"
    assert not directory.parent.exists()


# --- SQLAlchemy


def test_through_sqlalchemy(directory: Path) -> None:
    engine = create_engine(f"clickhouse+embedded:///{directory}")
    assert not directory.exists()  # only a connection opens it
    with engine.connect() as connection:
        connection.execute(text("CREATE TABLE t (a Int32, s String) ENGINE = MergeTree ORDER BY a"))
        connection.execute(text("INSERT INTO t VALUES (1, 'x'), (2, 'y')"))
        rows: Any = connection.execute(text("SELECT a, s FROM t WHERE a > :a"), {"a": 1}).all()
    assert rows == [(2, "y")]
    assert inspect(engine).default_schema_name == DATABASE
    assert inspect(engine).get_table_names() == ["t"]
    engine.dispose()
    process = holder(directory)  # the engine let go of it
    process.communicate("")


def test_sqlalchemy_beside_a_session_of_our_own(directory: Path, session: Session) -> None:
    session.query("CREATE TABLE t (a Int32) ENGINE = MergeTree ORDER BY a")
    engine = create_engine(f"clickhouse+embedded:///{directory}")
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT count() FROM t")) == 0
    engine.dispose()
    assert ask(session, "SELECT count() FROM t") == "0"


def test_parameters_in_the_url(directory: Path, session: Session) -> None:
    session.query("CREATE DATABASE other")
    engine = create_engine(f"clickhouse+embedded:///{directory}?database=other&ch_max_threads=3")
    with engine.connect() as connection:
        state = text("SELECT currentDatabase(), getSetting('max_threads')")
        assert connection.execute(state).one() == ("other", 3)
    engine.dispose()


def test_sqlalchemy_is_refused_like_everybody(directory: Path) -> None:
    process = holder(directory)
    with pytest.raises(LockHeld):
        create_engine(f"clickhouse+embedded:///{directory}").connect()
    process.communicate("")


def test_the_dialect_is_imported_without_a_warning_and_late(tmp_path: Path) -> None:
    code = """
import sys, clickhouse_sqlalchemy
from sqlalchemy import create_engine
import brokle_migrate.embedded.clickhouse
assert not {"clickhouse_connect", "chdb"} & set(sys.modules)
engine = create_engine("clickhouse+embedded:///x")
assert create_engine("clickhouse+native://h/d").dialect.driver == "native"
with engine.connect() as connection:
    print(connection.exec_driver_sql("SELECT '%'").scalar())
"""
    process = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (process.stdout, process.stderr) == ("%\n", "")
    assert exists(tmp_path / "x")


def test_sqlalchemy_without_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "clickhouse_connect", None)
    for name in [name for name in sys.modules if name.startswith("clickhouse_connect.")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.delitem(sys.modules, "brokle_migrate.embedded.clickhouse_dialect", raising=False)
    with pytest.raises(ConfigError, match="the embedded ClickHouse is not installed"):
        create_engine("clickhouse+embedded:///x")


def test_there_is_no_asyncio_dialect() -> None:
    from sqlalchemy.ext.asyncio import create_async_engine

    with pytest.raises(ConfigError, match="no asyncio dialect"):
        create_async_engine("clickhouse+embedded:///x")
