"""What ``-- migrate:`` comments say, where they may stand, and what they may not say."""

from __future__ import annotations

from pathlib import Path

import pytest

from brokle_migrate.errors import SqlSyntaxError
from brokle_migrate.model import Link, Location, Statement
from brokle_migrate.sqltext import header, parse, split

PATH = Path("x.sql")
Options = tuple[dict[str, str], float | None, bool]


def options(text: str) -> list[Options]:
    return [(dict(s.settings), s.timeout, s.wait) for s in split(text, PATH)]


def error_of(text: str) -> SqlSyntaxError:
    with pytest.raises(SqlSyntaxError) as caught:
        split(text, PATH)
    return caught.value


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("a=1", {"a": "1"}),
        ("a=1,b=2", {"a": "1", "b": "2"}),
        ("a = 1 , b= 2 ", {"a": "1", "b": "2"}),
        ("a='x, y', b='it''s', c=''", {"a": "x, y", "b": "it's", "c": ""}),
        ("a=-1.5e3, b=x/y", {"a": "-1.5e3", "b": "x/y"}),
    ],
)
def test_settings(value: str, expected: dict[str, str]) -> None:
    assert options(f"-- migrate: settings {value}\na") == [(expected, None, True)]


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("90s", 90), ("5m", 300), ("1h30m", 5400), ("1h1m1s", 3661), ("2h", 7200), ("1h5s", 3605)],
)
def test_timeout(value: str, seconds: float) -> None:
    assert options(f"-- migrate: timeout {value}\na") == [({}, seconds, True)]


@pytest.mark.parametrize(("value", "wait"), [("none", False), ("mutations", True)])
def test_wait(value: str, wait: bool) -> None:
    assert options(f"-- migrate: wait {value}\na") == [({}, None, wait)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("-- migrate: requires postgres@1a", ["1a"]),
        ("-- migrate: requires postgres@1a,postgres@2b", ["1a", "2b"]),
        (
            "-- migrate: requires postgres@1a\n\n-- migrate: requires postgres@a_b.c",
            ["1a", "a_b.c"],
        ),
    ],
)
def test_requires(text: str, expected: list[str]) -> None:
    links = tuple(Link("postgres", revision) for revision in expected)
    for below in ("", "\na;", "\n\na;"):
        assert parse(text + below, PATH).requires == links
        assert header(text + below, PATH) == (links, None)


@pytest.mark.parametrize(
    "text",
    [
        "--migrate:irreversible it's gone; really",
        "--\tmigrate:   irreversible   it's gone; really  \r\n",
        "\ufeff/* x */\n  -- migrate: irreversible it's gone; really\na;",
        ";;\n-- migrate: irreversible it's gone; really\na",
    ],
)
def test_irreversible(text: str) -> None:
    assert parse(text, PATH).irreversible == "it's gone; really"
    assert header(text, PATH) == ((), "it's gone; really")


@pytest.mark.parametrize(
    "text",
    ["", "a", "-- to migrate: requires x\na", "a;\n-- migrate: nothing of this is read\n", "'"],
)
def test_header_without_directives(text: str) -> None:
    assert header(text, PATH) == ((), None)


ONE: Options = ({}, 1.0, True)
TWO: Options = ({}, 2.0, True)
NONE: Options = ({}, None, True)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("-- migrate: timeout 1s\na;\nb", [ONE, NONE]),
        ("-- migrate: timeout 1s\n\na;\nb", [ONE, ONE]),
        ("-- migrate: timeout 1s\r\n \t\r\na;\r\nb", [ONE, ONE]),
        ("-- migrate: timeout 1s\n-- x\n/* y\n\n z */\na;b", [ONE, NONE]),
        ("-- migrate: timeout 1s\n\n-- x\na;b", [ONE, ONE]),
        ("-- migrate: timeout 1s\n\n-- migrate: timeout 2s\na;b", [TWO, ONE]),
        ("-- migrate: timeout 1s\n\na;\n-- migrate: timeout 2s\nb;c", [ONE, TWO, ONE]),
        ("a;\n\n\n-- migrate: timeout 1s\n-- x\nb; c", [NONE, ONE, NONE]),
        ("a; -- x\n-- migrate: timeout 1s\nb", [NONE, ONE]),
        ("-- migrate: timeout 1s\n", []),
        (
            "-- migrate: settings a=1,b=1\n\n--migrate:settings b=2\n--migrate:settings c=3\na;b",
            [({"a": "1", "b": "2", "c": "3"}, None, True), ({"a": "1", "b": "1"}, None, True)],
        ),
        (
            "-- migrate: wait none\n\na;\n-- migrate: wait mutations\nb",
            [({}, None, False), ({}, None, True)],
        ),
        ("-- migrate: allow drop-column because it's unused\na", [NONE]),
        ("a;\n-- migrate: allow CH001 because why not\nb", [NONE, NONE]),
    ],
)
def test_reach(text: str, expected: list[Options]) -> None:
    assert options(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "-- Migrate: timeout 1s\na",
        "-- we migrate: timeout 1s\na",
        "--- migrate: timeout 1s\na",
        "-- migrate timeout 1s\na",
        "/* migrate: this */ a",
        "# migrate: this\na",
        "a '-- migrate: timeout 1s'",
        "a /* -- migrate: timeout 1s */",
        "a $$\n-- migrate: timeout 1s\n$$",
    ],
)
def test_prose(text: str) -> None:
    assert options(text) == [NONE]


@pytest.mark.parametrize(
    ("directive", "message", "hint"),
    [
        ("timout 5s", "unknown directive 'timout'", "did you mean timeout?"),
        ("require postgres@1", "unknown directive 'require'", "did you mean requires?"),
        ("zzz", "unknown directive 'zzz'", "there are requires, irreversible, settings"),
        ("", "unknown directive ''", "there are requires, irreversible, settings"),
        ("timeout 5", "timeout: '5' is not a duration", "write -- migrate: timeout 90s"),
        ("timeout", "timeout: '' is not a duration", "write -- migrate: timeout 90s"),
        ("timeout 5m 3s", "timeout: '5m 3s' is not a duration", "write"),
        ("timeout 3s5m", "timeout: '3s5m' is not a duration", "write"),
        ("timeout 0s", "timeout: no statement ends in no time", "write"),
        ("wait", "wait: '' is nothing to wait for", "write -- migrate: wait none"),
        ("wait all", "wait: 'all' is nothing to wait for", "write"),
        ("settings", "settings: '' is not name=value", "write -- migrate: settings NAME=VALUE"),
        ("settings a", "settings: 'a' is not name=value", "write"),
        ("settings a=1 b=2", "settings: 'a=1 b=2' is not name=value", "write"),
        ("settings a=1,", "settings: nothing follows the last comma", "write"),
        ("settings a='x", 'settings: "a=\'x" is not name=value', "write"),
        ("settings a=1, a=2", "settings: a is set twice", "write"),
        ("requires", "requires: '' is not an environment, an @ and a revision", "write"),
        ("requires 1a", "requires: '1a' is not an environment, an @ and a revision", "write"),
        ("requires postgres@", "requires: 'postgres@' is not an environment", "write"),
        ("requires postgres@a b", "requires: 'postgres@a b' is not an environment", "write"),
        (
            "requires clickhouse@1",
            "requires: a ClickHouse file follows the older ones anyway",
            "write",
        ),
        ("requires mysql@1", "requires: there is no environment 'mysql'", "write"),
        ("requires postgres@head", "requires: 'head' means another revision every time", "write"),
        ("irreversible", "irreversible: the reason is missing", "write"),
        ("allow x", "allow: 'x' is not an id, 'because' and a reason", "write"),
        ("allow x because", "allow: 'x because' is not an id, 'because' and a reason", "write"),
    ],
)
def test_malformed(directive: str, message: str, hint: str) -> None:
    error = error_of(f"-- x\n  -- migrate: {directive}\na;")
    assert error.location == Location(PATH, 2, 3)
    assert error.message.startswith(f"x.sql:2:3: {message}")
    assert (error.hint or "").startswith(hint)
    with pytest.raises(SqlSyntaxError, match=r"^x\.sql:2:3: "):
        header(f"-- x\n  -- migrate: {directive}\na;", PATH)


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        ("a\n-- migrate: timeout 1s\nb", "2:1", "'timeout' stands inside a statement"),
        ("a -- migrate: timeout 1s\nb", "1:3", "'timeout' does not stand on a line of its own"),
        ("a\n-- migrate: timeout 1s\n;", "2:1", "'timeout' stands inside a statement"),
        ("a\n-- migrate: timeout 1s\n", "2:1", "'timeout' has no statement below it"),
        ("a;\n-- migrate: timeout 1s", "2:1", "'timeout' has no statement below it"),
        ("a;\n-- migrate: timeout 1s\n;b", "2:1", "'timeout' has no statement below it"),
        ("a;\n-- migrate: timeout 1s\n\nb", "2:1", "'timeout' is separated from its statement"),
        ("a; -- migrate: timeout 1s\nb", "1:4", "'timeout' does not stand on a line of its own"),
        ("/**/ -- migrate: wait none\na", "1:6", "'wait' does not stand on a line of its own"),
        ("a;\n-- migrate: requires postgres@1\nb", "2:1", "'requires' does not stand at the top"),
        ("a;\n-- migrate: irreversible x", "2:1", "'irreversible' does not stand at the top"),
        ("a;\n-- migrate: allow x because y", "2:1", "'allow' has no statement below it"),
        ("a;b\n/* /* */ */\n-- migrate: wait none\n$a$ c", "3:1", "'wait' stands inside"),
    ],
)
def test_misplaced(text: str, place: str, message: str) -> None:
    error = error_of(text)
    assert error.message.startswith(f"x.sql:{place}: the directive {message}")
    assert error.hint == "directives stand at the top of the file or directly above a statement"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("-- migrate: timeout 1s\n-- migrate: timeout 2s\na", "timeout is given twice"),
        ("-- migrate: wait none\n-- migrate: wait none\na", "wait is given twice"),
        (
            "-- migrate: irreversible a\n\n-- migrate: irreversible b\na",
            "irreversible is given twice",
        ),
        ("-- migrate: settings a=1\n-- migrate: settings b=1,a=2\na", "settings: a is set twice"),
    ],
)
def test_twice(text: str, message: str) -> None:
    assert error_of(text).message.endswith(f":1: {message}")


@pytest.mark.parametrize("opening", ["//", "# ", "#! ", "/*"])
def test_other_comments_hold_no_directives(opening: str) -> None:
    error = error_of(f"{opening} migrate: timeout 5m\n/* */ */ a")
    assert error.location == Location(PATH, 1, 1)
    assert error.hint == "write -- migrate: timeout 90s (or 5m, or 1h30m)"


def test_a_broken_top_is_an_error_of_the_header_too() -> None:
    with pytest.raises(SqlSyntaxError, match="this comment never closes"):
        header("-- migrate: wait none\n/* x", PATH)


def test_statements_of_one_file_do_not_share_settings() -> None:
    first, second = split("-- migrate: settings a=1\n\na;b", PATH)
    assert first.settings == second.settings
    assert first.settings is not second.settings
    assert isinstance(first, Statement)
