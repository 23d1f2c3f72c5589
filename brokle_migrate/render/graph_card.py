"""The card above a history: where its database stands, in words and in proportion."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..graph import NodeState
from . import graph_words as say
from .graph_columns import INSET, MARGIN
from .graph_marks import tag, tag_width
from .graph_style import TONES
from .svg import cut, cut_inside, element, wrapped

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

    from ..graph import Graph, Side
    from .graph_columns import Column

_PLACE, _SMALL, _MONO = 16.5, 12.0, 11.0
_ABOVE, _LINE, _BELOW, _BAR = 97.0, 18.0, 38.0, 6.0
_LINES = 2  # of one kind
_TAIL = 18  # characters of a label's end, where the database's name is
_BAR_ORDER = (
    NodeState.APPLIED,
    NodeState.CHANGED,
    NodeState.DIRTY,
    NodeState.RUNNING,
    NodeState.OUT_OF_ORDER,
)


@dataclass(frozen=True, slots=True)
class Card:
    """What a card says, before it is known how high it is going to be.

    :ivar place: where the database stands, in words.
    :ivar remarks: what else has to be said, in lines.
    :ivar counts: how many revisions are in which state, in lines.
    """

    column: Column
    place: str
    remarks: list[str]
    counts: list[str]
    tooltip: str

    @property
    def height(self) -> float:
        """How much room it needs."""
        return _ABOVE + _LINE * (len(self.remarks) + len(self.counts)) + _BELOW


def card(graph: Graph, column: Column) -> Card:
    """The card of one database."""
    side, room = column.side, column.inside
    remark = say.remark(side, graph)
    facts = (f"{say.name(side.environment)} {say.verb(side)}", say.clean(side.label), remark)
    return Card(
        column,
        cut(say.place(side, graph), room, _PLACE, bold=True),
        wrapped(remark, room, _SMALL, _LINES),
        wrapped(say.counts(side), room, _SMALL, _LINES),
        "\n".join(filter(None, facts)),
    )


def draw_card(root: Element, card: Card, height: float) -> None:
    """Draw a card.

    :param height: that of the highest card: all are alike.
    """
    column, side, top = card.column, card.column.side, MARGIN
    left, room = column.left + INSET, column.inside
    group = element(root, "g", class_="head")
    element(group, "title", card.tooltip)
    box = {"x": column.left, "y": top, "width": column.right - column.left, "rx": 8}
    element(group, "rect", class_="card", height=height, **box)
    _draw_title(group, side, left, top + 27, room)
    element(group, "text", card.place, class_="place", x=left, y=top + 77)
    current = ", ".join(map(say.clean, side.current)) or ("" if side.problem else "base")
    shown = cut(current, room, _MONO, mono=True)
    element(group, "text", shown, class_="mono muted", x=left, y=top + _ABOVE)
    _draw_lines(group, card, left, top + _ABOVE + 5)
    _draw_bar(group, side, left, top + height - 23, room)


def _draw_title(group: Element, side: Side, x: float, y: float, room: float) -> None:
    element(group, "text", say.name(side.environment), class_="name", x=x, y=y)
    word, tone = say.standing(side)
    tag(group, x + room - tag_width(word), y - 5, word, tone, ground="full")
    label = cut_inside(say.clean(side.label), room, _MONO, tail=_TAIL)
    element(group, "text", label, class_="mono muted", x=x, y=y + 18)


def _draw_lines(group: Element, card: Card, x: float, y: float) -> None:
    tone = TONES[say.standing(card.column.side)[1]]
    for line in card.remarks:
        y += _LINE
        element(group, "text", line, class_=f"small {tone}", x=x, y=y)
    for line in card.counts:
        y += _LINE
        element(group, "text", line, class_="small muted", x=x, y=y)


def _draw_bar(group: Element, side: Side, x: float, y: float, room: float) -> None:
    """How much of the history is applied, and what is wrong with the rest."""
    element(group, "rect", class_="track", x=x, y=y, width=room, height=_BAR, rx=_BAR / 2)
    shares = [(state, side.count(state)) for state in _BAR_ORDER if side.count(state)]
    whole = max(side.total, sum(count for _, count in shares))
    ends: list[tuple[float, NodeState]] = []
    done = 0
    for state, count in shares:
        done += count
        ends.append((room * done / whole, state))
    for end, state in reversed(ends):  # each lies over the end of the next, and both are round
        tone = TONES[say.STATES[state][1]]
        box = {"x": x, "y": y, "width": max(end, _BAR), "height": _BAR, "rx": _BAR / 2}
        element(group, "rect", class_=f"full {tone}", **box)
