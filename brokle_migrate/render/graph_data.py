"""A graph as plain lists, dictionaries, strings and numbers: the ``data`` of ``graph --json``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .files import file_data

if TYPE_CHECKING:
    from ..graph import Edge, Graph, Node, Problem, Side
    from .data import Data
    from .files import OutFile


def graph_data(graph: Graph, picture: OutFile | None = None) -> Data:
    """Nodes, edges, and where each database stands.

    :param picture: the file that was written, or would be.
    """
    return {
        "databases": [_side(side) for side in graph.sides],
        "nodes": [_node(node) for node in graph.nodes],
        "edges": [_edge(edge) for edge in graph.edges],
        "file": None if picture is None else file_data(picture),
    }


def _side(side: Side) -> Data:
    return {
        "environment": side.environment,
        "label": side.label,
        "exists": side.exists,
        "current": None if side.problem is not None else list(side.current),
        "heads": list(side.heads),
        "revisions": side.total,
        "counts": {state.value: count for state, count in side.counts.items()},
        "running": side.running or None,
        "error": None if side.problem is None else _problem(side.problem),
    }


def _problem(problem: Problem) -> Data:
    return {"code": problem.code, "message": problem.message, "hint": problem.hint or None}


def _node(node: Node) -> Data:
    return {
        "environment": node.environment,
        "revision": node.revision,
        "until": node.until or None,
        "count": node.count,
        "message": node.message,
        "state": node.state.value,
        "current": node.is_current,
        "head": node.is_head,
        "labels": list(node.labels),
        "detail": node.detail or None,
    }


def _edge(edge: Edge) -> Data:
    return {
        "kind": edge.kind.value,
        "from": {"environment": edge.source[0], "revision": edge.source[1]},
        "to": {"environment": edge.target[0], "revision": edge.target[1]},
    }
