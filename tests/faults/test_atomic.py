"""All or nothing: a failure in any ClickHouse statement leaves both databases as before the run."""

from __future__ import annotations

import re
import signal
from typing import TYPE_CHECKING

import pytest

from .history import HISTORY
from .site import open_site

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from .site import Servers, Site, Undisturbed

pytestmark = pytest.mark.faults

MEMORY = (241, "Memory limit (total) exceeded. (MEMORY_LIMIT_EXCEEDED)")
NUMBERS = range(len(HISTORY.statements))
_DOWN = [statement for unit in HISTORY.clickhouse for statement in unit.down]
ONLY_DOWN = [statement for statement in _DOWN if statement not in HISTORY.statements]


@pytest.fixture
def plain(servers: Servers, tmp_path: Path) -> Iterator[Site]:
    """A place whose ``env.py`` is Alembic's own: one transaction for all revisions."""
    with open_site(servers, tmp_path) as site:
        yield site


def refuse(site: Site, number: int) -> None:
    """Have the server refuse one statement of the history."""
    match = f"^{re.escape(HISTORY.statements[number])}$"
    site.gateway.fault(match, action="error", code=MEMORY[0], message=MEMORY[1])


def assert_undone(site: Site, undisturbed: Undisturbed, *argv: str) -> None:
    """A run fails, and leaves nothing behind."""
    before, held = site.truth(undisturbed.reference), site.content()
    result, after = site.check_up_from(before, undisturbed, *argv)
    assert result.code == 1, f"{result.out}{result.err}"
    assert after == before
    if before.heads or "--atomic" in argv:  # what is undone leaves an empty table of Alembic's
        assert site.content() == held


@pytest.mark.parametrize("number", NUMBERS)
def test_an_atomic_run_that_fails_leaves_nothing(
    plain: Site, undisturbed: Undisturbed, number: int
) -> None:
    refuse(plain, number)
    assert_undone(plain, undisturbed, "--atomic")


@pytest.mark.parametrize("number", NUMBERS[::3])
def test_a_run_that_is_rolled_back_leaves_nothing(
    site: Site, undisturbed: Undisturbed, number: int
) -> None:
    refuse(site, number)
    assert_undone(site, undisturbed, "--on-failure", "rollback")


@pytest.mark.parametrize("options", [("--atomic",), ("--on-failure", "rollback")])
@pytest.mark.parametrize("number", NUMBERS[10::7])
def test_what_was_applied_before_the_run_stays(
    plain: Site, undisturbed: Undisturbed, number: int, options: tuple[str, ...]
) -> None:
    started = plain.run("steps", "--steps", "3")
    assert started.code == 0, started
    refuse(plain, number)
    assert_undone(plain, undisturbed, *options)
    result = plain.run("up", *options)
    assert result.code == 0, result
    assert plain.content() == undisturbed.result


@pytest.mark.parametrize("options", [("--atomic",), ("--on-failure", "rollback")])
def test_without_a_failure_it_is_a_run_like_any_other(
    plain: Site, undisturbed: Undisturbed, options: tuple[str, ...]
) -> None:
    assert plain.check_up(undisturbed, *options).code == 0
    assert plain.content() == undisturbed.result
    plain.assert_each_ran_once()


@pytest.mark.parametrize("number", NUMBERS[::5])
@pytest.mark.parametrize("when", ["before", "after"])
def test_killed_in_the_middle_up_finishes(
    plain: Site, undisturbed: Undisturbed, number: int, when: str
) -> None:
    fault = plain.gateway.fault(f"^{re.escape(HISTORY.statements[number])}$", when=when)
    with plain.start("up", "--atomic") as run:
        fault.wait()
        assert run.kill().code == -signal.SIGKILL
        fault.release("drop")
    plain.assert_up_finishes(undisturbed)


@pytest.mark.parametrize("statement", ONLY_DOWN[::5])
def test_killed_while_it_takes_everything_back_up_finishes(
    plain: Site, undisturbed: Undisturbed, statement: str
) -> None:
    refuse(plain, NUMBERS[-1])
    fault = plain.gateway.fault(f"^{re.escape(statement)}$")
    with plain.start("up", "--atomic") as run:
        fault.wait()
        assert run.kill().code == -signal.SIGKILL
        fault.release("drop")
    plain.repair()
    plain.settle()  # between two states of the way up: only the end can be compared
    result = plain.run("up")
    if result.code:  # a way back that was begun is gone to its end, or settled, by a person
        assert "resume" in result.err or "down" in result.err, result
        assert plain.run("down", "--all", "--yes").code == 0
        result = plain.run("up")
    assert result.code == 0, result
    assert plain.content() == undisturbed.result
