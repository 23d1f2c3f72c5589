"""Ending what Postgres is running from outside of it: at the deadline, or because somebody says so.

The main thread sits in the driver and waits for the server.  A second thread asks the server to
cancel, again and again, for the main thread may just be between two statements.  Where that does
not help, because nothing passes the network any more, it closes the socket under the driver.

What can't be done: a connection of asyncpg has neither a way to be cancelled from another thread
nor a public socket.  Its transactions get a ``statement_timeout`` up to the deadline instead
(:mod:`.postgres_limits`), so a hung server is ended by itself and a hung network is not.
"""

from __future__ import annotations

import inspect
import math
import os
import signal
import socket
import threading
import time
from contextlib import contextmanager, suppress
from functools import cache
from typing import TYPE_CHECKING, Any, Self

from ..errors import MigrateError, TimedOut

if TYPE_CHECKING:
    from collections.abc import Iterator

_GRACE = 3.0  # seconds in which a cancelled statement has to end
_AGAIN = 0.5
_CONNECT_TIMEOUT = "PGCONNECT_TIMEOUT"


_watches: dict[int, list[Watch]] = {}  # by the thread that they watch over
_bounds: list[str] = []  # of those who connect just now
_environment = threading.Lock()


@cache
def _listen() -> None:
    """Hear of every connection that SQLAlchemy opens, from now on.

    A driver's connection is known as soon as it exists: SQLAlchemy's first questions over it may
    hang, too.  To listen only now and then would change what other threads just iterate over.
    """
    from sqlalchemy import event
    from sqlalchemy.pool import Pool

    event.listen(Pool, "connect", _connected)


def _connected(_: Any, record: Any) -> None:
    for watch in _watches.get(threading.get_ident(), ()):
        watch.attach(record.driver_connection)


class Watch:
    """A context manager around one or more runs of ``env.py`` in this thread.

    :param deadline: on ``time.monotonic()``'s clock; None for never.
    :param reason: what the run ends with at the deadline; that its ``--timeout`` is over, if left
        out.
    :ivar user: who is connected, None where the driver does not tell.
    """

    def __init__(self, deadline: float | None, reason: MigrateError | None = None) -> None:
        self._deadline = deadline
        self._reason = reason or _timed_out()
        self._thread = threading.Thread(target=self._work, name="postgres watch", daemon=True)
        self._owner = threading.get_ident()
        self._wake = threading.Event()
        self._over = threading.Event()
        self._guard = threading.Lock()
        self._handles: list[_Handle] = []
        self.error: MigrateError | None = None
        self.user: str | None = None

    def __enter__(self) -> Self:
        _listen()
        _watches.setdefault(self._owner, []).append(self)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        _watches[self._owner].remove(self)
        self._over.set()
        self._wake.set()
        with self._guard:
            for handle in self._handles:
                handle.close()
            self._handles.clear()

    @property
    def remaining(self) -> float | None:
        """Seconds until the deadline, None without one."""
        return None if self._deadline is None else max(self._deadline - time.monotonic(), 0.0)

    def check(self) -> None:
        """Refuse to begin anything more.

        :raises MigrateError: the reason, as soon as there is one.
        """
        if self.error is None and self.remaining == 0:
            self.error = self._reason
        if self.error is not None:
            raise self.error

    def interrupt(self, error: MigrateError) -> None:
        """End what is running; safe from any thread, and returns at once.

        :param error: what the run ends with.
        """
        with self._guard:
            self.error = self.error or error
        self._wake.set()

    def cancel(self) -> None:
        """Cancel the statement that is running, and leave it at that; safe from any thread."""
        with self._guard:
            handles = tuple(self._handles)
        for handle in handles:
            threading.Thread(target=self._cancel, args=(handle,), daemon=True).start()

    def attach(self, connection: Any) -> None:
        """Watch over a driver's connection; one that is known already is not watched twice."""
        self.user = getattr(getattr(connection, "info", None), "user", None) or self.user
        with self._guard:
            if all(handle.connection is not connection for handle in self._handles):
                handle = _Handle.of(connection)
                if handle is not None:
                    self._handles.append(handle)

    def pause(self, seconds: float) -> None:
        """Sleep, but not once there is a reason to end."""
        self._wake.wait(seconds)

    def _cancel(self, handle: _Handle) -> None:
        if not self._over.is_set():  # whoever uses the connection now is not meant
            handle.cancel()

    def _work(self) -> None:
        # A signal has to wake the thread that waits for the server.
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
        if not self._wake.wait(self.remaining):
            self.interrupt(self._reason)
        patience = time.monotonic() + _GRACE
        while not self._over.is_set() and time.monotonic() < patience:
            self.cancel()
            self._over.wait(_AGAIN)
        while not self._over.is_set():  # what is opened from here on, is closed as well
            with self._guard:
                for handle in self._handles:
                    handle.shut_down()
            self._over.wait(_AGAIN)


class _Handle:
    """A driver's connection as far as another thread may touch it.

    The socket is a duplicate: its number stays ours even if the driver closes the connection in
    the same moment and somebody else gets the number.
    """

    def __init__(self, connection: Any, own: socket.socket) -> None:
        self.connection = connection
        self._socket = own

    @classmethod
    def of(cls, connection: Any) -> Self | None:
        """The handle of a connection; None for a driver that has no such thing."""
        if not hasattr(connection, "cancel") or not hasattr(connection, "fileno"):
            return None
        try:
            return cls(connection, socket.socket(fileno=os.dup(connection.fileno())))
        except Exception:  # closed already
            return None

    def cancel(self) -> None:
        """Ask the server to cancel what the connection runs."""
        cancel, options = self.connection.cancel, {}
        safe = getattr(self.connection, "cancel_safe", None)
        if safe is not None and not inspect.iscoroutinefunction(safe):
            cancel, options = safe, {"timeout": _GRACE}
        with suppress(Exception):  # then the socket is closed
            cancel(**options)

    def shut_down(self) -> None:
        """Have the driver see the end of the connection."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Give the socket back; the driver's own is not touched."""
        self._socket.close()


def _timed_out() -> TimedOut:
    return TimedOut(
        "the time that the run was given (--timeout) is over; nothing more was begun",
        hint="brokle-migrate up goes on with what is left; give it more time: --timeout",
    )


@contextmanager
def bounded_connect(seconds: float | None) -> Iterator[None]:
    """Let libpq give up connecting; what the team has set itself, stays.

    :param seconds: None for as long as it takes.
    """
    if seconds is None or (_CONNECT_TIMEOUT in os.environ and not _bounds):
        yield
        return
    bound = str(max(math.ceil(seconds), 2))  # libpq takes no less
    with _environment:
        _bounds.append(bound)
        os.environ[_CONNECT_TIMEOUT] = bound
    try:
        yield
    finally:
        with _environment:  # another thread may be connecting: it has some bound, too
            _bounds.remove(bound)
            if not _bounds:
                os.environ.pop(_CONNECT_TIMEOUT, None)
