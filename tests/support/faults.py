"""Faults that a test arms from outside: what happens to the n-th statement that fits."""

from __future__ import annotations

import re
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

ACTIONS = ("hold", "drop", "freeze", "delay", "error")
MOMENTS = ("before", "after")


class Dropped(Exception):
    """The connection is to be closed without an answer."""


class Frozen(Exception):
    """The connection is to stay open, and no byte is to pass any more, while the fault is armed."""

    def __init__(self, fault: Fault) -> None:
        self.fault = fault
        super().__init__("frozen")


class Refused(Exception):
    """The statement is to be answered with an error of the test's choice."""

    def __init__(self, fault: Fault) -> None:
        self.code = fault.code
        self.message = fault.message
        self.status = fault.status
        super().__init__(fault.message)


class Cancelled(Exception):
    """A held statement was killed by a KILL QUERY."""


@dataclass
class Fault:
    """What happens to which statement.

    :ivar match: regular expression looked for in the statement's text.
    :ivar nth: the first matching statement that is hit, counted from 1.
    :ivar times: how many are hit from there on; 0 for all.
    :ivar when: ``before`` the statement runs, or ``after`` it ran and before the answer.
    :ivar action: ``hold`` until released, ``drop`` the connection, ``freeze`` it (open, without a
        byte, as a network that hangs), ``delay`` by ``seconds``, answer with an ``error``.
    """

    match: str = ""
    nth: int = 1
    times: int = 1
    when: str = "before"
    action: str = "hold"
    seconds: float = 0.0
    code: int = 0
    message: str = "injected"
    status: int = 500
    id: int = 0
    seen: int = 0
    hits: list[str] = field(default_factory=list)
    held: list[str] = field(default_factory=list)
    released: str = ""

    def __post_init__(self) -> None:
        if self.action not in ACTIONS or self.when not in MOMENTS:
            raise ValueError(f"no such fault: {self.action} {self.when}")
        self.pattern = re.compile(self.match, re.IGNORECASE | re.DOTALL)

    def strikes(self, text: str) -> bool:
        """Count the statement, and say whether it is one of those to hit."""
        if not self.pattern.search(text):
            return False
        self.seen += 1
        return self.nth <= self.seen and (not self.times or self.seen < self.nth + self.times)

    def state(self) -> dict[str, Any]:
        """What a test may know."""
        return {"id": self.id, "seen": self.seen, "hits": self.hits, "held": self.held}


class Faults:
    """All armed faults, and the statements that wait in them."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._faults: dict[int, Fault] = {}
        self._next = 1
        self._cancelled: set[str] = set()

    def arm(self, options: Mapping[str, Any]) -> Fault:
        """Arm a fault."""
        fault = Fault(**options)
        with self._changed:
            fault.id = self._next
            self._next += 1
            self._faults[fault.id] = fault
        return fault

    def choose(self, text: str, query_id: str) -> list[Fault]:
        """The faults that hit this statement; called once per statement, it counts."""
        with self._changed:
            chosen = [fault for fault in self._faults.values() if fault.strikes(text)]
            for fault in chosen:
                if fault.action != "hold":
                    fault.hits.append(query_id)
            self._changed.notify_all()
            return chosen

    def strike(self, chosen: list[Fault], when: str, query_id: str) -> None:
        """Let the faults of this moment happen.

        :raises Dropped: close the connection.
        :raises Frozen: leave it open, and never answer.
        :raises Refused: answer with this error.
        :raises Cancelled: the statement was killed while it was held.
        """
        for fault in chosen:
            if fault.when == when:
                self._strike(fault, query_id)

    def _strike(self, fault: Fault, query_id: str) -> None:
        if fault.action == "hold":
            self._hold(fault, query_id)
        elif fault.action == "drop":
            raise Dropped
        elif fault.action == "freeze":
            raise Frozen(fault)
        elif fault.action == "error":
            raise Refused(fault)
        else:
            time.sleep(fault.seconds)

    def _hold(self, fault: Fault, query_id: str) -> None:
        with self._changed:
            fault.hits.append(query_id)
            fault.held.append(query_id)
            self._changed.notify_all()
            self._changed.wait_for(lambda: fault.released or query_id in self._cancelled)
            fault.held.remove(query_id)
            cancelled = query_id in self._cancelled
            self._cancelled.discard(query_id)
            self._changed.notify_all()
        if cancelled:
            raise Cancelled
        if fault.released == "drop":
            raise Dropped

    def wait(self, number: int, hits: int, timeout: float) -> dict[str, Any] | None:
        """Wait until a fault has hit so many statements; None when the time is over."""
        with self._changed:
            fault = self._faults[number]
            if self._changed.wait_for(lambda: len(fault.hits) >= hits, timeout):
                return fault.state()
        return None

    def release(self, number: int, then: str) -> None:
        """Let held statements go on (``continue``), or close their connections (``drop``)."""
        with self._changed:
            self._faults[number].released = then
            self._changed.notify_all()

    def cancel(self, query_id: str) -> bool:
        """Kill a held statement; whether there was one."""
        with self._changed:
            held = any(query_id in fault.held for fault in self._faults.values())
            if held:
                self._cancelled.add(query_id)
                self._changed.notify_all()
        return held

    def states(self) -> list[dict[str, Any]]:
        """What each armed fault has seen."""
        with self._changed:
            return [fault.state() for fault in self._faults.values()]

    def clear(self) -> None:
        """Disarm everything; held statements are dropped."""
        with self._changed:
            for fault in self._faults.values():
                fault.released = "drop"
            self._faults.clear()
            self._cancelled.clear()
            self._changed.notify_all()
