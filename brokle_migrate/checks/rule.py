"""What a rule of ``check`` is, and the list of them all.

A rule is a function that looks at one thing and yields what is wrong with it.  Its id never
changes, and no other rule ever gets it; its docstring gives the reason and where that is written
down.
"""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from ..model import Finding, Level

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from ..model import Location

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Rule:
    """What a rule is called, and what its findings are unless the team says otherwise.

    :ivar id: two letters and three digits.
    :ivar title: what it finds, as the end of "a statement that …" or a short sentence.
    :ivar reason: why that is worth finding, in a paragraph or several; empty where the title says
        all.
    :ivar allowable: whether a file may allow what it finds.
    """

    id: str
    level: Level
    title: str
    reason: str = ""
    allowable: bool = True

    def finding(
        self, environment: str, message: str, hint: str = "", location: Location | None = None
    ) -> Finding:
        """Something that this rule has found."""
        return Finding(self.id, self.level, environment, message, hint, location)


@dataclass(frozen=True, slots=True)
class Hit:
    """Where a rule does not hold.

    :ivar location: of the token or statement that breaks it.
    """

    location: Location
    message: str
    hint: str = ""


class Rules(Generic[T]):
    """Rules about one kind of thing.

    :param environment: of the findings.
    """

    def __init__(self, environment: str) -> None:
        self._environment = environment
        self._checks: list[tuple[Rule, Callable[[T], Iterable[Hit]]]] = []

    @property
    def rules(self) -> tuple[Rule, ...]:
        """In the order in which they were written."""
        return tuple(rule for rule, _ in self._checks)

    def rule(
        self, id_: str, level: Level, title: str
    ) -> Callable[[Callable[[T], Iterable[Hit]]], Callable[[T], Iterable[Hit]]]:
        """Add the decorated function."""

        def add(check: Callable[[T], Iterable[Hit]]) -> Callable[[T], Iterable[Hit]]:
            reason = inspect.cleandoc(check.__doc__ or "")
            self._checks.append((Rule(id_, level, title, reason), check))
            return check

        return add

    def findings(self, thing: T) -> Iterator[Finding]:
        """What every rule finds in a thing."""
        for rule, check in self._checks:
            for hit in check(thing):
                yield rule.finding(self._environment, hit.message, hit.hint, hit.location)
