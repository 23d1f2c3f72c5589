"""``auto_migrate``: what an application calls when it starts."""

from __future__ import annotations

import asyncio
import json
import logging
import sys
import threading
import time
from logging.handlers import BufferingHandler
from typing import TYPE_CHECKING

import psycopg
import pytest

from brokle_migrate import MigrationFailed, auto_migrate, auto_migrate_async, load
from brokle_migrate.errors import ConfigError, DatabaseUnreachable, LockHeld, OutOfOrder
from brokle_migrate.locks.postgres_rows import KEY
from brokle_migrate.model import StepState
from tests.support.postgres import libpq_url
from tests.support.postgres_proxy import PostgresProxy
from tests.support.project import Project

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from brokle_migrate import Config
    from tests.support.gateway_process import GatewayProcess

ON = {"DB_AUTO_MIGRATE": "true"}
HISTORY = 3


def _config(project: Project, **environ: str) -> Config:
    return load(directory=project.path, environ={**ON, **environ})


@pytest.fixture
def filled(project: Project) -> Project:
    """Three revisions in both histories."""
    for number in range(1, HISTORY + 1):
        _add(project, number)
    return project


def _add(project: Project, number: int) -> None:
    project.add_revision(f"r{number}", f"CREATE TABLE t{number} (x int)", f"DROP TABLE t{number}")
    up = f"CREATE TABLE t{number} (x Int8) ENGINE = Log"
    project.add_pair(number, f"t{number}", up, f"DROP TABLE t{number}")


def _remove(project: Project, number: int) -> None:
    for path in [
        *project.postgres_versions.glob(f"r{number}_*"),
        *project.clickhouse_versions.glob(f"{number}_*"),
    ]:
        path.unlink()


def test_nothing_is_asked_unless_it_is_enabled(
    filled: Project, gateway: GatewayProcess, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "brokle_migrate")
    assert auto_migrate(_config(filled, DB_AUTO_MIGRATE="false")) is None
    assert gateway.texts() == []
    assert "auto-migration is off" in caplog.text


def test_it_migrates_and_then_finds_nothing_to_do(
    filled: Project, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "brokle_migrate")
    report = auto_migrate(_config(filled))
    assert report is not None
    assert [result.state for result in report.results] == [StepState.APPLIED] * 2 * HISTORY
    assert "upgrade postgres r1" in caplog.text
    assert "clickhouse: 3 applied, now at 3 (head)" in caplog.text
    again = auto_migrate(_config(filled))
    assert again is not None
    assert again.results == ()
    assert again.after["postgres"].recorded == ("r3",)


@pytest.fixture
def watched(tmp_path: Path, postgres_url: str, clickhouse_url: str) -> Iterator[PostgresProxy]:
    """What stands before Postgres and writes down what it is asked; the project is beside it."""
    with PostgresProxy(postgres_url) as proxy:
        project = Project(tmp_path / "watched", proxy.url(postgres_url), clickhouse_url)
        _add(project, 1)
        yield proxy


def test_at_head_each_database_is_asked_less_than_three_times(
    watched: PostgresProxy, tmp_path: Path, gateway: GatewayProcess
) -> None:
    from sqlalchemy import create_engine

    config = load(directory=tmp_path / "watched", environ=ON)
    auto_migrate(config)
    watched.reset()
    assert config.postgres is not None
    assert config.postgres.url is not None
    engine = create_engine(config.postgres.url.render())
    engine.connect().close()
    engine.dispose()
    handshake = watched.texts()  # what SQLAlchemy asks of every new connection
    watched.reset()
    gateway.reset()
    auto_migrate(config)
    assert len(gateway.texts()) == 1
    ours = watched.texts()[len(handshake) :]
    questions = [text for text in ours if text.lstrip().upper().startswith("SELECT")]
    assert len(questions) == 2, ours
    assert not [text for text in watched.texts() if "advisory" in text]


def test_at_head_no_lock_is_taken(filled: Project, postgres_url: str) -> None:
    auto_migrate(_config(filled))
    with psycopg.connect(libpq_url(postgres_url), autocommit=True) as connection:
        connection.execute("SELECT pg_advisory_lock(%s)", [KEY])
        assert auto_migrate(_config(filled), timeout=5) is not None


def test_a_held_lock_is_waited_for_until_the_time_is_over(
    filled: Project, postgres_url: str
) -> None:
    with psycopg.connect(libpq_url(postgres_url), autocommit=True) as connection:
        connection.execute("SET application_name = 'somebody'")
        connection.execute("SELECT pg_advisory_lock(%s)", [KEY])
        started = time.monotonic()
        with pytest.raises(MigrationFailed, match=r"else is migrating .*: somebody") as caught:
            auto_migrate(_config(filled), timeout=1.5)
    assert isinstance(caught.value.error, LockHeld)
    assert 1 < time.monotonic() - started < 10


def test_a_database_that_is_not_there_yet_is_waited_for(
    filled: Project, gateway: GatewayProcess, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "brokle_migrate")
    gateway.stop()
    timer = threading.Timer(1.0, gateway.restart)
    timer.start()
    try:
        report = auto_migrate(_config(filled), timeout=60)
    finally:
        timer.join()
    assert report is not None
    assert report.after["clickhouse"].recorded == ("1", "2", "3")
    assert "waiting: ClickHouse at" in caplog.text


def test_a_wrong_address_is_given_up_in_time(filled: Project) -> None:
    config = _config(filled, DATABASE_URL="postgresql://nobody:secret-word@127.0.0.1:1/nothing")
    started = time.monotonic()
    with pytest.raises(MigrationFailed) as caught:
        auto_migrate(config, timeout=1.5)
    assert time.monotonic() - started < 10
    assert isinstance(caught.value.error, DatabaseUnreachable)
    assert "hint: is the server running" in str(caught.value)
    assert "secret-word" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_a_server_that_refuses_is_not_asked_again(filled: Project, postgres_url: str) -> None:
    config = _config(filled, DB_NAME="no_such_database")
    started = time.monotonic()
    with pytest.raises(MigrationFailed, match="no_such_database"):
        auto_migrate(config, timeout=30)
    assert time.monotonic() - started < 10


def test_a_configuration_that_is_not_valid_is_no_traceback(
    filled: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled.write("config.yaml", "database:\n  auto_migrat: true\n")
    monkeypatch.chdir(filled.path)
    with pytest.raises(MigrationFailed, match="auto_migrate") as caught:
        auto_migrate()
    assert isinstance(caught.value.error, ConfigError)


def test_the_message_is_the_whole_report(filled: Project) -> None:
    filled.add_pair(4, "wrong", "SELECT 1; SELECT no_such_function()", "SELECT 1")
    with pytest.raises(MigrationFailed) as caught:
        auto_migrate(_config(filled))
    message = str(caught.value)
    assert "failed: upgrade clickhouse 4 wrong" in message
    assert "statement 2 of 2 at" in message
    assert "SELECT no_such_function()" in message
    assert "postgres: 3 applied, now at r3 (head)" in message
    assert message.endswith("next: brokle-migrate up")
    assert caught.value.report is not None


@pytest.mark.parametrize("number", [1, 2])
def test_newer_code_is_left_alone(
    number: int, filled: Project, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "brokle_migrate")
    auto_migrate(_config(filled))
    for newest in range(HISTORY, HISTORY - number, -1):
        _remove(filled, newest)
    report = auto_migrate(_config(filled))
    assert report is not None
    assert report.plan.steps == ()
    assert "postgres is ahead of this code: it records r3" in caplog.text
    assert "clickhouse is ahead of this code: it records" in caplog.text
    assert report.after["clickhouse"].recorded == ("1", "2", "3")


def test_newer_code_that_is_not_done_yet_is_waited_for(
    filled: Project, tmp_path: Path, gateway: GatewayProcess
) -> None:
    """Its Postgres part is done, and its ClickHouse part is not, when older code starts."""
    older = tmp_path / "older"
    assert filled.postgres_url is not None
    assert filled.clickhouse_url is not None
    old = Project(older, filled.postgres_url, filled.clickhouse_url)
    for number in (1, 2):
        _add(old, number)
    fault = gateway.fault("CREATE TABLE t1", when="before", action="hold")
    with filled.start("up") as newer:
        fault.wait()
        found: list[object] = []
        thread = threading.Thread(target=lambda: found.append(auto_migrate(_config(old))))
        thread.start()
        time.sleep(1.0)
        assert thread.is_alive()
        fault.release()
        assert newer.wait().code == 0
        thread.join(30)
    assert len(found) == 1
    assert filled.invoke("status", "--exit-code").code == 0


def test_an_older_file_that_was_never_applied_is_an_error(filled: Project) -> None:
    _remove(filled, 2)
    filled.add_revision("r2", down_revision="r1")
    auto_migrate(_config(filled))
    filled.add_pair(2, "late", "SELECT 1", "SELECT 1")
    with pytest.raises(MigrationFailed, match="2_late") as caught:
        auto_migrate(_config(filled))
    assert isinstance(caught.value.error, OutOfOrder)


def test_the_logging_of_the_application_stays_its_own(
    filled: Project, capfd: pytest.CaptureFixture[str]
) -> None:
    """env.py calls fileConfig, which would switch off every logger that it does not name."""
    logger = logging.getLogger("application.of.somebody")
    before = logging.root.handlers[:], logging.root.level
    filled.write(
        "alembic/env.py",
        (filled.path / "alembic" / "env.py").read_text()
        + "\nimport logging\nlogging.getLogger('application.of.somebody').error('still here')\n",
    )
    handler = BufferingHandler(10)
    logger.addHandler(handler)
    try:
        auto_migrate(_config(filled))
    finally:
        logger.removeHandler(handler)
    assert "still here" in {record.getMessage() for record in handler.buffer}
    assert not logger.disabled
    assert (logging.root.handlers[:], logging.root.level) == before
    assert capfd.readouterr() == ("", "")


def test_threads_of_one_process_take_turns(filled: Project) -> None:
    config, failures = _config(filled), []

    def work() -> None:
        try:
            auto_migrate(config, timeout=60)
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failures == []
    assert filled.invoke("status", "--exit-code").code == 0


def test_the_event_loop_goes_on(filled: Project, gateway: GatewayProcess) -> None:
    fault = gateway.fault("CREATE TABLE t2", when="before", action="hold")

    async def work() -> int:
        migration = asyncio.create_task(auto_migrate_async(_config(filled)))
        await asyncio.to_thread(fault.wait)
        ticks = 0
        for _ in range(20):
            await asyncio.sleep(0.01)
            ticks += 1
        assert not migration.done()
        fault.release()
        report = await migration
        assert report is not None
        assert report.after["clickhouse"].recorded == ("1", "2", "3")
        return ticks

    assert asyncio.run(work()) == 20


def test_a_cancelled_start_stops_between_two_statements(
    filled: Project, gateway: GatewayProcess
) -> None:
    fault = gateway.fault("CREATE TABLE t2", when="before", action="hold")

    async def work() -> None:
        migration = asyncio.create_task(auto_migrate_async(_config(filled)))
        await asyncio.to_thread(fault.wait)
        migration.cancel()
        await asyncio.sleep(0.2)
        fault.release()
        with pytest.raises(asyncio.CancelledError):
            await migration

    asyncio.run(work())
    status = json.loads(filled.invoke("--json", "status").out)["data"]["databases"][1]
    assert status["current"] == ["2"]
    assert status["dirty"] == []
    assert filled.invoke("up").code == 0  # the lock is free


def test_a_start_that_was_killed_is_gone_on_with(filled: Project, gateway: GatewayProcess) -> None:
    fault = gateway.fault("CREATE TABLE t2", when="after", action="hold")
    with filled.start("auto", env=ON) as running:
        fault.wait()
        running.kill()
    fault.release()
    gateway.disarm()
    result = filled.run("auto", env=ON)
    assert result.code == 0, result
    assert filled.invoke("status", "--exit-code").code == 0


def test_a_start_that_is_cancelled_twice_still_ends_first(
    filled: Project, gateway: GatewayProcess
) -> None:
    fault = gateway.fault("CREATE TABLE t2", when="before", action="hold")

    async def work() -> None:
        migration = asyncio.create_task(auto_migrate_async(_config(filled)))
        await asyncio.to_thread(fault.wait)
        for _ in range(2):
            migration.cancel()
            await asyncio.sleep(0.1)
        assert not migration.done()
        fault.release()
        with pytest.raises(asyncio.CancelledError):
            await migration

    asyncio.run(work())
    assert filled.invoke("up").code == 0


def test_a_module_that_env_py_imports_gets_the_real_functions_of_logging(
    filled: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled.write("its_logging.py", "from logging.config import dictConfig\n")
    env = (filled.path / "alembic" / "env.py").read_text()
    filled.write("alembic/env.py", f"import its_logging\n{env}")
    monkeypatch.syspath_prepend(str(filled.path))
    auto_migrate(_config(filled))
    logger = logging.getLogger("configured.afterwards")
    loggers = {logger.name: {"level": "ERROR"}}
    settings = {"version": 1, "disable_existing_loggers": False, "loggers": loggers}
    sys.modules["its_logging"].dictConfig(settings)
    assert logger.level == logging.ERROR


@pytest.mark.parametrize("timeout", [None, float("inf"), float("nan")])
def test_a_timeout_that_is_no_number_of_seconds(filled: Project, timeout: float) -> None:
    with pytest.raises(MigrationFailed, match="number of seconds"):
        auto_migrate(_config(filled), timeout)
