"""The gateway as a test sees it: a process to start, arm, ask and kill."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from .process import ROOT, free_port, stop
from .query import http_query

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

START_SECONDS = 60.0

_numbers = itertools.count(1)


class GatewayProcess:
    """One gateway in a process of its own, over the databases in one directory.

    :param config: a configuration file of the server's kind, for users and roles.
    :ivar url: ``http://127.0.0.1:PORT``; stays the same over :meth:`restart`.
    """

    def __init__(self, directory: Path, config: Path | None = None) -> None:
        self.directory = directory
        self._config = config
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.process = self._start()

    def _start(self) -> subprocess.Popen[str]:
        self.directory.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "tests.support.gateway"]
        command += ["--directory", str(self.directory / "data"), "--port", str(self.port)]
        if self._config is not None:
            command += ["--config", str(self._config)]
        errors = self.directory / "gateway.log"
        with errors.open("a") as stderr:
            process = subprocess.Popen(
                command,
                cwd=ROOT,
                env={**os.environ, "PYTHONPATH": str(ROOT)},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=stderr,
                text=True,
            )
        assert process.stdout is not None
        if not process.stdout.readline():
            stop(process)
            raise RuntimeError(f"the gateway did not start: {errors.read_text()}")
        return process

    def stop(self) -> None:
        """End it; what is in its databases stays."""
        stop(self.process)

    def kill(self) -> None:
        """End it as a power cut would."""
        self.process.kill()
        stop(self.process)

    def restart(self) -> None:
        """Start again on the same port and databases; log and faults are gone."""
        stop(self.process)
        self.process = self._start()

    def database_url(
        self,
        database: str = "default",
        *,
        scheme: str = "clickhouse+http",
        user: str = "default",
        password: str = "",
    ) -> str:
        """The URL of a database; user and password go in as given, so quote them."""
        return f"{scheme}://{user}:{password}@127.0.0.1:{self.port}/{database}"

    def query(
        self, sql: str, database: str = "default", **settings: object
    ) -> list[tuple[Any, ...]]:
        """Look into a database."""
        return http_query(f"{self.url}/{database}", sql, **settings)

    def create_database(self) -> str:
        """Make an empty database; its name."""
        name = f"test_{next(_numbers)}"
        self.query(f"CREATE DATABASE {name}")
        return name

    def drop_database(self, name: str) -> None:
        """Remove a database, if the test has not."""
        self.query(f"DROP DATABASE IF EXISTS `{name}` SYNC")

    def fault(self, match: str = "", **options: object) -> ArmedFault:
        """Arm a fault; the options are those of :class:`tests.support.faults.Fault`."""
        return ArmedFault(self, self.admin("fault", {"match": match, **options})["id"])

    def require(self, user: str, password: str) -> None:
        """Let in nobody else until the next reset."""
        self.admin("auth", {"user": user, "password": password})

    def grant(self, roles: Mapping[str, Sequence[str]]) -> None:
        """Let users do what their roles may, and nothing else, until the next reset."""
        self.admin("roles", {user: list(names) for user, names in roles.items()})

    def log(self, since: int = 0, database: str | None = None) -> list[dict[str, Any]]:
        """Every query since the last reset, oldest first: ``query_id``, ``text``, ``error``, …

        :param database: of this one only.
        """
        wanted = {"since": since} if database is None else {"since": since, "database": database}
        records: list[dict[str, Any]] = self.admin(f"log?{urlencode(wanted)}")
        return records

    def texts(self, since: int = 0) -> list[str]:
        """The texts of :meth:`log`."""
        return [record["text"] for record in self.log(since)]

    def disarm(self) -> None:
        """Disarm everything; what is held is dropped, what is frozen closed, the log stays."""
        self.admin("disarm", {})

    def reset(self) -> None:
        """Disarm everything, forget everything, and wait until nothing runs."""
        self.admin("reset", {})

    def admin(self, verb: str, value: object = None) -> Any:
        """Use the back door."""
        data = None if value is None else json.dumps(value).encode()
        request = urllib.request.Request(f"{self.url}/_admin/{verb}", data)
        with urllib.request.urlopen(request) as response:
            return json.load(response)


class ArmedFault:
    """A fault that waits for its statement."""

    def __init__(self, gateway: GatewayProcess, number: int) -> None:
        self._gateway = gateway
        self.id = number

    def wait(self, hits: int = 1, timeout: float = 30.0) -> list[str]:
        """Wait until it has hit; the query ids of the statements.

        :raises TimeoutError: it has not, within the time.
        """
        options = {"id": self.id, "hits": hits, "timeout": timeout}
        try:
            found: list[str] = self._gateway.admin("wait", options)["hits"]
        except urllib.error.HTTPError as error:
            error.close()
            raise TimeoutError(f"fault {self.id}: not {hits} hits within {timeout:g} s") from error
        return found

    def release(self, then: str = "continue") -> None:
        """Let held statements ``continue``, or ``drop`` their connections."""
        self._gateway.admin("release", {"id": self.id, "then": then})

    @property
    def state(self) -> dict[str, Any]:
        """How many statements it has seen, and which it hit and holds."""
        states: list[dict[str, Any]] = self._gateway.admin("faults")
        return next(state for state in states if state["id"] == self.id)
