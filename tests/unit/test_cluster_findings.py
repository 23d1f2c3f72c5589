"""What is warned about on a cluster: what the author wrote, not what was filled in."""

from __future__ import annotations

from pathlib import Path

import pytest

from brokle_migrate.checks.clustered import cluster_findings
from brokle_migrate.model import CLICKHOUSE, Action, Level, Location, Statement, Step

PLACE = Location(Path("1_a.up.sql"), 3, 1)


def _found(text: str, written: str | None = None) -> list[str]:
    statement = Statement(text, PLACE, written=written)
    step = Step(CLICKHOUSE, Action.UPGRADE, "1", statements=(statement,))
    found = cluster_findings([step])
    assert all((f.level, f.location) == (Level.WARNING, PLACE) for f in found)
    return [f"{f.id}: {f.hint}" for f in found]


CLUSTER = "CH016: write ${on_cluster}"
ALONE = "CH017: write ${on_cluster} behind the name, unless the database is a Replicated one"
SWAP = "CH017: write ${on_cluster} at the end, unless the database is a Replicated one"
ENGINE = "CH018: write ENGINE = ${replicated}"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ALTER TABLE t on cluster c ADD COLUMN a Int8", [CLUSTER]),
        ("SELECT 'ON CLUSTER c' -- ON CLUSTER c", []),
        (
            "CREATE TABLE t (engine String) ENGINE = MergeTree ORDER BY 1",
            [ALONE, f"{ENGINE}MergeTree"],
        ),
        (
            "CREATE TABLE t ON CLUSTER c (a Int8) ENGINE ReplacingMergeTree() ORDER BY a",
            [CLUSTER, f"{ENGINE}ReplacingMergeTree"],
        ),
        ("CREATE TABLE t (a Int8) ENGINE = ReplicatedMergeTree ORDER BY a", [ALONE]),
        ("CREATE TABLE t (a Int8) ENGINE = Memory", [ALONE]),
        (
            "CREATE TABLE t ${on_cluster} (a Int8) ENGINE = MergeTree ORDER BY a",
            [f"{ENGINE}MergeTree"],
        ),
        ("CREATE TABLE t AS other", [ALONE]),
        ("DROP TABLE t", [ALONE]),
        ("RENAME TABLE a TO b", [SWAP]),
        ("ALTER TABLE t ADD COLUMN a Int8", []),
        ("CREATE TEMPORARY TABLE t (a Int8)", []),
        ("SELECT 'ENGINE = MergeTree'", []),
    ],
)
def test_the_rules(text: str, expected: list[str]) -> None:
    assert _found(text) == expected


def test_placeholders_are_not_warned_about() -> None:
    written = "CREATE TABLE t ${on_cluster} (a Int8) ENGINE = ${replicated}MergeTree ORDER BY a"
    sent = "CREATE TABLE t ON CLUSTER `c` (a Int8) ENGINE = ReplicatedMergeTree ORDER BY a"
    assert _found(sent, written) == []


def test_a_rollback_is_not_warned_about() -> None:
    statement = Statement("DROP TABLE t ON CLUSTER c", PLACE)
    assert not cluster_findings([Step(CLICKHOUSE, Action.DOWNGRADE, "1", statements=(statement,))])
