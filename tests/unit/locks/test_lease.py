"""A lease over a store: what its holder may still believe."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from brokle_migrate.errors import DatabaseUnreachable, LockHeld, LockLost
from brokle_migrate.locks import heartbeat, lease
from brokle_migrate.locks.base import Holder, Kind, Wait
from brokle_migrate.locks.lease import Lease


@dataclass
class Store:
    """Leases in memory.

    :ivar failures: how many questions get no answer.
    """

    tokens: list[str] = field(default_factory=list)
    other: Holder | None = None
    failures: int = 0
    closed: int = 0

    def claim(self, token: str, name: str, ttl: int) -> bool:
        assert name
        assert ttl == lease.TTL
        if self.other is not None:
            return False
        self.tokens.append(token)
        return True

    def renew(self, token: str) -> None:
        assert token in self.tokens

    def is_held(self, token: str) -> bool:
        if self.failures:
            self.failures -= 1
            raise DatabaseUnreachable("the server is restarted")
        return token in self.tokens

    def release(self, token: str) -> None:
        if token in self.tokens:
            self.tokens.remove(token)

    def holder(self) -> Holder | None:
        return self.other

    def close(self) -> None:
        self.closed += 1


def over(store: Store, timeout: float = 0) -> Lease:
    return Lease(store, Wait("clickhouse://h/db", timeout, lambda _: None))


def test_it_is_given_back_after_an_error() -> None:
    store = Store()
    found = over(store)
    found.__enter__()
    assert len(store.tokens) == 1
    found.__exit__(RuntimeError, RuntimeError(), None)
    assert store.tokens == []
    assert store.closed == 1


def test_it_is_checked_with_the_server() -> None:
    store = Store()
    found = over(store)
    with found:
        found.check()
        store.tokens.clear()
        with pytest.raises(LockLost, match="clickhouse://h/db was lost: it was taken away"):
            found.check()


def test_one_broken_connection_loses_nothing_and_two_do() -> None:
    store = Store()
    found = over(store)
    with found:
        store.failures = 1
        found.check()
        store.failures = 2
        with pytest.raises(LockLost, match="the server is restarted"):
            found.check()


def test_it_is_over_by_its_own_clock_whatever_the_server_says(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    time = [0.0]
    for module in (heartbeat, lease):
        monkeypatch.setattr(module, "now", lambda: time[0])
    found = over(Store())
    with found:
        time[0] = lease.TTL + 1.0
        with pytest.raises(LockLost, match=f"no heartbeat reached it for {lease.TTL + 1} s"):
            found.check()


def test_a_claim_that_is_interrupted_is_withdrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    store = Store()

    def interrupted(token: str, name: str, ttl: int) -> bool:
        store.tokens.append(token)
        raise KeyboardInterrupt

    monkeypatch.setattr(store, "claim", interrupted)
    with pytest.raises(KeyboardInterrupt), over(store):
        pass
    assert store.tokens == []


@pytest.mark.parametrize(("beat", "named"), [(3.0, True), (16.0, False)])
def test_only_a_living_holder_is_named(beat: float, named: bool) -> None:
    store = Store(other=Holder("ann", Kind.LEASE, "x", age=60, beat=beat, ttl=15))
    with pytest.raises(LockHeld) as info, over(store):
        pass
    assert ("ann" in info.value.message) is named


def test_outside_its_block_nothing_is_held() -> None:
    with pytest.raises(LockLost, match="given back"):
        over(Store()).check()
