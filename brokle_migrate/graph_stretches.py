"""Takes together what a reader of the picture would skip: long stretches of one kind.  Pure."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from .graph import Edge, EdgeKind, Graph, NodeState

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from .graph import Key, Node

SHOWN = 24
"""How many revisions of one history are shown one by one, whatever they are."""

SHORTEST = 4
"""A stretch of fewer revisions takes no less room when it is taken together."""

AROUND = 2
"""How many neighbours of what deserves a look stay visible on either side."""

_PLAIN = frozenset({NodeState.APPLIED, NodeState.PENDING, NodeState.UNKNOWN})


def collapsed(graph: Graph) -> Graph:
    """The graph with every long stretch as one node.

    A stretch is a piece of a chain in one state, in which no revision is a first one, a head, the
    current one, labelled, the end of a link or a dependency, nor next to what deserves a look.
    """
    stretches = [
        stretch
        for side in graph.sides
        if side.total > SHOWN
        for stretch in _stretches(graph.of(side.environment), graph.edges)
    ]
    home = {node.key: stretch[0].key for stretch in stretches for node in stretch}
    merged = {stretch[-1].key: _merged(stretch) for stretch in stretches}
    hidden = home.keys() - merged.keys()
    return Graph(
        graph.sides,
        tuple(merged.get(n.key, n) for n in graph.nodes if n.key not in hidden),
        tuple(_moved(graph.edges, home)),
    )


def _merged(stretch: Sequence[Node]) -> Node:
    first, last = stretch[0], stretch[-1]
    return replace(first, message="", until=last.revision, count=len(stretch))


def _moved(edges: Sequence[Edge], home: Mapping[Key, Key]) -> Iterator[Edge]:
    """The edges between what is left; those within a stretch are gone."""
    for edge in edges:
        source, target = home.get(edge.source, edge.source), home.get(edge.target, edge.target)
        if source != target:
            yield Edge(source, target, edge.kind)


def _stretches(nodes: Sequence[Node], edges: Sequence[Edge]) -> Iterator[list[Node]]:
    """The stretches of one history, each oldest first."""
    parents = {edge.source: edge.target for edge in edges if edge.kind is EdgeKind.DOWN}
    foldable = _foldable(nodes, edges)
    found: list[list[Node]] = []
    ending: dict[Key, list[Node]] = {}
    for node in (node for node in nodes if node.key in foldable):
        stretch = ending.get(parents[node.key])
        if stretch is None or stretch[0].state is not node.state:
            stretch = []
            found.append(stretch)
        stretch.append(node)
        ending[node.key] = stretch
    return (stretch for stretch in found if len(stretch) >= SHORTEST)


def _foldable(nodes: Sequence[Node], edges: Sequence[Edge]) -> frozenset[Key]:
    """What may be part of a stretch."""
    down = [edge for edge in edges if edge.kind is EdgeKind.DOWN]
    ways_in = Counter(edge.target for edge in down)
    ways_out = Counter(edge.source for edge in down)
    tied = {end for e in edges if e.kind is not EdgeKind.DOWN for end in (e.source, e.target)}
    near = _near_what_matters(nodes)
    return frozenset(
        node.key
        for node in nodes
        if ways_in[node.key] == ways_out[node.key] == 1
        and not node.labels
        and node.key not in tied
        and node.key not in near
    )


def _near_what_matters(nodes: Sequence[Node]) -> frozenset[Key]:
    """What deserves a look, and its neighbours."""
    places = [i for i, n in enumerate(nodes) if n.is_current or n.is_head or n.state not in _PLAIN]
    return frozenset(
        node.key for i in places for node in nodes[max(i - AROUND, 0) : i + AROUND + 1]
    )
