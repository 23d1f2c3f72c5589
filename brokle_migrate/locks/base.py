"""What every lock is, who holds one, and the wait for it."""

from __future__ import annotations

import os
import random
import re
import time
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from ..author import author
from ..errors import LockHeld, LockLost

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

_POLL = 0.2  # seconds between two tries, on average
_TELL = 10.0  # seconds between two lines about the same wait
_PROGRAM = "brokle-migrate"
_LONGEST_NAME = 63  # Postgres cuts an application_name there (NAMEDATALEN)
_NAME = re.compile(rf"{_PROGRAM} .* pid (\d+)$")


class Kind(StrEnum):
    """How a lock is held."""

    SESSION = "session"
    LEASE = "lease"


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds a lock.

    :ivar name: what the holder calls itself: program, user, host, process.
    :ivar key: what the server knows it by: a backend's process id, or a lease's token.
    :ivar address: where it is connected from, empty where that is not known.
    :ivar age: seconds for which it has been connected, or has had the lease; None where this user
        may not know.
    :ivar beat: seconds since a lease was last renewed.
    :ivar ttl: seconds after which a lease that is not renewed is over.
    """

    name: str
    kind: Kind
    key: str
    address: str = ""
    age: float | None = None
    beat: float = 0.0
    ttl: float = 0.0

    @property
    def is_over(self) -> bool:
        """Whether this is a lease that anybody may take over."""
        return self.kind is Kind.LEASE and self.beat > self.ttl

    @property
    def process(self) -> int | None:
        """The holder's process on its own host, None where the name does not tell."""
        match = _NAME.match(self.name)
        return int(match[1]) if match else None

    @property
    def sign_of_life(self) -> str:
        """What proves that the holder is alive, empty where nothing does."""
        if self.kind is Kind.LEASE and not self.is_over:
            return f"it renewed its lease {self.beat:.0f} s ago"
        process = self.process
        if process is not None and self.name == process_name(process) and _runs(process):
            return f"its process {process} runs on this host"
        return ""

    def __str__(self) -> str:
        who = self.name or "a nameless session"
        if self.kind is Kind.LEASE:
            age = f"{self.age or 0:.0f} s ago"
            return f"{who} (lease taken {age}, last heartbeat {self.beat:.0f} s ago)"
        where = f" from {self.address}" if self.address else ""
        since = "" if self.age is None else f", connected for {self.age:.0f} s"
        return f"{who}{where}{since}"


@dataclass(frozen=True, slots=True)
class LockState:
    """What ``brokle-migrate lock`` tells.

    :ivar where: the database that has the lock; empty where none is needed.
    :ivar holder: None when the lock is free.
    :ivar removed: the holder that was removed, if that was asked for.
    """

    where: str
    holder: Holder | None = None
    removed: Holder | None = None


class Guard(Protocol):
    """What at most one process holds."""

    def __enter__(self) -> None:
        """Take it.

        :raises LockHeld: somebody else has it, and kept it until the timeout.
        """

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Release it."""

    def check(self) -> None:
        """Make sure that it is still held.

        :raises LockLost: it may not be held any more.
        """


class Lock(Guard, Protocol):
    """A guard that can be looked at without taking it."""

    @property
    def where(self) -> str:
        """The database that has the lock, without user or password; empty where none is needed."""

    @property
    def warning(self) -> str:
        """What the user should change about where it is held; known once it is, mostly empty."""

    def holder(self) -> Holder | None:
        """Who holds it now; takes nothing and creates nothing."""

    def remove(self, holder: Holder) -> None:
        """Take the lock away from a holder; no harm is done where it is gone already.

        :raises StateError: the server refused.
        """


@dataclass(frozen=True, slots=True)
class Wait:
    """How somebody waits for a lock.

    :ivar label: the database that has it, without user and password.
    :ivar timeout: seconds to wait for somebody else's run to end.
    :ivar tell: called with the holder's description at once, and now and then while it waits.
    """

    label: str
    timeout: float
    tell: Callable[[str], None]


def poll(attempt: Callable[[], bool], look: Callable[[], Holder | None], wait: Wait) -> None:
    """Try again and again until an attempt succeeds.

    :param look: who holds the lock.
    :raises LockHeld: the time is over.
    """
    end = time.monotonic() + wait.timeout
    tell_at = time.monotonic()
    while not attempt():
        now = time.monotonic()
        holder = look() if now >= min(tell_at, end) else None
        if now >= end:
            raise _held(wait, holder)
        if holder is not None:
            wait.tell(str(holder))
            tell_at = now + _TELL
        time.sleep(min(random.uniform(0.5, 1.5) * _POLL, end - now))


def _held(wait: Wait, holder: Holder | None) -> LockHeld:
    who = str(holder) if holder is not None else "a run that has just ended"
    hint = "wait for that run to end, or wait longer: --lock-timeout 5m"
    if holder is not None and holder.kind is Kind.LEASE:
        hint += f"; if it is dead, its lease is over {holder.ttl:.0f} s after its last heartbeat"
    else:
        hint += "; if it is dead: brokle-migrate lock --break"
    return LockHeld(f"somebody else is migrating {wait.label}: {who}", hint=hint)


def lost(label: str, why: str) -> LockLost:
    """The error for a lock that can't be relied on any more."""
    return LockLost(
        f"the lock in {label} was lost: {why}; nothing more was run",
        hint="brokle-migrate status tells what is applied; then run the command again",
    )


def process_name(process: int | None = None) -> str:
    """What a process of this user on this host is called, as Postgres would keep it."""
    number = f" pid {process or os.getpid()}"
    who = author().encode("ascii", "replace").decode()
    return f"{_PROGRAM} {who}"[: _LONGEST_NAME - len(number)] + number


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


class NoLock:
    """For what only one process at a time can open anyway."""

    where: str = ""
    warning: str = ""

    def __enter__(self) -> None:
        return None

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        return None

    def check(self) -> None:
        """There is nothing to lose."""

    def holder(self) -> Holder | None:
        """There is nothing to hold."""
        return None

    def remove(self, holder: Holder) -> None:
        """There is nobody to take it from."""
