"""A graph as an SVG document: self-contained, for a browser, a review, an <img>."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING
from xml.etree import ElementTree

from ..graph import NodeState
from . import graph_words as say
from .blocks import Tone
from .graph_card import card, draw_card
from .graph_columns import MARGIN, ROW, base_row, frame
from .graph_layout import lay_out
from .graph_legend import draw_legend
from .graph_marks import (
    DOT,
    base_mark,
    draw_link,
    draw_wire,
    mark,
    stretch_mark,
    tag,
    tag_width,
)
from .graph_style import TONES, style_sheet
from .svg import cut, element, width

if TYPE_CHECKING:
    from collections.abc import Iterator
    from xml.etree.ElementTree import Element

    from ..graph import Graph, Node
    from .graph_columns import Column, Frame
    from .graph_layout import Layout, Spot

_ID = 11.0
_TEXT = 13.0
_TAG = 10.5
_APART = 6.0
_LONGEST_TAG = 120.0
_TAGGED = frozenset(
    {
        NodeState.CHANGED,
        NodeState.AHEAD,
        NodeState.DIRTY,
        NodeState.RUNNING,
        NodeState.OUT_OF_ORDER,
    }
)


def svg(graph: Graph) -> str:
    """Draw a graph.

    The newest revisions are on top, Postgres on the left and ClickHouse on the right; a card above
    each history and a band around its current revision say where its database stands.

    :returns: an SVG document in ASCII, so that it reads the same in every encoding.
    """
    layout = lay_out(graph)
    measures = frame(graph, layout)
    cards = [card(graph, column) for column in measures.columns]
    measures = replace(measures, card=max((each.height for each in cards), default=0.0))
    root = _document(graph)
    ground = element(root, "rect", class_="ground", width="100%", height="100%")
    for each in cards:
        draw_card(root, each, measures.card)
    _draw_bands(root, measures, layout)
    _draw_lines(root, measures, layout)
    for spot in layout.spots.values():
        _draw_node(root, measures, spot)
    height = draw_legend(root, graph, measures.bottom + 18, measures.width) + MARGIN
    root.set("viewBox", f"0 0 {measures.width:g} {height:g}")
    root.set("width", f"{measures.width:g}")
    root.set("height", f"{height:g}")
    ground.set("rx", "8")
    ElementTree.indent(root, " ")
    document: bytes = ElementTree.tostring(root, encoding="us-ascii", xml_declaration=False)
    return document.decode("ascii") + "\n"


def _document(graph: Graph) -> Element:
    root = element(
        None, "svg", xmlns="http://www.w3.org/2000/svg", class_="bm", role="img", lang="en"
    )
    root.set("aria-labelledby", "bm-title bm-desc")
    element(root, "title", say.title(graph), id="bm-title")
    element(root, "desc", say.summary(graph), id="bm-desc")
    element(root, "style", style_sheet())
    return root


def _draw_bands(root: Element, measures: Frame, layout: Layout) -> None:
    """What the eye is to see first: where each database stands."""
    for spot in layout.spots.values():
        if spot.node.is_current:
            tone = say.STATES[spot.node.state][1]
            _draw_band(root, measures.of(spot), measures.y(spot.row), tone)
    for column in measures.columns:
        row = base_row(layout, column.side)
        if row >= 0:
            _draw_base(root, column, measures, row, layout)


def _draw_band(root: Element, column: Column, y: float, tone: Tone) -> None:
    box = {"x": column.left, "width": column.right - column.left, "rx": 8}
    box |= {"y": y - ROW / 2 + 2, "height": ROW - 4}
    element(root, "rect", class_=f"band {TONES[tone]}", **box)


def _draw_base(root: Element, column: Column, measures: Frame, row: int, layout: Layout) -> None:
    y = measures.y(row)
    _draw_band(root, column, y, Tone.QUIET)
    for spot in layout.spots.values():
        if spot.row == row - 1 and measures.of(spot) is column:
            line = f"M{column.x(spot.lane):g} {measures.y(spot.row):g}L{column.trunk:g} {y:g}"
            element(root, "path", class_="wire todo", d=line)
    base_mark(root, column.trunk, y)
    place = {"x": column.label, "text_anchor": column.anchor}
    element(root, "text", "base", class_="strong", y=y - 3, **place)
    element(root, "text", "nothing is applied yet", class_="small muted", y=y + 13, **place)


def _draw_lines(root: Element, measures: Frame, layout: Layout) -> None:
    group = element(root, "g", class_="lines")
    for wire in layout.wires:
        draw_wire(group, measures, wire)
    for source, target in layout.links:
        draw_link(group, measures, source, target)


def _draw_node(root: Element, measures: Frame, spot: Spot) -> None:
    node, column = spot.node, measures.of(spot)
    x, y = measures.x(spot), measures.y(spot.row)
    group = element(root, "g", class_="node")
    element(group, "title", say.tooltip(node))
    if node.count > 1:
        stretch_mark(group, x, y)
    else:
        _draw_mark(group, x, y, node)
    _draw_label(group, column, y, node)


def _draw_mark(group: Element, x: float, y: float, node: Node) -> None:
    if node.is_current:
        tone = TONES[say.STATES[node.state][1]]
        element(group, "circle", class_=f"dot hollow {tone}", cx=x, cy=y, r=DOT + 4)
    mark(group, x, y, node.state)


def _draw_label(group: Element, column: Column, y: float, node: Node) -> None:
    """What the revision does, and below it its id and what else there is to say."""
    place = {"x": column.label, "text_anchor": column.anchor}
    quiet = node.count > 1 or node.state is NodeState.AHEAD
    style = "strong" if node.is_current else "muted" if quiet else "plain"
    headline = cut(say.headline(node), column.room, _TEXT, bold=node.is_current)
    element(group, "text", headline, class_=style, y=y - 4, **place)
    _draw_identity(group, column, y, node)


def _draw_identity(group: Element, column: Column, y: float, node: Node) -> None:
    """The id and the tags beside it, away from the lanes."""
    tags = _fitting(node, column.room)
    taken = sum(tag_width(text) + _APART for text, _, _ in tags)
    identity = cut(say.identity(node), column.room - taken, _ID, mono=True)
    place = {"x": column.label, "text_anchor": column.anchor}
    element(group, "text", identity, class_="mono muted", y=y + 13, **place)
    at = column.label + column.direction * (width(identity, _ID, mono=True) + _APART)
    for text, tone, ground in tags:
        left = at if column.direction > 0 else at - tag_width(text)
        tag(group, left, y + 9.2, text, tone, ground=ground)
        at += column.direction * (tag_width(text) + _APART)


def _fitting(node: Node, room: float) -> list[tuple[str, Tone, str]]:
    """The tags for which the id leaves room, at least half of it; the tooltip has the rest."""
    kept: list[tuple[str, Tone, str]] = []
    left = room - min(width(say.identity(node), _ID, mono=True), room / 2)
    for text, tone, ground in _tags(node):
        short = cut(text, _LONGEST_TAG, _TAG, bold=True)
        left -= tag_width(short) + _APART
        if left < 0:
            break
        kept.append((short, tone, ground))
    return kept


def _tags(node: Node) -> Iterator[tuple[str, Tone, str]]:
    word, tone = say.STATES[node.state]
    ground = "ground" if node.is_current else "soft"  # a band has the tone's soft colour itself
    if node.is_current:
        yield "current", tone, "full"
    if node.state in _TAGGED:
        yield word, tone, ground
    if node.is_head:
        yield "head", Tone.QUIET, ground
    for label in node.labels:
        yield say.clean(label), Tone.QUIET, ground
