"""Who holds a lock, and the wait for it."""

from __future__ import annotations

import os
import time

import pytest

from brokle_migrate.errors import LockHeld
from brokle_migrate.locks import base
from brokle_migrate.locks.base import Holder, Kind, Wait, poll, process_name

SESSION = Holder("brokle-migrate ann@elsewhere pid 7", Kind.SESSION, "99", "10.0.0.3", 12.4)
LEASE = Holder("brokle-migrate ann@elsewhere pid 7", Kind.LEASE, "abc", age=40, beat=3, ttl=15)
DEAD = Holder("brokle-migrate ann@elsewhere pid 7", Kind.LEASE, "abc", age=99, beat=16, ttl=15)
HERE = Holder(process_name(), Kind.SESSION, "99")


@pytest.mark.parametrize(
    ("holder", "words"),
    [
        (SESSION, "brokle-migrate ann@elsewhere pid 7 from 10.0.0.3, connected for 12 s"),
        (Holder("", Kind.SESSION, "1"), "a nameless session"),
        (
            LEASE,
            "brokle-migrate ann@elsewhere pid 7 (lease taken 40 s ago, last heartbeat 3 s ago)",
        ),
    ],
)
def test_a_holder_in_words(holder: Holder, words: str) -> None:
    assert str(holder) == words


@pytest.mark.parametrize(
    ("holder", "sign"),
    [
        (SESSION, ""),
        (LEASE, "it renewed its lease 3 s ago"),
        (DEAD, ""),
        (HERE, f"its process {os.getpid()} runs on this host"),
        (Holder(process_name(2**22 + 1), Kind.SESSION, "99"), ""),
        (Holder("psql", Kind.SESSION, "99"), ""),
    ],
    ids=["session", "lease", "dead", "here", "gone", "psql"],
)
def test_what_proves_that_a_holder_is_alive(holder: Holder, sign: str) -> None:
    assert holder.sign_of_life == sign


def test_only_a_lease_is_over_by_itself() -> None:
    assert [h.is_over for h in (SESSION, LEASE, DEAD)] == [False, False, True]


@pytest.mark.parametrize("who", ["ann@here", "jürgen@" + "x" * 100, "a" * 200])
def test_a_process_name_fits_and_keeps_its_number(
    monkeypatch: pytest.MonkeyPatch, who: str
) -> None:
    monkeypatch.setattr(base, "author", lambda: who)
    name = process_name(4711)
    assert len(name.encode()) <= 63
    assert Holder(name, Kind.SESSION, "1").process == 4711
    assert name.startswith(f"brokle-migrate {who[0]}")


class Clock:
    """Time that passes only when somebody sleeps."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 0.0
        monkeypatch.setattr(time, "monotonic", lambda: self.now)
        monkeypatch.setattr(time, "sleep", self.sleep)

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def test_a_long_wait_is_told_at_once_and_then_now_and_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock, told = Clock(monkeypatch), []
    wait = Wait("postgres://h/db", 60, lambda holder: told.append((round(clock.now), holder)))
    poll(lambda: clock.now > 25, lambda: SESSION, wait)
    assert [second for second, _ in told] == [0, 10, 20]
    assert told[0][1] == str(SESSION)


def test_a_wait_ends_in_time_and_names_the_holder(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch)
    with pytest.raises(LockHeld, match=r"migrating postgres://h/db: brokle-migrate ann") as info:
        poll(lambda: False, lambda: LEASE, Wait("postgres://h/db", 3, lambda _: None))
    assert clock.now == pytest.approx(3)
    assert "15 s after its last heartbeat" in (info.value.hint or "")


def test_a_holder_that_is_gone_meanwhile_is_not_named(monkeypatch: pytest.MonkeyPatch) -> None:
    Clock(monkeypatch)
    told: list[str] = []
    with pytest.raises(LockHeld, match="a run that has just ended"):
        poll(lambda: False, lambda: None, Wait("here", 1, told.append))
    assert told == []


def test_no_wait_means_one_try(monkeypatch: pytest.MonkeyPatch) -> None:
    Clock(monkeypatch)
    tries: list[int] = []
    with pytest.raises(LockHeld):
        poll(lambda: bool(tries.append(1)), lambda: None, Wait("here", 0, lambda _: None))
    assert tries == [1]
