"""Reading a state that holds still: what an interrupted run left running is waited for."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from .errors import TimedOut
from .interruption import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable

    from .environments.base import Environment
    from .model import Limits, Snapshot

_POLL = 0.5
_REMIND = 10.0


def quiet_snapshot(
    environment: Environment, tell: Callable[[str], None], limits: Limits
) -> Snapshot:
    """A snapshot with everything proven that the server can prove, and nothing still running.

    :param tell: called now and then with what is waited for.
    :raises TimedOut: a statement still ran when the run's time was over.
    """
    told = float("-inf")
    while True:
        snapshot = environment.snapshot(prove=True)
        running = next((d for d in snapshot.dirty if d.outcome is Outcome.RUNNING), None)
        if running is None:
            return snapshot
        now = time.monotonic()
        if limits.deadline is not None and now >= limits.deadline:
            raise TimedOut(f"{running}; the run's --timeout is over", hint="give it more time")
        if now - told >= _REMIND:
            told = now
            tell(f"{environment.name}: waiting for the server: {running}")
        time.sleep(_POLL)
