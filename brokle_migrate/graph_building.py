"""Makes a graph of what was read of each environment.  Pure."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from .graph import Edge, EdgeKind, Graph, Node, NodeState, Problem, Side
from .history import History
from .links import interleave
from .model import Action, Step

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from .errors import MigrateError
    from .graph import Key
    from .model import Link, Revision


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read of one environment.

    :ivar history: the files alone where there is an error.
    :ivar running: who is migrating just now, empty for nobody.
    :ivar error: why the database could not be read.
    """

    history: History
    running: str = ""
    error: MigrateError | None = None


def build(readings: Sequence[Reading]) -> Graph:
    """Put both histories into one graph.

    :param readings: what was read of the selected environments, Postgres first.
    :raises LinkError: the histories wait for each other.
    :raises UnknownRevision: a ``depends_on`` names no revision.
    """
    histories = {reading.history.environment: reading.history for reading in readings}
    revisions = [revision for h in histories.values() for revision in h.by_id.values()]
    nodes = {n.key: n for reading in readings for n in _nodes(reading)}
    return Graph(
        tuple(_side(reading, nodes.values()) for reading in readings),
        tuple(nodes[key] for key in _ordered(histories)),
        tuple(edge for revision in revisions for edge in _edges(revision, histories)),
    )


def _side(reading: Reading, nodes: Iterable[Node]) -> Side:
    history = reading.history
    own = [node for node in nodes if node.environment == history.environment]
    return Side(
        environment=history.environment,
        label=history.snapshot.label,
        current=_current(history),
        heads=history.heads,
        total=len(history.by_id),
        counts=Counter(node.state for node in own),
        exists=history.snapshot.exists,
        running=reading.running,
        problem=_problem(reading.error),
    )


def _problem(error: MigrateError | None) -> Problem | None:
    return None if error is None else Problem(error.code, error.message, error.hint or "")


def _current(history: History) -> tuple[str, ...]:
    """Where the database stands, also when no file has that version."""
    recorded = history.snapshot.recorded
    return (max(recorded, key=int),) if recorded and history.snapshot.linear else recorded


def _nodes(reading: Reading) -> Iterator[Node]:
    history = reading.history
    current, heads = frozenset(_current(history)), frozenset(history.heads)
    for version in (*history.by_id, *_without_file(history)):
        revision = history.by_id.get(version)
        interruption = history.interruption(version)
        yield Node(
            history.environment,
            version,
            revision.message if revision else "",
            _state(version, reading),
            is_current=version in current,
            is_head=version in heads,
            labels=revision.branch_labels if revision else (),
            detail=str(interruption) if interruption else "",
        )


def _without_file(history: History) -> tuple[str, ...]:
    """Versions that the database knows, as applied or begun, and no file has."""
    begun = (interruption.version for interruption in history.snapshot.dirty)
    found = dict.fromkeys((*history.ahead, *(v for v in begun if v not in history.by_id)))
    return tuple(sorted(found, key=int)) if history.snapshot.linear else tuple(found)


def _state(version: str, reading: Reading) -> NodeState:
    history = reading.history
    if history.interruption(version) is not None:
        return NodeState.RUNNING if reading.running else NodeState.DIRTY
    if version not in history.by_id:
        return NodeState.AHEAD
    if version in history.applied:
        is_changed = version in history.snapshot.changed
        return NodeState.CHANGED if is_changed else NodeState.APPLIED
    if reading.error is not None or (history.is_lost and not history.snapshot.linear):
        return NodeState.UNKNOWN
    is_gap = any(revision.id == version for revision in history.out_of_order)
    return NodeState.OUT_OF_ORDER if is_gap else NodeState.PENDING


def _edges(revision: Revision, histories: Mapping[str, History]) -> Iterator[Edge]:
    own = revision.environment
    source = own, revision.id
    for parent in revision.down:
        yield Edge(source, (own, parent), EdgeKind.DOWN)
    for name in revision.depends_on:
        yield Edge(source, (own, histories[own].resolve(name)), EdgeKind.DEPENDS_ON)
    for link in _known_links(revision, histories):
        target = link.environment, histories[link.environment].canonical(link.revision)
        yield Edge(source, target, EdgeKind.REQUIRES)


def _known_links(revision: Revision, histories: Mapping[str, History]) -> tuple[Link, ...]:
    """The links that lead to something in the picture.

    An applied revision may require one that was squashed away since, or that is not selected.
    """
    return tuple(
        link
        for link in revision.requires
        if link.environment in histories
        and histories[link.environment].canonical(link.revision)
        in histories[link.environment].by_id
    )


def _ordered(histories: Mapping[str, History]) -> Iterator[Key]:
    """The order in which everything would run from the beginning."""
    empty = {name: _emptied(history, histories) for name, history in histories.items()}
    steps = {
        name: [Step(name, Action.UPGRADE, version) for version in history.by_id]
        for name, history in empty.items()
    }
    strays = {name: _after_each(history) for name, history in histories.items()}
    for name, following in strays.items():
        yield from ((name, version) for version in following.get("", ()))
    for step in interleave(steps, empty):
        yield step.environment, step.revision
        after = strays[step.environment].get(step.revision, ())
        yield from ((step.environment, version) for version in after)


def _emptied(history: History, histories: Mapping[str, History]) -> History:
    """A history of which nothing is applied, with the links that can be drawn."""
    revisions = tuple(
        replace(revision, requires=_known_links(revision, histories))
        for revision in history.snapshot.revisions
    )
    return History(replace(history.snapshot, revisions=revisions, recorded=(), dirty=()))


def _after_each(history: History) -> dict[str, list[str]]:
    """Versions without a file by the revision that they come after; "" for the beginning."""
    placed: dict[str, list[str]] = {}
    for version in _without_file(history):
        placed.setdefault(_before(version, history), []).append(version)
    return placed


def _before(version: str, history: History) -> str:
    """The revision on disk that a version without a file comes after, as far as that is known."""
    revisions = tuple(history.by_id)
    if history.snapshot.linear:
        revisions = tuple(each for each in revisions if int(each) < int(version))
    return revisions[-1] if revisions else ""
