"""Noticing that the lock was lost while a statement runs, which may take hours."""

from __future__ import annotations

import signal
import threading
from typing import TYPE_CHECKING, Self

from .errors import LockLost

if TYPE_CHECKING:
    from collections.abc import Callable

    from .errors import MigrateError
    from .locks import Lock

_PAUSE = 2.0


class Alarm:
    """A context manager that looks after the lock from a thread of its own.

    :param lock: held by whoever enters this.
    :param ring: called once with the error, from that thread, when the lock is lost.
    """

    def __init__(self, lock: Lock, ring: Callable[[MigrateError], None]) -> None:
        self._lock = lock
        self._ring = ring
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, name="lock alarm", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join(_PAUSE)  # a ring that is under way must not hit what comes next

    def _look(self) -> None:
        # A signal has to wake the thread that runs the statement.
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
        while not self._over.wait(_PAUSE):
            try:
                self._lock.check()
            except LockLost as error:
                if not self._over.is_set():
                    self._ring(error)
                return
