"""Signs of life: which count, and when the lock is lost."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from brokle_migrate.locks import heartbeat
from brokle_migrate.locks.heartbeat import Gone, Heartbeat
from tests.support.process import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@contextmanager
def beating(
    beat: Callable[[], None], *, interval: float = 0.01, limit: float | None = 60.0
) -> Iterator[Heartbeat]:
    found = Heartbeat(beat, interval, limit)
    found.start(heartbeat.now())
    yield found
    found.stop()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time, as a list of one number."""
    time = [100.0]
    monkeypatch.setattr(heartbeat, "now", lambda: time[0])
    return time


def test_it_beats_until_it_is_stopped() -> None:
    beats: list[int] = []
    with beating(lambda: beats.append(1)) as found:
        wait_until(lambda: len(beats) > 3, 5, "beats")
        assert found.lost == ""
    after = len(beats)
    threading.Event().wait(0.05)
    assert len(beats) == after


def test_silence_beyond_the_limit_loses_the_lock_for_good(clock: list[float]) -> None:
    with beating(lambda: None, interval=60, limit=15) as found:
        clock[0] += 15
        assert found.lost == ""
        clock[0] += 1
        assert "no heartbeat reached it for 16 s" in found.lost
        clock[0] -= 10
        assert found.lost


def test_an_answer_that_comes_too_late_does_not_count(clock: list[float]) -> None:
    def slow() -> None:
        clock[0] += 20  # the server took its time, or this process slept

    with beating(slow, limit=15) as found:
        wait_until(lambda: bool(found.lost), 5, "loss")


def test_a_beat_counts_from_when_it_was_sent(clock: list[float]) -> None:
    def slow() -> None:
        clock[0] += 10

    with beating(slow, interval=60, limit=15) as found:
        assert found.confirm(5)
        assert found.age == 10


def test_trouble_is_tried_again_and_told_when_it_lasts(clock: list[float]) -> None:
    tries: list[int] = []

    def fail() -> None:
        tries.append(1)
        raise OSError("no route to host")

    with beating(fail, limit=15) as found:
        wait_until(lambda: len(tries) > 2, 5, "tries")
        assert found.lost == ""
        clock[0] += 16
        assert "no route to host" in found.lost


def test_what_is_gone_is_lost_at_once() -> None:
    def gone() -> None:
        raise Gone("it was taken away")

    with beating(gone) as found:
        wait_until(lambda: found.lost == "it was taken away", 5, "loss")
        assert not found.confirm(0.1)


def test_a_confirmation_waits_no_longer_than_it_may() -> None:
    answer = threading.Event()
    with beating(lambda: bool(answer.wait(5)) and None, interval=60, limit=None) as found:
        assert not found.confirm(0.1)
        answer.set()
        assert found.confirm(5)
        assert found.lost == ""


def test_without_a_limit_only_what_is_gone_is_lost(clock: list[float]) -> None:
    with beating(lambda: None, interval=60, limit=None) as found:
        clock[0] += 1000
        assert found.lost == ""
        assert found.confirm(5)
        assert found.age == 0
