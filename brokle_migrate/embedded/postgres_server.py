"""The server of one data directory, shared by every process that uses it.

Two locks (flock(2): the kernel drops them with the process that holds them, however it ends):

- the *directory* itself, exclusively, by whoever is about to start or stop the server;
- its file ``PG_VERSION``, shared, by every process that uses the server.  Who can turn its own
  share into an exclusive lock was the last one, and stops the server.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from ..errors import DatabaseUnreachable
from .account import account_for
from .postgres_data import ENVIRONMENT, failure, initialise
from .postmaster import Postmaster, forget_dead, read_postmaster

if TYPE_CHECKING:
    from collections.abc import Iterator

_PORT = 5432  # part of the socket's name
_LONGEST_SOCKET = 103  # what sun_path holds on macOS; Linux has 107
_LOG_LIMIT = 1_000_000
_START_TIMEOUT = 60.0  # as pg_ctl's; recovery after a crash can take long
_STOP_TIMEOUT = 60.0
_REMAINS_TIMEOUT = 15.0
_POLL = 0.005

# Words of a server that finds what a predecessor left; that goes away by itself.
_REMAINS = (b"already exists", b"is still in use")


class Server:
    """A data directory, its server, and this process's hold on it.

    :param directory: absolute; made when it is missing.
    :param programs: the directory of ``initdb`` and ``postgres``.
    :ivar process_id: the process that holds.
    :raises ConfigError: root can't run the server there.
    :raises OSError: the directory can't be made or opened.
    """

    def __init__(self, directory: Path, programs: Path) -> None:
        self.process_id = os.getpid()
        self._directory = directory
        self._programs = programs
        self._account = account_for(directory, programs)
        self._child: subprocess.Popen[bytes] | None = None
        self._share: int | None = None
        with contextlib.suppress(FileExistsError):  # a file of that name is found by the next line
            directory.mkdir(parents=True)
        self._lock = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)

    def join(self) -> str:
        """Make the data directory and start the server, each unless that was done before.

        :returns: the server's URL.
        :raises DatabaseUnreachable: the server does not start.
        """
        with self._alone():
            initialise(self._directory, self._account, self._programs)
            if self._share is None:
                self._share = os.open(self._directory / "PG_VERSION", os.O_RDONLY)
                fcntl.flock(self._share, fcntl.LOCK_SH)
            running = self._running() or self._start()
        host = quote(os.fsencode(running.sockets), safe="")
        return f"postgresql://postgres@/postgres?host={host}&port={running.port}"

    def leave(self) -> None:
        """End this process's hold, and stop the server if nobody else holds it."""
        if self._share is not None:
            with self._alone(), contextlib.suppress(BlockingIOError):
                fcntl.flock(self._share, fcntl.LOCK_EX | fcntl.LOCK_NB)
                self._stop()
            os.close(self._share)
        os.close(self._lock)
        if self._child is not None and self._child.returncode is None:
            self._child.returncode = 0  # it stays for the others; subprocess would warn of that

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.flock(self._lock, fcntl.LOCK_UN)

    def _running(self) -> Postmaster | None:
        found = read_postmaster(self._directory)
        return found if found is not None and found.answers() else None

    def _start(self) -> Postmaster:
        """Start the server, after what is left of a killed one has gone."""
        patience = time.monotonic() + _REMAINS_TIMEOUT
        while True:
            self._reap()
            forget_dead(self._directory)
            output = self._launch()
            running = self._running()
            if running is not None:
                return running
            if time.monotonic() > patience or not any(words in output for words in _REMAINS):
                raise failure(self._directory, "does not start", output)
            time.sleep(20 * _POLL)

    def _reap(self) -> None:
        """Let a child that answers no more end: killed, it keeps its number until then."""
        if self._child is None:
            return
        try:
            self._child.wait(_STOP_TIMEOUT)
        except subprocess.TimeoutExpired:
            raise failure(self._directory, "hangs", b"it neither answers nor ends") from None

    def _launch(self) -> bytes:
        """Start the process and wait until it answers or ends.

        :returns: what it wrote.
        """
        options = ("-D", self._directory, "-h", "", "-p", str(_PORT), "-k", self._sockets())
        path = self._directory / "server.log"
        with path.open("ab") as log:
            if log.tell() > _LOG_LIMIT:
                log.truncate(0)
            begin = log.seek(0, os.SEEK_END)
            if os.geteuid() == 0:
                os.fchown(log.fileno(), self._account.uid, self._account.gid)
            self._child = subprocess.Popen(
                (*self._account.prefix, self._programs / "postgres", *options),
                env=ENVIRONMENT,
                cwd="/",  # the account may not be able to read the current directory
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C in the terminal is not meant for it
            )
        self._await_start(self._child)
        return path.read_bytes()[begin:]

    def _await_start(self, child: subprocess.Popen[bytes]) -> None:
        limit = time.monotonic() + _START_TIMEOUT
        while child.poll() is None:
            running = self._running()
            if running is not None and running.pid == child.pid:  # not a predecessor's file
                return
            if time.monotonic() > limit:
                child.send_signal(signal.SIGINT)
                child.wait(_STOP_TIMEOUT)
            time.sleep(_POLL)

    def _stop(self) -> None:
        """Stop the server cleanly, as ``pg_ctl stop -m fast`` does, and wait until it has."""
        running = self._running()
        if self._child is not None and self._child.poll() is None:
            self._child.send_signal(signal.SIGINT)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._child.wait(_STOP_TIMEOUT)
        elif running is not None:
            os.kill(running.pid, signal.SIGINT)
            limit = time.monotonic() + _STOP_TIMEOUT
            while (self._directory / "postmaster.pid").exists() and time.monotonic() < limit:
                time.sleep(_POLL)
        if running is not None and running.sockets != self._directory:
            with contextlib.suppress(OSError):
                running.sockets.rmdir()

    def _sockets(self) -> Path:
        """The data directory, or where a socket has a shorter name; open to the owner only."""
        longest = os.fsencode(self._directory / f".s.PGSQL.{_PORT}")
        # To libpq, a comma in a host separates two hosts.
        if len(longest) <= _LONGEST_SOCKET and b"," not in longest:
            return self._directory
        digest = hashlib.sha256(longest).hexdigest()[:16]
        path = Path(tempfile.gettempdir(), f"postgres-{self._account.uid}-{digest}")
        with contextlib.suppress(FileExistsError):
            path.mkdir(mode=0o700)
            os.chown(path, self._account.uid, self._account.gid)
        found = path.lstat()
        if path.is_symlink() or found.st_uid != self._account.uid or found.st_mode & 0o077:
            raise DatabaseUnreachable(f"{path} is somebody else's", hint=f"remove {path}")
        return path
