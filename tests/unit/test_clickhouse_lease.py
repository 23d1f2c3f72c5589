"""Claims in an append-only table: whatever the order, no two have the lease."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, Any

import pytest

from brokle_migrate.config import parse_url
from brokle_migrate.environments import clickhouse_lease
from brokle_migrate.environments.clickhouse_lease import ClickHouseRows
from brokle_migrate.environments.drivers import ServerError
from brokle_migrate.locks.heartbeat import Gone

if TYPE_CHECKING:
    from collections.abc import Callable

URL = parse_url("clickhouse://h/db", source="test")
INSERT = re.compile(r"INSERT INTO .* SELECT .*, '(\w+)', '(\w+)', toUInt32\((\d+)\), '(.*)'$")


class Table:
    """What the server has, and its clock.

    :ivar before: called before each statement with its kind.
    """

    def __init__(self) -> None:
        self.rows: list[tuple[int, str, str, int, str]] = []
        self.clock = 1000
        self.exists = True
        self.before: Callable[[str], None] = lambda _: None

    def query(self, sql: str) -> list[tuple[str, ...]]:
        assert sql.startswith("SELECT token")
        self.before("look")
        if not self.exists:
            raise ServerError("Table db.x doesn't exist", 60)
        tokens = dict.fromkeys(row[1] for row in self.rows)
        claims = [[row for row in self.rows if row[1] == token] for token in tokens]
        found: list[tuple[Any, ...]] = [
            (of[0][1], of[0][4], of[0][0], max(r[0] for r in of), of[0][3], self.clock)
            for of in claims
            if not any(row[2] == "release" for row in of)
        ]
        ordered = sorted(found, key=lambda claim: (claim[2], claim[0]))
        return [tuple(map(str, claim)) for claim in ordered]

    def execute(self, sql: str, **_: object) -> None:
        if sql.startswith("CREATE"):
            self.exists = True
            return
        self.before("write")
        match = INSERT.match(sql)
        assert match is not None, sql
        token, event, ttl, holder = match.groups()
        self.rows.append((self.clock, token, event, int(ttl), holder))

    def close(self) -> None:
        pass


@pytest.fixture
def table(monkeypatch: pytest.MonkeyPatch) -> Table:
    found = Table()
    monkeypatch.setattr(clickhouse_lease, "connect", lambda *_: found)
    now = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    monkeypatch.setattr(time, "sleep", lambda seconds: now.__setitem__(0, now[0] + seconds))
    return found


def rows() -> ClickHouseRows:
    return ClickHouseRows(URL, {}, "ledger", "MergeTree")


def claim(token: str) -> bool:
    return rows().claim(token, f"run {token}", 15)


def test_the_first_claim_makes_the_table_and_holds(table: Table) -> None:
    table.exists = False
    assert rows().holder() is None
    assert not table.exists
    assert claim("a")
    assert not claim("b")
    assert [row[1] for row in table.rows] == ["a"]  # who sees a holder writes nothing


def test_a_lease_is_over_only_when_it_has_been_for_certain(table: Table) -> None:
    assert claim("a")
    table.clock += 15
    assert not claim("b")
    table.clock += 1
    assert not rows().is_held("a")
    assert claim("b")
    with pytest.raises(Gone):
        rows().renew("a")


def test_a_renewal_prolongs_and_a_release_ends(table: Table) -> None:
    assert claim("a")
    table.clock += 10
    rows().renew("a")
    table.clock += 10
    assert rows().is_held("a")
    assert not claim("b")
    rows().release("a")
    assert not rows().is_held("a")
    with pytest.raises(Gone):
        rows().renew("a")
    assert claim("b")


@pytest.mark.parametrize("tokens", ["ab", "ba"])
@pytest.mark.parametrize("point", range(6))
def test_a_rival_at_any_point_of_a_claim(table: Table, tokens: str, point: int) -> None:
    first, rival = tokens
    results: dict[str, bool] = {}
    seen = 0

    def interfere(_: str) -> None:
        nonlocal seen
        seen += 1
        if seen == point + 1:
            table.before = lambda _: None
            results[rival] = claim(rival)

    table.before = interfere
    results[first] = claim(first)
    table.before = lambda _: None
    live = [token for token in tokens if rows().is_held(token)]
    assert list(filter(results.get, results)) == live
    assert len(live) <= 1


def test_of_rivals_that_see_each_other_the_first_keeps_its_claim(table: Table) -> None:
    """Both have written before either looks again."""
    results: dict[str, bool] = {}

    def interfere(kind: str) -> None:
        if kind == "look" and len(table.rows) == 1:
            table.rows.append((table.clock, "b", "claim", 15, "run b"))
            results["b"] = rows()._is_alone("b")
            rows().release("b")

    table.before = interfere
    results["a"] = claim("a")
    assert results == {"a": True, "b": False}


def test_a_first_claimant_does_not_wait_for_a_holder_for_ever(table: Table) -> None:
    def interfere(kind: str) -> None:
        if kind == "write" and not table.rows:  # between our look and our claim
            table.rows.append((table.clock, "z", "claim", 15, "run z"))

    table.before = interfere
    assert not claim("a")
    assert rows().is_held("z")
    assert not rows().is_held("a")


def test_names_are_quoted(table: Table) -> None:
    rows().claim("a", "o'brien\\@host", 15)
    assert table.rows[0][4] == "o\\'brien\\\\@host"
