"""Levels as the team wants them, and findings that a file allows.  Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ..model import CLICKHOUSE, POSTGRES, Level
from .rule import Rule

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from ..model import Allowance, Finding, Statement

OFF = "off"
UNUSED = Rule("MG006", Level.WARNING, "an allowance that allows nothing")


@dataclass(frozen=True, slots=True)
class Reach:
    """An allowance and the lines of its file that it speaks for.

    :ivar last: None for the rest of the file.
    """

    allowance: Allowance
    first: int = 1
    last: int | None = None

    def covers(self, found: Finding) -> bool:
        """Whether a finding is allowed."""
        place = found.location
        if place is None or found.id != self.allowance.id:
            return False
        if place.path != self.allowance.location.path or place.line < self.first:
            return False
        return self.last is None or place.line <= self.last


def reaches(statement: Statement) -> Iterator[Reach]:
    """The allowances of a statement."""
    written = statement.text if statement.written is None else statement.written
    first = statement.location.line
    for allowance in statement.allowed:
        if allowance.id.startswith("MG"):  # it is about the file, wherever that is allowed
            yield Reach(allowance)
        else:
            yield Reach(allowance, first, first + written.count("\n"))


def levelled(findings: Iterable[Finding], levels: Mapping[str, str]) -> Iterator[Finding]:
    """The findings with the team's levels; those of a rule that is off are left out.

    :param levels: by the rule's id.
    """
    for found in findings:
        level = levels.get(found.id)
        if level != OFF:
            yield found if level is None else replace(found, level=Level(level))


def unused_allowances(
    found: Iterable[Finding], reaches: Iterable[Reach], did_run: Callable[[str], bool]
) -> Iterator[Finding]:
    """The allowances that no finding needs: they hide the next one.

    :param did_run: whether the rule of an id was held to the files at all.
    """
    findings = tuple(found)
    used: dict[Allowance, bool] = {}
    for reach in reaches:
        before = used.get(reach.allowance, False)
        used[reach.allowance] = before or any(map(reach.covers, findings))
    for allowance, needed in used.items():
        if not needed and did_run(allowance.id):
            environment = POSTGRES if allowance.location.path.suffix == ".py" else CLICKHOUSE
            message = f"{allowance.id} is allowed, and nothing here breaks it"
            yield UNUSED.finding(environment, message, "remove it", allowance.location)
