"""Signs of life while a lock is held, from a thread of their own."""

from __future__ import annotations

import signal
import threading
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

# Goes on while the machine sleeps, as the server's clock does.
_CLOCK: int = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
_RETRY = 5  # a beat that failed is repeated so many times as fast


def now() -> float:
    """Seconds on the clock that a lease is measured by."""
    return time.clock_gettime(_CLOCK)


class Gone(Exception):
    """A beat found out that the lock is not held any more."""


class Heartbeat:
    """Calls ``beat`` every so many seconds.

    A beat counts from the moment in which it was sent, and only if its answer came while the beat
    before it still counted.  So the server's view of what is alive is never shorter than ours.

    :param beat: raises :class:`Gone` when there is nothing left to keep alive; whatever else it
        raises is tried again.
    :param limit: how long one beat counts, in seconds; None for ever.
    """

    def __init__(self, beat: Callable[[], None], interval: float, limit: float | None) -> None:
        self._beat = beat
        self._interval = interval
        self._limit = limit
        self._last = 0.0
        self._reason = ""
        self._trouble = ""
        self._ended = False
        self._wanted = self._answered = 0
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="heartbeat", daemon=True)

    def start(self, since: float) -> None:
        """Begin.

        :param since: when the lock was taken.
        """
        self._last = since
        self._thread.start()

    def stop(self, seconds: float = 1.0) -> None:
        """End; waits so long for a beat that is under way."""
        with self._changed:
            self._ended = True
            self._changed.notify_all()
        self._thread.join(seconds)

    @property
    def age(self) -> float:
        """Seconds since the last beat that counts."""
        return now() - self._last

    @property
    def lost(self) -> str:
        """Why the lock can't be relied on any more; empty while it can."""
        if not self._reason and self._limit is not None and self.age > self._limit:
            trouble = f" ({self._trouble})" if self._trouble else ""
            self._reason = f"no heartbeat reached it for {self.age:.0f} s{trouble}"
        return self._reason

    def confirm(self, seconds: float) -> bool:
        """Have a beat made now; whether it was answered within the time."""
        with self._changed:
            self._wanted += 1
            wanted = self._wanted
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._answered >= wanted or self._reason, seconds)
            return self._answered >= wanted

    def _run(self) -> None:
        # A signal has to wake the thread that runs the statement.
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
        pause = self._interval
        while self._sleep(pause):
            wanted, sent = self._wanted, now()
            try:
                self._beat()
            except Gone as error:
                return self._settle(reason=str(error))
            except Exception as error:
                self._trouble = str(error)
                pause = self._interval / _RETRY
                continue
            if self.lost:  # the answer came too late: somebody may have taken over meanwhile
                return self._settle()
            self._last, pause, self._trouble = sent, self._interval, ""
            self._settle(answered=wanted)
        return None

    def _sleep(self, seconds: float) -> bool:
        """Wait for the time of the next beat; False when there is none."""
        with self._changed:
            self._changed.wait_for(
                lambda: self._ended or (self._wanted > self._answered and not self._trouble),
                seconds,
            )
            return not self._ended

    def _settle(self, *, answered: int = 0, reason: str = "") -> None:
        with self._changed:
            self._reason = self._reason or reason
            self._answered = max(self._answered, answered)
            self._changed.notify_all()
