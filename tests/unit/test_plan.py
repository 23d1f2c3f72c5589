"""Requests against histories: which steps, in which order, or why not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from brokle_migrate import plan
from brokle_migrate.errors import (
    Ahead,
    Dirty,
    LinkError,
    MigrateError,
    OutOfOrder,
    RevisionError,
    UnknownRevision,
    UsageError,
)
from brokle_migrate.interruption import Interruption
from brokle_migrate.model import CLICKHOUSE, POSTGRES, Action, Operation, Request

from .scenarios import clickhouse, postgres

if TYPE_CHECKING:
    from brokle_migrate.history import History

SIGN = {Action.UPGRADE: "+", Action.DOWNGRADE: "-", Action.STAMP: "="}


def planned(operation: str, *histories: History, db: str = "", **request: Any) -> str:
    """The steps of a plan drawn as ``+pa`` (Postgres a up), ``-c3`` (ClickHouse 3 down)."""
    by_name = {history.environment: history for history in histories}
    names = (db,) if db else tuple(by_name)
    built = plan.build(Request(Operation[operation], names, **request), by_name)
    return " ".join(f"{SIGN[s.action]}{s.environment[0]}{s.revision}" for s in built.steps)


def test_up_runs_postgres_before_clickhouse() -> None:
    assert planned("UP", postgres("a b"), clickhouse("1 2")) == "+pa +pb +c1 +c2"


def test_down_runs_clickhouse_before_postgres() -> None:
    histories = postgres("a b", "b"), clickhouse("1 2", "1 2")
    assert planned("DOWN", *histories, steps=1) == "-c2 -pb"
    assert planned("DOWN", *histories) == "-c2 -c1 -pb -pa"


def test_a_plain_down_asks_nothing_of_a_database_at_its_base() -> None:
    assert planned("DOWN", postgres("a", "a"), clickhouse("1"), steps=1) == "-pa"
    assert planned("DOWN", postgres("a"), clickhouse("1"), steps=1) == ""


def test_nothing_to_do_is_an_empty_plan() -> None:
    assert planned("UP", postgres("a", "a"), clickhouse("1", "1")) == ""


@pytest.mark.parametrize(
    ("steps", "expected"), [(1, "+pb +c2"), (2, "+pb +pc +c2 +c3"), (-1, "-c1 -pa")]
)
def test_steps_move_each_database(steps: int, expected: str) -> None:
    histories = postgres("a b c", "a"), clickhouse("1 2 3", "1")
    assert planned("STEPS", *histories, steps=steps) == expected


@pytest.mark.parametrize(
    ("steps", "message"),
    [(0, "moves nothing"), (99, "2 pending steps, and 99"), (-2, "1 applied step, and 2")],
)
def test_more_steps_than_there_are_run_nothing(steps: int, message: str) -> None:
    with pytest.raises(MigrateError, match=message):
        planned("STEPS", postgres("a b c", "a"), clickhouse("1 2 3", "1"), steps=steps)


T1, T2, T3 = "20250101000000", "20250102000000", "20250103000000"


def test_goto_carries_a_timestamp_over_to_the_other_history() -> None:
    histories = postgres(f"{T1} {T3}"), clickhouse(T2)
    assert planned("GOTO", *histories, destination=T3) == f"+p{T1} +p{T3} +c{T2}"
    assert planned("GOTO", *histories, destination=T1) == f"+p{T1}"


def test_goto_goes_back_where_the_version_is_behind() -> None:
    histories = postgres(f"{T1} {T3}", T3), clickhouse(T2, T2)
    assert planned("GOTO", *histories, destination=T1) == f"-c{T2} -p{T3}"


def test_goto_may_move_one_back_and_the_other_forward() -> None:
    histories = postgres(f"{T1} {T2} {T3}", T3), clickhouse(f"{T1} {T2}", T1)
    assert planned("GOTO", *histories, destination=T2) == f"-p{T3} +c{T2}"


def test_goto_asks_for_both_when_ids_cannot_be_compared() -> None:
    histories = postgres("abc1 abc2"), clickhouse("1 2")
    with pytest.raises(UsageError) as raised:
        planned("GOTO", *histories, destination="abc2")
    assert "--postgres" in str(raised.value.hint)
    given = {POSTGRES: "abc1", CLICKHOUSE: "2"}
    assert planned("GOTO", *histories, destinations=given) == "+pabc1 +c1 +c2"


def test_goto_along_a_branch_carries_over_what_is_named() -> None:
    histories = postgres(f"{T1} {T3}<", T1), clickhouse(f"{T1} {T2} {T3}", f"{T1} {T2}")
    assert planned("GOTO", *histories, destination=f"{T3}@head") == f"+p{T3} +c{T3}"
    assert planned("GOTO", histories[0], destination=f"{T1}@base") == f"-p{T1}"
    assert planned("GOTO", histories[0], destination=f"{T3}@+1") == f"+p{T3}"


@pytest.mark.parametrize("destination", ["a@+1", "a@-1", "a@base"])
def test_goto_along_a_branch_can_not_count_in_the_other_history(destination: str) -> None:
    with pytest.raises(UsageError, match="says nothing about clickhouse") as raised:
        planned("GOTO", postgres("a b<", "a"), clickhouse("1"), destination=destination)
    assert "--postgres" in str(raised.value.hint)


def test_clickhouse_has_no_branches() -> None:
    with pytest.raises(UsageError, match="only Postgres can have those"):
        planned("GOTO", clickhouse("1 2", "1"), destination="x@head")


def test_goto_to_nowhere_names_both_histories() -> None:
    with pytest.raises(UnknownRevision, match="no revision 'nope' in postgres or clickhouse"):
        planned("GOTO", postgres("a"), clickhouse("1"), destination="nope")


@pytest.mark.parametrize(
    ("destination", "expected"),
    [
        ("head", "+pb +pc +c2"),
        ("base", "-c1 -pa"),
        ("0", "-c1 -pa"),
        ("+1", "+pb +c2"),
        ("-1", "-c1 -pa"),
    ],
)
def test_goto_takes_symbols_for_both(destination: str, expected: str) -> None:
    histories = postgres("a b c", "a"), clickhouse("1 2", "1")
    assert planned("GOTO", *histories, destination=destination) == expected


def test_force_stamps_without_looking_at_dirt() -> None:
    dirty = (Interruption("2", Action.UPGRADE, 1, 3),)
    history = clickhouse("1 2 3", "1", dirty=dirty)
    with pytest.raises(Dirty, match="statement 1 of 3"):
        planned("UP", history)
    assert planned("FORCE", history, destination="2") == "=c2"
    assert planned("FORCE", history, destination="0") == "=cbase"


def test_out_of_order_is_an_error_unless_allowed() -> None:
    history = clickhouse("1 2 3 4", "1 3")
    with pytest.raises(OutOfOrder, match=r"2_change\.up\.sql"):
        planned("UP", history)
    assert planned("UP", history, allow_out_of_order=True) == "+c2 +c4"


def test_ahead_blocks_only_what_would_move() -> None:
    assert planned("UP", clickhouse("1", "1 7")) == ""
    assert planned("UP", postgres("a", "zzzz"), clickhouse("1", "1"), db=CLICKHOUSE) == ""
    with pytest.raises(Ahead, match="zzzz"):
        planned("UP", postgres("a", "zzzz"))
    with pytest.raises(Ahead):
        planned("DOWN", clickhouse("1", "1 7"), steps=1)


def test_an_old_version_without_a_file_does_not_block() -> None:
    assert planned("UP", clickhouse("5 6", "1 2 5")) == "+c6"


def test_a_link_moves_only_what_it_has_to() -> None:
    histories = postgres("a b c", requires={"b": "1"}), clickhouse("1 2")
    assert planned("UP", *histories) == "+pa +c1 +pb +pc +c2"


def test_links_are_kept_on_the_way_down() -> None:
    histories = postgres("a b c", "c", requires={"b": "1"}), clickhouse("1 2", "1 2")
    assert planned("DOWN", *histories) == "-c2 -pc -pb -c1 -pa"


def test_links_in_both_directions() -> None:
    histories = postgres("a b", requires={"b": "1"}), clickhouse("1 2", requires={"2": "b"})
    assert planned("UP", *histories) == "+pa +c1 +pb +c2"


def test_a_link_to_what_this_run_does_not_bring_is_an_error() -> None:
    histories = postgres("a"), clickhouse("1", requires={"1": "a"})
    with pytest.raises(LinkError, match="requires postgres@a, which is not applied"):
        planned("UP", *histories, db=CLICKHOUSE)


def test_a_link_to_nothing_is_an_error() -> None:
    with pytest.raises(LinkError, match="has no such revision"):
        planned("UP", postgres("a"), clickhouse("1", requires={"1": "nope"}))


def test_a_cycle_of_links_is_an_error() -> None:
    histories = postgres("a b", requires={"a": "1"}), clickhouse("1", requires={"1": "b"})
    with pytest.raises(LinkError, match="wait for each other"):
        planned("UP", *histories)


def test_a_rollback_that_would_break_a_link_is_an_error() -> None:
    histories = postgres("a", "a"), clickhouse("1", "1", requires={"1": "a"})
    with pytest.raises(LinkError, match="clickhouse 1 is applied and requires it"):
        planned("DOWN", *histories, db=POSTGRES, steps=1)


def test_two_heads_stop_up() -> None:
    with pytest.raises(RevisionError, match="2 heads"):
        planned("UP", postgres("a b<a c<a"))


def test_equal_inputs_make_equal_plans_and_digests() -> None:
    request = Request(Operation.UP, (POSTGRES,))
    first, second = (plan.build(request, {POSTGRES: postgres("a b")}) for _ in range(2))
    assert first == second
    assert first.digest == second.digest
    other = plan.build(request, {POSTGRES: postgres("a b", "a")})
    assert other.digest != first.digest


@pytest.mark.parametrize("destination", ["2", "3", "head"])
def test_goto_does_not_pass_over_a_gap(destination: str) -> None:
    history = clickhouse("1 2 3", "1 3")
    with pytest.raises(OutOfOrder):
        planned("GOTO", history, destination=destination)
    assert planned("GOTO", history, destination=destination, allow_out_of_order=True) == "+c2"


def test_goto_rolls_back_what_is_newer_and_leaves_gaps() -> None:
    assert planned("GOTO", clickhouse("1 2 3 4", "1 3 4"), destination="1") == "-c4 -c3"
    assert planned("GOTO", clickhouse("1 2 3 4", "1 3 4"), destination="3") == "-c4"
    assert planned("GOTO", clickhouse("1 2 3", "1 3"), destination="-2") == "-c3 -c1"


def test_goto_from_a_version_that_no_file_has_is_refused() -> None:
    with pytest.raises(Ahead):
        planned("GOTO", clickhouse("1 2", "1 7"), destination="base")


def test_force_takes_no_number_of_steps() -> None:
    with pytest.raises(UsageError, match="number of steps"):
        planned("FORCE", clickhouse("1 2 3", "1"), destination="+1")


def test_a_relative_destination_on_a_branch_counts_from_here() -> None:
    history = postgres("a b<a c<b", "a")
    assert planned("GOTO", history, destination="+1") == "+pb"


def test_a_half_done_step_holds_what_it_requires() -> None:
    dirty = (Interruption("1", Action.UPGRADE, 1, 2),)
    histories = postgres("a", "a"), clickhouse("1", requires={"1": "a"}, dirty=dirty)
    with pytest.raises(LinkError):
        planned("DOWN", *histories, db=POSTGRES, steps=1)


def test_broken_graphs_are_errors_of_the_history() -> None:
    with pytest.raises(RevisionError):
        planned("UP", postgres("a<b b<a"))
    with pytest.raises(RevisionError):
        planned("GOTO", clickhouse("1 2"), destination="head+1")
