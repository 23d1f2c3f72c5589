"""Where a graph's nodes stand: rows from the newest down, and lanes as a git graph has them."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..graph import EdgeKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from ..graph import Edge, Graph, Key, Node

    Wanted = tuple[Key, EdgeKind]  # what a lane waits for


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a node stands; rows count from the top, lanes from the trunk, both from 0."""

    node: Node
    row: int
    lane: int


@dataclass(frozen=True, slots=True)
class Wire:
    """An edge within one history.

    :ivar lane: where it runs between the rows of its two ends.
    """

    edge: Edge
    source: Spot
    target: Spot
    lane: int


@dataclass(frozen=True, slots=True)
class Layout:
    """A graph on its grid.

    :ivar links: the edges between the two histories, as their ends.
    :ivar rows: how many rows there are.
    :ivar lanes: how many lanes each history takes, at least one.
    """

    spots: Mapping[Key, Spot]
    wires: tuple[Wire, ...]
    links: tuple[tuple[Spot, Spot], ...]
    rows: int
    lanes: Mapping[str, int]


def lay_out(graph: Graph) -> Layout:
    """Give every node a row and a lane.

    Each history has one node a row at most.  What a link requires stands beside or below what
    requires it, so that reading upwards is reading in the order in which things run.
    """
    rows = _rows(graph)
    lanes: dict[Key, int] = {}
    travel: dict[Edge, int] = {}
    for side in graph.sides:
        _assign_lanes(graph.of(side.environment)[::-1], graph.edges, lanes, travel)
    spots = {node.key: Spot(node, rows[node.key], lanes[node.key]) for node in graph.nodes}
    return Layout(
        spots,
        tuple(Wire(e, spots[e.source], spots[e.target], lane) for e, lane in travel.items()),
        tuple(
            (spots[e.source], spots[e.target]) for e in graph.edges if e.kind is EdgeKind.REQUIRES
        ),
        max(rows.values(), default=-1) + 1,
        {side.environment: _width(side.environment, lanes, travel) for side in graph.sides},
    )


def _rows(graph: Graph) -> dict[Key, int]:
    requiring: dict[Key, list[Key]] = defaultdict(list)
    for edge in graph.edges:
        if edge.kind is EdgeKind.REQUIRES:
            requiring[edge.target].append(edge.source)
    rows: dict[Key, int] = {}
    free: dict[str, int] = defaultdict(int)
    for node in reversed(graph.nodes):
        above = (rows[key] for key in requiring[node.key])
        row = max(free[node.environment], *above, 0)
        rows[node.key] = row
        free[node.environment] = row + 1
    return rows


def _assign_lanes(
    newest_first: Sequence[Node],
    edges: Iterable[Edge],
    lanes: dict[Key, int],
    travel: dict[Edge, int],
) -> None:
    """Hand lanes on from each revision to those before it.

    A lane waits for one target; the first one a revision follows inherits its lane.
    """
    leaving: dict[Key, list[Edge]] = defaultdict(list)
    for edge in edges:
        if edge.kind is not EdgeKind.REQUIRES:
            leaving[edge.source].append(edge)
    waiting: list[Wanted | None] = []
    for node in newest_first:
        lanes[node.key] = _arrive(waiting, node.key)
        travel.update(_leave(waiting, lanes[node.key], leaving[node.key]))


def _arrive(waiting: list[Wanted | None], key: Key) -> int:
    """The lane of a revision; every lane that waited for it is free again."""
    arriving = [i for i, each in enumerate(waiting) if each and each[0] == key]
    lane = next((i for i in arriving if waiting[i] == (key, EdgeKind.DOWN)), None)
    if lane is None:
        lane = _free(waiting)
    for i in arriving:
        waiting[i] = None
    return lane


def _leave(
    waiting: list[Wanted | None], lane: int, edges: Iterable[Edge]
) -> Iterator[tuple[Edge, int]]:
    """The lane of each edge of a revision that stands in ``lane``."""
    has_heir = False
    for edge in edges:
        wanted = (edge.target, edge.kind)
        if edge.kind is EdgeKind.DOWN and not has_heir:
            has_heir, chosen = True, lane
        elif wanted in waiting:
            chosen = waiting.index(wanted)
        else:
            chosen = _free(waiting, beside=lane)
        waiting.extend([None] * (chosen + 1 - len(waiting)))
        waiting[chosen] = wanted
        yield edge, chosen


def _free(waiting: Sequence[object | None], beside: int = -1) -> int:
    """The first lane that waits for nothing."""
    candidates = (i for i, each in enumerate(waiting) if each is None and i != beside)
    fresh = len(waiting) + (len(waiting) == beside)
    return next(candidates, fresh)


def _width(environment: str, lanes: Mapping[Key, int], travel: Mapping[Edge, int]) -> int:
    used = [lane for (name, _), lane in lanes.items() if name == environment]
    used += [lane for edge, lane in travel.items() if edge.source[0] == environment]
    return max(used, default=0) + 1
