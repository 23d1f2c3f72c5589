"""What the picture shows, as data: states, edges, one order, and stretches taken together."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from brokle_migrate.errors import DatabaseUnreachable, LinkError
from brokle_migrate.graph import EdgeKind, Graph, NodeState, Problem
from brokle_migrate.graph_building import Reading, build
from brokle_migrate.graph_stretches import AROUND, SHOWN, collapsed
from brokle_migrate.history import History
from brokle_migrate.interruption import Interruption
from brokle_migrate.model import Action

from .scenarios import clickhouse, postgres

if TYPE_CHECKING:
    from brokle_migrate.graph import Key

SIGN = {
    NodeState.APPLIED: "+",
    NodeState.CHANGED: "~",
    NodeState.AHEAD: "?",
    NodeState.DIRTY: "!",
    NodeState.RUNNING: ">",
    NodeState.OUT_OF_ORDER: "x",
    NodeState.PENDING: ".",
    NodeState.UNKNOWN: "0",
}


def graph(*histories: History) -> Graph:
    return build([Reading(history) for history in histories])


def states(drawn: Graph) -> str:
    """``+pa`` is Postgres a applied; the current one is in brackets."""
    words = (f"{SIGN[n.state]}{n.environment[0]}{n.revision}" for n in drawn.nodes)
    return " ".join(
        f"[{word}]" if node.is_current else word
        for word, node in zip(words, drawn.nodes, strict=True)
    )


def edges(drawn: Graph, kind: EdgeKind) -> str:
    return " ".join(f"{_short(e.source)}>{_short(e.target)}" for e in drawn.edges if e.kind is kind)


def _short(key: Key) -> str:
    return key[0][0] + key[1]


def interrupted(version: str) -> Interruption:
    return Interruption(version, Action.UPGRADE, 2, 5, error="no such table")


@pytest.mark.parametrize(
    ("history", "expected"),
    [
        (clickhouse("1 2 3", "1 2"), "+c1 [+c2] .c3"),
        (clickhouse("1 2 3"), ".c1 .c2 .c3"),
        (clickhouse("1 2 3 4", "1 3"), "+c1 xc2 [+c3] .c4"),
        (clickhouse("1 2", "1 2 7"), "+c1 +c2 [?c7]"),
        (clickhouse("3 4", "1 2 3"), "?c1 ?c2 [+c3] .c4"),
        (clickhouse("1 2 3", "1", dirty=(interrupted("2"),)), "[+c1] !c2 .c3"),
        (clickhouse("1 3", "1", dirty=(interrupted("2"),)), "[+c1] !c2 .c3"),
        (postgres("a b c", "b"), "+pa [+pb] .pc"),
        (postgres("a b<a c<a d<b,c", "b c"), "+pa [+pb] [+pc] .pd"),
        (postgres("a b", "z"), "0pa 0pb [?pz]"),
        (postgres(""), ""),
    ],
)
def test_every_revision_has_one_state(history: History, expected: str) -> None:
    assert states(graph(history)) == expected


def test_a_changed_file_is_seen_and_an_interruption_is_described() -> None:
    history = clickhouse("1 2 3", "1 2", dirty=(interrupted("3"),))
    drawn = graph(History(replace(history.snapshot, changed=("1",))))
    assert states(drawn) == "~c1 [+c2] !c3"
    assert "stopped at statement 2 of 5" in drawn.nodes[2].detail
    side = drawn.sides[0]
    assert dict(side.counts) == {
        NodeState.CHANGED: 1,
        NodeState.APPLIED: 1,
        NodeState.DIRTY: 1,
    }
    assert side.count(NodeState.CHANGED, NodeState.APPLIED) == 2


def test_a_step_that_somebody_runs_is_not_dirty() -> None:
    history = clickhouse("1 2", "1", dirty=(interrupted("2"),))
    drawn = build([Reading(history, running="ann@host pid 7")])
    assert states(drawn) == "[+c1] >c2"
    assert drawn.sides[0].running == "ann@host pid 7"


def test_a_database_that_is_down_leaves_its_files() -> None:
    error = DatabaseUnreachable("no answer", hint="start it")
    drawn = build([Reading(postgres("a b"), error=error), Reading(clickhouse("1", "1"))])
    assert states(drawn) == "0pa 0pb [+c1]"
    assert drawn.sides[0].problem == Problem("unreachable", "no answer", "start it")
    assert drawn.sides[0].heads == ("b",)


def test_branches_and_merges_keep_their_edges() -> None:
    drawn = graph(postgres("a b<a c<a d<b,c"))
    assert edges(drawn, EdgeKind.DOWN) == "pb>pa pc>pa pd>pb pd>pc"
    assert [node.revision for node in drawn.nodes if node.is_head] == ["d"]


def test_labels_and_dependencies() -> None:
    base = postgres("a b<a c<a", "b c")
    first, second, third = base.snapshot.revisions
    revisions = (first, replace(second, branch_labels=("ops",)), replace(third, depends_on=("b",)))
    drawn = graph(History(replace(base.snapshot, revisions=revisions)))
    assert edges(drawn, EdgeKind.DEPENDS_ON) == "pc>pb"
    assert [node.labels for node in drawn.nodes] == [(), ("ops",), ()]


def test_one_order_honours_the_links() -> None:
    drawn = graph(
        postgres("a b c", requires={"b": "2"}), clickhouse("1 2 3 4", requires={"4": "c"})
    )
    assert states(drawn) == ".pa .c1 .c2 .pb .pc .c3 .c4"
    assert edges(drawn, EdgeKind.REQUIRES) == "pb>c2 c4>pc"


def test_a_link_that_leads_out_of_the_picture_is_left_out() -> None:
    alone = graph(clickhouse("1 2", "1", requires={"1": "gone"}))
    assert edges(alone, EdgeKind.REQUIRES) == ""
    both = graph(postgres("a", "a"), clickhouse("1 2", "1", requires={"1": "gone"}))
    assert edges(both, EdgeKind.REQUIRES) == ""


def test_histories_that_wait_for_each_other_are_an_error() -> None:
    with pytest.raises(LinkError, match="wait for each other"):
        graph(postgres("a", requires={"a": "1"}), clickhouse("1", requires={"1": "a"}))


def test_every_text_can_be_changed() -> None:
    drawn = graph(postgres("a b", "a"), clickhouse("1", requires={"1": "b"}))
    shouted = drawn.each(str.upper)
    assert states(shouted) == "[+PA] .PB .C1".replace("P", "p").replace("C", "c")
    assert edges(shouted, EdgeKind.REQUIRES) == "c1>pB"
    assert shouted.sides[0].label == "POSTGRES://TEST"
    assert shouted.nodes[0].message == "CHANGE A"


MANY = 200
FILES = [str(n) for n in range(1, MANY + 1)]


def drawn_short(drawn: Graph) -> str:
    """A stretch is ``2-97``, everything else its id."""
    return " ".join(f"{n.revision}-{n.until}" if n.until else n.revision for n in drawn.nodes)


def test_what_fits_is_shown_one_by_one() -> None:
    drawn = graph(clickhouse(" ".join(FILES[:SHOWN]), "1 2 3"))
    assert collapsed(drawn) == drawn


def test_long_stretches_are_taken_together() -> None:
    drawn = collapsed(graph(clickhouse(" ".join(FILES), " ".join(FILES[:100]))))
    assert AROUND == 2
    assert drawn_short(drawn) == "1 2-97 98 99 100 101 102 103-197 198 199 200"
    stretch = drawn.nodes[1]
    assert (stretch.state, stretch.count, stretch.is_current) == (NodeState.APPLIED, 96, False)
    assert edges(drawn, EdgeKind.DOWN).split()[:3] == ["c2>c1", "c98>c2", "c99>c98"]
    assert drawn.sides[0].counts == {NodeState.APPLIED: 100, NodeState.PENDING: 100}


def test_what_deserves_a_look_stays() -> None:
    chain = clickhouse(" ".join(FILES), " ".join(FILES[:100]), requires={"50": "b"})
    changed = History(replace(chain.snapshot, changed=("20",)))
    drawn = collapsed(graph(postgres("a b", "b"), changed))
    assert drawn_short(drawn) == (
        "a b 1 2-17 18 19 20 21 22 23-49 50 51-97 98 99 100 101 102 103-197 198 199 200"
    )
    assert edges(drawn, EdgeKind.REQUIRES) == "c50>pb"


def test_branches_are_never_hidden() -> None:
    left = [f"l{n}" for n in range(30)]
    right = [f"r{n}" for n in range(3)]
    files = f"a b l0<b {' '.join(left[1:])} r0<b {' '.join(right[1:])} m<l29,r2 z"
    drawn = collapsed(graph(postgres(files, "z")))
    assert drawn_short(drawn) == "a b l0-l29 r0 r1 r2 m z"
    assert edges(drawn, EdgeKind.DOWN) == "pb>pa pl0>pb pr0>pb pr1>pr0 pr2>pr1 pm>pl0 pm>pr2 pz>pm"


def test_files_of_a_database_that_is_down_are_taken_together_too() -> None:
    reading = Reading(clickhouse(" ".join(FILES)), error=DatabaseUnreachable())
    drawn = collapsed(build([reading]))
    assert drawn_short(drawn) == "1 2-197 198 199 200"
