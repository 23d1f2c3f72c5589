"""What every picture of a graph says in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..graph import EdgeKind, NodeState
from . import words
from .blocks import Tone

if TYPE_CHECKING:
    from ..graph import Graph, Node, Side

STATES = {
    NodeState.APPLIED: ("applied", Tone.GOOD),
    NodeState.CHANGED: ("changed", Tone.WARN),
    NodeState.AHEAD: ("ahead", Tone.WARN),
    NodeState.DIRTY: ("dirty", Tone.BAD),
    NodeState.RUNNING: ("running", Tone.WARN),
    NodeState.OUT_OF_ORDER: ("out of order", Tone.BAD),
    NodeState.PENDING: ("pending", Tone.NEXT),
    NodeState.UNKNOWN: ("unknown", Tone.QUIET),
}
"""The word for each state, and how it is printed."""

MEANINGS = {
    NodeState.APPLIED: "applied",
    NodeState.CHANGED: "changed: the file was edited after it was applied",
    NodeState.AHEAD: "ahead: recorded, and no file here has it",
    NodeState.DIRTY: "dirty: started and not finished",
    NodeState.RUNNING: "running just now",
    NodeState.OUT_OF_ORDER: "out of order: older than the newest applied, never applied",
    NodeState.PENDING: "pending",
    NodeState.UNKNOWN: "whether it is applied is not known",
}
_NAMES = {"postgres": "Postgres", "clickhouse": "ClickHouse"}
_GRAVEST_FIRST = (
    NodeState.RUNNING,
    NodeState.DIRTY,
    NodeState.AHEAD,
    NodeState.OUT_OF_ORDER,
    NodeState.PENDING,
    NodeState.CHANGED,
)


def clean(text: str) -> str:
    """Text on one line, without what can't be drawn."""
    kept = words.printable(words.one_line(text))
    return kept.replace("\ufffe", "").replace("\uffff", "")


def name(environment: str) -> str:
    """An engine's name as it is written."""
    return _NAMES.get(environment, environment)


def title(graph: Graph) -> str:
    """What the picture is of."""
    engines = " and ".join(name(side.environment) for side in graph.sides)
    return f"Migrations of {engines}"


def summary(graph: Graph) -> str:
    """The picture in sentences, for those who can't see it."""
    sentences = (
        f"{name(side.environment)} ({clean(side.label)}) {verb(side)}: {counts(side)}."
        for side in graph.sides
    )
    links = sum(edge.kind is EdgeKind.REQUIRES for edge in graph.edges)
    between = f" {words.counted(links, 'link')} between the two." if links else ""
    return " ".join(sentences) + between


def verb(side: Side) -> str:
    """Where a database stands, as the end of a sentence."""
    if side.problem is not None:
        return "can't be read"
    if not side.current:
        return "is at base"
    return f"is at {', '.join(map(clean, side.current))}"


def standing(side: Side) -> tuple[str, Tone]:
    """The gravest thing about a database, in a word or two."""
    if side.problem is not None:
        return ("unreachable" if side.problem.code == "unreachable" else "unreadable"), Tone.BAD
    if not side.exists:
        return "not created yet", Tone.NEXT
    for state in _GRAVEST_FIRST:
        found = side.count(state)
        if found:
            word, tone = STATES[state]
            counted = state in {NodeState.PENDING, NodeState.OUT_OF_ORDER}
            return (f"{words.number(found)} {word}" if counted else word), tone
    return ("at head", Tone.GOOD) if side.total else ("no revisions", Tone.QUIET)


def place(side: Side, graph: Graph) -> str:
    """Where a database stands, as one would say it."""
    here = [node for node in graph.of(side.environment) if node.is_current]
    if side.problem is not None:
        return "state unknown"
    if not here:
        return "nothing is applied yet"
    if any(node.state is NodeState.AHEAD for node in here):
        return "ahead of the files"
    return headline(here[0]) if len(here) == 1 else f"{len(here)} tips"


def remark(side: Side, graph: Graph) -> str:
    """What else has to be said of a database: why it can't be read, what is half done."""
    if side.problem is not None:
        return clean(side.problem.message)
    if side.running:
        return f"running now: {clean(side.running)}"
    details = (node.detail for node in graph.of(side.environment) if node.detail)
    return clean(next(details, ""))


def counts(side: Side) -> str:
    """How many revisions are in which state; where it has spaces it may be broken into lines."""
    if side.problem is not None:
        return f"{words.counted(side.total, 'revision')} on disk"
    if not side.counts:
        return "no revisions on disk"
    applied = side.count(NodeState.APPLIED, NodeState.CHANGED)
    parts = [f"{words.number(applied)} of {words.number(side.total)} applied"]
    parts += [
        f"{words.number(side.count(state))} {word}"
        for state, (word, _) in STATES.items()
        if state is not NodeState.APPLIED and side.count(state)
    ]
    return "\u00a0· ".join(part.replace(" ", "\u00a0") for part in parts)


def headline(node: Node) -> str:
    """What a revision does; the number of revisions in a stretch."""
    if node.count > 1:
        return f"… {words.number(node.count)} {STATES[node.state][0]} revisions"
    if node.state is NodeState.AHEAD:
        return "no file here has this version"
    return clean(node.message) or "(no message)"


def identity(node: Node) -> str:
    """The id of a revision, or the range of a stretch."""
    first = clean(node.revision)
    return f"{first} … {clean(node.until)}" if node.until else first


def tooltip(node: Node) -> str:
    """Everything that is known of a revision."""
    facts = [f"{name(node.environment)} {identity(node)}", headline(node), MEANINGS[node.state]]
    facts += [clean(node.detail)] if node.detail else []
    facts += [f"branch {clean(label)}" for label in node.labels]
    facts += ["the database stands here"] if node.is_current else []
    return "\n".join(facts)
