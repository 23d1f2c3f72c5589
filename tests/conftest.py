"""Servers and projects for every test: one of each server per worker, one database per test."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from tests.support.forkserver import Forkserver
from tests.support.gateway_process import GatewayProcess
from tests.support.pgbouncer import PgBouncer, require_pgbouncer
from tests.support.postgres import EmbeddedPostgres, OwnPostgres, fresh_database
from tests.support.project import Project
from tests.support.query import http_query
from tests.support.servers import ClickHouseServer, require_clickhouse_server

if TYPE_CHECKING:
    from collections.abc import Iterator

# The same examples in every run, so that what passes stays passed; the other profile looks for new
# ones: make test PYTEST_OPTIONS=--hypothesis-profile=explore
settings.register_profile("repeatable", derandomize=True)
settings.register_profile("explore", derandomize=False)
settings.load_profile("repeatable")

OWN_POSTGRES = os.environ.get("BROKLE_TEST_POSTGRES_URL")
OWN_CLICKHOUSE = os.environ.get("BROKLE_TEST_CLICKHOUSE_URL")

ROOM = 4 << 30

READ_BY_THE_PRODUCT = ("DB_", "CLICKHOUSE_", "PG")
READ_BY_NAME = {"DATABASE_URL", "ALEMBIC_CONFIG", "NO_COLOR", "FORCE_COLOR", "COLUMNS", "LINES"}


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what the tests counted (``record_property``), over all workers."""
    counts: Counter[str] = Counter()
    for reports in terminalreporter.stats.values():
        for report in reports:
            if getattr(report, "when", "") == "call":
                counts.update(dict(report.user_properties))
    for name, count in counts.items():
        terminalreporter.write_line(f"{name}: {count}")


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test sees the configuration of the machine it runs on."""
    for name in list(os.environ):
        if name.startswith(READ_BY_THE_PRODUCT) or name in READ_BY_NAME:
            monkeypatch.delenv(name)


@pytest.fixture(scope="session", autouse=True)
def forkserver() -> Iterator[Forkserver]:
    """Where projects run the command, unless a test wants a fresh interpreter."""
    with Forkserver() as server:
        Project.forkserver = server
        yield server
    Project.forkserver = None


@pytest.fixture(scope="session")
def servers_directory() -> Iterator[Path]:
    """Where servers keep their data: short, for sockets; not private, for their users."""
    path = Path(tempfile.mkdtemp(prefix="bm-", dir=_memory()))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path, ignore_errors=True)


def _memory() -> str | None:
    """A file system in memory with room enough: a database is made there ten times as fast."""
    place = Path("/dev/shm")
    room = os.access(place, os.W_OK) and shutil.disk_usage(place).free >= ROOM
    return str(place) if room else None


@pytest.fixture(scope="session")
def postgres_server(servers_directory: Path) -> Iterator[EmbeddedPostgres]:
    """The embedded Postgres; who stops it starts it again."""
    server = EmbeddedPostgres(servers_directory / "pg")
    yield server
    server.remove()


@pytest.fixture
def postgres_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """An empty Postgres database."""
    yield from _empty_postgres(request)


@pytest.fixture
def other_postgres_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """A second one."""
    yield from _empty_postgres(request)


def _empty_postgres(request: pytest.FixtureRequest) -> Iterator[str]:
    if OWN_POSTGRES:
        server: OwnPostgres | EmbeddedPostgres = OwnPostgres(OWN_POSTGRES)
    else:
        server = request.getfixturevalue("postgres_server")
    with fresh_database(server) as url:
        yield url


@pytest.fixture
def pooled_url(postgres_url: str, servers_directory: Path) -> Iterator[str]:
    """The same database through a pooler in transaction mode."""
    require_pgbouncer()
    pooler = PgBouncer(servers_directory / f"pooler-{os.urandom(4).hex()}", postgres_url)
    yield pooler.url(postgres_url)
    pooler.stop()


@pytest.fixture(scope="session")
def gateway_process(servers_directory: Path) -> Iterator[GatewayProcess]:
    """The modern ClickHouse engine behind HTTP; use ``gateway``, which tidies up."""
    gateway = GatewayProcess(servers_directory / "ch")
    yield gateway
    gateway.stop()


@pytest.fixture
def gateway(gateway_process: GatewayProcess) -> Iterator[GatewayProcess]:
    """The gateway, without faults, password and log before and after the test."""
    gateway_process.reset()
    yield gateway_process
    if gateway_process.process.poll() is not None:
        gateway_process.restart()
    gateway_process.reset()


@pytest.fixture
def clickhouse_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """An empty ClickHouse database over HTTP: the gateway's, or on a server of one's own."""
    if OWN_CLICKHOUSE:
        base, name = OWN_CLICKHOUSE.rsplit("/", 1)[0], f"test_{os.urandom(6).hex()}"
        http_query(f"{base}/default", f"CREATE DATABASE {name}")
        yield f"{base}/{name}"
        http_query(f"{base}/default", f"DROP DATABASE IF EXISTS {name}")
        return
    gateway: GatewayProcess = request.getfixturevalue("gateway")
    yield from _empty_clickhouse(gateway)


@pytest.fixture
def other_clickhouse_url(gateway: GatewayProcess) -> Iterator[str]:
    """A second one, on the gateway in any case."""
    yield from _empty_clickhouse(gateway)


def _empty_clickhouse(gateway: GatewayProcess) -> Iterator[str]:
    name = gateway.create_database()
    gateway.reset()  # the log starts with what the test does
    yield gateway.database_url(name)
    if gateway.process.poll() is not None:
        gateway.restart()
    gateway.reset()
    gateway.drop_database(name)


@pytest.fixture(scope="session")
def clickhouse_server_process(servers_directory: Path) -> Iterator[ClickHouseServer]:
    """Debian's server; use ``clickhouse_server``, which revives it."""
    require_clickhouse_server()
    server = ClickHouseServer(servers_directory / "server")
    yield server
    server.remove()


@pytest.fixture
def clickhouse_server(
    clickhouse_server_process: ClickHouseServer,
) -> Iterator[ClickHouseServer]:
    """Debian's server, running again after a test that stopped it."""
    yield clickhouse_server_process
    if clickhouse_server_process.process.poll() is not None:
        clickhouse_server_process.restart()


@pytest.fixture
def server_database(clickhouse_server: ClickHouseServer) -> Iterator[str]:
    """The name of an empty database on Debian's server."""
    name = clickhouse_server.create_database()
    yield name
    if clickhouse_server.process.poll() is not None:
        clickhouse_server.restart()
    clickhouse_server.drop_database(name)


@pytest.fixture
def native_url(clickhouse_server: ClickHouseServer, server_database: str) -> str:
    """An empty database on Debian's server, over the native protocol, with a password."""
    return clickhouse_server.url("clickhouse+native", server_database)


@pytest.fixture
def server_http_url(clickhouse_server: ClickHouseServer, server_database: str) -> str:
    """The same database over HTTP."""
    return clickhouse_server.url("clickhouse+http", server_database)


@pytest.fixture
def project(tmp_path: Path, postgres_url: str, clickhouse_url: str) -> Project:
    """A project without revisions over two empty databases."""
    return Project(tmp_path / "project", postgres_url, clickhouse_url)
