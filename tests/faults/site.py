"""A place for one fault: two fresh databases, the project, and the doors to both servers."""

from __future__ import annotations

import contextlib
import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.support.postgres import fresh_database
from tests.support.postgres_proxy import PostgresProxy
from tests.support.process import wait_until
from tests.support.project import Project
from tests.support.query import http_query
from tests.support.schema import postgres_dump

from .history import HISTORY, is_repeatable
from .truth import (
    Truth,
    assert_report_is_true,
    assert_status_is_true,
    build_reference,
    clickhouse_state,
    is_complete,
    observe,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.gateway_process import GatewayProcess
    from tests.support.postgres import PostgresServer
    from tests.support.running import Running
    from tests.support.terminal import Result

    from .truth import Reference

SETTLE_SECONDS = 30.0
RUN_SECONDS = 30.0  # ten times what the slowest run needs

_numbers = itertools.count(1)


@dataclass(frozen=True)
class Servers:
    """What all faults of a worker share."""

    postgres: PostgresServer
    gateway: GatewayProcess


@dataclass(frozen=True)
class Undisturbed:
    """What a run without a fault left behind, and what it did on the way.

    :ivar course: the statements in their order, each with the server that got it.
    :ivar result: what both databases hold.
    """

    reference: Reference
    course: tuple[tuple[str, str], ...]
    result: tuple[Any, ...]


class Site:
    """Two fresh databases and a project over them; Postgres is reached through a proxy."""

    def __init__(
        self, servers: Servers, path: Path, proxy: PostgresProxy, postgres: str, clickhouse: str
    ) -> None:
        self.gateway = servers.gateway
        self.proxy = proxy
        self.postgres_url = postgres
        self.clickhouse_url = clickhouse
        self.database = clickhouse.rsplit("/", 1)[1]
        self.project = Project(path, proxy.url(postgres), clickhouse)

    def start(self, *argv: str, fresh: bool = False) -> Running:
        """Start the command and leave it running."""
        return self.project.start(*argv, fresh=fresh)

    def run(self, *argv: str) -> Result:
        """Run the command."""
        return self.project.run(*argv, timeout=RUN_SECONDS)

    def log(self) -> list[dict[str, Any]]:
        """What ClickHouse was asked here."""
        return self.gateway.log(database=self.database)

    def settle(self) -> None:
        """Wait until ClickHouse works on nothing any more, killed clients' statements included."""
        wait_until(
            lambda: all(record["state"] != "running" for record in self.log()),
            SETTLE_SECONDS,
            "nothing runs any more",
        )
        query = (
            "SELECT count() FROM system.mutations "
            f"WHERE NOT is_done AND database = '{self.database}'"
        )
        wait_until(
            lambda: http_query(self.clickhouse_url, query) == [(0,)],
            SETTLE_SECONDS,
            "every mutation is done",
        )

    def truth(self, reference: Reference) -> Truth:
        """Where both databases stand."""
        self.settle()
        return observe(reference, self.postgres_url, self.clickhouse_url)

    def check_status(self, reference: Reference) -> Truth:
        """``status`` tells the truth; the truth."""
        result = self.run("status", "--json")
        truth = self.truth(reference)
        assert_status_is_true(result.out, reference, truth)
        return truth

    def check_report(self, result: Result, reference: Reference, before: Truth) -> Truth:
        """The report of a run tells the truth; the truth."""
        truth = self.truth(reference)
        assert_report_is_true(result.out, result.code, reference, before, truth)
        return truth

    def content(self) -> tuple[Any, ...]:
        """What both databases hold, the ledger apart."""
        self.settle()
        return postgres_dump(self.postgres_url), clickhouse_state(self.clickhouse_url)

    def assert_each_ran_once(self) -> None:
        """Every statement was executed, and none that must not be a second time."""
        done = [record["text"].strip() for record in self.log() if record["executed"]]
        for statement in HISTORY.statements:
            count = done.count(statement)
            assert count >= 1, f"never executed: {statement}"
            assert count == 1 or is_repeatable(statement), f"executed {count} times: {statement}"

    def check_up(self, undisturbed: Undisturbed, *argv: str) -> Result:
        """Run ``up`` with a fault in its way; report and status tell the truth."""
        return self.check_up_from(self.truth(undisturbed.reference), undisturbed, *argv)[0]

    def check_up_from(
        self, before: Truth, undisturbed: Undisturbed, *argv: str
    ) -> tuple[Result, Truth]:
        """Do the same where it is known how both databases stand; how they stand afterwards."""
        result = self.run("up", "--json", *argv)
        self.repair()
        self.check_report(result, undisturbed.reference, before)
        return result, self.check_status(undisturbed.reference)

    def repair(self) -> None:
        """End every fault; the servers remember what they were asked."""
        self.gateway.disarm()
        self.proxy.reset()

    def assert_up_finishes(
        self, undisturbed: Undisturbed, *, logged: bool = True, status: bool = True
    ) -> None:
        """``up`` brings about by itself what an undisturbed run does, and says so.

        :param logged: whether the gateway remembers everything that it was asked.
        :param status: whether to hold ``status`` against the truth before.
        """
        reference = undisturbed.reference
        before = self.check_status(reference) if status else self.truth(reference)
        result = self.run("up", "--json")
        after = self.check_report(result, reference, before)
        assert result.code == 0, f"a person is asked: {result.out}{result.err}"
        # Where the truth is known, ClickHouse has been compared already, to the last row.
        assert is_complete(reference, after)
        assert postgres_dump(self.postgres_url) == undisturbed.result[0]
        if logged:
            self.assert_each_ran_once()


@contextlib.contextmanager
def open_site(servers: Servers, directory: Path, *, per_migration: bool = False) -> Iterator[Site]:
    """A site with the history's files, and nothing applied; its servers' faults are cleared."""
    servers.gateway.reset()
    with open_further_site(servers, directory, per_migration=per_migration) as site:
        yield site
    servers.gateway.reset()


@contextlib.contextmanager
def open_further_site(
    servers: Servers, directory: Path, *, per_migration: bool = False
) -> Iterator[Site]:
    """A site beside others, whose servers forget nothing."""
    database = servers.gateway.create_database()
    with fresh_database(servers.postgres) as postgres, PostgresProxy(postgres) as proxy:
        path = directory / f"site-{next(_numbers)}"
        site = Site(servers, path, proxy, postgres, servers.gateway.database_url(database))
        HISTORY.write(site.project, per_migration=per_migration)
        yield site
        proxy.reset()
    if servers.gateway.process.poll() is not None:
        servers.gateway.restart()
    servers.gateway.disarm()
    servers.gateway.drop_database(database)


def run_undisturbed(servers: Servers, directory: Path, *, per_migration: bool) -> Undisturbed:
    """Run the history without the product for reference, then with it and without a fault."""
    with open_site(servers, directory) as site:
        reference = build_reference(HISTORY, site.postgres_url, site.clickhouse_url)
    with open_site(servers, directory, per_migration=per_migration) as site:
        result = site.run("up")
        assert result.code == 0, result
        asked = [(record["started"], "clickhouse", record["text"]) for record in site.log()]
        sent = [(moment, "postgres", text) for moment, text in site.proxy.sent()]
        course = tuple((server, text) for _, server, text in sorted(asked + sent))
        truth = site.truth(reference)
        assert is_complete(reference, truth)
        return Undisturbed(reference, course, site.content())
