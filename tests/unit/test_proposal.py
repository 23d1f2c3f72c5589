"""A plan in a file: what goes in comes out, and nothing else is taken for a plan."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from brokle_migrate.errors import InvalidPlan
from brokle_migrate.model import CLICKHOUSE, POSTGRES
from brokle_migrate.proposal import Directive, Proposal, ScriptFile
from brokle_migrate.proposal_changes import plan_changes, state_changes
from brokle_migrate.proposal_file import digest, dumps, hidden, loads, proposal_data
from tests.unit.render.plans import PROPOSALS, proposal, step

from .scenarios import clickhouse, postgres

ONE = step(POSTGRES, "1", "CREATE TABLE a (x int)", "SELECT 1")
TWO = step(CLICKHOUSE, "2", "SELECT 2")
BOTH = {(POSTGRES, "1"), (CLICKHOUSE, "2")}


@pytest.mark.parametrize("name", PROPOSALS)
def test_what_is_written_is_read_again(name: str) -> None:
    made = PROPOSALS[name]()
    found = loads(dumps(made).encode())
    assert found == made
    assert json.loads(dumps(made))["digest"] == digest(made) == digest(found)


def test_no_encoding_is_in_the_way() -> None:
    made = proposal(step(POSTGRES, "数据🙂", "\udcff", message="\x00\r\n\u2028"))
    assert loads(dumps(made).encode()) == made


def test_everything_counts_for_the_digest() -> None:
    data = proposal_data(PROPOSALS["destructive"]())
    places = list(_places(data))
    assert len(places) > 80
    for place in places:
        changed = json.loads(json.dumps(data))
        *way, last = place
        inside = changed
        for key in way:
            inside = inside[key]
        inside[last] = "other"
        with pytest.raises(InvalidPlan):
            loads(json.dumps(changed))


def _places(value: Any, *way: Any) -> Any:
    pairs = value.items() if isinstance(value, dict) else enumerate(value)
    for key, each in pairs:
        if isinstance(each, dict | list):
            yield from _places(each, *way, key)
        else:
            yield (*way, key)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("steps",), {}),
        (("steps", 0), "x"),
        (("steps", 0, "statements"), "x"),
        (("steps", 0, "statements"), [1]),
        (("steps", 0, "touches"), [{"name": "a", "rows": "1", "bytes": 1}]),
        (("asked", "steps"), 1.5),
        (("asked", "atomic"), 1),
        (("made",), None),
        (("more",), 1),
    ],
)
def test_a_file_of_another_shape(path: tuple[Any, ...], value: Any) -> None:
    """Whoever makes the digest fit gets a sentence, too, and no traceback."""
    from brokle_migrate import proposal_file

    data = proposal_data(proposal(ONE))
    del data["digest"]
    inside: Any = data
    for key in path[:-1]:
        inside = inside[key]
    inside[path[-1]] = value
    data["digest"] = proposal_file._digest(data)
    with pytest.raises(InvalidPlan, match="it is not the plan of a run"):
        loads(json.dumps(data))


@pytest.mark.parametrize("text", ["", "[1]", '"x"', "{}", "[" * 100_000, b"\xff\xfe"])
def test_what_is_no_plan(text: str | bytes) -> None:
    with pytest.raises(InvalidPlan):
        loads(text)


def test_secrets_are_taken_out_of_every_text() -> None:
    made = hidden(proposal(replace(ONE, message="s3cr3t", statements=("x s3cr3t",))), _hide)
    assert "s3cr3t" not in dumps(made)
    assert made.steps[0].statements == ("x ***",)


def _hide(text: str) -> str:
    return text.replace("s3cr3t", "***")


def changed(before: Proposal, after: Proposal) -> list[str]:
    return list(plan_changes(before, after, BOTH))


def test_the_same_plan_may_have_other_sizes_findings_and_words_of_a_library() -> None:
    before = PROPOSALS["destructive"]()
    noted = [
        replace(each, touches=(), path=f"/elsewhere/{each.path}", note=each.note and "other words")
        for each in before.steps
    ]
    after = replace(before, steps=tuple(noted), findings=(), made=replace(before.made, by="bob"))
    assert changed(before, after) == []


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        ((TWO, ONE), "the order is another: step 1 was postgres 1, and is clickhouse 2"),
        ((ONE,), "clickhouse 2 (change 2) would not run: another revision is in its place"),
        (
            (ONE, TWO, step(CLICKHOUSE, "3")),
            (
                "clickhouse 3 (change 3) would run, too: new file "
                "migrations_clickhouse/versions/3_change.up.sql"
            ),
        ),
        (
            (replace(ONE, statements=(*ONE.statements, "SELECT\n 3")), TWO),
            "postgres 1 statement 3 is new:\n    + SELECT 3",
        ),
        (
            (replace(ONE, statements=ONE.statements[:1]), TWO),
            "postgres 1 statement 2 is gone:\n    - SELECT 1",
        ),
        (
            (replace(ONE, statements=("CREATE TABLE a (x text)", "SELECT 1")), TWO),
            (
                "postgres 1 statement 1 differs:\n"
                "    - CREATE TABLE a (x int)\n    + CREATE TABLE a (x text)"
            ),
        ),
        (
            (ONE, replace(TWO, directives=(Directive(1, ("a = 1",), 2.0, wait=False),))),
            (
                "clickhouse 2 statement 1 would run with a = 1, timeout 2 s, wait none, "
                "and was to run without directives"
            ),
        ),
        (
            (ONE, replace(TWO, requires=("postgres@1",))),
            "clickhouse 2 requires postgres@1, and required nothing",
        ),
        (
            (ONE, replace(TWO, no_way_back="lost")),
            "clickhouse 2 can't be rolled back now: lost",
        ),
        ((ONE, replace(TWO, note="reads")), "clickhouse 2: not all of it is known: it reads"),
        (
            (ONE, replace(TWO, files=(*TWO.files, ScriptFile("x/2.down.sql", "0")))),
            "clickhouse 2: new file x/2.down.sql",
        ),
        ((ONE, replace(TWO, files=())), "clickhouse 2: 2_change.up.sql is gone"),
        (
            (ONE, replace(TWO, files=(ScriptFile("y/2_change.up.sql", "0"),))),
            "clickhouse 2: y/2_change.up.sql was edited",
        ),
        ((ONE, replace(TWO, action="downgrade")), "clickhouse 2: downgrade instead of upgrade"),
    ],
)
def test_each_difference_has_a_sentence(after: tuple[Any, ...], expected: str) -> None:
    assert changed(proposal(ONE, TWO), proposal(*after)) == [expected]


def test_a_difference_in_a_long_line_is_in_sight() -> None:
    long = "x" * 3000
    (said,) = changed(
        proposal(replace(ONE, statements=(f"{long}1{long}",))),
        proposal(replace(ONE, statements=(f"{long}2{long}",))),
    )
    _, old, new = said.split("\n")
    assert "x1x" in old
    assert "x2x" in new
    assert max(map(len, (old, new))) < 180


def test_what_became_of_the_databases() -> None:
    before = proposal(step(POSTGRES, "c"), step(CLICKHOUSE, "3"))
    at = (postgres("a b c", "b"), clickhouse("1 2 3", "1 2"))
    databases = tuple(
        replace(
            each,
            fingerprint=history.snapshot.fingerprint,
            recorded=history.snapshot.recorded,
        )
        for each, history in zip(before.databases, at, strict=True)
    )
    before = replace(before, databases=databases)

    def said(left: str, right: str) -> list[str]:
        now = {POSTGRES: postgres("a b c d", left), CLICKHOUSE: clickhouse("1 2 3 4", right)}
        return list(state_changes(before, now))

    assert said("b", "1 2") == []
    assert said("c", "1 2") == ["postgres c (change c) is applied by now"]
    assert said("a", "1") == ["postgres b was rolled back", "clickhouse 2 was rolled back"]
    assert said("b", "1 2 4") == ["clickhouse 4 was applied, and is not in the plan"]
    assert said("d", "1 2 3") == [
        "postgres c (change c) is applied by now",
        "postgres d was applied, and is not in the plan",
        "clickhouse 3 (change 3) is applied by now",
    ]
