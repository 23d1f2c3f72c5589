"""How the databases are, as a value: what was seen, how grave it is, and what to type.  Pure."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from .errors import Busy, DatabaseUnreachable, LockHeld
from .model import Action

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .errors import MigrateError
    from .interruption import Interruption
    from .locks import LockState
    from .past import PastRun
    from .status import DatabaseStatus


class Condition(StrEnum):
    """How a database is, or all of them together: as the worst of them."""

    HEALTHY = "healthy"
    DEGRADED = "degraded"
    UNHEALTHY = "unhealthy"


@dataclass(frozen=True, slots=True)
class Recommendation:
    """Something to type, and why.

    :ivar environment: the database that it is about.
    """

    environment: str
    reason: str
    command: str


@dataclass(frozen=True, slots=True)
class DatabaseHealth:
    """One database.

    :ivar latency: seconds for an empty round trip, None when it did not answer.
    """

    status: DatabaseStatus
    latency: float | None = None

    @property
    def reachable(self) -> bool:
        """Whether the server answered."""
        return self.latency is not None

    @property
    def condition(self) -> Condition:
        """Unhealthy is what needs a person, or keeps an application from working."""
        status = self.status
        if isinstance(status.error, Busy | LockHeld):
            return Condition.DEGRADED  # somebody is at work with it
        own = len(status.dirty) > len(status.newer)  # what newer code left half done is its own
        if status.error is not None or (own and not status.running):
            return Condition.UNHEALTHY
        waiting = status.pending or status.out_of_order or status.running or not status.exists
        odd = status.ahead or status.changed or status.findings
        return Condition.DEGRADED if waiting or odd else Condition.HEALTHY


@dataclass(frozen=True, slots=True)
class Health:
    """Every configured database, and the lock of all of them.

    :ivar checked: when this was seen, in seconds since 1970.
    :ivar lock: who holds it; None when that could not be asked.
    :ivar last_run: what ran last, as ClickHouse's ledger records it; None where there is no record.
    """

    databases: tuple[DatabaseHealth, ...]
    checked: float
    lock: LockState | None = None
    last_run: PastRun | None = None

    @property
    def recommendations(self) -> tuple[Recommendation, ...]:
        """What to type, Postgres first."""
        return tuple(_recommended(self))

    @property
    def condition(self) -> Condition:
        """The worst of the databases."""
        order = list(Condition)
        return max((each.condition for each in self.databases), key=order.index, default=order[0])

    @property
    def is_ready(self) -> bool:
        """Whether the code that the files belong to finds the schema it needs."""
        return all(each.status.is_ready for each in self.databases)


def _recommended(health: Health) -> Iterator[Recommendation]:
    for database in health.databases:
        yield from _for_database(database.status)
    holder = health.lock.holder if health.lock is not None else None
    if health.lock is not None and holder is not None and holder.is_over:
        reason = f"a dead run holds the lock in {health.lock.where}"
        yield Recommendation("", reason, "brokle-migrate lock --break")


def _for_database(status: DatabaseStatus) -> Iterator[Recommendation]:
    name = status.environment
    only = f"brokle-migrate --db {name}"
    if status.error is not None:
        yield Recommendation(name, status.error.message, _about(status.error, only))
        return
    for interruption in () if status.running else status.dirty:
        command = "git pull" if interruption in status.newer else _settling(interruption)
        yield Recommendation(name, str(interruption), command)
    if status.out_of_order:
        files = ", ".join(revision.path.name for revision in status.out_of_order)
        reason = f"older than the newest applied version, and never applied: {files}"
        yield Recommendation(name, reason, f"{only} up --allow-out-of-order")
    if status.ahead:
        reason = f"it records {', '.join(status.ahead)}, which no file here has"
        yield Recommendation(name, reason, "git pull")
    elif len(status.heads) > 1 and status.pending:
        heads = " ".join(status.heads)
        yield Recommendation(name, f"it has {len(status.heads)} heads", f"alembic merge {heads}")
    elif status.pending and not (status.dirty or status.running or status.out_of_order):
        yield Recommendation(name, f"{len(status.pending)} pending", "brokle-migrate up")
    for finding in status.findings:
        if finding.id == "invalid_index":
            yield Recommendation(name, finding.message, finding.hint)
    for version in status.changed:
        reason = f"{version} was edited after it was applied"
        yield Recommendation(name, reason, f"git log --patch -- '*{shlex.quote(version)}*'")


def _about(error: MigrateError, only: str) -> str:
    if isinstance(error, Busy | LockHeld):
        return "brokle-migrate lock"
    if isinstance(error, DatabaseUnreachable) and not error.refused:
        return f"{only} wait"
    return f"{only} info"


def _settling(interruption: Interruption) -> str:
    if interruption.next_statement is None or interruption.action is not Action.UPGRADE:
        return "brokle-migrate resume"
    return "brokle-migrate up"
