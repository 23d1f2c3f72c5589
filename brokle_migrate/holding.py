"""Who holds the lock, and how it is taken away from the dead."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from .errors import LockHeld, StateError
from .locks import LockState

if TYPE_CHECKING:
    from .environments import Environments
    from .locks import Holder

_BREAKING = 5.0  # seconds that a server may take to end a session


def lock_state(environments: Environments) -> LockState:
    """Who holds the lock; takes nothing and creates nothing."""
    lock = environments.lock()
    return LockState(lock.where, lock.holder())


def break_lock(environments: Environments, holder: Holder) -> LockState:
    """Take the lock away from a holder that is dead, and see what is true then.

    :raises LockHeld: it is alive.
    :raises StateError: the server refused, or the holder still has the lock.
    """
    require_dead(holder)
    lock = environments.lock()
    lock.remove(holder)
    end = time.monotonic() + _BREAKING
    while (found := lock.holder()) is not None and found.key == holder.key:
        if time.monotonic() > end:
            raise StateError(
                f"the lock in {lock.where} is still held by {holder}",
                hint="brokle-migrate lock tells who holds it",
            )
        time.sleep(0.1)
    return LockState(lock.where, found, removed=holder)


def require_dead(holder: Holder) -> None:
    """Refuse to break the lock of somebody who is provably alive.

    :raises LockHeld: the holder is.
    """
    if holder.sign_of_life:
        process = f"end its process {holder.process}" if holder.process else "end that process"
        raise LockHeld(
            f"{holder} is alive: {holder.sign_of_life}; nothing was changed",
            hint=f"wait for it, or {process} on its host: SIGTERM stops it between two statements",
        )
