"""A real ClickHouse server, Debian's: native protocol, users, query log, kill and restart."""

from __future__ import annotations

import itertools
import shutil
import urllib.error
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from .daemon import missing, start
from .process import free_port, stop
from .query import http_query

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Mapping

USER = "brokle"
PASSWORD = "p@ss:w/ord#1%"
START_SECONDS = 60.0

_numbers = itertools.count(1)

CONFIG = """<yandex>
  <logger>
    <level>warning</level>
    <log>{directory}/server.log</log>
    <errorlog>{directory}/error.log</errorlog>
  </logger>
  <http_port>{http_port}</http_port>
  <tcp_port>{tcp_port}</tcp_port>
  <interserver_http_port>{interserver_port}</interserver_http_port>
  <interserver_http_host>127.0.0.1</interserver_http_host>
  <listen_host>127.0.0.1</listen_host>
  <max_connections>256</max_connections>
  <mark_cache_size>104857600</mark_cache_size>
  <uncompressed_cache_size>0</uncompressed_cache_size>
  <path>{directory}/data/</path>
  <tmp_path>{directory}/tmp/</tmp_path>
  <user_files_path>{directory}/files/</user_files_path>
  <format_schema_path>{directory}/schemas/</format_schema_path>
  <users_config>users.xml</users_config>
  <default_profile>default</default_profile>
  <default_database>default</default_database>
  <query_log>
    <database>system</database>
    <table>query_log</table>
    <flush_interval_milliseconds>1000</flush_interval_milliseconds>
  </query_log>
  {extra}
</yandex>
"""

USERS = """<yandex>
  <profiles><default><log_queries>1</log_queries></default></profiles>
  <users>{users}</users>
  <quotas><default></default></quotas>
</yandex>
"""

USER_ENTRY = (
    "<{name}><password>{password}</password><networks><ip>127.0.0.1</ip></networks>"
    "<profile>default</profile><quota>default</quota></{name}>"
)


class ClickHouseServer:
    """One server process over one directory.

    It has the user ``default`` without a password and the user ``brokle`` with one that is hard
    to quote.

    :param extra: further configuration elements, for a cluster.
    :param users: names and passwords in place of these two.
    :param tcp_port: a port that others have to know beforehand.
    """

    def __init__(
        self,
        directory: Path,
        *,
        extra: str = "",
        users: Mapping[str, str] | None = None,
        tcp_port: int | None = None,
    ) -> None:
        self.directory = directory
        self.http_port, self.tcp_port = free_port(), tcp_port or free_port()
        self._write(extra, {"default": "", USER: PASSWORD} if users is None else users)
        self.process = self._start()

    def _write(self, extra: str, users: Mapping[str, str]) -> None:
        for name in ("data", "tmp", "files", "schemas"):
            (self.directory / name).mkdir(parents=True, exist_ok=True)
        config = CONFIG.format(
            directory=self.directory,
            http_port=self.http_port,
            tcp_port=self.tcp_port,
            interserver_port=free_port(),
            extra=extra,
        )
        entries = "".join(
            USER_ENTRY.format(name=name, password=password) for name, password in users.items()
        )
        (self.directory / "config.xml").write_text(config)
        (self.directory / "users.xml").write_text(USERS.format(users=entries))

    def _start(self) -> subprocess.Popen[str]:
        return start(
            "clickhouse-server",
            [_binary() or "", f"--config-file={self.directory / 'config.xml'}"],
            self.directory / "output.log",
            self._answers,
            seconds=START_SECONDS,
            cwd=self.directory,
        )

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.http_port}/ping", timeout=1):
                return True
        except (urllib.error.URLError, OSError):
            return False

    def stop(self) -> None:
        """End it politely; its databases stay."""
        stop(self.process)

    def kill(self) -> None:
        """End it as a power cut would."""
        self.process.kill()
        stop(self.process)

    def restart(self) -> None:
        """Start it again, on the same ports and databases."""
        stop(self.process)
        self.process = self._start()

    def remove(self) -> None:
        """End it and remove its directory."""
        self.kill()
        shutil.rmtree(self.directory, ignore_errors=True)

    @property
    def native_url(self) -> str:
        """The default database over the native protocol, as the user with the password."""
        return self.url("clickhouse+native")

    @property
    def http_url(self) -> str:
        """The default database over HTTP, as the user with the password."""
        return self.url("clickhouse+http")

    def url(
        self,
        scheme: str,
        database: str = "default",
        *,
        user: str = USER,
        password: str = PASSWORD,
    ) -> str:
        """The URL of a database, with everything quoted."""
        port = self.tcp_port if scheme.endswith("native") else self.http_port
        secret = f"{quote(user, safe='')}:{quote(password, safe='')}"
        return f"{scheme}://{secret}@127.0.0.1:{port}/{database}"

    def query(
        self, sql: str, database: str = "default", **settings: object
    ) -> list[tuple[Any, ...]]:
        """Look into a database."""
        return http_query(self.url("http", database), sql, **settings)

    def create_database(self) -> str:
        """Make an empty database; its name."""
        name = f"test_{next(_numbers)}"
        self.query(f"CREATE DATABASE {name}")
        return name

    def drop_database(self, name: str) -> None:
        """Remove a database, if the test has not."""
        self.query(f"DROP DATABASE IF EXISTS `{name}`")


def require_clickhouse_server() -> None:
    """Skip where the server is not installed; fail where skipping is forbidden."""
    if _binary() is None:
        missing("clickhouse-server is not installed", "clickhouse-server")


def _binary() -> str | None:
    usual = Path("/usr/sbin/clickhouse-server")
    return shutil.which("clickhouse-server") or (str(usual) if usual.exists() else None)
