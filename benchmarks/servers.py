"""The servers of a run: started when first asked for, kept running, removed at the end."""

from __future__ import annotations

import shutil
import subprocess
import sys
from functools import cached_property
from pathlib import Path
from typing import Protocol

import psycopg

from tests.support.gateway_process import GatewayProcess
from tests.support.postgres import EmbeddedPostgres, libpq_url
from tests.support.process import ROOT, stop
from tests.support.servers import ClickHouseServer

from .measure import Skipped


class Postgres:
    """The embedded server as a plain one: its start is not part of any time."""

    def __init__(self, directory: Path) -> None:
        self._server = EmbeddedPostgres(directory)

    @cached_property
    def label(self) -> str:
        """Which server it is."""
        with psycopg.connect(libpq_url(self.url("postgres"))) as connection:
            version = connection.info.server_version // 10_000
        return f"PostgreSQL {version} over its socket"

    def url(self, name: str) -> str:
        """SQLAlchemy's URL of a database."""
        return self._server.database_url(name)

    def renew(self, name: str) -> None:
        """Make a database that is empty."""
        admin_url = libpq_url(self.url("postgres"))
        with psycopg.connect(admin_url, autocommit=True) as admin:
            admin.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
            admin.execute(f"CREATE DATABASE {name} TEMPLATE template0")

    def remove(self) -> None:
        """Stop it; nothing is left."""
        self._server.remove()


class ClickHouse(Protocol):
    """One kind of ClickHouse server."""

    @property
    def label(self) -> str:
        """Which server it is, over which protocol."""

    def url(self, name: str) -> str:
        """SQLAlchemy's URL of a database."""

    def dbmate_url(self, name: str) -> str:
        """dbmate's URL of a database.

        :raises Skipped: dbmate can't work on this server.
        """

    def renew(self, name: str) -> None:
        """Make a database that is empty."""

    def remove(self) -> None:
        """Stop it; nothing is left."""


class NativeServer:
    """Debian's server."""

    def __init__(self, directory: Path) -> None:
        self._server = ClickHouseServer(directory)

    @cached_property
    def label(self) -> str:
        return f"ClickHouse {_version(self._server)}, native protocol"

    def url(self, name: str) -> str:
        return self._server.url("clickhouse+native", name, user="default", password="")

    def dbmate_url(self, name: str) -> str:  # noqa: ARG002 - for no database
        raise Skipped("dbmate's INSERT … VALUES never ends on a server this old")

    def renew(self, name: str) -> None:
        self._server.query(f"DROP DATABASE IF EXISTS {name}")
        self._server.query(f"CREATE DATABASE {name}")

    def remove(self) -> None:
        self._server.remove()


class ModernServer:
    """The embedded engine behind HTTP, which runs where nothing but pip's packages are."""

    def __init__(self, directory: Path) -> None:
        self._server = _FramedGateway(directory)

    @cached_property
    def label(self) -> str:
        return f"ClickHouse {_version(self._server)}, HTTP"

    def url(self, name: str) -> str:
        return self._server.database_url(name)

    def dbmate_url(self, name: str) -> str:
        return self._server.database_url(name)

    def renew(self, name: str) -> None:
        self._server.drop_database(name)
        self._server.query(f"CREATE DATABASE {name}")
        self._server.reset()  # what it remembers of every query

    def remove(self) -> None:
        self._server.stop()


class _FramedGateway(GatewayProcess):
    """The gateway of ``benchmarks.gateway``."""

    def _start(self) -> subprocess.Popen[str]:
        self.directory.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "benchmarks.gateway"]
        command += ["--directory", str(self.directory / "data"), "--port", str(self.port)]
        process = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert process.stdout is not None
        if not process.stdout.readline():
            stop(process)
            raise RuntimeError("the ClickHouse gateway did not start")
        return process


def debian_server_installed() -> bool:
    """Whether there is a server that speaks the native protocol."""
    usual = Path("/usr/sbin/clickhouse-server")
    return usual.exists() or shutil.which("clickhouse-server") is not None


def _version(server: ClickHouseServer | GatewayProcess) -> str:
    ((version,),) = server.query("SELECT version()")
    return ".".join(str(version).split(".")[:2])
