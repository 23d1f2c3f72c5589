"""A connection pooler: Debian's PgBouncer in transaction mode, in front of a test's Postgres."""

from __future__ import annotations

import os
import pwd
import shutil
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, unquote, urlsplit

from .daemon import listens, missing, start
from .process import free_port, stop

if TYPE_CHECKING:
    import subprocess

START_SECONDS = 20.0

CONFIG = """[databases]
* = {server}

[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {listen_port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = 8
max_client_conn = 200
ignore_startup_parameters = extra_float_digits
"""


class PgBouncer:
    """One pooler process.

    :param server_url: SQLAlchemy's URL of any database of the server behind it.
    :param user: who it logs in as, when that is not the URL's user.
    """

    def __init__(self, directory: Path, server_url: str, user: str | None = None) -> None:
        self.port = free_port()
        self._user = user or urlsplit(server_url).username or "postgres"
        directory.mkdir(parents=True)
        directory.chmod(0o755)
        config = directory / "pgbouncer.ini"
        server = {**_address(server_url), "user": self._user}
        config.write_text(
            CONFIG.format(
                server=" ".join(f"{name}={value}" for name, value in server.items()),
                listen_port=self.port,
            )
        )
        self.process = self._start(config, _owner(server["host"]))

    def url(self, direct: str) -> str:
        """The URL of the same database through the pooler."""
        database = urlsplit(direct).path
        return f"postgresql+psycopg://{self._user}@127.0.0.1:{self.port}{database}"

    def stop(self) -> None:
        """End it."""
        stop(self.process)

    def _start(self, config: Path, owner: int) -> subprocess.Popen[str]:
        identity = {"user": owner, "group": owner, "extra_groups": []} if os.getuid() == 0 else {}
        return start(
            "pgbouncer",
            [_binary() or "", "--quiet", str(config)],
            config.with_suffix(".log"),
            lambda: listens(self.port),
            seconds=START_SECONDS,
            **identity,
        )


def require_pgbouncer() -> None:
    """Skip where PgBouncer is not installed; fail where skipping is forbidden."""
    if _binary() is None:
        missing("pgbouncer is not installed", "pgbouncer")


def _address(url: str) -> dict[str, str]:
    """Where the server is, as PgBouncer's configuration says it."""
    parts = urlsplit(url)
    host = parts.hostname or parse_qs(parts.query).get("host", ["127.0.0.1"])[0]
    address = {"host": host, "port": str(parts.port or 5432)}
    return {**address, "password": unquote(parts.password)} if parts.password else address


def _owner(host: str) -> int:
    """Whom a pooler started by root has to be: it refuses to be root, and must reach the socket."""
    if host.startswith("/"):
        return Path(host).stat().st_uid
    return pwd.getpwnam("nobody").pw_uid


def _binary() -> str | None:
    usual = Path("/usr/sbin/pgbouncer")
    return shutil.which("pgbouncer") or (str(usual) if usual.exists() else None)
