"""A cluster of two replicas: the ledger on both, nothing where one is missing, slow queues."""

from __future__ import annotations

import json
import re
import time
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import TYPE_CHECKING

import pytest

from brokle_migrate.config import parse_url
from brokle_migrate.environments import sending
from brokle_migrate.environments.drivers import connect
from brokle_migrate.environments.replicas import behind
from tests.support.cluster import NAME, Cluster, require_cluster
from tests.support.process import wait_until
from tests.support.project import Project
from tests.support.servers import PASSWORD

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.support.servers import ClickHouseServer

EVENTS = (
    f"CREATE TABLE events ON CLUSTER {NAME} (id UInt64) "
    "ENGINE = ReplicatedMergeTree('/t/{database}/events', '{{replica}}') ORDER BY id;"
)
DROP = f"DROP TABLE events ON CLUSTER {NAME}"
COLUMN = f"ALTER TABLE events ON CLUSTER {NAME} ADD COLUMN name String"
LATE = f"ALTER TABLE events ON CLUSTER {NAME} ADD COLUMN late String"
UPDATE = "ALTER TABLE events UPDATE name = 'y' WHERE 1"
IMPATIENT = "distributed_ddl_task_timeout=1"
NO_COLUMN = f"ALTER TABLE events ON CLUSTER {NAME} DROP COLUMN name"


@pytest.fixture(scope="session")
def running_cluster(servers_directory: Path) -> Iterator[Cluster]:
    require_cluster()
    cluster = Cluster(servers_directory / "cluster")
    _used_once(cluster, servers_directory / "once")
    yield cluster
    cluster.remove()


def _used_once(cluster: Cluster, path: Path) -> None:
    """Let the first run of its life be over: 18.16 now and then hangs up, or dies, in that one.

    Whatever becomes of it, the servers that died are started again.
    """
    database = cluster.create_database()
    project = Project(path, None, cluster.replicas[0].url("clickhouse+native", database))
    project.add_pair("1", "events", EVENTS.format(database=database), DROP)
    project.run("up", env={"CLICKHOUSE_CLUSTER": NAME})
    cluster.heal()


@pytest.fixture
def cluster(running_cluster: Cluster) -> Iterator[Cluster]:
    running_cluster.heal()
    yield running_cluster
    running_cluster.heal()


@pytest.fixture
def database(cluster: Cluster) -> str:
    return cluster.create_database()


@pytest.fixture
def scheme(request: pytest.FixtureRequest) -> str:
    return str(getattr(request, "param", "clickhouse+native"))


@pytest.fixture
def through(
    cluster: Cluster, database: str, scheme: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[int], Project]:
    """The same project, configured to go through either replica."""
    monkeypatch.setenv("CLICKHOUSE_CLUSTER", NAME)

    @cache
    def project(number: int) -> Project:
        url = cluster.replicas[number].url(scheme, database)
        made = Project(tmp_path / f"r{number + 1}", None, url)
        made.add_pair("1", "events", EVENTS.format(database=database), DROP)
        made.add_pair("2", "name", COLUMN, NO_COLUMN)
        return made

    return project


def tables(cluster: Cluster, database: str, number: int) -> set[str]:
    return {name for (name,) in cluster.replicas[number].query("SHOW TABLES", database)}


def count(cluster: Cluster, sql: str, number: int = 0) -> int:
    ((found,),) = cluster.replicas[number].query(sql)
    return int(found)


@pytest.mark.parametrize("scheme", ["clickhouse+native", "clickhouse+http"], indirect=True)
def test_a_run_through_the_other_replica_sees_everything(
    cluster: Cluster, database: str, through: Callable[[int], Project]
) -> None:
    done = through(0).invoke("up")
    assert done.code == 0, done.out + done.err
    again = through(1).invoke("up")
    assert again.code == 0, again.out + again.err
    assert "nothing to do" in (again.out + again.err).lower()
    expected = {"events", "schema_migrations", "schema_migrations_lock"}
    assert [tables(cluster, database, n) for n in (0, 1)] == [expected, expected]

    back = through(1).invoke("down", "--all", "-y")
    assert back.code == 0, back.out + back.err
    status = through(0).invoke("status", "--json")
    (found,) = json.loads(status.out)["data"]["databases"]
    assert (found["current"], len(found["pending"])) == ([], 2)
    assert "events" not in tables(cluster, database, 0) | tables(cluster, database, 1)


def test_a_history_of_golang_migrate_is_adopted_on_every_replica(
    cluster: Cluster, database: str, through: Callable[[int], Project]
) -> None:
    first = cluster.replicas[0]
    table = "version Int64, dirty UInt8, sequence UInt64) ENGINE = TinyLog"
    first.query(f"CREATE TABLE schema_migrations ON CLUSTER {NAME} ({table}", database)
    first.query(EVENTS.format(database=database).rstrip(";"), database)
    first.query("INSERT INTO schema_migrations VALUES (1, 1, 1), (1, 0, 2)", database)
    argv = ("adopt", "golang-migrate", "migrations_clickhouse/versions", "-y")
    other = through(1).run(*argv)
    assert other.code == 1, other.out
    assert "connect to the server that golang-migrate was connected to" in other.err
    adopted = through(0).run(*argv)
    assert adopted.code == 0, adopted.err
    up = through(1).run("up")
    assert up.code == 0, up.out + up.err
    kept = {"events", "schema_migrations", "schema_migrations_golang_migrate"}
    for number in (0, 1):
        assert tables(cluster, database, number) == {*kept, "schema_migrations_lock"}


def test_drop_empties_every_replica(
    cluster: Cluster, database: str, through: Callable[[int], Project]
) -> None:
    assert through(0).invoke("up").code == 0
    dropped = through(1).run("drop", "-y")
    assert dropped.code == 0, dropped.out + dropped.err
    assert [tables(cluster, database, n) for n in (0, 1)] == [set(), set()]
    assert through(0).invoke("up").code == 0


def test_with_a_replica_stopped_nothing_runs_and_it_is_named(
    cluster: Cluster, database: str, through: Callable[[int], Project]
) -> None:
    stopped = cluster.replicas[1]
    stopped.stop()
    refused = through(0).invoke("up")
    assert refused.code == 5, refused.out + refused.err
    assert f"127.0.0.1:{stopped.tcp_port}" in refused.err
    assert PASSWORD not in refused.out + refused.err
    assert tables(cluster, database, 0) <= {"schema_migrations_lock"}

    cluster.heal()
    done = through(0).invoke("up")
    assert done.code == 0, done.out + done.err


def test_without_zookeeper_nothing_runs(
    cluster: Cluster, database: str, through: Callable[[int], Project]
) -> None:
    assert through(0).invoke("up", "--steps", "1").code == 0
    cluster.zookeeper.stop()
    refused = through(0).invoke("up")
    assert refused.code in {1, 5}, refused.out + refused.err
    cluster.zookeeper.start()
    wait_until(
        lambda: count(cluster, "SELECT sum(is_readonly) FROM system.replicas") == 0,
        30,
        "the tables are writable again",
    )
    # The old server needs a while longer to choose who runs a distributed ALTER.
    through(0).add_pair("2", "name", "INSERT INTO events (id) SELECT 1", "SELECT 1")
    done = through(0).invoke("up")
    assert done.code == 0, done.out + done.err


def test_a_queue_that_is_slower_than_its_timeout_is_waited_for(
    cluster: Cluster, database: str, through: Callable[[int], Project]
) -> None:
    project = through(0)
    project.add_pair("3", "late", f"-- migrate: settings {IMPATIENT}\n{LATE}", "SELECT 1")
    assert project.invoke("up", "--steps", "2").code == 0
    busy = f"CREATE TABLE busy ON CLUSTER {NAME} ENGINE = Memory AS SELECT sleep(3)"
    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(cluster.replicas[0].query, busy, database)
        time.sleep(0.5)  # it is in the queue now, before the statement
        done = project.invoke("up")
        slow.result()
    assert done.code == 0, done.out + done.err
    for replica in cluster.replicas:
        assert ("late",) in replica.query("SELECT name FROM system.columns", database)


def test_a_replica_that_could_not_run_a_statement_is_named(
    cluster: Cluster, database: str, through: Callable[[int], Project]
) -> None:
    project = through(0)
    project.add_pair("3", "odd", f"CREATE TABLE odd ON CLUSTER {NAME} (a UInt8) ENGINE = Log", DROP)
    other = cluster.replicas[1]
    assert project.invoke("up", "--steps", "2").code == 0
    other.query("CREATE TABLE odd (a UInt8) ENGINE = Log", database)
    failed = project.invoke("up")
    assert failed.code == 6, failed.out + failed.err
    assert f"127.0.0.1:{other.tcp_port}" in failed.out + failed.err


def test_a_replica_that_dies_meanwhile_stops_the_run(
    cluster: Cluster, database: str, through: Callable[[int], Project]
) -> None:
    project = through(0)
    slow = "INSERT INTO events (id) SELECT sleep(3)"
    project.add_pair("3", "late", f"{slow};\n{LATE}", "SELECT 1")
    assert project.invoke("up", "--steps", "2").code == 0
    with project.start("up") as running:
        inserts = "SELECT count() FROM system.processes WHERE query LIKE '%INSERT INTO events%'"
        wait_until(lambda: count(cluster, inserts) > 1, 20, "it inserts")
        cluster.replicas[1].kill()
        failed = running.wait(90)
    assert failed.code == 6, failed.out + failed.err
    assert f"127.0.0.1:{cluster.replicas[1].tcp_port}" in failed.out

    cluster.heal()
    done = project.invoke("up")
    assert done.code == 0, done.out + done.err


def test_a_replica_that_goes_down_with_a_statement_in_its_queue_is_not_waited_for_for_ever(
    cluster: Cluster,
    database: str,
    postgres_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The lock is in Postgres: one in the cluster would be lost with the replica."""
    monkeypatch.setenv("CLICKHOUSE_CLUSTER", NAME)
    monkeypatch.setattr(sending, "_STALLED", 2.0)
    held = cluster.replicas[1]
    url = cluster.replicas[0].url("clickhouse+http", database)
    project = Project(tmp_path / "both", postgres_url, url)
    made = f"CREATE TABLE made ON CLUSTER {NAME} (a UInt8) ENGINE = Log"
    project.add_pair("1", "first", "SELECT 1", "SELECT 1")
    assert project.invoke("up").code == 0
    project.add_pair("2", "made", f"-- migrate: settings {IMPATIENT}\n{made}", "SELECT 1")
    busy = f"CREATE TABLE busy ON CLUSTER {NAME} ENGINE = Memory AS SELECT sleep(3)"
    queue = "SELECT count() FROM system.zookeeper WHERE path = '/clickhouse/task_queue/ddl'"
    with ThreadPoolExecutor(2) as pool:
        before = count(cluster, queue)
        slow = pool.submit(
            cluster.replicas[0].query, busy, database, distributed_ddl_task_timeout=1
        )
        wait_until(lambda: count(cluster, queue) == before + 1, 20, "it is in the queue")
        run = pool.submit(project.invoke, "up", "--json")
        wait_until(lambda: count(cluster, queue) == before + 2, 20, "the statement is behind it")
        held.kill()
        failed = run.result(90)
        slow.exception()
    failure = json.loads(failed.out)["data"]["failure"]
    replica = f"127.0.0.1:{held.tcp_port}"
    assert failed.code == 6
    assert f"1 of 2 replicas have run it, not yet: {replica}; it stays" in failure["error"]
    assert "brokle-migrate up" in failure["hint"]
    early = project.invoke("up", "--timeout", "1s")
    assert early.code != 0
    assert f"not yet: {replica}" in early.err

    cluster.heal()
    done = project.invoke("up")
    assert done.code == 0, done.out + done.err
    assert ("made",) in held.query("SHOW TABLES", database)


def test_a_mutation_is_waited_for_on_the_other_replica(
    cluster: Cluster, database: str, scheme: str, through: Callable[[int], Project]
) -> None:
    project = through(0)
    rows = "INSERT INTO events (id, name) SELECT number, 'x' FROM numbers(4)"
    project.add_pair("3", "rows", f"{rows};\n{UPDATE}", "SELECT 1")
    assert project.invoke("up", "--steps", "2").code == 0
    held = cluster.replicas[1]
    held.query("SYSTEM STOP MERGES")
    with project.start("up") as running:
        done_here = f"SELECT sum(is_done) FROM system.mutations WHERE database = '{database}'"
        wait_until(lambda: count(cluster, done_here) == 1, 20, "it is done on the one replica")
        time.sleep(1)
        assert running.running
        assert set(held.query("SELECT name FROM events", database)) == {("x",)}
        driver = connect(parse_url(cluster.replicas[0].url(scheme, database), source="test"), {})
        assert behind(driver, database, "events", "0000000000") == ["r2"]
        driver.close()
        held.query("SYSTEM START MERGES")
        done = running.wait(60)
    assert done.code == 0, done.out + done.err
    assert set(held.query("SELECT name FROM events", database)) == {("y",)}


def test_runs_through_both_replicas_exclude_each_other(
    cluster: Cluster, database: str, through: Callable[[int], Project]
) -> None:
    for number in (0, 1):
        through(number).add_pair("3", "s", "INSERT INTO events (id) SELECT sleep(2)", "SELECT 1")
    assert through(0).invoke("up", "--steps", "2").code == 0
    with through(0).start("up") as first, through(1).start("up") as second:
        assert [first.wait(60).code, second.wait(60).code] == [0, 0]
    rows = f"SELECT count() FROM {database}.events"
    assert count(cluster, rows) == count(cluster, rows, 1) == 1


COLUMNS = (
    "SELECT table, name, type, default_expression FROM system.columns WHERE database = '{}' "
    "AND NOT startsWith(table, '.inner') AND NOT startsWith(table, 'schema_migrations')"
)


def test_one_history_fits_a_laptop_a_server_and_a_cluster(
    cluster: Cluster,
    database: str,
    clickhouse_server: ClickHouseServer,
    server_database: str,
    postgres_url: str,
    other_postgres_url: str,
    tmp_path: Path,
) -> None:
    urls = {
        "laptop": (
            f"postgresql+embedded:///{tmp_path}/pg",
            f"clickhouse+embedded:///{tmp_path}/ch",
        ),
        "server": (postgres_url, clickhouse_server.url("clickhouse+native", server_database)),
        "cluster": (other_postgres_url, cluster.replicas[0].url("clickhouse+native", database)),
    }
    columns = {}
    for name, (postgres, clickhouse) in urls.items():
        project = Project(tmp_path / name, postgres, clickhouse).with_bundled_histories()
        env = {"CLICKHOUSE_CLUSTER": NAME if name == "cluster" else None}
        for command in (("up",), ("down", "--all", "-y"), ("up", "--dump")):
            done = project.run(*command, env=env)
            assert done.code == 0, (name, command, done.out + done.err)
        dumped = (project.path / "schema" / "clickhouse.sql").read_text()
        columns[name] = re.findall(
            r"^ +`?([\w.]+)`? (.*?),?$", dumped.partition("INSERT")[0], re.MULTILINE
        )
    assert ("attributes.key", "Array(String)") in columns["laptop"]
    assert columns["laptop"] == columns["server"] == columns["cluster"]
    there = [set(each.query(COLUMNS.format(database))) for each in cluster.replicas]
    assert there[0] == there[1] == set(clickhouse_server.query(COLUMNS.format(server_database)))


@pytest.mark.parametrize("fixture", ["clickhouse_url", "native_url"])
def test_a_cluster_that_the_server_does_not_know(
    request: pytest.FixtureRequest, fixture: str, tmp_path: Path
) -> None:
    project = Project(tmp_path / "project", None, request.getfixturevalue(fixture))
    project.add_pair("1", "t", "CREATE TABLE t (a UInt8) ENGINE = Log", "DROP TABLE t")
    refused = project.run("up", env={"CLICKHOUSE_CLUSTER": "nowhere"})
    assert refused.code == 2, refused.out + refused.err
    assert "knows no cluster 'nowhere'" in refused.err


def test_what_is_hard_coded_is_warned_about(through: Callable[[int], Project]) -> None:
    planned = through(0).invoke("up", "--dry-run", "--json")
    assert planned.code == 0, planned.out + planned.err
    found = json.loads(planned.out)["data"]["findings"]
    assert [each["id"] for each in found] == ["CH016"] * 2
    assert "${on_cluster}" in through(0).invoke("up", "--dry-run").out
