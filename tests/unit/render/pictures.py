"""Graphs to draw, as literals."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from brokle_migrate.errors import DatabaseUnreachable
from brokle_migrate.graph_building import Reading, build
from brokle_migrate.graph_stretches import collapsed
from brokle_migrate.history import History
from brokle_migrate.interruption import Interruption
from brokle_migrate.model import Action

from ..scenarios import clickhouse, postgres

if TYPE_CHECKING:
    from brokle_migrate.graph import Graph

HOSTILE = (
    'drop <old> & "unused" columns',
    "création de l'index sur les clés d'API actives, pour le chemin le plus fréquenté de tous",
    "索引を追加する" * 12,
    "100% `ticks` %%{init: {}}%% ; end #x; \\ [a](b) {c} <script>alert(1)</script>",
    "a\nb\x00c\x1b[31m\u202e\ufffe",
    "]] --> x",
    "**bold** _it_ 1. item",
    "",
)
LABELS = ("billing-of-the-organizations", "operations", "third")
MANY = [str(20240101000000 + n) for n in range(200)]


def worded(history: History) -> History:
    """The history with messages that are hard to draw."""
    revisions = history.snapshot.revisions
    texts = (HOSTILE[i % len(HOSTILE)] for i in range(len(revisions)))
    changed = tuple(replace(r, message=m) for r, m in zip(revisions, texts, strict=True))
    return History(replace(history.snapshot, revisions=changed))


def _labelled(history: History) -> History:
    first, *rest = history.snapshot.revisions
    last = replace(rest[-1], depends_on=(rest[1].id,), branch_labels=LABELS)
    return History(replace(history.snapshot, revisions=(first, *rest[:-1], last)))


def branches() -> Graph:
    """Branches, merges, two heads, labels, a dependency, and links in both directions."""
    files = "a1 b2 c3<b2 d4<b2 e5<c3 f6<d4 g7<e5,f6 h8<g7 x9<g7"
    left = _labelled(postgres(files, "g7", requires={"c3": "2", "h8": "5"}))
    right = clickhouse("1 2 3 4 5 6", "1 2 3", requires={"1": "a1", "4": "g7", "6": "h8"})
    return build([Reading(worded(left)), Reading(worded(right))])


def trouble() -> Graph:
    """One database down, the other one in every state there is."""
    stopped = Interruption("4", Action.UPGRADE, 2, 5, error="Code: 60. Table <x> & y " * 9)
    chain = clickhouse("1 2 3 4 5 6 7 8 12", "1 2 6 9", dirty=(stopped,))
    chain = History(replace(chain.snapshot, changed=("2",)))
    error = DatabaseUnreachable("postgresql://db.internal:5432/app does not answer: refused")
    return build([Reading(worded(postgres("a b c")), error=error), Reading(worded(chain))])


def long() -> Graph:
    """Two hundred revisions on each side, with stretches taken together."""
    left = postgres(" ".join(MANY), MANY[150], requires={MANY[60]: MANY[61]})
    right = clickhouse(" ".join(MANY), " ".join(MANY[:140]), requires={MANY[100]: MANY[90]})
    return collapsed(build([Reading(worded(left)), Reading(worded(right))]))


def base() -> Graph:
    """Nothing applied, on one side not even a file."""
    return build([Reading(postgres("")), Reading(worded(clickhouse("1 2 3")))])


def alone() -> Graph:
    """One history alone, at head, under a label that is too long."""
    history = clickhouse("1 2 3", "1 2 3")
    label = "clickhouse+embedded:////a/long/way/down/" + "into/the/tree/" * 9 + "clickhouse"
    return build([Reading(worded(History(replace(history.snapshot, label=label))))])


def running() -> Graph:
    """A step that somebody runs just now, on top of one whose file was edited."""
    started = Interruption("3", Action.UPGRADE, 1, 2)
    chain = clickhouse("1 2 3 4", "1 2", dirty=(started,))
    chain = History(replace(chain.snapshot, changed=("2",)))
    return build([Reading(postgres("a b", "b")), Reading(chain, running="ann@build-7, process 4")])


def secret(word: str) -> Graph:
    """A graph with a word in every text that comes from outside."""
    stopped = Interruption("2", Action.UPGRADE, 1, 2, error=f"refused {word}")
    chain = clickhouse("1 2", "1", dirty=(stopped,)).snapshot
    first, second = chain.revisions
    chain = replace(chain, label=f"ch://{word}", revisions=(replace(first, message=word), second))
    left = postgres(f"a b-{word}").snapshot
    *rest, last = left.revisions
    left = replace(left, revisions=(*rest, replace(last, branch_labels=(word,))))
    error = DatabaseUnreachable(f"no answer to {word}", hint=f"try {word}")
    return build([Reading(History(left), error=error), Reading(History(chain), running=word)])


GRAPHS = {
    "branches": branches,
    "trouble": trouble,
    "long": long,
    "base": base,
    "alone": alone,
    "running": running,
}
