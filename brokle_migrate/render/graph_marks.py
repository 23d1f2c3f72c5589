"""The small parts of the picture: marks of revisions, tags, lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..graph import EdgeKind, NodeState
from .blocks import Tone
from .graph_style import TONES
from .graph_words import STATES
from .svg import element, width

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

    from .graph_columns import Frame
    from .graph_layout import Spot, Wire

DOT = 6.0
TAG = 16.0
_TAG_TEXT = 10.5
_HOLLOW = frozenset(
    {NodeState.PENDING, NodeState.OUT_OF_ORDER, NodeState.RUNNING, NodeState.UNKNOWN}
)
_IN_THE_DATABASE = frozenset({NodeState.APPLIED, NodeState.CHANGED, NodeState.AHEAD})


def mark(parent: Element, x: float, y: float, state: NodeState) -> None:
    """The mark of one revision: its form tells its state, and so does its colour."""
    tone = TONES[STATES[state][1]]
    if state is NodeState.AHEAD:
        r = DOT + 1
        outline = f"M{x:.1f} {y - r:.1f}l{r} {r}l-{r} {r}l-{r} -{r}z"
        element(parent, "path", class_=f"dot {tone}", d=outline, stroke_linejoin="round")
        return
    if state is NodeState.CHANGED:
        element(parent, "circle", class_=f"dot hollow {tone}", cx=x, cy=y, r=DOT + 2)
        element(parent, "circle", class_=f"dot {TONES[Tone.GOOD]}", cx=x, cy=y, r=DOT - 3)
        return
    kind = "hollow " if state in _HOLLOW else ""
    dashes = {"stroke_dasharray": "3 2.5"} if state is NodeState.OUT_OF_ORDER else {}
    element(
        parent,
        "circle",
        class_=f"dot {kind} {tone}".replace("  ", " "),
        cx=x,
        cy=y,
        r=DOT,
        **dashes,
    )
    if state in {NodeState.RUNNING, NodeState.UNKNOWN}:
        element(parent, "circle", class_=f"full {tone}", cx=x, cy=y, r=2.2)
    if state is NodeState.DIRTY:
        element(parent, "rect", class_="ground", x=x - 1.1, y=y - 4, width=2.2, height=4.8)
        element(parent, "rect", class_="ground", x=x - 1.1, y=y + 2, width=2.2, height=2.2)


def stretch_mark(parent: Element, x: float, y: float) -> None:
    """The mark of revisions that are taken together: the line goes on in dots."""
    element(parent, "rect", class_="ground", x=x - 4, y=y - 12, width=8.0, height=24.0)
    for step in (-7, 0, 7):
        element(parent, "circle", class_="more", cx=x, cy=y + step, r=2.0)


def base_mark(parent: Element, x: float, y: float) -> None:
    """The mark of a database that has nothing yet."""
    box = {"x": x - 5, "y": y - 5, "width": 10, "height": 10, "rx": 2}
    element(parent, "rect", class_=f"dot hollow {TONES[Tone.QUIET]}", **box)


def tag_width(text: str) -> float:
    """How wide a tag is."""
    return width(text, _TAG_TEXT, bold=True) + 14


def tag(
    parent: Element, x: float, y: float, text: str, tone: Tone, *, ground: str = "soft"
) -> None:
    """A word on a rounded ground.

    :param x: its left edge.
    :param y: its middle.
    :param ground: ``soft`` or ``full`` for the tone's colour, ``ground`` for that of the picture.
    """
    name, size = TONES[tone], tag_width(text)
    box = {"x": x, "y": y - TAG / 2, "width": size, "height": TAG, "rx": TAG / 2}
    element(parent, "rect", class_=f"{ground} {name}", **box)
    on = f"on {name}" if ground == "full" else name
    place = {"x": x + size / 2, "y": y + 3.8, "text_anchor": "middle"}
    element(parent, "text", text, class_=f"tag {on}", **place)


def draw_wire(parent: Element, frame: Frame, wire: Wire) -> None:
    """The line from a revision down to one before it."""
    column = frame.of(wire.source)
    start, end = frame.y(wire.source.row), frame.y(wire.target.row)
    top, lane, bottom = (frame.x(wire.source), column.x(wire.lane), frame.x(wire.target))
    if wire.target.row - wire.source.row == 1 and lane in {top, bottom}:
        d = f"M{top:g} {start:g}{_bend(top, start, bottom, end)}"
    else:
        step = min(frame.y(1) - frame.y(0), (end - start) / 2)
        d = f"M{top:g} {start:g}{_bend(top, start, lane, start + step)}"
        d += f"V{end - step:g}{_bend(lane, end - step, bottom, end)}"
    kinds = ["wire"]
    kinds += ["depends"] if wire.edge.kind is EdgeKind.DEPENDS_ON else []
    kinds += [] if wire.source.node.state in _IN_THE_DATABASE else ["todo"]
    element(parent, "path", class_=" ".join(kinds), d=d)


def draw_link(parent: Element, frame: Frame, source: Spot, target: Spot) -> None:
    """The line from a revision to the one in the other history that it requires."""
    here, there = frame.of(source), frame.of(target)
    sign = 1 if there.trunk > here.trunk else -1
    tip = frame.x(target) - sign * (DOT + 4)
    start, end = frame.y(source.row), frame.y(target.row)
    inner, outer = here.trunk + sign * DOT, there.trunk - sign * (DOT + 10)
    middle = (inner + outer) / 2
    d = f"M{frame.x(source) + sign * (DOT + 3):g} {start:g}H{inner:g}"
    d += f"C{middle:g} {start:g} {middle:g} {end:g} {outer:g} {end:g}H{tip - sign * 5:g}"
    todo = "" if source.node.state in _IN_THE_DATABASE else " todo"
    element(parent, "path", class_=f"link{todo}", d=d)
    arrow_head(parent, tip, end, sign)


def arrow_head(parent: Element, tip: float, y: float, sign: int) -> None:
    """The end of a link, pointing to the right for 1 and to the left for -1."""
    d = f"M{tip:g} {y:g}l{-8 * sign} -4.5v9z"
    element(parent, "path", class_="arrow", d=d)


def _bend(x: float, y: float, to_x: float, to_y: float) -> str:
    if x == to_x:
        return f"V{to_y:g}"
    middle = (y + to_y) / 2
    return f"C{x:g} {middle:g} {to_x:g} {middle:g} {to_x:g} {to_y:g}"
