"""Both histories, the links between them, and where each database stands, as one value."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Key = tuple[str, str]


class NodeState(StrEnum):
    """What a database has of a revision: the gravest that holds.

    UNKNOWN is what the files alone don't tell; RUNNING is a step that somebody else runs just now.
    """

    APPLIED = "applied"
    CHANGED = "changed"
    AHEAD = "ahead"
    DIRTY = "dirty"
    RUNNING = "running"
    OUT_OF_ORDER = "out_of_order"
    PENDING = "pending"
    UNKNOWN = "unknown"


class EdgeKind(StrEnum):
    """Why one revision needs another: it follows it, depends on it, or a link says so."""

    DOWN = "down_revision"
    DEPENDS_ON = "depends_on"
    REQUIRES = "requires"


@dataclass(frozen=True, slots=True)
class Node:
    """A revision, or a stretch of revisions that have nothing to tell them apart.

    :ivar revision: its id; of a stretch the oldest one.
    :ivar until: of a stretch the newest id, otherwise empty.
    :ivar count: how many revisions it stands for.
    :ivar is_current: whether the database stands here.
    :ivar detail: where an interrupted step stopped.
    """

    environment: str
    revision: str
    message: str
    state: NodeState
    until: str = ""
    count: int = 1
    is_current: bool = False
    is_head: bool = False
    labels: tuple[str, ...] = ()
    detail: str = ""

    @property
    def key(self) -> Key:
        """What edges call it."""
        return self.environment, self.revision


@dataclass(frozen=True, slots=True)
class Edge:
    """One revision needs another.

    :ivar source: the revision that needs.
    :ivar target: the revision that has to be applied before.
    """

    source: Key
    target: Key
    kind: EdgeKind


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a database could not be read: what a :class:`~.errors.MigrateError` says, as texts."""

    code: str
    message: str
    hint: str


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two histories, and where its database stands.

    :ivar label: the database, without user or password.
    :ivar current: the newest recorded version of a chain, every recorded tip of other histories.
    :ivar heads: the newest revisions on disk.
    :ivar total: how many revisions are on disk.
    :ivar counts: how many nodes have each state; states without one are left out.
    :ivar exists: False when an embedded database has not been created yet.
    :ivar running: who is migrating just now, empty for nobody.
    :ivar problem: why the database could not be read; what is known is its files alone then.
    """

    environment: str
    label: str
    current: tuple[str, ...]
    heads: tuple[str, ...]
    total: int
    counts: Mapping[NodeState, int] = field(default_factory=dict)
    exists: bool = True
    running: str = ""
    problem: Problem | None = None

    def count(self, *states: NodeState) -> int:
        """How many revisions are in one of the states."""
        return sum(self.counts.get(state, 0) for state in states)


@dataclass(frozen=True, slots=True)
class Graph:
    """What the picture shows.

    :ivar sides: Postgres before ClickHouse.
    :ivar nodes: oldest first, in the one order that honours both histories and all links.
    """

    sides: tuple[Side, ...]
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]

    def of(self, environment: str) -> tuple[Node, ...]:
        """The nodes of one history, oldest first."""
        return tuple(node for node in self.nodes if node.environment == environment)

    def each(self, change: Callable[[str], str]) -> Graph:
        """The same graph with every text in it changed."""

        def changed(key: Key) -> Key:
            return key[0], change(key[1])

        return Graph(
            tuple(_side_with(side, change) for side in self.sides),
            tuple(_node_with(node, change) for node in self.nodes),
            tuple(
                Edge(changed(edge.source), changed(edge.target), edge.kind) for edge in self.edges
            ),
        )


def _side_with(side: Side, change: Callable[[str], str]) -> Side:
    found = side.problem
    return replace(
        side,
        problem=found and replace(found, message=change(found.message), hint=change(found.hint)),
        label=change(side.label),
        running=change(side.running),
        current=tuple(map(change, side.current)),
        heads=tuple(map(change, side.heads)),
    )


def _node_with(node: Node, change: Callable[[str], str]) -> Node:
    return replace(
        node,
        revision=change(node.revision),
        message=change(node.message),
        until=change(node.until),
        labels=tuple(map(change, node.labels)),
        detail=change(node.detail),
    )
