"""Runs of the command in a fifth of the time: forks of a process that has imported everything.

``python -m tests.support.forkserver`` reads one JSON request per line, ``{argv, cwd, env, out,
err}``, forks a child that runs :func:`brokle_migrate.__main__.main` there, and writes one JSON line
when it has started, ``{started: pid}``, and one when it has ended, ``{ended: pid, code}``.  The
child is a process of its own: a signal, SIGKILL included, ends it as it ends the real command.
Nothing but imports has happened in it before.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import pkgutil
import select
import signal
import subprocess
import sys
import tempfile
import time
from typing import IO, TYPE_CHECKING, Any, NoReturn, Self

from .process import ROOT, mortal, stop
from .project import TIMEOUT, environment
from .terminal import Result

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .project import Project

LIBRARIES = (
    "alembic.command",
    "alembic.runtime.environment",
    "clickhouse_sqlalchemy.drivers.http.base",
    "psycopg",
    "requests",
    "rich.console",
    "sqlalchemy.dialects.postgresql.psycopg",
)
LINE = 1 << 16


class Forkserver:
    """The server as a test sees it; a context manager."""

    def __init__(self) -> None:
        self._ended: dict[int, int] = {}
        self._unread = b""
        self.process = subprocess.Popen(
            mortal([sys.executable, "-m", "tests.support.forkserver"]),
            cwd=ROOT,
            env=environment(None),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        stop(self.process)

    def start(
        self, project: Project, *argv: str, env: Mapping[str, str | None] | None = None
    ) -> Forked:
        """Start the command and leave it running, as :meth:`Project.start` does."""
        return Forked(self, argv, str(project.path), environment(env))

    def run(
        self,
        project: Project,
        *argv: str,
        env: Mapping[str, str | None] | None = None,
        timeout: float = TIMEOUT,
    ) -> Result:
        """Run the command, as :meth:`Project.run` does."""
        with self.start(project, *argv, env=env) as run:
            return run.wait(timeout)

    def fork(self, request: Mapping[str, Any]) -> int:
        """Start a child; its process id."""
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        while True:
            event = self._event(TIMEOUT)
            if "started" in event:
                pid = int(event["started"])
                self._ended.pop(pid, None)  # of an earlier child: numbers come round again
                return pid
            self._ended[event["ended"]] = event["code"]

    def ended(self, pid: int, timeout: float) -> int | None:
        """The exit code of a child, negative for a signal; None while it runs at that time."""
        deadline = time.monotonic() + timeout
        while pid not in self._ended:
            left = deadline - time.monotonic()
            event = self._event(max(left, 0.0))
            if not event:
                return None
            self._ended[event["ended"]] = event["code"]
        return self._ended[pid]

    def _event(self, timeout: float) -> dict[str, Any]:
        """What the server says next, nothing when it is silent for that time."""
        assert self.process.stdout is not None
        output = self.process.stdout.fileno()
        while b"\n" not in self._unread:
            if not select.select([output], [], [], timeout)[0]:
                return {}
            read = os.read(output, LINE)
            if not read:
                raise RuntimeError("the fork server has ended")
            self._unread += read
        line, _, self._unread = self._unread.partition(b"\n")
        event: dict[str, Any] = json.loads(line)
        return event


class Forked:
    """A command that runs; a context manager that leaves nothing behind."""

    def __init__(
        self, server: Forkserver, argv: tuple[str, ...], cwd: str, env: Mapping[str, str]
    ) -> None:
        self._server = server
        self._out = tempfile.NamedTemporaryFile()  # noqa: SIM115 - closed by __exit__
        self._err = tempfile.NamedTemporaryFile()  # noqa: SIM115
        files = {"out": self._out.name, "err": self._err.name}
        self.pid = server.fork({"argv": argv, "cwd": cwd, "env": dict(env), **files})

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.running:
            self.kill()
        self._out.close()
        self._err.close()

    @property
    def running(self) -> bool:
        """Whether it has not ended."""
        return self._server.ended(self.pid, 0.0) is None

    def signal(self, number: int) -> None:
        """Send a signal."""
        if self.running:
            os.kill(self.pid, number)

    def said(self) -> bytes:
        """What is on its standard error so far."""
        return os.pread(self._err.fileno(), 1_000_000, 0)

    def kill(self) -> Result:
        """End it with SIGKILL, at once; what it had said."""
        self.signal(signal.SIGKILL)
        return self.wait()

    def wait(self, timeout: float = TIMEOUT) -> Result:
        """Wait for its end; what it said.

        :raises TimeoutError: it goes on for longer.
        """
        code = self._server.ended(self.pid, timeout)
        if code is None:
            raise TimeoutError(f"still running after {timeout:g} s: {self.said()!r}")
        return Result(_content(self._out), _content(self._err), code)


def _content(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode()


def serve() -> None:
    """Fork a child per request until standard input ends; then end those that still run."""
    _import_everything()
    wakeup, alarm = os.pipe()
    os.set_blocking(alarm, False)
    os.set_blocking(wakeup, False)
    signal.set_wakeup_fd(alarm)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    children: set[int] = set()
    unread = b""
    while True:
        ready = select.select([0, wakeup], [], [])[0]
        if wakeup in ready:
            with contextlib.suppress(BlockingIOError):
                os.read(wakeup, LINE)
            _reap(children)
        if 0 in ready:
            read = os.read(0, LINE)
            if not read:
                break
            *requests, unread = (unread + read).split(b"\n")
            for request in requests:
                children.add(_fork(json.loads(request)))
    for child in children:
        os.kill(child, signal.SIGKILL)


def _import_everything() -> None:
    import brokle_migrate

    for module in pkgutil.walk_packages(brokle_migrate.__path__, "brokle_migrate."):
        if not module.name.endswith(("__main__", ".embedded")) and "embedded." not in module.name:
            importlib.import_module(module.name)
    for name in LIBRARIES:
        importlib.import_module(name)


def _reap(children: set[int]) -> None:
    for child in list(children):
        pid, status = os.waitpid(child, os.WNOHANG)
        if pid:
            children.discard(pid)
            _say({"ended": pid, "code": os.waitstatus_to_exitcode(status)})


def _fork(request: Mapping[str, Any]) -> int:
    pid = os.fork()
    if pid == 0:
        _become(request)
    _say({"started": pid})
    return pid


def _become(request: Mapping[str, Any]) -> NoReturn:
    """Be what ``python -m brokle_migrate`` is once it has imported what it needs."""
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    for name, target, flags in (
        (os.devnull, 0, os.O_RDONLY),
        (request["out"], 1, os.O_WRONLY),
        (request["err"], 2, os.O_WRONLY),
    ):
        os.dup2(os.open(name, flags), target)
    os.chdir(request["cwd"])
    os.environ.clear()
    os.environ.update(request["env"])
    sys.argv = ["brokle-migrate", *request["argv"]]
    sys.path[0] = request["cwd"]
    from brokle_migrate.__main__ import main

    code: Any = 1
    try:
        code = main()
    except SystemExit as error:
        code = error.code if isinstance(error.code, int) else int(error.code is not None)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _say(event: Mapping[str, Any]) -> None:
    os.write(1, json.dumps(event).encode() + b"\n")


if __name__ == "__main__":
    serve()
