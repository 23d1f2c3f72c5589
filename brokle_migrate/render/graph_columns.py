"""The measures of the picture: where each history's labels, lanes and rows are, in pixels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..graph import Graph, Side
    from .graph_layout import Layout, Spot

MARGIN = 20.0
ROW = 46.0
LANE = 20.0
LABEL = 306.0
LABEL_ALONE = 460.0
INSET = 16.0
GAP = 22.0
GUTTER = 160.0
GUTTER_WITHOUT_LINKS = 88.0


@dataclass(frozen=True, slots=True)
class Column:
    """One history in the picture: labels on the outside, its trunk on the inside.

    :ivar direction: 1 where lanes and labels follow the trunk to the right, -1 to the left.
    :ivar trunk: where the first lane is.
    :ivar label: the inner end of the labels.
    :ivar left: the left edge of everything, the card included; ``right`` likewise.
    """

    side: Side
    direction: int
    trunk: float
    label: float
    left: float
    right: float

    @property
    def inside(self) -> float:
        """How wide the inside of the card is."""
        return self.right - self.left - 2 * INSET

    @property
    def anchor(self) -> str:
        """Which end of a label's text is at ``label``."""
        return "start" if self.direction > 0 else "end"

    @property
    def room(self) -> float:
        """How wide a label may be."""
        outer = self.right if self.direction > 0 else self.left
        return abs(outer - self.label) - INSET

    def x(self, lane: int) -> float:
        """The middle of a lane."""
        return self.trunk + self.direction * lane * LANE


@dataclass(frozen=True, slots=True)
class Frame:
    """The whole picture's measures.

    :ivar rows: how many rows there are, those of empty databases included.
    :ivar card: how high the cards are.
    """

    columns: tuple[Column, ...]
    width: float
    rows: int
    card: float = 0.0

    def of(self, spot: Spot) -> Column:
        """The column that a spot is in."""
        name = spot.node.environment
        return next(column for column in self.columns if column.side.environment == name)

    def y(self, row: int) -> float:
        """The middle of a row."""
        return MARGIN + self.card + 18 + ROW * (row + 0.5)

    def x(self, spot: Spot) -> float:
        """The middle of a spot."""
        return self.of(spot).x(spot.lane)

    @property
    def bottom(self) -> float:
        """The end of the last row."""
        return self.y(self.rows) - ROW / 2


def frame(graph: Graph, layout: Layout) -> Frame:
    """The measures of a picture, with no cards yet."""
    columns = _pair(graph, layout) if len(graph.sides) == 2 else _alone(graph, layout)
    extra = max((base_row(layout, column.side) + 1 for column in columns), default=0)
    width = columns[-1].right + MARGIN
    return Frame(columns, width, max(layout.rows, extra))


def base_row(layout: Layout, side: Side) -> int:
    """The row below a history's first revision, where a database stands that has nothing yet."""
    rows = (s.row for s in layout.spots.values() if s.node.environment == side.environment)
    at_base = not side.current and side.problem is None
    return max(rows, default=-1) + 1 if at_base else -1


def _alone(graph: Graph, layout: Layout) -> tuple[Column, ...]:
    side = graph.sides[0]
    trunk = MARGIN + INSET
    label = trunk + _lanes(layout, side) + GAP
    return (Column(side, 1, trunk + 2, label, MARGIN, label + LABEL_ALONE + INSET),)


def _pair(graph: Graph, layout: Layout) -> tuple[Column, ...]:
    first, second = graph.sides
    label = MARGIN + INSET + LABEL
    trunk = label + GAP + _lanes(layout, first)
    left = Column(first, -1, trunk, label, MARGIN, trunk + INSET + 2)
    trunk += GUTTER if layout.links else GUTTER_WITHOUT_LINKS
    label = trunk + _lanes(layout, second) + GAP
    right = Column(second, 1, trunk, label, trunk - INSET - 2, label + LABEL + INSET)
    return left, right


def _lanes(layout: Layout, side: Side) -> float:
    return LANE * (layout.lanes[side.environment] - 1)
