"""What the marks mean: those that the picture has, and no others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..graph import EdgeKind, NodeState
from . import graph_words as say
from .graph_columns import INSET, MARGIN
from .graph_marks import arrow_head, mark, stretch_mark
from .svg import element, width

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from xml.etree.ElementTree import Element

    from ..graph import Graph

    Draw = Callable[[Element, float, float], None]

_TEXT, _LINE, _SPACE = 12.0, 26.0, 26.0
_SYMBOL = 34.0


def draw_legend(root: Element, graph: Graph, top: float, right: float) -> float:
    """Draw the legend.

    :returns: where it ends.
    """
    left, end = MARGIN + INSET, right - MARGIN - INSET
    group = element(root, "g", class_="legend")
    element(group, "rect", class_="track", x=MARGIN, y=top, width=right - 2 * MARGIN, height=1)
    x, y = left, top + 24
    for draw, text in _entries(graph):
        size = _SYMBOL + width(text, _TEXT)
        if x > left and x + size > end:
            x, y = left, y + _LINE
        draw(group, x + _SYMBOL / 2 - 6, y)
        element(group, "text", text, class_="small muted", x=x + _SYMBOL - 6, y=y + 4)
        x += size + _SPACE
    return y + 8


def _entries(graph: Graph) -> Iterator[tuple[Draw, str]]:
    present = {node.state for node in graph.nodes}
    kinds = {edge.kind for edge in graph.edges}
    for state in NodeState:
        if state in present:
            yield _state(state), say.MEANINGS[state]
    if any(node.count > 1 for node in graph.nodes):
        yield stretch_mark, "alike, taken together"
    if EdgeKind.DEPENDS_ON in kinds:
        yield _depends, "depends on"
    if EdgeKind.REQUIRES in kinds:
        yield _link, "requires"
    yield _up, "newer"


def _state(state: NodeState) -> Draw:
    return lambda parent, x, y: mark(parent, x, y, state)


def _depends(parent: Element, x: float, y: float) -> None:
    element(parent, "path", class_="wire depends", d=f"M{x - 10:g} {y:g}H{x + 10:g}")


def _link(parent: Element, x: float, y: float) -> None:
    element(parent, "path", class_="link", d=f"M{x - 11:g} {y:g}H{x + 5:g}")
    arrow_head(parent, x + 11, y, 1)


def _up(parent: Element, x: float, y: float) -> None:
    element(parent, "path", class_="more", d=f"M{x:g} {y - 6:g}l5 6h-10z")
    element(parent, "rect", class_="more", x=x - 1, y=y, width=2, height=6)
