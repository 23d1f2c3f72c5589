"""What the rows of the ledger mean."""

from __future__ import annotations

import pytest

from brokle_migrate.environments.ledger import Content, fold


def row(action: str, event: str, statement: int = 1, statements: int = 1, error: str = "") -> tuple:
    """The last row of version 7."""
    return ("7", action, event, str(statement), str(statements), "sum", "digest", error, "42")


@pytest.mark.parametrize(
    ("last", "applied", "dirty"),
    [
        (row("upgrade", "done"), True, ""),
        (row("upgrade", "done", 0, 0), True, ""),
        (row("stamp", "stamped", 0, 0), True, ""),
        (row("downgrade", "done"), False, ""),
        (row("stamp", "unstamped", 0, 0), False, ""),
        (row("upgrade", "intent", 2, 3), False, "statement 2 of 3, which has no recorded outcome"),
        (row("upgrade", "done", 2, 3), False, "stopped after statement 2 of 3"),
        (row("upgrade", "failed", 2, 3, "no"), False, "statement 2 of 3, which failed: no"),
        (row("downgrade", "failed", 1, 1, "no"), False, "downgrade of 7 stopped at statement 1"),
    ],
)
def test_the_state_is_derived_from_the_last_row(last: tuple, applied: bool, dirty: str) -> None:
    state = fold([last])
    assert state.applied == ({"7": Content("sum", "digest")} if applied else {})
    assert [dirty in str(each) for each in state.dirty] == ([True] if dirty else [])
    assert state.last == 42
