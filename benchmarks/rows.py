"""From medians to rows of the table: ratio, goal, verdict."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from .measure import Sample

SMALL, LARGE = 1_000, 5_000


class Unit(StrEnum):
    """What is compared."""

    TIME = "seconds"
    MEMORY = "mebibytes"


@dataclass(frozen=True, slots=True)
class Limit:
    """The ratio to reach, as ``design/performance.md`` sets it."""

    ratio: float
    at_least: bool = False

    def __str__(self) -> str:
        return f"{'>=' if self.at_least else '<='} {self.ratio:g}"

    def verdict(self, ratio: float) -> str:
        """Met, or by how much not."""
        excess = self.ratio / ratio if self.at_least else ratio / self.ratio
        return "met" if excess <= 1 else f"missed by {math.ceil(100 * (excess - 1))} %"


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table.

    :ivar size: revisions per database; None where there are none.
    :ivar goal: None is for information only.
    :ivar reason: why there are no numbers.
    """

    operation: str
    against: str
    size: int | None = None
    ours: float = math.nan
    peer: float = math.nan
    unit: Unit = Unit.TIME
    goal: Limit | None = None
    reason: str = ""

    @property
    def ratio(self) -> float:
        """How many times the peer; for a lower bound, the other way round."""
        if self.goal is not None and self.goal.at_least:
            return self.peer / self.ours
        return self.ours / self.peer

    @property
    def verdict(self) -> str:
        """What came of it, in words."""
        if self.reason:
            return self.reason
        return self.goal.verdict(self.ratio) if self.goal else "for information"


@dataclass(frozen=True, slots=True)
class Comparison:
    """A row to be: two sides of a contest and the goal."""

    operation: str
    ours: str
    against: str
    goal: float | None = None
    unit: Unit = Unit.TIME

    def row(self, medians: Mapping[str, Sample], size: int | None) -> Row:
        """The row, once both sides were measured."""
        return Row(
            operation=self.operation,
            against=self.against,
            size=size,
            ours=getattr(medians[self.ours], self.unit),
            peer=getattr(medians[self.against], self.unit),
            unit=self.unit,
            goal=None if self.goal is None else Limit(self.goal),
        )


def compare(
    medians: Mapping[str, Sample], comparisons: Iterable[Comparison], size: int | None = None
) -> Iterator[Row]:
    """A row for each comparison."""
    for comparison in comparisons:
        yield comparison.row(medians, size)


def growth(rows: Sequence[Row]) -> Iterator[Row]:
    """How our own numbers grew from 1,000 to 5,000: no worse than linearly is the goal."""
    small = {(row.operation, row.unit): row for row in rows if row.size == SMALL}
    large = {(row.operation, row.unit): row for row in rows if row.size == LARGE}
    for key in [key for key in small if key in large]:
        yield Row(
            operation=f"growth of {key[0]}",
            against=f"itself at {SMALL:,}",
            size=LARGE,
            ours=large[key].ours,
            peer=small[key].ours,
            unit=key[1],
            goal=Limit(LARGE / SMALL),
        )
