"""What the rows of one version say: which attempt decides, and where it stands.  Pure.

An *attempt* is the rows of one upgrade or downgrade, over all the runs that went on with it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from ..interruption import Interruption, Outcome
from ..model import Action

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

INTENT, DONE, FAILED, REFUSED = "intent", "done", "failed", "refused"
STAMPED, UNSTAMPED = "stamped", "unstamped"

_OUTCOMES = {DONE: Outcome.DONE, REFUSED: Outcome.NO_EFFECT}


class Content(NamedTuple):
    """What a file said when it was applied.

    :ivar checksum: SHA-256 of it, comments and spacing aside.
    :ivar digest: SHA-256 of it, byte by byte.
    """

    checksum: str
    digest: str


class LedgerRow(NamedTuple):
    """The columns of one row that a state is derived from."""

    action: str
    event: str
    statement: int
    statements: int
    statement_hash: str
    query_id: str
    error: str
    content: Content

    @property
    def finishes(self) -> bool:
        """Whether nothing is left of its attempt."""
        stamps = self.event in {STAMPED, UNSTAMPED}
        return stamps or (self.event == DONE and self.statement == self.statements)


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a version stands.

    :ivar applied: what its file said, None when it is not applied.
    :ivar interruption: the step that was started and not finished.
    """

    applied: Content | None = None
    interruption: Interruption | None = None


def standing(
    version: str,
    rows: Iterable[LedgerRow],
    prove: Callable[[Interruption], Interruption] | None = None,
) -> Standing:
    """Derive where a version stands from all its rows.

    An attempt whose first statement had no effect has left everything as it was: then the attempt
    before it decides.

    :param rows: oldest first.
    :param prove: asks the server what became of a statement where the ledger does not tell.
    """
    attempts = _attempts(rows)
    while attempts:
        latest = attempts.pop()
        if latest[-1].finishes:
            return Standing(_applied_by(latest[-1]))
        found = _interruption(version, latest, _standing_before(version, attempts))
        if prove is not None and found.outcome is Outcome.UNKNOWN:
            found = prove(found)
        if found.executed or found.outcome is not Outcome.NO_EFFECT:
            return Standing(interruption=found)
    return Standing()


def _standing_before(version: str, attempts: Sequence[list[LedgerRow]]) -> Standing:
    return standing(version, [row for attempt in attempts for row in attempt])


def _attempts(rows: Iterable[LedgerRow]) -> list[list[LedgerRow]]:
    attempts: list[list[LedgerRow]] = []
    for row in rows:
        latest = attempts[-1] if attempts else None
        if latest is None or latest[-1].finishes or latest[-1].action != row.action:
            attempts.append([row])
        else:
            latest.append(row)
    return attempts


def _applied_by(last: LedgerRow) -> Content | None:
    applies = last.event == STAMPED or (last.event == DONE and last.action == Action.UPGRADE)
    return last.content if applies else None


def _interruption(version: str, rows: Sequence[LedgerRow], before: Standing) -> Interruption:
    last = rows[-1]
    done = {row.statement: row.statement_hash for row in rows if row.event == DONE}
    numbers = range(1, last.statement + (last.event == DONE))
    return Interruption(
        version,
        Action(last.action),
        last.statement,
        last.statements,
        finished=tuple(done[number] for number in numbers if number in done),
        error=last.error,
        checksum=last.statement_hash,
        query_id=last.query_id,
        upgrade=_touched(before) if last.action == Action.DOWNGRADE else None,
        outcome=_OUTCOMES.get(last.event, Outcome.UNKNOWN),
    )


def _touched(before: Standing) -> tuple[str, ...] | None:
    """What an upgrade that had not finished touched."""
    return before.interruption.touched if before.interruption is not None else None
