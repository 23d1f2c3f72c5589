"""Runs of the command in a fifth of the time: forks of a process that has imported everything.

``python -m tests.support.forkserver`` takes one request per message on the socket that is its
standard input: ``{argv, cwd, env}`` as JSON, with the run's own socket, its three standard
streams and, perhaps, a gate.  It forks a child that runs :func:`brokle_migrate.__main__.main`
there, and writes to the run's socket the child's process id, and how it ended when it has.  The
child is a process of its own: a signal, SIGKILL included, ends it as it ends the real command.
Nothing but imports has happened in it before.
"""

from __future__ import annotations

import atexit
import contextlib
import importlib
import json
import os
import pkgutil
import select
import signal
import socket
import subprocess
import sys
import threading
from typing import TYPE_CHECKING, Any, NoReturn, Self, TextIO, cast

from .process import ROOT, STOP_SECONDS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

LIBRARIES = (
    "alembic.command",
    "alembic.runtime.environment",
    "clickhouse_sqlalchemy.drivers.http.base",
    "psycopg",
    "requests",
    "rich.console",
    "sqlalchemy.dialects.postgresql.psycopg",
)
START_SECONDS = 60.0
MESSAGE = 1 << 17
NUMBER = 64  # more bytes than a number has
DESCRIPTORS = 5


class Forkserver:
    """The server as a test sees it, started for its first run; a context manager."""

    def __init__(self) -> None:
        self.process: subprocess.Popen[str] | None = None
        self._requests: socket.socket | None = None
        self._starting = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process is not None and self._requests is not None:
            self._requests.close()  # which ends it, and it ends its children
            self.process.wait(STOP_SECONDS)

    def fork(
        self,
        argv: Sequence[str],
        *,
        cwd: Path,
        env: Mapping[str, str],
        streams: tuple[int, int, int],
        gate: int | None = None,
    ) -> Fork:
        """Start the command.

        :param env: all of its environment.
        :param streams: the descriptors that become its standard input, output and error.
        :param gate: it waits until there is something to read on this descriptor, or its end.
        """
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        request = json.dumps({"argv": argv, "cwd": str(cwd), "env": dict(env)}).encode()
        with theirs:
            passed = [theirs.fileno(), *streams, *([] if gate is None else [gate])]
            socket.send_fds(self._started(), [request], passed)
        return Fork(ours)

    def _started(self) -> socket.socket:
        with self._starting:
            if self._requests is None:
                self._requests = self._start()
            return self._requests

    def _start(self) -> socket.socket:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
        with theirs:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tests.support.forkserver"],
                cwd=ROOT,
                env={**os.environ, "PYTHONPATH": path},
                stdin=theirs.fileno(),
                text=True,
            )
        return ours


class Fork:
    """One process of the server's.

    :ivar pid: its number.
    """

    def __init__(self, events: socket.socket) -> None:
        self._events = events
        self._code: int | None = None
        pid = self._read(START_SECONDS)
        if pid is None:
            raise TimeoutError(f"the fork server starts nothing within {START_SECONDS:g} s")
        self.pid = pid

    def _read(self, timeout: float) -> int | None:
        if not select.select([self._events], [], [], max(timeout, 0.0))[0]:
            return None
        read = self._events.recv(NUMBER)
        if not read:
            raise RuntimeError("the fork server has ended")
        return int(read)

    def ended(self, timeout: float) -> int | None:
        """Its exit code, negative for a signal; None while it runs at that time.

        :param timeout: in seconds.
        """
        if self._code is None:
            self._code = self._read(timeout)
            if self._code is not None:
                self._events.close()
        return self._code

    def signal(self, number: int) -> None:
        """Send a signal, if it has not ended."""
        if self.ended(0.0) is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def close(self) -> None:
        """End it, if it has not ended."""
        self.signal(signal.SIGKILL)
        self.ended(START_SECONDS)


def serve() -> None:
    """Fork a child per request until there can be none; then end those that still run."""
    _import_everything()
    requests = socket.socket(fileno=0)
    wakeup, alarm = os.pipe()
    os.set_blocking(alarm, False)
    os.set_blocking(wakeup, False)
    signal.set_wakeup_fd(alarm)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    children: dict[int, int] = {}
    while True:
        ready = select.select([0, wakeup], [], [])[0]
        if wakeup in ready:
            with contextlib.suppress(BlockingIOError):
                os.read(wakeup, MESSAGE)
            _reap(children)
        if 0 in ready:
            message, descriptors, _, _ = socket.recv_fds(requests, MESSAGE, DESCRIPTORS)
            if not message:
                break
            _fork(json.loads(message), descriptors, children)
    for child in children:
        os.kill(child, signal.SIGKILL)


def _import_everything() -> None:
    import brokle_migrate

    for module in pkgutil.walk_packages(brokle_migrate.__path__, "brokle_migrate."):
        if not module.name.endswith(("__main__", ".embedded")) and "embedded." not in module.name:
            importlib.import_module(module.name)
    for name in LIBRARIES:
        importlib.import_module(name)


def _reap(children: dict[int, int]) -> None:
    for child in list(children):
        pid, status = os.waitpid(child, os.WNOHANG)
        if pid:
            _say(children[child], os.waitstatus_to_exitcode(status))
            os.close(children.pop(child))


def _fork(request: Mapping[str, Any], descriptors: list[int], children: dict[int, int]) -> None:
    events, *others = descriptors
    pid = os.fork()
    if pid == 0:
        for number in (events, *children.values()):
            os.close(number)
        _become(request, others[:3], others[3:])
    for number in others:
        os.close(number)
    children[pid] = events
    _say(events, pid)


def _become(request: Mapping[str, Any], streams: list[int], gate: list[int]) -> NoReturn:
    """Be what ``python -m brokle_migrate`` is once it has imported what it needs."""
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    _attach(streams)
    os.chdir(request["cwd"])
    os.environ.clear()
    os.environ.update(request["env"])
    sys.argv = ["brokle-migrate", *request["argv"]]
    sys.path[0] = request["cwd"]
    from brokle_migrate.__main__ import main

    for number in gate:
        select.select([number], [], [])
        os.close(number)
    code: Any = 1
    try:
        code = main()
    except SystemExit as error:
        code = error.code if isinstance(error.code, int) else int(error.code is not None)
    finally:
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _attach(streams: list[int]) -> None:
    """Take these descriptors for the standard streams, as the interpreter does at its start."""
    for number, descriptor in enumerate(streams):
        os.dup2(descriptor, number)
        os.close(descriptor)
    sys.stdin = _stream(0, "r")
    sys.stdout = _stream(1, "w")
    sys.stderr = _stream(2, "w", buffering=1, errors="backslashreplace")


def _stream(descriptor: int, mode: str, **options: Any) -> TextIO:
    stream: Any = open(descriptor, mode, encoding="utf-8", closefd=False, **options)  # noqa: SIM115
    return cast("TextIO", stream)


def _say(events: int, number: int) -> None:
    with contextlib.suppress(BrokenPipeError):
        os.write(events, str(number).encode())


if __name__ == "__main__":
    serve()
