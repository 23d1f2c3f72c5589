"""Answers that never come: bounded time, a report that is true, and ``up`` finishes afterwards."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from tests.support.process import wait_until
from tests.support.project import Project

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.servers import ClickHouseServer
    from tests.support.terminal import Result

    from .site import Servers, Site, Undisturbed

pytestmark = pytest.mark.faults

CLICKHOUSE_STATEMENTS = {
    "intent": "^INSERT INTO `schema_migrations`.*20250205000000",
    "create": "^CREATE TABLE errors",
    "insert": "^INSERT INTO errors",
    "mutation": "^ALTER TABLE events UPDATE",
    "drop": "^DROP TABLE passing",
}
POSTGRES_STATEMENTS = {
    "statement": "^CREATE TABLE usage",
    "version": "^UPDATE alembic_version SET version_num='20250104",
    "commit": "^COMMIT",
}
# Each kind of statement at both moments: the answer to it alone never comes, or nothing any more.
HANGS = [
    ("intent", "before", False),
    ("intent", "after", True),
    ("insert", "before", True),
    ("insert", "after", False),
    ("mutation", "before", False),
    ("mutation", "after", True),
]
TIMEOUT, GRACE = 5, 15  # seconds that the run may take, and those to end it and to look around
HANGING = (f"--timeout={TIMEOUT}s",)


def parameters(statements: dict[str, str]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("match", statements.values(), ids=statements.keys())


@parameters(CLICKHOUSE_STATEMENTS)
@pytest.mark.parametrize("when", ["before", "after"])
def test_clickhouse_drops_the_connection(
    site: Site, undisturbed: Undisturbed, match: str, when: str
) -> None:
    site.gateway.fault(match, when=when, action="drop")
    assert site.check_up(undisturbed).code in {0, 6}
    site.assert_up_finishes(undisturbed)


@parameters(POSTGRES_STATEMENTS)
@pytest.mark.parametrize("when", ["before", "after"])
def test_postgres_drops_the_connection(
    site: Site, undisturbed: Undisturbed, match: str, when: str
) -> None:
    site.proxy.fault(match, nth=3 if "COMMIT" in match else 1, when=when, action="drop")
    assert site.check_up(undisturbed).code in {0, 6}
    site.assert_up_finishes(undisturbed)


@pytest.mark.parametrize(("name", "when", "everything"), HANGS)
def test_clickhouse_hangs(
    site: Site, undisturbed: Undisturbed, name: str, when: str, everything: bool
) -> None:
    match = CLICKHOUSE_STATEMENTS[name]
    if everything:
        held = site.gateway.fault(match, when=when)
        with site.start("up", "--json", *HANGING) as run:
            held.wait()
            site.gateway.fault(action="freeze", times=0)
            started = time.monotonic()
            result = run.wait(TIMEOUT + GRACE)
            assert time.monotonic() - started < TIMEOUT + GRACE
        site.repair()
        assert result.code == 6, result
    else:
        site.gateway.fault(match, when=when, action="freeze")
        assert bounded(site, undisturbed).code in {0, 6}
    site.assert_up_finishes(undisturbed)


@pytest.mark.parametrize(
    ("name", "when"),
    [("statement", "after"), ("version", "before"), ("commit", "before"), ("commit", "after")],
)
def test_postgres_hangs(site: Site, undisturbed: Undisturbed, name: str, when: str) -> None:
    match = POSTGRES_STATEMENTS[name]
    site.proxy.fault(match, nth=3 if "COMMIT" in match else 1, when=when, action="freeze")
    assert bounded(site, undisturbed).code == 6
    site.assert_up_finishes(undisturbed)


def bounded(site: Site, undisturbed: Undisturbed) -> Result:
    """A run with a time limit, which it keeps."""
    started = time.monotonic()
    result = site.run("up", "--json", *HANGING)
    assert time.monotonic() - started < TIMEOUT + GRACE
    site.repair()
    truth = site.truth(undisturbed.reference)
    assert truth.revisions or truth.statements
    return result


@pytest.mark.parametrize(
    ("match", "when"), [("^CREATE TABLE errors", "before"), ("^RENAME TABLE errors", "after")]
)
def test_clickhouse_is_killed_and_comes_back(
    site: Site, undisturbed: Undisturbed, match: str, when: str
) -> None:
    fault = site.gateway.fault(match, when=when)
    before = site.truth(undisturbed.reference)
    with site.start("up", "--json") as run:
        fault.wait()
        site.gateway.kill()
        result = run.wait()
    assert result.code == 6, result
    site.gateway.restart()
    site.check_report(result, undisturbed.reference, before)
    site.assert_up_finishes(undisturbed, logged=False)


def test_postgres_stops_between_two_steps(
    servers: Servers, site: Site, undisturbed: Undisturbed
) -> None:
    fault = site.gateway.fault("^INSERT INTO events SELECT id")  # the last before Postgres' turn
    before = site.truth(undisturbed.reference)
    with site.start("up", "--json") as run:
        fault.wait()
        servers.postgres.stop()  # type: ignore[attr-defined]
        try:
            fault.release()
            result = run.wait()
            assert result.code == 6, result
            down = site.run("status")
            assert down.code == 5, down
        finally:
            servers.postgres.start()  # type: ignore[attr-defined]
    site.check_report(result, undisturbed.reference, before)
    site.assert_up_finishes(undisturbed)


@pytest.mark.parametrize("match", ["^CREATE TABLE plans", "^CREATE TABLE usage"])
def test_postgres_restarts_during_a_step(
    servers: Servers, site: Site, undisturbed: Undisturbed, match: str
) -> None:
    fault = site.proxy.fault(match, when="after")
    before = site.truth(undisturbed.reference)
    with site.start("up", "--json") as run:
        fault.wait()
        servers.postgres.stop()  # type: ignore[attr-defined]
        servers.postgres.start()  # type: ignore[attr-defined]
        fault.release("drop")
        result = run.wait()
    assert result.code in {0, 6}, result
    site.check_report(result, undisturbed.reference, before)
    site.assert_up_finishes(undisturbed)


SLEEP = "SELECT count() FROM (SELECT sleepEachRow(1) FROM system.numbers LIMIT 6)"
INTERRUPTED = f"""CREATE TABLE a (id UInt8) ENGINE = Log;
INSERT INTO a SELECT 1;
-- migrate: settings max_block_size=1
{SLEEP};
CREATE TABLE b (id UInt8) ENGINE = Log;
"""


@pytest.mark.parametrize(
    ("scheme", "polite"), [("clickhouse+http", True), ("clickhouse+native", False)]
)
def test_a_real_clickhouse_restarts_during_a_statement(
    tmp_path: Path,
    clickhouse_server: ClickHouseServer,
    server_database: str,
    scheme: str,
    polite: bool,
) -> None:
    url = clickhouse_server.url(scheme, server_database)
    project = Project(tmp_path / "project", None, url)
    project.add_pair("1", "t", INTERRUPTED, "DROP TABLE b; DROP TABLE a")

    def runs() -> bool:
        query = "SELECT count() FROM system.processes WHERE query LIKE 'SELECT count() FROM (SEL%'"
        return clickhouse_server.query(query) == [(1,)]

    with project.start("up", "--json") as run:
        wait_until(runs, 30, "the statement runs")
        end = clickhouse_server.stop if polite else clickhouse_server.kill
        end()
        result = run.wait()
    # A server that stops politely ends what runs: the answer may still come.
    assert result.code in ({0, 6} if polite else {6}), result
    assert project.run("status").code == 5
    clickhouse_server.restart()
    again = project.run("up")
    assert again.code == 0, again
    assert clickhouse_server.query("SELECT count() FROM a", server_database) == [(1,)]
    assert clickhouse_server.query("SELECT count() FROM b", server_database) == [(0,)]
