"""In which order a dump makes things, and how it records what is applied."""

from __future__ import annotations

from pathlib import Path

import pytest

from brokle_migrate.environments.attempts import Content
from brokle_migrate.environments.clickhouse_dump import _in_order, _rows, _Statement
from brokle_migrate.sqltext import split


def statement(text: str) -> _Statement:
    """``view v: t u`` is a view that reads from t and u."""
    head, _, needs = text.partition(":")
    kind, _, name = head.rpartition(" ")
    return _Statement(name, kind, "", frozenset(needs.split()))


@pytest.mark.parametrize(
    ("given", "order"),
    [
        (["view a", "table b", "dictionary c", "table a2"], "a2 b c a"),
        (["view a: z", "view z: t", "table t"], "t z a"),
        (["table a: d", "dictionary d: t", "table t", "table b"], "b t d a"),
        (["materialized view a: t", "view b: a", "table t: gone"], "t a b"),
        (["view a: b", "view b: a", "table t", "view c: a"], "t a b c"),  # no order can help
    ],
)
def test_each_comes_after_what_it_needs(given: list[str], order: str) -> None:
    for statements in (given, given[::-1]):
        assert [each.name for each in _in_order(map(statement, statements))] == order.split()


def test_rows_have_the_same_numbers_everywhere_and_fit_a_query() -> None:
    applied = {str(number): Content("c" * 64, "d" * 64) for number in range(1200, 0, -1)}
    texts = list(_rows("`l`", applied))
    assert len(texts) == 3
    assert all(len(text) < 262_144 for text in texts)
    assert "    (1, 1, 'cc" in texts[0]
    assert "    (501, 501, 'cc" in texts[1]
    assert len(split(";\n".join(texts), Path("f"))) == 3
    assert list(_rows("`l`", {})) == []
