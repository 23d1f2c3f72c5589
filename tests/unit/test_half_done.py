"""Taking back a half-done file: only what it had made, and nothing where that is not known."""

from __future__ import annotations

from pathlib import Path

import pytest

from brokle_migrate.environments.half_done import made_by, remaining, require_takes_back
from brokle_migrate.errors import StepFailed
from brokle_migrate.model import CLICKHOUSE, Action, Location, Statement, Step
from brokle_migrate.sqltext import checksum, split

UP = Path("1_t.up.sql")
SWAP = (
    "CREATE TABLE t_new (a Int8) ENGINE = Log; INSERT INTO t_new SELECT a FROM t; "
    "EXCHANGE TABLES t AND t_new"
)


def left(up: str, down: str, *, reached: int, unproven: bool = False) -> list[str]:
    """What would run of a down file when the upgrade had reached so many statements."""
    statements = split(up, UP)
    touched = tuple(checksum(each.text) for each in statements[:reached])
    step = Step(
        CLICKHOUSE,
        Action.DOWNGRADE,
        "1",
        statements=split(down, Path("1_t.down.sql")),
        touched=touched,
        unproven=touched[-1] if unproven else "",
    )
    made = made_by(step, statements)
    require_takes_back(step, made)
    return [each.text for each in remaining(step, made)]


def test_a_swap_that_was_not_reached_is_not_swapped_back() -> None:
    down = "EXCHANGE TABLES t AND t_new; DROP TABLE t_new"
    assert left(SWAP, down, reached=2) == ["DROP TABLE t_new"]
    assert left(SWAP, down, reached=3) == ["EXCHANGE TABLES t AND t_new", "DROP TABLE t_new"]


def test_a_rename_that_was_not_reached_keeps_the_original() -> None:
    up = "CREATE TABLE t_new (a Int8) ENGINE = Log; RENAME TABLE t TO t_old, t_new TO t"
    down = "DROP TABLE t; RENAME TABLE t_old TO t"
    assert left(up, down, reached=1) == []
    assert left(up, down, reached=2) == ["DROP TABLE t", "RENAME TABLE t_old TO t"]


def test_a_move_that_is_not_proven_is_for_a_person_to_say() -> None:
    with pytest.raises(StepFailed, match="is not proven") as info:
        left(SWAP, "EXCHANGE TABLES t AND t_new; DROP TABLE t_new", reached=3, unproven=True)
    assert "resume --mark-applied" in (info.value.hint or "")


def test_rows_are_put_back_only_if_they_were_taken() -> None:
    up = "CREATE TABLE bak ENGINE = Log AS SELECT * FROM t; ALTER TABLE t DELETE WHERE 1"
    down = "INSERT INTO t SELECT * FROM bak; DROP TABLE bak"
    assert left(up, down, reached=1) == ["DROP TABLE bak"]
    assert left(up, down, reached=2) == ["INSERT INTO t SELECT * FROM bak", "DROP TABLE bak"]


@pytest.mark.parametrize("reached", [1, 2])
def test_what_makes_up_for_nothing_known_is_not_run(reached: int) -> None:
    up = "ALTER TABLE t UPDATE a = 1 WHERE 1; ALTER TABLE t UPDATE b = 1 WHERE 1; SELECT 1"
    down = "ALTER TABLE t UPDATE a = 0 WHERE 1; INSERT INTO t SELECT 1"
    with pytest.raises(StepFailed, match="changes data"):
        left(up, down, reached=reached)


def test_an_edit_of_what_ran_is_refused() -> None:
    step = Step(CLICKHOUSE, Action.DOWNGRADE, "1", touched=("no such statement",))
    with pytest.raises(StepFailed, match="was edited"):
        made_by(step, [Statement("SELECT 1", Location(UP, 1, 1))])


def test_a_finished_upgrade_is_taken_back_as_a_whole() -> None:
    assert made_by(Step(CLICKHOUSE, Action.DOWNGRADE, "1"), ()) is None
