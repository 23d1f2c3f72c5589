"""Two dozen runs begin at once on empty databases, and some of them are killed.

Every step is applied once, whoever survives is content, and nobody executes anything after that.
"""

from __future__ import annotations

import random
import re
import signal
import threading
import time
from typing import TYPE_CHECKING

import psycopg
import pytest

from tests.support.crowd import Crowd
from tests.support.leases import ClickHouseLeases
from tests.support.postgres import libpq_url
from tests.support.project import Project
from tests.support.query import http_query

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.running import Running
    from tests.support.terminal import Result

pytestmark = pytest.mark.faults

CROWD = 24
ROUNDS = 10
VICTIMS = 8
STEPS = 3
SECONDS = 2.0  # within which the random kills fall
TIMEOUT = 150.0


@pytest.fixture
def both(project: Project) -> Project:
    """Steps that leave a trace each time they run."""
    log = "CREATE TABLE log (version text)"
    for number in range(1, STEPS + 1):
        version = f"2025010{number}000000"
        project.add_revision(
            version, [*([log] if number == 1 else []), f"INSERT INTO log VALUES ('{version}')"]
        )
    return with_pairs(project)


def with_pairs(project: Project) -> Project:
    log = "CREATE TABLE log (version UInt64) ENGINE = MergeTree ORDER BY version;\n"
    for number in range(1, STEPS + 1):
        version = f"2025010{number}120000"
        insert = f"INSERT INTO log SELECT {version};\nCREATE TABLE t{number} (i UInt8) ENGINE = Log"
        project.add_pair(version, "s", (log if number == 1 else "") + insert, "SELECT 1")
    return project


@pytest.mark.parametrize("number", range(ROUNDS))
def test_both_databases(both: Project, number: int) -> None:
    kills, is_short = number % 2 == 1, number % 5 == 4
    patience = "1s" if is_short else "100s"
    with Crowd(both, CROWD, "up", "--lock-timeout", patience) as crowd:
        killed = race(crowd, random.Random(number), lambda: session_holder(both), kills=kills)
        ended = crowd.wait(TIMEOUT)
    survivors(crowd, ended, killed, {0, 4} if is_short else {0})
    if is_short:  # whoever had the lock may have been killed after the others gave up
        assert both.run("up").code == 0
    assert both.run("status", "--exit-code").code == 0
    with psycopg.connect(libpq_url(both.postgres_url or "")) as connection:
        rows = connection.execute("SELECT version FROM log ORDER BY version").fetchall()
        assert rows == [(f"2025010{n}000000",) for n in range(1, STEPS + 1)]
        query = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"
        assert connection.execute(query).fetchone() == (0,)
    assert_applied_once(both)


@pytest.mark.parametrize("number", range(2))
def test_clickhouse_alone(tmp_path: Path, clickhouse_url: str, number: int) -> None:
    project = with_pairs(Project(tmp_path / "project", None, clickhouse_url))
    leases = ClickHouseLeases(project, clickhouse_url)
    with Crowd(project, CROWD, "up", "--lock-timeout", "100s") as crowd:
        holder = lambda: next(map(process_of, leases.holders()), None)  # noqa: E731
        killed = race(crowd, random.Random(number), holder, kills=number % 2 == 1)
        ended = crowd.wait(TIMEOUT)
    survivors(crowd, ended, killed, {0})
    assert project.run("status", "--exit-code").code == 0
    assert_applied_once(project)


def race(
    crowd: Crowd, chance: random.Random, holder: Callable[[], int | None], *, kills: bool
) -> set[int]:
    """Let the crowd go; who was killed, at random, and once for having the lock."""
    killed: set[int] = set()
    threads: list[threading.Thread] = []
    if kills:
        for run in chance.sample(crowd.runs, VICTIMS):
            delay = chance.uniform(0, SECONDS)
            threads.append(threading.Timer(delay, kill, [run, killed]))
        threads.append(threading.Thread(target=kill_holder, args=[crowd, holder, killed]))
    crowd.go()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return killed


def kill(run: Running, killed: set[int]) -> None:
    killed.add(run.pid)
    run.signal(signal.SIGKILL)


def kill_holder(crowd: Crowd, holder: Callable[[], int | None], killed: set[int]) -> None:
    runs = {run.pid: run for run in crowd.runs}
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        process = holder()
        if process is not None:
            kill(runs[process], killed)
            return


def session_holder(project: Project) -> int | None:
    with psycopg.connect(libpq_url(project.postgres_url or ""), autocommit=True) as connection:
        row = connection.execute(
            "SELECT application_name FROM pg_locks JOIN pg_stat_activity USING (pid) "
            "WHERE locktype = 'advisory' AND granted AND datname = current_database()"
        ).fetchone()
    return process_of(row[0]) if row else None


def process_of(name: str) -> int | None:
    found = re.search(r" pid (\d+)$", name)
    return int(found[1]) if found else None


def survivors(crowd: Crowd, ended: list[Result], killed: set[int], codes: set[int]) -> None:
    """Whoever was not killed is content, whatever the killed ones left half done."""
    for run, end in zip(crowd.runs, ended, strict=True):
        is_dead = run.pid in killed and end.code == -signal.SIGKILL
        assert is_dead or end.code in codes, f"{end.code}: {end.out}{end.err}"


def assert_applied_once(project: Project) -> None:
    url = (project.clickhouse_url or "").replace("clickhouse+http", "http")
    rows = http_query(url, "SELECT version FROM log ORDER BY version")
    assert rows == [(int(f"2025010{n}120000"),) for n in range(1, STEPS + 1)]
