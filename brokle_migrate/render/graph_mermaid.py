"""A graph as a Mermaid flowchart, as GitHub and GitLab draw it in Markdown."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ..graph import EdgeKind, NodeState
from . import graph_words as say

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from ..graph import Edge, Graph, Key, Node, Side

MOST_EDGES = 500
MOST_CHARACTERS = 50_000
"""What Mermaid draws unless it is configured otherwise (its ``maxEdges`` and ``maxTextSize``)."""

# Mermaid's grammar leaves these alone within a quoted text.
_SPECIAL = re.compile("[^A-Za-z0-9 .,:/()+=_\u0080-\U0010ffff-]")
_CLASSES = {
    NodeState.APPLIED: "fill:#e3f6e8,stroke:#1a7f37,color:#1f2328",
    NodeState.CHANGED: "fill:#fff3cd,stroke:#8a5a00,color:#1f2328",
    NodeState.AHEAD: "fill:#fff3cd,stroke:#8a5a00,color:#1f2328,stroke-dasharray:6 3",
    NodeState.DIRTY: "fill:#ffe9e7,stroke:#c11f2c,color:#1f2328",
    NodeState.RUNNING: "fill:#fff3cd,stroke:#8a5a00,color:#1f2328",
    NodeState.OUT_OF_ORDER: "fill:#ffe9e7,stroke:#c11f2c,color:#1f2328,stroke-dasharray:6 3",
    NodeState.PENDING: "fill:#ffffff,stroke:#0860c4,color:#1f2328,stroke-dasharray:6 3",
    NodeState.UNKNOWN: "fill:#f6f8fa,stroke:#59636e,color:#1f2328,stroke-dasharray:2 4",
}
_HERE = "stroke-width:4px"
_BASE = "fill:#e9edf1,stroke:#59636e,color:#1f2328,stroke-width:4px"
_LINK = "stroke:#8250df"
_IN_THE_DATABASE = frozenset({NodeState.APPLIED, NodeState.CHANGED, NodeState.AHEAD})
_SHAPES = {
    NodeState.PENDING: ("([", "])"),
    NodeState.OUT_OF_ORDER: ("([", "])"),
    NodeState.UNKNOWN: ("([", "])"),
    NodeState.AHEAD: ("{{", "}}"),
}


def mermaid(graph: Graph) -> str:
    """Draw a graph.

    Arrows lead from what runs first to what builds on it, and the newest revisions are on top.
    """
    names = _names(graph)
    lines = ["flowchart BT", f"accTitle: {say.title(graph)}", f"accDescr: {_plain(graph)}"]
    for side in graph.sides:
        lines += [f"  {line}" for line in _subgraph(side, graph, names)]
    lines += [f"  {line}" for line in _edges(graph, names)]
    lines += [f"  {line}" for line in _styles(graph, names)]
    return "\n".join(lines) + "\n"


def too_big(graph: Graph, text: str) -> bool:
    """Whether Mermaid would refuse to draw this, as it is usually configured."""
    return len(graph.edges) > MOST_EDGES or len(text) > MOST_CHARACTERS


def escaped(text: str) -> str:
    """A text for within quotes: what could mean something to Mermaid becomes a character code."""
    return _SPECIAL.sub(lambda found: _code(found[0]), text)


def _code(character: str) -> str:
    return character if ord(character) > 0x7F else f"#{ord(character)};"


def _plain(graph: Graph) -> str:
    """The summary without what would end it."""
    return re.sub(r"[^\w .,:/()+=@*-]", " ", say.summary(graph).replace("·", ","))


def _names(graph: Graph) -> dict[Key, str]:
    """What each node is called in the text: nothing that anybody wrote."""
    return {
        node.key: f"{side.environment}{number}"
        for side in graph.sides
        for number, node in enumerate(graph.of(side.environment), 1)
    }


def _base(side: Side) -> str:
    return f"{side.environment}Base"


def _is_at_base(side: Side) -> bool:
    return not side.current and side.problem is None


def _subgraph(side: Side, graph: Graph, names: Mapping[Key, str]) -> Iterator[str]:
    title = f"{say.name(side.environment)} {say.verb(side)}: {say.counts(side)}"
    yield f'subgraph {side.environment} ["{escaped(title)}"]'
    if _is_at_base(side):
        yield f'  {_base(side)}["base<br/>nothing is applied yet"]'
    for node in graph.of(side.environment):
        start, end = ("[[", "]]") if node.count > 1 else _SHAPES.get(node.state, ("[", "]"))
        yield f'  {names[node.key]}{start}"{_label(node)}"{end}'
    yield "end"


def _label(node: Node) -> str:
    facts = ["current"] if node.is_current else []
    is_said = node.state is NodeState.APPLIED or node.count > 1
    facts += [] if is_said else [say.STATES[node.state][0]]
    facts += ["head"] if node.is_head else []
    facts += map(say.clean, node.labels)
    lines = [say.headline(node), say.identity(node), ", ".join(facts)]
    return "<br/>".join(escaped(line) for line in lines if line)


def _edges(graph: Graph, names: Mapping[Key, str]) -> Iterator[str]:
    states = {node.key: node.state for node in graph.nodes}
    yield from (line for side in graph.sides for line in _from_base(side, graph, names))
    for edge in _links_last(graph.edges):
        done = states[edge.source] in _IN_THE_DATABASE
        yield f"{names[edge.target]} {_arrow(edge, done)} {names[edge.source]}"


def _links_last(edges: Iterable[Edge]) -> list[Edge]:
    return sorted(edges, key=lambda edge: edge.kind is EdgeKind.REQUIRES)


def _arrow(edge: Edge, done: bool) -> str:
    match edge.kind:
        case EdgeKind.REQUIRES:
            return '-- "required by" -->' if done else '-. "required by" .->'
        case EdgeKind.DEPENDS_ON:
            return '-. "depended on by" .->'
        case EdgeKind.DOWN:
            return "-->" if done else "-.->"


def _from_base(side: Side, graph: Graph, names: Mapping[Key, str]) -> Iterator[str]:
    """The way from nothing to the first revisions, where the database still has it before it."""
    if _is_at_base(side):
        follows = {edge.source for edge in graph.edges if edge.kind is EdgeKind.DOWN}
        for node in graph.of(side.environment):
            if node.key not in follows:
                yield f"{_base(side)} -.-> {names[node.key]}"


def _styles(graph: Graph, names: Mapping[Key, str]) -> Iterator[str]:
    for state, style in _CLASSES.items():
        members = [names[node.key] for node in graph.nodes if node.state is state]
        if members:
            yield f"classDef {_class(state)} {style}"
            yield f"class {','.join(members)} {_class(state)}"
    here = [names[node.key] for node in graph.nodes if node.is_current]
    if here:
        yield f"classDef here {_HERE}"
        yield f"class {','.join(here)} here"
    bases = [_base(side) for side in graph.sides if _is_at_base(side)]
    if bases:
        yield f"classDef base {_BASE}"
        yield f"class {','.join(bases)} base"
    yield from (f"style {side.environment} fill:none,stroke:#818b98" for side in graph.sides)
    yield from _link_styles(graph, names)


def _class(state: NodeState) -> str:
    return state.value.replace("_", "")


def _link_styles(graph: Graph, names: Mapping[Key, str]) -> Iterator[str]:
    """Links are the last edges; Mermaid counts edges from 0."""
    count = len(list(_edges(graph, names)))
    links = sum(edge.kind is EdgeKind.REQUIRES for edge in graph.edges)
    if links:
        yield f"linkStyle {','.join(map(str, range(count - links, count)))} {_LINK}"
