"""Many replicas of one ASGI application that start in the same instant.

``python -m tests.support.fleet DIRECTORY APPLICATION PORT…`` forks a process for each port from one
that has the libraries imported, prints their process ids, and lets them go when a line comes in.
Each becomes ``uvicorn APPLICATION`` on its port, and writes what it says to ``DIRECTORY/PORT.log``.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Self

import httpx

from .process import free_port, stop, wait_until
from .project import environment

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

START_SECONDS = 60.0
MODULES = (
    "alembic.command",
    "brokle_migrate.asgi",
    "brokle_migrate.automatic",
    "brokle_migrate.environments.clickhouse",
    "brokle_migrate.environments.postgres",
    "brokle_migrate.examination",
    "brokle_migrate.locks.advisory",
    "clickhouse_sqlalchemy.drivers.http.transport",
    "fastapi",
    "psycopg",
    "sqlalchemy.dialects.postgresql.psycopg",
    "uvicorn",
    "uvicorn.lifespan.on",
    "uvicorn.protocols.http.h11_impl",
)


class Fleet:
    """The replicas, ready to go; a context manager that leaves none behind.

    :param project: the directory that they start in, with the application's module.
    :ivar processes: their process ids, by port.
    """

    def __init__(
        self, project: Path, application: str, number: int, env: Mapping[str, str], logs: Path
    ) -> None:
        logs.mkdir()
        self._logs = logs
        ports = [free_port() for _ in range(number)]
        self._process = subprocess.Popen(
            [sys.executable, "-m", __name__, str(logs), application, *map(str, ports)],
            cwd=project,
            env=environment(env),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        ids: list[int] = json.loads(self._process.stdout.readline())
        self.processes = dict(zip(ports, ids, strict=True))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:  # until then the ids stay theirs
            for process in self.processes.values():
                os.kill(process, signal.SIGKILL)
        stop(self._process)

    def go(self) -> None:
        """Let them all start."""
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()

    def kill(self, process: int) -> int:
        """End one with SIGKILL; the port that it would have had."""
        port = next(port for port, each in self.processes.items() if each == process)
        os.kill(process, signal.SIGKILL)
        return port

    def url(self, port: int) -> str:
        """Where one of them serves."""
        return f"http://127.0.0.1:{port}"

    def serve(self, ports: Sequence[int], path: str) -> None:
        """Wait until each of them answers.

        :raises TimeoutError: one does not; with what it said.
        """
        for port in ports:
            try:
                wait_until(partial(_answers, self.url(port) + path), START_SECONDS, path)
            except TimeoutError as error:
                raise TimeoutError(self.said(port)) from error

    def said(self, port: int) -> str:
        """What one of them has said."""
        return (self._logs / f"{port}.log").read_text()


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=10).is_success
    except httpx.TransportError:
        return False


def main(logs: Path, application: str, ports: Sequence[int]) -> None:
    """Be the fleet."""
    import importlib
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for module in MODULES:
            importlib.import_module(module)
    gate, bell = os.pipe()
    processes = []
    for port in ports:
        process = os.fork()
        if not process:
            os.close(bell)
            _serve(gate, logs / f"{port}.log", application, port)
        processes.append(process)
    print(json.dumps(processes), flush=True)
    sys.stdin.readline()
    os.close(bell)
    sys.stdin.read()  # ends with the test, however that ends
    for process in processes:
        os.kill(process, signal.SIGKILL)


def _serve(gate: int, log: Path, application: str, port: int) -> None:
    """Wait for the bell, and serve until the end."""
    import uvicorn

    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT)
    for stream in (1, 2):
        os.dup2(descriptor, stream)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.read(gate, 1)
    code = 70
    try:
        uvicorn.run(application, port=port, app_dir=".", http="h11", ws="none")
        code = 0
    except SystemExit as error:
        code = error.code if isinstance(error.code, int) else 1
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], [int(port) for port in sys.argv[3:]])
