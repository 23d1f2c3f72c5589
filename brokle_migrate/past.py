"""What earlier runs did, as it was recorded.  Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Ending(StrEnum):
    """How a run ended."""

    DONE = "done"
    FAILED = "failed"
    STOPPED = "stopped"  # by a signal, a limit, a lock that was lost: it says so itself
    KILLED = "killed"  # it has left no word of its end
    RUNNING = "running"


@dataclass(frozen=True, slots=True)
class Failure:
    """Where and why a run broke off.

    :ivar environment: empty where it was between two steps.
    :ivar statement: from 1, None where that is not known.
    :ivar statements: how many the step has, 0 where that is not known.
    """

    reason: str
    environment: str = ""
    revision: str = ""
    statement: int | None = None
    statements: int = 0


@dataclass(frozen=True, slots=True)
class Deed:
    """What a run did in one database.

    :ivar action: ``upgrade``, ``downgrade`` or ``stamp``.
    """

    environment: str
    action: str
    revisions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PastRun:
    """One run.

    :ivar author: ``user@host``.
    :ivar started: seconds since 1970, by the clock of the host that it ran on.
    :ivar ended: likewise; the last sign of life of one that was killed.
    """

    author: str
    started: float
    ended: float
    ending: Ending
    deeds: tuple[Deed, ...] = ()
    failure: Failure | None = None

    @property
    def duration(self) -> float:
        """Seconds."""
        return max(self.ended - self.started, 0.0)


@dataclass(frozen=True, slots=True)
class RunRecord:
    """What a run says of itself when it is over.

    :ivar started: seconds since 1970.
    :ivar ending: how it ended.
    """

    started: float
    ending: Ending
    deeds: tuple[Deed, ...] = ()
    failure: Failure | None = None

    @property
    def upgraded(self) -> dict[str, tuple[str, ...]]:
        """What is newly applied, by environment."""
        return {d.environment: d.revisions for d in self.deeds if d.action == "upgrade"}
