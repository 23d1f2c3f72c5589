"""What the rows of the ledger mean."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from brokle_migrate.environments.attempts import Content, LedgerRow, standing
from brokle_migrate.environments.ledger import fold
from brokle_migrate.interruption import Outcome

if TYPE_CHECKING:
    from brokle_migrate.interruption import Interruption

WHOLE = Content("sum", "digest")


def last_row(action: str, event: str, statement: int = 1, statements: int = 1) -> tuple[str, ...]:
    """The last row of version 7, as the query gives it."""
    return ("7", action, event, str(statement), str(statements), "sum", "digest", "42")


def rows(*words: str) -> list[LedgerRow]:
    """Rows of a version: ``rows("up 1 done", "up 2 intent", "down 1 refused", "stamped")``."""
    found = []
    for word in words:
        if word in {"stamped", "unstamped"}:
            found.append(LedgerRow("stamp", word, 0, 0, "", "", "", WHOLE))
            continue
        action, number, event = word.split()
        name, total = ("upgrade", 3) if action == "up" else ("downgrade", 2)
        text = f"{action}{number}"
        found.append(LedgerRow(name, event, int(number), total, text, f"id-{text}", "", WHOLE))
    return found


UP = ("up 1 intent", "up 1 done", "up 2 intent", "up 2 done", "up 3 intent", "up 3 done")
DOWN = ("down 1 intent", "down 1 done", "down 2 intent", "down 2 done")


@pytest.mark.parametrize(
    ("last", "applied", "unfinished"),
    [
        (last_row("upgrade", "done"), True, False),
        (last_row("upgrade", "done", 0, 0), True, False),
        (last_row("stamp", "stamped", 0, 0), True, False),
        (last_row("downgrade", "done"), False, False),
        (last_row("stamp", "unstamped", 0, 0), False, False),
        (last_row("upgrade", "intent", 2, 3), False, True),
        (last_row("upgrade", "done", 2, 3), False, True),
        (last_row("upgrade", "failed", 2, 3), False, True),
        (last_row("downgrade", "failed"), False, True),
        (last_row("run", "finished", 0, 0), False, False),
    ],
)
def test_the_last_row_tells_what_is_finished(
    last: tuple[str, ...], applied: bool, unfinished: bool
) -> None:
    latest = fold([last])
    assert latest.applied == ({"7": WHOLE} if applied else {})
    assert latest.unfinished == (("7",) if unfinished else ())
    assert latest.last == 42


@pytest.mark.parametrize(
    ("words", "applied"),
    [
        (UP, True),
        (("up 1 refused",), False),
        (("stamped", "down 1 refused"), True),
        ((*UP, "down 1 refused"), True),
        ((*UP, *DOWN), False),
        ((*UP, *DOWN, "up 1 refused"), False),
        ((*UP, "up 3 done"), True),
    ],
)
def test_an_attempt_without_effect_leaves_the_one_before(
    words: tuple[str, ...], applied: bool
) -> None:
    found = standing("7", rows(*words))
    assert found.interruption is None
    assert (found.applied is not None) is applied


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (UP[:1], ("upgrade", 1, (), Outcome.UNKNOWN, None, None)),
        (UP[:2], ("upgrade", 1, ("up1",), Outcome.DONE, 2, None)),
        (UP[:3], ("upgrade", 2, ("up1",), Outcome.UNKNOWN, None, None)),
        ((*UP[:3], "up 2 refused"), ("upgrade", 2, ("up1",), Outcome.NO_EFFECT, 2, None)),
        ((*UP[:3], "up 2 failed"), ("upgrade", 2, ("up1",), Outcome.UNKNOWN, None, None)),
        ((*UP, *DOWN, *UP[:2]), ("upgrade", 1, ("up1",), Outcome.DONE, 2, None)),
        ((*UP, "down 1 done"), ("downgrade", 1, ("down1",), Outcome.DONE, 2, None)),
        (
            (*UP[:3], "down 1 done"),
            ("downgrade", 1, ("down1",), Outcome.DONE, 2, ("up1", "up2")),
        ),
        ((*UP[:3], "down 1 refused"), ("upgrade", 2, ("up1",), Outcome.UNKNOWN, None, None)),
    ],
)
def test_an_interruption_knows_where_it_stands(
    words: tuple[str, ...], expected: tuple[object, ...]
) -> None:
    found = standing("7", rows(*words)).interruption
    assert found is not None
    assert expected == (
        found.action,
        found.statement,
        found.finished,
        found.outcome,
        found.next_statement,
        found.upgrade,
    )


def test_the_server_is_asked_only_about_what_the_ledger_does_not_tell() -> None:
    asked: list[str] = []

    def prove(interruption: Interruption) -> Interruption:
        asked.append(interruption.query_id)
        return replace(interruption, outcome=Outcome.DONE, evidence="seen")

    found = standing("7", rows(*UP[:3]), prove).interruption
    assert found is not None
    assert found.executed == ("up1", "up2")
    assert found.next_statement == 3
    assert asked == ["id-up2"]
    standing("7", rows(*UP[:2]), prove)
    standing("7", rows(*UP), prove)
    assert asked == ["id-up2"]


def test_a_first_statement_that_never_arrived_leaves_nothing() -> None:
    found = standing("7", rows("up 1 intent"), lambda i: replace(i, outcome=Outcome.NO_EFFECT))
    assert found.interruption is None
    assert found.applied is None
