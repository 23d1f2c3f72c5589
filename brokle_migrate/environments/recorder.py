"""Writes the rows of one run into the ledger."""

from __future__ import annotations

import time
import uuid
from typing import TYPE_CHECKING

from ..author import author
from ..model import Action
from .attempts import DONE, FAILED, INTENT, REFUSED, STAMPED, UNSTAMPED, Content
from .ledger import values_of
from .runs import ENDED, FINISHED, RUN, written

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..interruption import Settlement
    from ..model import Statement, Step
    from ..past import RunRecord
    from .ledger import Ledger

_INTENT_SUFFIX = "-intent"


def intent_id(query_id: str) -> str:
    """The query id of the insert that recorded the intent of a statement."""
    return query_id + _INTENT_SUFFIX


class Recorder:
    """Writes the rows of one run.

    :param last: the sequence number that the run's rows come after.
    :param run_id: what the rows of one run have in common.
    :param hide: takes secrets out of what the server said.
    """

    def __init__(
        self, ledger: Ledger, last: int, run_id: str, hide: Callable[[str], str] = str
    ) -> None:
        self._ledger = ledger
        self._last = last
        self._hide = hide
        self._rows: list[tuple[object, ...]] = []
        self._always = {"run": run_id, "author": author()}

    def intend(self, step: Step, number: int, statement: Statement) -> str:
        """Record that a statement is about to run; on return the row is in the database.

        :return: the query id to run it under.
        """
        query_id = str(uuid.uuid4())
        self._add(step, INTENT, number, statement_hash=_hash(statement), query_id=query_id)
        try:
            self.flush(intent_id(query_id))
        except BaseException:
            self._rows.pop()  # the statement is not sent; if the row arrived, the log tells
            raise
        return query_id

    def settle(
        self,
        step: Step,
        number: int,
        statement: Statement,
        query_id: str,
        error: str = "",
        *,
        no_effect: bool = False,
        note: str = "",
    ) -> None:
        """Note a statement's outcome; it is written with the next intent or flush.

        :param error: what the server said, empty when all went well.
        :param no_effect: whether it is proven that the statement had no effect.
        :param note: what proves the outcome, where that is not the server's answer.
        """
        event = REFUSED if no_effect else FAILED if error else DONE
        self._add(
            step,
            event,
            number,
            statement_hash=_hash(statement),
            query_id=query_id,
            error=self._hide(error),
            note=self._hide(note),
        )

    def settle_earlier(
        self, step: Step, settlement: Settlement, content: Content | None = None
    ) -> None:
        """Note the outcome of the statement that an earlier run left open.

        :param content: what the file of that run says, where it is not the step's own.
        """
        self._add(
            step,
            DONE if settlement.done else REFUSED,
            settlement.statement,
            action=str(settlement.action),
            statements=settlement.statements,
            statement_hash=settlement.checksum,
            query_id=settlement.query_id,
            note=self._hide(settlement.evidence),
            **({} if content is None else content._asdict()),
        )

    def finish(self, step: Step) -> None:
        """Note that a step with nothing left to execute is done."""
        self._add(step, DONE, len(step.statements))

    def stamp(self, version: str, content: Content | None) -> None:
        """Note a version as applied without running anything; as not applied for None."""
        event = UNSTAMPED if content is None else STAMPED
        known = {} if content is None else content._asdict()
        self._append(version=int(version), action=str(Action.STAMP), event=event, **known)

    def note_run(self, record: RunRecord) -> None:
        """Record what the whole run did."""
        event = FINISHED if record.upgraded else ENDED
        self._append(action=RUN, event=event, note=written(record))
        self.flush()

    def flush(self, query_id: str = "") -> None:
        """Write what was noted, in one insert."""
        if self._rows:
            self._ledger.append(self._rows, query_id)
            self._rows = []

    def _add(self, step: Step, event: str, number: int, **values: object) -> None:
        known = {
            "version": int(step.revision),
            "action": str(step.action),
            "event": event,
            "statement": number,
            "statements": len(step.statements),
            "checksum": step.checksum,
            "digest": step.digest,
        }
        self._append(**{**known, **values})

    def _append(self, **values: object) -> None:
        self._last = max(self._last + 1, time.time_ns())
        values |= self._always | {"seq": self._last}
        self._rows.append(values_of(values))


def _hash(statement: Statement) -> str:
    """What a statement says, comments and spacing aside, as SHA-256."""
    from ..sqltext import checksum

    return checksum(statement.text)
