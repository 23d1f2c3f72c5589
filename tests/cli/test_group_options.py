"""The options of a group of verbs may stand on either side of the verb."""

from __future__ import annotations

import pytest

from brokle_migrate.cli.argv import Names, hoisted

GROUP = Names(frozenset({"-c", "--config", "-x"}), frozenset({"-q", "--quiet"}))
VERBS = {
    "down": Names(frozenset({"--tag"}), frozenset({"--sql", "-h"})),
    "current": Names(frozenset(), frozenset({"-c", "--check-heads"})),
    "history": Names(frozenset({"-r"}), frozenset({"-v", "--verbose"})),
}


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("down -1", "down -- -1"),
        ("down --tag -1 -2", "down --tag -1 -- -2"),
        ("down --sql -1 -c f", "-c f down --sql -- -1"),
        ("-c f down base", "-c f down base"),
        ("down base -c f -x a=b -q", "-c f -x a=b -q down base"),
        ("down base -xa=b --config=f", "-xa=b --config=f down base"),
        ("down -quiet -sql base", "--quiet down --sql base"),
        ("-config f down base", "--config f down base"),
        ("current -c", "current -c"),
        ("-c f current -c", "-c f current -c"),
        ("history -r-3:current -v", "history -r-3:current -v"),
        ("history -r -3:current -x a", "-x a history -r -3:current"),
        ("down -- -q", "down -- -q"),
        ("-q", "-q"),
        ("down -x", "-x down"),
        ("-v -c f history", "-c f history -v"),
        ("--sql --tag t -c f down base", "-c f down --sql --tag t base"),
        ("--tag t history", "--tag t history"),
        ("-q nothing -c f", "-q nothing -c f"),
        ("--help", "--help"),
        ("-- down -q", "-- down -q"),
    ],
)
def test_the_options_of_a_group_may_stand_behind_its_verb(typed: str, read: str) -> None:
    assert hoisted(typed.split(), GROUP, VERBS) == read.split()
