"""SIGINT and SIGTERM while steps run: stop before the next thing begins, and report."""

from __future__ import annotations

import signal
import threading
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from ..errors import interrupted
from ..events import StepStarted, is_boundary
from ..model import POSTGRES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

    from ..events import Emit, Event

_AT_ONCE = 2.0  # seconds within which a second signal does not wait for the statement


class Stop:
    """Turns a signal into the end of a run before the next thing begins.

    What is done is not stopped any more: where nothing is left to begin, the run ends as usual.

    :param emit: where the events go.
    :param tell: called with a sentence when what is running is waited for.
    """

    def __init__(self, emit: Emit, tell: Callable[[str], None]) -> None:
        self._emit = emit
        self._tell = tell
        self._running = ""
        self._asked: int | None = None
        self._last = float("-inf")

    def event(self, event: Event) -> None:
        """Pass an event on.

        :raises Interrupted: a signal came, and something is left to run.  It is raised once, so
            that what was applied can still be taken back; the next signal ends that, too.
        """
        if isinstance(event, StepStarted):
            self._stop_if_asked()
            # Postgres does not tell of single statements.
            is_postgres = event.step.environment == POSTGRES
            self._running = "revision" if is_postgres else "statement"
        self._emit(event)
        if is_boundary(event):
            self._stop_if_asked()

    def handle(self, number: int, _: FrameType | None) -> None:
        """Take a signal: at once before the first step, and when it comes twice."""
        now = time.monotonic()
        if not self._running or now - self._last < _AT_ONCE:
            if not self._running:  # Python drops what is raised while it collects garbage
                self._asked = number
            raise KeyboardInterrupt(number)
        self._asked, self._last = number, now
        with suppress(RuntimeError):  # the signal came while a line was being written
            what = f"the running {self._running} has ended"
            self._tell(f"stopping when {what}; again within 2 s: at once")

    def sleep(self, seconds: float) -> None:
        """Wait between two looks at something that is not there yet.

        :raises Interrupted: a signal came.
        """
        time.sleep(seconds)
        self._stop_if_asked()

    def _stop_if_asked(self) -> None:
        if self._asked is not None:
            number, self._asked = self._asked, None
            raise interrupted(number)


@contextmanager
def terminable() -> Iterator[None]:
    """Let SIGTERM end a command as Ctrl-C does: with everything released on the way out."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, _raise)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _raise(number: int, _: FrameType | None) -> None:
    raise KeyboardInterrupt(number)


@contextmanager
def stoppable(emit: Emit, tell: Callable[[str], None]) -> Iterator[Stop]:
    """Let signals stop a run cleanly; yields what the run has to emit to, and to sleep with."""
    stop = Stop(emit, tell)
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return
    before = {
        number: signal.signal(number, stop.handle) for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
