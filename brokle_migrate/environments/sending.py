"""Sending a statement, and finding out what became of it whatever happens to the connection.

A lost connection says nothing about the statement: the server goes on with it.  So the server is
asked over a new connection until it tells, and only a limit that somebody set cancels anything.
"""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from ..interruption import Outcome
from .background import settings_of
from .distributed import Task
from .drivers import ConnectionLost, NoAnswer, ServerError
from .proof import outcome_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..model import Limits, Statement
    from .drivers import Driver
    from .verdicts import Verdict

_POLL = 0.5
_AWAY = 20.0  # seconds that a server may be away, to be started again
_DYING = 10.0  # seconds that a cancelled statement may take to end
_SHORTEST = 0.1
_KEPT = "it stays in the queue, and runs there when they are back"
# A replica that is down begins nothing; one that is busy may have earlier statements to run.
_STALLED = 120.0  # seconds in which none of those that are waited for has been at it


class Unsettled(Exception):
    """What became of a statement could not be found out.

    :ivar no_effect: False; see :class:`NoEffect`.
    """

    no_effect = False


class NoEffect(Unsettled):
    """The statement was not run, or was cancelled without having had an effect.

    :ivar never_arrived: whether only the connection stood in its way, and its time is not over.
    """

    no_effect = True

    def __init__(self, message: str, *, never_arrived: bool) -> None:
        self.never_arrived = never_arrived
        super().__init__(message)


@dataclass(slots=True)
class Clock:
    """How long one statement may still take.

    :ivar end: on ``time.monotonic()``'s clock, None for no limit.
    :ivar limit: what the limit is called and how long it is, for messages.
    """

    end: float | None
    limit: str = ""

    @classmethod
    def of(cls, statement: Statement, limits: Limits) -> Clock:
        """The tightest of the limits of a statement and of the run."""
        seconds = limits.statement if statement.timeout is None else statement.timeout
        own = None if seconds is None else time.monotonic() + seconds
        if own is None or (limits.deadline is not None and limits.deadline < own):
            return cls(limits.deadline, "the run's --timeout is over")
        return cls(own, f"it took longer than {seconds:g} s")

    @property
    def over(self) -> bool:
        return self.end is not None and time.monotonic() >= self.end

    @property
    def left(self) -> float | None:
        """How long to wait for the answer, in seconds; None for as long as it takes."""
        return None if self.end is None else max(self.end - time.monotonic(), _SHORTEST)


def send(
    driver: Driver, statement: Statement, query_id: str, clock: Clock, tell: Callable[[str], None]
) -> str:
    """Run a statement to its end.

    :param tell: called now and then with what is known, while the answer is outstanding; what it
        raises ends the wait, and the statement goes on.
    :return: what proves that it ran, empty when the server said so itself.
    :raises ServerError: the server refused it.
    :raises Unsettled: what became of it is not known.
    """
    try:
        driver.execute(
            statement.text,
            query_id=query_id,
            settings=settings_of(driver, statement),
            timeout=clock.left,
        )
    except ConnectionLost as lost:
        why = "no answer came" if isinstance(lost, NoAnswer) else str(lost)
        look = partial(outcome_of, driver, query_id, statement.text)
        return _Pursuit(driver, query_id, clock, tell, look, why).result()
    except ServerError as error:
        task = Task.named_by(error)
        if task is None:
            raise
        look = partial(task.verdict, driver)
        return _Pursuit(driver, query_id, clock, tell, look, "", distributed=True).result()
    return ""


class _Pursuit:
    """The search for a statement whose answer did not come."""

    def __init__(
        self,
        driver: Driver,
        query_id: str,
        clock: Clock,
        tell: Callable[[str], None],
        look: Callable[[], Verdict],
        why: str,
        *,
        distributed: bool = False,
    ) -> None:
        self._driver = driver
        self._query_id = query_id
        self._clock = clock
        self._tell = tell
        self._look = look
        self._why = why
        self._distributed = distributed
        self._away_since: float | None = None
        self._stalled: tuple[str, float] = ("", 0.0)
        self._cancelled_at: float | None = None

    def result(self) -> str:
        """Wait until the server tells."""
        while True:
            try:
                found = self._look()
            except (ConnectionLost, ServerError) as error:
                self._miss(error)
                continue
            self._away_since = None
            if found.outcome is Outcome.RUNNING:
                if self._distributed:
                    self._require_delivery(found)
                self._wait(found.evidence)
                continue
            if found.outcome is Outcome.DONE:
                return f"{self._why and 'the answer was lost; '}{found.evidence}"
            raise self._failure(found)

    def _miss(self, error: Exception) -> None:
        now = time.monotonic()
        self._away_since = self._away_since or now
        if now - self._away_since > _AWAY or self._clock.over:
            raise Unsettled(f"no answer ({error}); the outcome is not known") from error
        self._tell(f"the server does not answer ({error})")
        time.sleep(_POLL)

    def _require_delivery(self, found: Verdict) -> None:
        """Follow what waits in the queue while its time is not over, and somebody is at it.

        It can't be cancelled: it will run when its turn comes.

        :raises Unsettled: it is not worth following any longer.
        """
        now = time.monotonic()
        if not found.stalled or found.evidence != self._stalled[0]:
            self._stalled = (found.evidence, now)
        why = self._clock.limit if self._clock.over else ""
        if not why and now - self._stalled[1] > _STALLED:
            why = f"no other replica has begun in {_STALLED:g} s"
        if why:
            raise Unsettled(f"{why}; {found.evidence}; {_KEPT}")

    def _wait(self, evidence: str) -> None:
        """Let the statement run on, or cancel it when its time is over."""
        if self._clock.over and self._cancelled_at is None:
            self._cancelled_at = time.monotonic()
            self._cancel()
        if self._cancelled_at is not None and time.monotonic() - self._cancelled_at > _DYING:
            raise Unsettled(f"{self._clock.limit}, and it did not end when it was cancelled")
        self._tell(evidence)
        time.sleep(_POLL)

    def _cancel(self) -> None:
        with suppress(ServerError, ConnectionLost):  # it runs on, and that is said
            self._driver.execute(
                f"KILL QUERY WHERE query_id = '{self._query_id}' ASYNC", timeout=_DYING
            )

    def _failure(self, found: Verdict) -> Exception:
        if found.error is not None and self._cancelled_at is None:
            return found.error
        outcome, evidence = found.outcome, found.evidence
        why = self._why
        if self._cancelled_at is not None:
            why = f"{self._clock.limit}, and was cancelled"
        if outcome is Outcome.NO_EFFECT:
            in_time = self._cancelled_at is None and not self._clock.over
            return NoEffect(f"{why}; {evidence}", never_arrived=in_time)
        if outcome is Outcome.REPEATABLE:
            return Unsettled(f"{why}; {evidence}")
        return Unsettled(f"{why}; the outcome is not known")
