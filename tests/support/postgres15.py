"""A Postgres as people run it: Debian's 15, with passwords, TLS and a certificate authority."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from pathlib import Path
from urllib.parse import quote, urlencode

import psycopg

from .daemon import missing, start
from .process import free_port, stop
from .tls import certificates

USER = "brokle"
PASSWORD = "".join(map(chr, range(32, 127)))
START_SECONDS = 30.0
PROGRAMS = Path("/usr/lib/postgresql/15/bin")

CONFIG = """
listen_addresses = '127.0.0.1,::1'
port = {port}
unix_socket_directories = '{directory}'
password_encryption = 'scram-sha-256'
ssl = on
ssl_cert_file = '{directory}/server.crt'
ssl_key_file = '{directory}/server.key'
fsync = off
synchronous_commit = off
full_page_writes = off
"""

# Nobody comes in without the password, and over the network only encrypted.
ACCESS = """
local all all scram-sha-256
hostssl all all 127.0.0.1/32 scram-sha-256
hostssl all all ::1/128 scram-sha-256
"""


class Postgres15:
    """One server with a user that has a password of every printable character.

    :ivar authority: the certificate authority that its certificate, for ``localhost``, is of.
    :ivar stranger: another one.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.port = free_port()
        self.authority = directory / "authority.crt"
        self.stranger = directory / "stranger.crt"
        directory.mkdir(parents=True)
        certificates(directory)
        self._identity = _identity(directory)
        self._initialise()
        self.process = self._start()

    def url(self, database: str = "postgres", host: str = "localhost", **options: str) -> str:
        """The URL of a database, with user and password; TLS is required by the server."""
        login = f"{USER}:{quote(PASSWORD, safe='')}"
        query = f"?{urlencode(options)}" if options else ""
        return f"postgresql://{login}@{host}:{self.port}/{database}{query}"

    def connect(self, database: str = "postgres") -> psycopg.Connection:
        """A connection of the test's own; every statement commits by itself."""
        return psycopg.connect(
            host="127.0.0.1",
            port=self.port,
            user=USER,
            password=PASSWORD,
            dbname=database,
            autocommit=True,
        )

    def remove(self) -> None:
        """End it and remove its directory."""
        stop(self.process)
        shutil.rmtree(self.directory, ignore_errors=True)

    def _initialise(self) -> None:
        data = self.directory / "data"
        secret = self.directory / "password"
        secret.write_text(f"{PASSWORD}\n")
        secret.chmod(0o644)
        self._run(
            *(str(PROGRAMS / "initdb"), "-D", str(data), "-U", USER, f"--pwfile={secret}"),
            *("--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--no-sync"),
        )
        config = CONFIG.format(port=self.port, directory=self.directory)
        with (data / "postgresql.conf").open("a") as stream:
            stream.write(config)
        (data / "pg_hba.conf").write_text(ACCESS)

    def _run(self, *command: str) -> None:
        subprocess.run(command, check=True, capture_output=True, cwd="/", **self._identity)

    def _start(self) -> subprocess.Popen[str]:
        return start(
            "postgres",
            [str(PROGRAMS / "postgres"), "-D", str(self.directory / "data")],
            self.directory / "output.log",
            self._answers,
            seconds=START_SECONDS,
            cwd="/",
            **self._identity,
        )

    def _answers(self) -> bool:
        try:
            self.connect().close()
        except psycopg.OperationalError:
            return False
        return True


def require_postgres15() -> None:
    """Skip where the server is not installed; fail where skipping is forbidden."""
    if not (PROGRAMS / "postgres").exists() or shutil.which("openssl") is None:
        missing("Postgres 15 or openssl is missing", "postgresql-15 openssl")


def _identity(directory: Path) -> dict[str, object]:
    """Whom a server started by root has to be: it refuses to be root."""
    if os.geteuid() != 0:
        return {}
    user = pwd.getpwnam("postgres")
    for path in (directory, *directory.iterdir()):
        os.chown(path, user.pw_uid, user.pw_gid)
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
