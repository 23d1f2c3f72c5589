"""Placeholders: what is filled in, what is left alone, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brokle_migrate.model import Location, Statement
from brokle_migrate.sqltext.placeholders import ServerSide, Unfilled, fill

VALUES = {"t": "events", "ttl": "30", "empty": "", "q": "a;b", "two": "1; DROP TABLE x", "o": "'"}
ALONE = ServerSide("shop")
CLUSTER = ServerSide("shop", "my`c")
OLD = ServerSide("shop", "c", needs_arguments=True)


def filled(text: str, server: ServerSide = ALONE) -> Statement:
    statement = Statement(text, Location(Path("x.up.sql"), 3, 5))
    return fill(statement, VALUES.get, lambda: server)


def problems(text: str) -> Unfilled:
    with pytest.raises(Unfilled) as caught:
        filled(text)
    return caught.value


@pytest.mark.parametrize(
    ("written", "sent"),
    [
        ("SELECT ${ttl}", "SELECT 30"),
        ("SELECT '${ttl}', `${t}`, \"${t}\"", "SELECT '30', `events`, \"events\""),
        ("SELECT 1 FROM db.${t}_old", "SELECT 1 FROM db.events_old"),
        ("SELECT '${q}'", "SELECT 'a;b'"),
        ("SELECT 1 ${empty} + 1", "SELECT 1  + 1"),
        ("SELECT '$${ttl}', '$${X:-1}'", "SELECT '${ttl}', '${X:-1}'"),
        (
            "SELECT /* ${no} /* ${ ${no} */ */ ${ttl} -- ${no",
            "SELECT /* ${no} /* ${ ${no} */ */ 30 -- ${no",
        ),
        ("SELECT 1 # ${no}\n+ ${ttl}", "SELECT 1 # ${no}\n+ 30"),
        ("SELECT '-- ${ttl} /* ${t}'", "SELECT '-- 30 /* events'"),
        ("SELECT $$${ttl} ${t}$$", "SELECT $$30 events$$"),
        ("SELECT $${ttl} kept$$", "SELECT $${ttl} kept$$"),
        ("SELECT $a${ttl} ${ttl}$a$", "SELECT $a${ttl} 30$a$"),
        ("SELECT '''${ttl}\\'${ttl}'", "SELECT '''30\\'30'"),
        ("SELECT {p:UInt8}, '$', a$b", "SELECT {p:UInt8}, '$', a$b"),
        ("SELECT '${database}'", "SELECT 'shop'"),
    ],
)
def test_what_is_filled_in_and_what_is_kept(written: str, sent: str) -> None:
    assert filled(written).text == sent


@pytest.mark.parametrize(
    ("server", "sent"),
    [
        (ALONE, "CREATE TABLE a  (x Int8) ENGINE = MergeTree"),
        (
            CLUSTER,
            "CREATE TABLE a ON CLUSTER `my\\`c` (x Int8) ENGINE = ReplicatedMergeTree",
        ),
        (
            ServerSide("shop", "c", replicated_database=True),
            "CREATE TABLE a  (x Int8) ENGINE = ReplicatedMergeTree",
        ),
    ],
)
def test_one_file_fits_a_laptop_and_a_cluster(server: ServerSide, sent: str) -> None:
    written = "CREATE TABLE a ${on_cluster} (x Int8) ENGINE = ${replicated}MergeTree"
    assert filled(written, server).text == sent


@pytest.mark.parametrize(
    ("written", "sent"),
    [
        ("MergeTree ORDER BY x", "MergeTree(ARGS) ORDER BY x"),
        ("MergeTree() ORDER BY x", "MergeTree(ARGS) ORDER BY x"),
        ("MergeTree ( ) ORDER BY x", "MergeTree (ARGS ) ORDER BY x"),
        ("SummingMergeTree((a, b)) ORDER BY x", "SummingMergeTree(ARGS, (a, b)) ORDER BY x"),
    ],
)
def test_an_old_server_gets_path_and_replica(written: str, sent: str) -> None:
    start = "CREATE TABLE IF NOT EXISTS ${t} (x Int8) ENGINE = "
    got = filled(f"{start}${{replicated}}{written}", OLD).text
    arguments = "'/clickhouse/tables/{shard}/shop/events', '{replica}'"
    expected = start.replace("${t}", "events") + "Replicated" + sent.replace("ARGS", arguments)
    assert got == expected


def test_only_what_the_author_wrote_so_gets_arguments() -> None:
    plain = "CREATE TABLE ${t} (x Int8) ENGINE = ReplicatedMergeTree ORDER BY x"
    assert filled(plain, OLD).text == plain.replace("${t}", "events")
    other = "SELECT '${replicated}MergeTree'"
    assert filled(other, OLD).text == "SELECT 'ReplicatedMergeTree'"


def test_a_table_with_its_database_has_that_in_its_path() -> None:
    text = filled("CREATE TABLE `b`.`it's` (x Int8) ENGINE = ${replicated}MergeTree", OLD).text
    assert "'/clickhouse/tables/{shard}/b/it\\'s', '{replica}'" in text


def test_every_name_without_a_value_is_named_with_its_place() -> None:
    error = problems("SELECT ${ttl},\n  '${nope}', ${ttl}, ${gone}")
    assert error.problems == (
        "x.up.sql:4:4: ${nope} has no value",
        "x.up.sql:4:22: ${gone} has no value",
    )
    assert error.undefined == ("nope", "gone")


@pytest.mark.parametrize("text", ["${NAME:-default}", "${}", "${ a}", "${1}", "${a-b}"])
def test_what_only_looks_like_a_placeholder_is_refused(text: str) -> None:
    (problem,) = problems(f"SELECT '{text}'").problems
    assert problem.startswith(f"x.up.sql:3:13: {text} is no placeholder")
    assert f"write ${text}" in problem
    assert filled(f"SELECT '${text}'").text == f"SELECT '{text}'"


def test_a_value_makes_no_second_statement() -> None:
    assert problems("SELECT ${two}").problems == (
        "x.up.sql:3:12: a value ends the statement here, and more follows",
    )
    assert filled("SELECT '${two}'").text == "SELECT '1; DROP TABLE x'"


def test_a_value_leaves_no_quote_open_and_no_empty_statement() -> None:
    (problem,) = problems("SELECT '${o}'").problems
    assert "never closes" in problem
    assert "nothing is left" in problems("${empty}").problems[0]


def test_without_placeholders_nothing_is_touched() -> None:
    statement = Statement("SELECT '$', {a}", Location(Path("x"), 1, 1))
    assert fill(statement, VALUES.get, lambda: ALONE) is statement


def test_the_server_is_asked_only_for_a_built_in_name() -> None:
    def server() -> ServerSide:
        raise AssertionError("asked")

    statement = Statement("SELECT ${ttl}", Location(Path("x"), 1, 1))
    assert fill(statement, VALUES.get, server).text == "SELECT 30"


@given(
    st.lists(
        st.sampled_from(
            [
                "${ttl}",
                "${empty}",
                "${t}",
                "a",
                "'${t} ${q}'",
                "/* ${no} */",
                "\n",
                "'$${x}'",
                "(",
                "é",
            ]
        ),
        max_size=12,
    )
)
def test_every_place_in_the_text_is_a_place_in_the_file(parts: list[str]) -> None:
    written = "SELECT 1 " + " ".join(parts) + " END_"
    statement = filled(written)
    assert statement.place(0) == statement.location
    original = Statement(written, statement.location)
    for word in ("END_", "(", "/*", "é"):
        sent, own = statement.text.rfind(word), written.rfind(word)
        assert (sent < 0) == (own < 0)
        if sent >= 0:
            assert statement.place(sent) == original.place(own)
