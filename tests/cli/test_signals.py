"""At which events a signal ends a run."""

from __future__ import annotations

import signal

import pytest

from brokle_migrate.cli.signals import Stop
from brokle_migrate.errors import Interrupted, Terminated
from brokle_migrate.events import StatementDone, StepFinished, StepStarted
from brokle_migrate.model import Action, Step

POSTGRES = Step("postgres", Action.UPGRADE, "1")
CLICKHOUSE = Step("clickhouse", Action.UPGRADE, "2")


def stop_at(step: Step) -> tuple[Stop, list[object], list[str]]:
    seen: list[object] = []
    said: list[str] = []
    stop = Stop(seen.append, said.append)
    stop.event(StepStarted(step, 1, 2))
    stop.handle(signal.SIGTERM, None)
    return stop, seen, said


def test_what_is_done_is_not_stopped_any_more() -> None:
    stop, seen, said = stop_at(POSTGRES)
    stop.event(StepFinished(POSTGRES, 1.0))
    assert len(seen) == 2
    assert said == ["stopping when the running revision has ended; again within 2 s: at once"]


def test_nothing_new_begins() -> None:
    stop, seen, _ = stop_at(POSTGRES)
    with pytest.raises(Terminated):
        stop.event(StepStarted(CLICKHOUSE, 2, 2))
    assert len(seen) == 1


def test_between_two_statements_a_step_stops_and_after_its_last_it_does_not() -> None:
    stop, seen, said = stop_at(CLICKHOUSE)
    assert "the running statement" in said[0]
    stop.event(StatementDone(CLICKHOUSE, 3, 3))
    with pytest.raises(Interrupted):
        stop.event(StatementDone(CLICKHOUSE, 1, 3))
    assert len(seen) == 3


def test_a_second_signal_does_not_wait() -> None:
    stop, _, _ = stop_at(POSTGRES)
    with pytest.raises(KeyboardInterrupt) as caught:
        stop.handle(signal.SIGINT, None)
    assert caught.value.args == (signal.SIGINT,)
