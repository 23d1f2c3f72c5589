"""``info`` while something is wrong: what it sees, what it can't see, and how long it takes."""

from __future__ import annotations

import json
import threading
import time
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from brokle_migrate.environments import clickhouse_vitals, postgres_vitals
from tests.support.pgbouncer import PgBouncer, require_pgbouncer
from tests.support.postgres import EmbeddedPostgres, libpq_url
from tests.support.postgres_proxy import PostgresProxy
from tests.support.process import free_port
from tests.support.project import Project

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.gateway_process import GatewayProcess

DENIED = {"times": 0, "action": "error", "code": 497, "message": "Not enough privileges"}
BAD = "ALTER TABLE t UPDATE s = toString(throwIf(1)) WHERE s != 'ann@x.y'"
REFUSED = "ALTER TABLE t UPDATE x = 2 WHERE s = 'a'"  # of a key column
HURRY = ("--timeout", "1s")
QUICK = 8.0  # seconds, on a busy machine, for what has a limit of one


def told(project: Project, *argv: str) -> dict[str, Any]:
    """The data of ``info --json``."""
    result = project.invoke("info", "--json", *argv)
    assert "this is a bug" not in result.out
    found: dict[str, Any] = json.loads(result.out)["data"]
    return found


def of(found: dict[str, Any], name: str) -> dict[str, Any]:
    database: dict[str, Any]
    (database,) = [one for one in found["databases"] if one["environment"] == name]
    return database


def missing(found: dict[str, Any], name: str) -> dict[str, str]:
    """What is not known of a database, and what to grant."""
    return {one["what"]: one["hint"] for one in of(found, name)["missing"]}


@contextmanager
def session(project: Project, **options: Any) -> Iterator[psycopg.Connection]:
    with psycopg.connect(libpq_url(project.postgres_url or ""), **options) as connection:
        yield connection


@pytest.fixture
def applied(project: Project) -> Project:
    """A table in each database, made by a run."""
    project.add_revision("20250101000000", "CREATE TABLE t (id int)", "DROP TABLE t")
    project.add_pair(
        "20250101000000",
        "t",
        "CREATE TABLE t (x Int8, s String) ENGINE = MergeTree ORDER BY x;"
        "INSERT INTO t VALUES (1, 'a')",
        "DROP TABLE t",
    )
    assert project.invoke("up").code == 0
    return project


def test_runs_of_every_kind(applied: Project, gateway: GatewayProcess) -> None:
    assert applied.invoke("down", "-y").code == 0
    applied.add_revision("20250102000000", "SELECT nonsense", "SELECT 1")
    assert applied.invoke("up").code in {1, 6}
    assert applied.invoke("up", "--db", "clickhouse").code == 0
    up, _ = applied.add_pair("20250103000000", "u", f"SELECT 5; {REFUSED}", "SELECT 1")
    assert applied.invoke("up", "--db", "clickhouse").code == 6
    up.write_text("SELECT 5; SELECT 7")
    fault = gateway.fault("^SELECT 7$", action="hold")
    with applied.start("up", "--db", "clickhouse") as run:
        fault.wait()
        during = told(applied)
        run.kill()
    fault.release("drop")

    assert during["lock"]["held"]
    assert during["runs"][0]["ending"] == "running"
    assert during["runs"][0]["failure"]["reason"] == "under way"
    assert of(during, "clickhouse")["running"]
    runs = told(applied)["runs"]
    assert [run["ending"] for run in runs] == ["killed", "failed", "done", "failed", "done"]
    killed, failed, _, refused, back = runs
    assert killed["failure"]["revision"] == "20250103000000"
    assert killed["failure"]["statement"] == 2
    assert "UPDATE key column" in failed["failure"]["reason"]
    assert (failed["failure"]["statement"], failed["failure"]["statements"]) == (2, 2)
    assert refused["failure"]["environment"] == "postgres"
    assert "nonsense" in refused["failure"]["reason"]
    assert [deed["action"] for deed in back["did"]] == ["downgrade", "downgrade"]
    assert "@" in back["author"]


def test_how_long_a_run_took_in_postgres_counts(project: Project) -> None:
    project.add_revision("20250101000000", "SELECT pg_sleep(0.4)", "SELECT 1")
    project.add_pair("20250101000000", "t", "SELECT 1", "SELECT 1")
    assert project.invoke("up").code == 0
    (run,) = told(project)["runs"]
    assert run["duration"] >= 0.4
    assert [deed["environment"] for deed in run["did"]] == ["postgres", "clickhouse"]


def test_postgres_alone_says_that_it_keeps_no_record(tmp_path: Path, postgres_url: str) -> None:
    project = Project(tmp_path / "project", postgres_url)
    result = project.invoke("info")
    assert result.code == 0
    assert "last runs: they are recorded in ClickHouse, and none is configured" in result.out


def test_transactions_that_would_block(applied: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres_vitals, "LONG", 0.0)
    monkeypatch.setattr(postgres_vitals, "IDLE", 0.0)
    secret = "SELECT 'ann@example.org' FROM t"
    with ExitStack() as stack:
        idle = stack.enter_context(session(applied, application_name="reports"))
        idle.execute(secret)
        waiting = stack.enter_context(session(applied, application_name="release"))
        pid, other = waiting.info.backend_pid, idle.info.backend_pid
        alter = threading.Thread(target=waiting.execute, args=["ALTER TABLE t ADD y int"])
        alter.start()
        found = _until_it_waits(applied, pid)
        text = applied.invoke("info").out
        idle.rollback()
        alter.join()
    by_pid = {each["pid"]: each for each in of(found, "postgres")["transactions"]}
    holder, waiter = by_pid[other], by_pid[pid]
    assert (holder["name"], holder["state"]) == ("reports", "idle in transaction")
    assert holder["tables"] == ["t"]
    assert waiter["waits_for"] == [holder["pid"]]
    # Nobody has waited for the tables that are locked: their size is estimated.
    assert {table["name"] for table in of(found, "postgres")["tables"]} >= {"t"}
    assert f"SELECT pg_terminate_backend({holder['pid']});" in text
    assert "example.org" not in text + json.dumps(found)
    assert "nothing to do" not in text


def _until_it_waits(project: Project, pid: int) -> dict[str, Any]:
    for _ in range(100):
        found = told(project)
        for each in of(found, "postgres")["transactions"]:
            if each["pid"] == pid and each["waits_for"]:
                return found
        time.sleep(0.05)
    raise AssertionError("nobody waited")


def test_the_sizes_of_locked_tables_are_not_waited_for(applied: Project) -> None:
    with session(applied) as connection:
        connection.execute("LOCK TABLE t IN ACCESS EXCLUSIVE MODE")
        started = time.monotonic()
        found = of(told(applied), "postgres")
    assert time.monotonic() - started < QUICK
    assert found["missing"] == []
    assert "t" in {table["name"] for table in found["tables"]}


@pytest.fixture
def stranger(applied: Project) -> Iterator[Project]:
    """The same project, as somebody who may hardly see anything in Postgres."""
    with session(applied, autocommit=True) as admin:
        admin.execute("CREATE ROLE stranger LOGIN")
        admin.execute("GRANT SELECT ON alembic_version TO stranger")
        for view in ("pg_stat_activity", "pg_prepared_xacts"):
            admin.execute(f"REVOKE SELECT ON {view} FROM PUBLIC")
        (applied.path / "alembic.ini").write_text(
            (applied.path / "alembic.ini").read_text().replace("postgres@", "stranger@")
        )
        yield applied
        admin.execute("DROP OWNED BY stranger")
        admin.execute("DROP ROLE stranger")


def test_without_grants_in_postgres_the_rest_is_shown(stranger: Project) -> None:
    found = told(stranger)
    grant = "GRANT SELECT ON {} TO stranger".format
    assert missing(found, "postgres") == {
        "connections": grant("pg_stat_activity"),
        "transactions": grant("pg_stat_activity"),
        "prepared transactions": grant("pg_prepared_xacts"),
    }
    assert {table["name"] for table in of(found, "postgres")["tables"]} == {"t", "alembic_version"}
    with session(stranger, autocommit=True) as admin:
        admin.execute("GRANT SELECT ON pg_stat_activity TO stranger")
        found = told(stranger)
    hints = missing(found, "postgres")
    assert hints["transactions of others"] == "GRANT pg_read_all_stats TO stranger"
    assert of(found, "postgres")["connections"]["used"] >= 2


@pytest.mark.parametrize(
    ("table", "what"),
    [(part.grant, part.what) for part in clickhouse_vitals.PARTS],
)
def test_without_grants_in_clickhouse_the_rest_is_shown(
    applied: Project, gateway: GatewayProcess, table: str, what: str
) -> None:
    gateway.fault(rf"FROM {table}", **DENIED)
    found = told(applied, "--db", "clickhouse")
    assert missing(found, "clickhouse") == {what: f"GRANT SELECT ON {table} TO the user"}
    for other in ("tables", "disks"):
        assert bool(of(found, "clickhouse")[other]) is (other != what)
    assert found["runs"][0]["ending"] == "done"


def test_a_mutation_that_fails(applied: Project, gateway: GatewayProcess) -> None:
    database = (applied.clickhouse_url or "").rpartition("/")[2]
    gateway.query(f"{BAD} SETTINGS mutations_sync = 0", database)
    for _ in range(100):
        (found,) = of(told(applied, "--db", "clickhouse"), "clickhouse")["mutations"]
        if found["failure"]:
            break
    assert "throwIf" in found["command"]
    assert "'throwIf' function is non-zero" in found["failure"]
    assert "ann@x.y" not in json.dumps(found)
    text = applied.invoke("info", "--db", "clickhouse").out
    gateway.query("KILL MUTATION WHERE table = 't'", database)
    kill = "KILL MUTATION WHERE database = currentDatabase() AND table = 't' AND mutation_id = "
    assert f"{kill}'{found['id']}';" in text


def test_a_long_query(
    applied: Project, gateway: GatewayProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = clickhouse_vitals._QUERIES.replace("elapsed >= 10", "elapsed >= 0.2")
    monkeypatch.setattr(clickhouse_vitals, "_QUERIES", asked)
    fault = gateway.fault("^SELECT 11", action="hold")
    thread = threading.Thread(target=gateway.query, args=["SELECT 11"])
    thread.start()
    fault.wait()
    time.sleep(0.2)
    queries = of(told(applied, "--db", "clickhouse"), "clickhouse")["queries"]
    fault.release()
    thread.join()
    assert [(each["user"], each["address"]) for each in queries] == [("default", "127.0.0.1")]


@pytest.mark.parametrize("dead", ["postgres", "clickhouse"])
def test_one_dead_database_does_not_hide_the_other(applied: Project, dead: str) -> None:
    nowhere = f"127.0.0.1:{free_port()}"
    urls = {
        "postgres": ("DATABASE_URL", f"postgresql+psycopg://postgres@{nowhere}/app"),
        "clickhouse": ("CLICKHOUSE_URL", f"clickhouse+http://{nowhere}/app"),
    }
    result = applied.run("info", "--json", env=dict([urls[dead]]))
    assert result.code == 5
    found = json.loads(result.out)["data"]
    (other,) = {"postgres", "clickhouse"} - {dead}
    assert of(found, dead)["error"]["code"] == "unreachable"
    assert of(found, other)["server"]["version"]
    assert of(found, other)["tables"]
    assert bool(found["runs"]) is (dead == "postgres")
    lacking = {"postgres": "lock", "clickhouse": "last runs"}[dead]
    assert [one["what"] for one in found["missing"]] == [lacking]


def test_a_postgres_that_hangs_costs_seconds(applied: Project) -> None:
    with PostgresProxy(applied.postgres_url or "") as proxy:
        proxy.fault("alembic_version", action="freeze", times=0)
        env = {"DATABASE_URL": proxy.url(applied.postgres_url or "")}
        started = time.monotonic()
        result = applied.run("info", "--json", *HURRY, env=env)
        assert time.monotonic() - started < QUICK
    found = json.loads(result.out)["data"]
    assert result.code == 5
    assert "did not answer within 1 s" in of(found, "postgres")["error"]["message"]
    assert of(found, "clickhouse")["tables"]
    assert found["runs"]


@pytest.mark.parametrize(
    ("question", "known"), [("max(seq) FROM", False), ("FROM system.disks", True)]
)
def test_a_clickhouse_that_hangs_costs_seconds(
    applied: Project, gateway: GatewayProcess, question: str, known: bool
) -> None:
    gateway.fault(question.replace("(", r"\(").replace(")", r"\)"), action="freeze", times=0)
    started = time.monotonic()
    found = told(applied, *HURRY)
    assert time.monotonic() - started < QUICK
    assert of(found, "postgres")["server"]["version"]
    clickhouse = of(found, "clickhouse")
    assert bool(clickhouse["server"]) is known
    if known:  # what was asked before is shown
        assert found["runs"]
        assert clickhouse["missing"]
    else:
        assert clickhouse["error"]["code"] == "unreachable"


def test_the_lock_is_in_the_database_that_was_not_asked_for(applied: Project) -> None:
    label = of(told(applied), "postgres")["label"]
    found = told(applied, "--db", "clickhouse")
    assert found["lock"]["database"] == label
    assert [one["environment"] for one in found["databases"]] == ["clickhouse"]


def test_a_handful_of_questions(applied: Project, gateway: GatewayProcess) -> None:
    with PostgresProxy(applied.postgres_url or "") as proxy:
        env = {"DATABASE_URL": proxy.url(applied.postgres_url or "")}
        gateway.reset()
        assert applied.run("info", env=env).code == 0
        texts = proxy.texts()
    begin = next(n for n, text in enumerate(texts) if "set_config('lock_timeout'" in text)
    vitals = texts[begin : texts.index("COMMIT", begin)]
    assert len(vitals) == 2 + len(postgres_vitals.PARTS)
    # Most of the others are what SQLAlchemy asks of every new connection, and there are three.
    assert len(texts) < 60
    # Ledger, version, an empty one; the last runs; a question for each part.
    assert len(gateway.texts()) == 3 + 1 + len(clickhouse_vitals.PARTS)


def test_where_every_statement_commits_by_itself(applied: Project) -> None:
    path = applied.path / "alembic" / "env.py"
    text = path.read_text()
    path.write_text(text.replace("poolclass=", 'isolation_level="AUTOCOMMIT", poolclass='))
    assert path.read_text() != text
    found = of(told(applied), "postgres")
    assert found["missing"] == []
    assert found["connections"]["used"] >= 1


def test_a_database_that_can_only_be_read(applied: Project) -> None:
    name = psycopg.conninfo.conninfo_to_dict(libpq_url(applied.postgres_url or ""))["dbname"]
    with session(applied, autocommit=True) as admin:
        admin.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
        text = applied.invoke("info", "--db", "postgres").out
    assert "read only nothing can be migrated here: default_transaction_read_only is on" in text


def test_a_crowded_table(
    applied: Project, gateway: GatewayProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clickhouse_vitals, "_CROWDED", 2)
    limit = clickhouse_vitals._SLOWS.replace("SELECT value", "SELECT 4")
    monkeypatch.setattr(clickhouse_vitals, "_SLOWS", limit)
    database = (applied.clickhouse_url or "").rpartition("/")[2]
    gateway.query("SYSTEM STOP MERGES t", database)
    for number in (2, 3):
        gateway.query(f"INSERT INTO t VALUES ({number}, 'a')", database)
    crowded = of(told(applied, "--db", "clickhouse"), "clickhouse")["crowded"]
    assert {"table": "t", "parts": 3, "slows": 4} in crowded


def test_through_a_pooler(
    applied: Project, servers_directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    require_pgbouncer()
    monkeypatch.setattr(postgres_vitals, "IDLE", 0.0)
    pooler = PgBouncer(servers_directory / "pooler-info", applied.postgres_url or "")
    monkeypatch.setenv("DATABASE_URL", pooler.url(applied.postgres_url or ""))
    try:
        with session(applied, application_name="reports") as idle:
            idle.execute("SELECT 1 FROM t")
            found = of(told(applied), "postgres")
    finally:
        pooler.stop()
    assert [each["name"] for each in found["transactions"]] == ["reports"]
    assert found["missing"] == []


@pytest.mark.parametrize("protocol", ["native_url", "server_http_url"])
def test_an_old_server(tmp_path: Path, request: pytest.FixtureRequest, protocol: str) -> None:
    project = Project(tmp_path / "project", None, request.getfixturevalue(protocol))
    table = "CREATE TABLE t (x Int8, s String) ENGINE = MergeTree ORDER BY x"
    project.add_pair(1, "t", f"{table}; INSERT INTO t SELECT 1, 'a'", "DROP TABLE t")
    update = "-- migrate: wait none\nALTER TABLE t UPDATE s = toString(toInt8(s)) WHERE s != 'b'"
    project.add_pair(2, "u", update, "SELECT 1")
    assert project.invoke("up").code == 0
    found = told(project)
    assert missing(found, "clickhouse") == {"disks": None}
    database = of(found, "clickhouse")
    assert [each["table"] for each in database["mutations"]] == ["t"]
    assert "'…'" in database["mutations"][0]["command"]
    assert {each["name"] for each in database["tables"]} >= {"t", "schema_migrations"}
    assert [run["did"][0]["revisions"] for run in found["runs"]] == [["1", "2"]]
    assert found["runs"][0]["ending"] == "done"


def test_a_prepared_transaction(tmp_path: Path, servers_directory: Path) -> None:
    server = EmbeddedPostgres(servers_directory / "prepares")
    try:
        url = server.database_url("postgres")
        with psycopg.connect(libpq_url(url), autocommit=True) as admin:
            admin.execute("ALTER SYSTEM SET max_prepared_transactions = 1")
        server.stop()
        server.start()
        with psycopg.connect(libpq_url(url), autocommit=True) as client:
            client.execute("CREATE TABLE t (id int)")
            client.execute("BEGIN; INSERT INTO t VALUES (1)")
            client.execute("PREPARE TRANSACTION 'two''s'")
            project = Project(tmp_path / "project", url)
            (found,) = of(told(project), "postgres")["transactions"]
            text = project.invoke("info").out
            client.execute("ROLLBACK PREPARED 'two''s'")
    finally:
        server.remove()
    assert (found["pid"], found["name"], found["state"]) == (None, "two's", "prepared")
    assert found["tables"] == ["t"]
    assert "ROLLBACK PREPARED 'two''s';" in text


def test_files_that_are_not_valid_hide_no_server(applied: Project) -> None:
    applied.write("migrations_clickhouse/versions/20250101000000_twice.up.sql", "SELECT 1")
    found = told(applied)
    clickhouse = of(found, "clickhouse")
    assert "20250101000000" in clickhouse["error"]["message"]
    assert clickhouse["server"]["version"]
    assert clickhouse["tables"]
    assert of(found, "postgres")["error"] is None


def test_a_password_is_not_recorded(applied: Project, gateway: GatewayProcess) -> None:
    secret = "s3cret-w0rd"
    gateway.require("ann", secret)
    ini = applied.path / "alembic.ini"
    ini.write_text(ini.read_text().replace("default:@", f"ann:{secret}@"))
    applied.add_revision("20250102000000", f"DO $$ BEGIN RAISE 'not {secret}'; END $$", "SELECT 1")
    assert applied.invoke("up").code == 1
    (run, _) = told(applied)["runs"]
    gateway.reset()
    database = (applied.clickhouse_url or "").rpartition("/")[2]
    notes = str(gateway.query("SELECT note, error FROM schema_migrations", database))
    assert run["failure"]["reason"].startswith("not ***")
    assert "not ***" in notes
    assert secret not in notes
