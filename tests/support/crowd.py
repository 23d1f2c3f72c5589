"""Many runs of one command that begin in the same instant.

``python -m tests.support.crowd NUMBER DIRECTORY ARGUMENT…`` forks so many processes from one that
has everything imported, prints their process ids, and lets them go when a line comes in.  Each
writes what it says to ``DIRECTORY/NUMBER.log``.  After another line it prints how each of them
ended, as JSON; until then their process ids stay theirs.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

from .process import stop
from .project import Project, environment

if TYPE_CHECKING:
    from collections.abc import Sequence

MODULES = (
    "alembic.command",
    "brokle_migrate.__main__",
    "brokle_migrate.cli.session",
    "brokle_migrate.cli.moving",
    "brokle_migrate.environments.clickhouse",
    "brokle_migrate.environments.clickhouse_lease",
    "brokle_migrate.environments.postgres",
    "brokle_migrate.locks.advisory",
    "brokle_migrate.render",
    "clickhouse_sqlalchemy.drivers.http.transport",
    "psycopg",
    "sqlalchemy.dialects.postgresql.psycopg",
)


@dataclass(frozen=True)
class Ended:
    """How one of them ended: its exit code, negative for a signal, and what it said."""

    code: int
    said: str


class Crowd:
    """The processes, ready to go; a context manager that leaves none behind."""

    def __init__(self, project: Project, number: int, directory: Path, *argv: str) -> None:
        directory.mkdir()
        self._directory = directory
        command = [sys.executable, "-m", "tests.support.crowd", str(number), str(directory), *argv]
        self._process = subprocess.Popen(
            command,
            cwd=project.path,
            env=environment(None),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        self.processes: list[int] = json.loads(self._process.stdout.readline())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            for process in self.processes:
                os.kill(process, signal.SIGKILL)
        stop(self._process)

    def go(self) -> None:
        """Let them all begin."""
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()

    def wait(self, timeout: float) -> list[Ended]:
        """How each of them ended."""
        out, _ = self._process.communicate("\n", timeout=timeout)
        return [
            Ended(code, (self._directory / f"{number}.log").read_text())
            for number, code in enumerate(json.loads(out))
        ]


def main(number: int, directory: Path, argv: Sequence[str]) -> None:
    """Be the crowd."""
    import importlib
    import warnings

    warnings.simplefilter("ignore")
    for module in MODULES:
        importlib.import_module(module)
    gate, bell = os.pipe()
    processes = []
    for index in range(number):
        process = os.fork()
        if not process:
            os.close(bell)
            _run(gate, directory / f"{index}.log", argv)
        processes.append(process)
    print(json.dumps(processes), flush=True)
    sys.stdin.readline()
    os.close(bell)
    sys.stdin.readline()
    print(json.dumps([os.waitstatus_to_exitcode(os.waitpid(p, 0)[1]) for p in processes]))


def _run(gate: int, log: Path, argv: Sequence[str]) -> None:
    """Wait for the bell, run the command, and end."""
    from brokle_migrate.__main__ import main as command

    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT)
    for stream in (1, 2):
        os.dup2(descriptor, stream)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.read(gate, 1)
    code = 70
    try:
        code = command(list(argv)) or 0
    except SystemExit as error:
        code = error.code if isinstance(error.code, int) else 1
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:])
