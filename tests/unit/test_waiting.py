"""Waiting without a clock that runs: which errors pass, and what is said."""

from __future__ import annotations

import time

import pytest

from brokle_migrate.errors import ConfigError, DatabaseUnreachable, LockHeld, MigrateError
from brokle_migrate.waiting import Patience, answered


class Asked:
    """A database that answers after some errors."""

    def __init__(self, *errors: MigrateError) -> None:
        self._errors = list(errors)
        self.times = 0

    def __call__(self) -> str:
        self.times += 1
        if self._errors:
            raise self._errors.pop(0)
        return "answer"


def _patience(seconds: float, said: list[str]) -> Patience:
    return Patience(time.monotonic() + seconds, said.append, lambda _: None)


def test_what_passes_is_asked_again_and_said_once() -> None:
    said: list[str] = []
    ask = Asked(*(DatabaseUnreachable("down") for _ in range(5)), LockHeld("held"))
    assert answered(ask, _patience(60, said)) == "answer"
    assert ask.times == 7
    assert said == ["waiting: down", "waiting: held"]


@pytest.mark.parametrize(
    "error", [DatabaseUnreachable("wrong password", refused=True), ConfigError("bad")]
)
def test_what_does_not_pass_is_raised_at_once(error: MigrateError) -> None:
    ask = Asked(error)
    with pytest.raises(type(error)):
        answered(ask, _patience(60, []))
    assert ask.times == 1


def test_the_last_error_is_raised_when_the_time_is_over() -> None:
    ask = Asked(DatabaseUnreachable("first"), DatabaseUnreachable("second"))
    with pytest.raises(DatabaseUnreachable, match="second"):
        answered(ask, _patience(-1, []))


def test_what_sleeping_raises_ends_the_wait() -> None:
    def sleep(_: float) -> None:
        raise KeyboardInterrupt

    ask = Asked(DatabaseUnreachable("down"), DatabaseUnreachable("down"))
    with pytest.raises(KeyboardInterrupt):
        answered(ask, Patience(time.monotonic() + 60, lambda _: None, sleep))
