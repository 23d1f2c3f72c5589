"""Statements, their text and their places."""

from __future__ import annotations

from pathlib import Path

import pytest

from brokle_migrate.errors import InvalidScripts, SqlSyntaxError
from brokle_migrate.model import Location
from brokle_migrate.sqltext import parse, split

from .golden import FILES, golden_of

PATH = Path("20250101000000_x.up.sql")


def texts(text: str) -> list[str]:
    return [statement.text for statement in split(text, PATH)]


def places(text: str) -> list[tuple[int, int]]:
    return [(s.location.line, s.location.column) for s in split(text, PATH)]


def error_of(text: str) -> SqlSyntaxError:
    with pytest.raises(SqlSyntaxError) as caught:
        split(text, PATH)
    return caught.value


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_golden(path: Path) -> None:
    assert golden_of(path) == path.with_suffix(".golden").read_text(encoding="utf-8")


def test_every_golden_has_its_file() -> None:
    assert sorted(FILES[0].parent.glob("*.golden")) == [f.with_suffix(".golden") for f in FILES]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        (" \n\t", []),
        (";", []),
        ("-- x;", []),
        ("a", ["a"]),
        ("a;", ["a"]),
        (" a ; ", ["a"]),
        ("a;b", ["a", "b"]),
        ("/* 1 */ a /* 2 */ b /* 3 */; -- 4", ["a /* 2 */ b"]),
        ("a -- 1\n-- 2\n/* 3 /* 4 */ */ # 5\n;b", ["a", "b"]),
        (
            "a /* 1 /* 2 */ */ /* 3 /* 4 */ */ b /* 5 /* 6 */ */;",
            ["a /* 1 /* 2 */ */ /* 3 /* 4 */ */ b"],
        ),
        ("a -- 1\n$ -- 2\n;b", ["a -- 1\n$", "b"]),
        ("a$b /* 1 */", ["a$b"]),
        ("$ /* 1 */", ["$"]),
        ("a\\G b\\G", ["a", "b"]),
        ("a \\g b", ["a \\g b"]),
        ("a - b / c # d\n;e", ["a - b / c", "e"]),
        ("a #b;c", ["a #b", "c"]),
        ("'a'';b'", ["'a'';b'"]),
        ("'a''';b", ["'a'''", "b"]),
        ("'\\\\';b", ["'\\\\'", "b"]),
        ("x'41'';b'", ["x'41'';b'"]),
        ("$$;$$;$a$;$a$", ["$$;$$", "$a$;$a$"]),
        ("$$$;$$;b", ["$$$;$$", "b"]),
        ("$a;b", ["$a", "b"]),
        ("a$$;$$b", ["a$$", "$$b"]),
        ("$é$;$é$", ["$é$", "$é$"]),
        ("\u2018;\u2019;\u201c;\u201d", ["\u2018;\u2019", "\u201c;\u201d"]),
        ("a\u1680;b", ["a\u1680", "b"]),
        ("a\u2000;\u200d\u2060b", ["a", "b"]),
    ],
)
def test_text(text: str, expected: list[str]) -> None:
    assert texts(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a;b", [(1, 1), (1, 3)]),
        ("  a;\n\n   b", [(1, 3), (3, 4)]),
        ("-- x\n/* y\n */ a", [(3, 5)]),
        ("'\n\n';b", [(1, 1), (3, 3)]),
        ("é→😀;b", [(1, 1), (1, 5)]),
        ("\ta", [(1, 2)]),
        ("a;\r\n  b;\r\nc", [(1, 1), (2, 3), (3, 1)]),
        ("a;\r  b;\rc", [(1, 1), (2, 3), (3, 1)]),
        ("a;\r\n\rb", [(1, 1), (2, 2)]),
        ("\ufeffa;b\nc", [(1, 1), (1, 3)]),
        ("\ufeffa;\n\ufeffb", [(1, 1), (2, 2)]),
        ("a;\u2028b;\vc", [(1, 1), (1, 4), (1, 7)]),
    ],
)
def test_places(text: str, expected: list[tuple[int, int]]) -> None:
    assert places(text) == expected


@pytest.mark.parametrize(
    ("text", "line", "column", "message"),
    [
        ("a;\n 'b;\nc", 2, 2, "this ' never closes"),
        ("'a\\'", 1, 1, "this ' never closes"),
        ("a 'b''", 1, 3, "this ' never closes"),
        ('a;"b', 1, 3, 'this " never closes'),
        ("`", 1, 1, "this ` never closes"),
        ("a\n/* b /* c */", 2, 1, "this comment never closes"),
        ("a; /*/", 1, 4, "this comment never closes"),
        ("\u2018a'", 1, 1, "this \u2018 never closes"),
        ("a \u201cb\u2019", 1, 3, "this \u201c never closes"),
        ("a x'0g'", 1, 3, "this x'…' holds more than digits, or never closes"),
        ("b'2'", 1, 1, "this b'…' holds more than digits, or never closes"),
        ("x'00", 1, 1, "this x'…' holds more than digits, or never closes"),
        ("a\n\0", 2, 1, "a NUL byte outside of quotes"),
        ("INSERT INTO t FORMAT TSV\n1;", 1, 15, "INSERT … FORMAT TSV takes data that is not SQL"),
        ("-- a\rb", 1, 1, "this comment goes on behind a carriage return"),
        ("a\r-- b\r\r c", 2, 1, "this comment goes on behind a carriage return"),
        ("a -- b\rc\n", 1, 3, "this comment goes on behind a carriage return"),
    ],
)
def test_refused(text: str, line: int, column: int, message: str) -> None:
    error = error_of(text)
    assert error.location == Location(PATH, line, column)
    assert error.message == f"{PATH}:{line}:{column}: {message}"
    assert error.hint
    assert isinstance(error, InvalidScripts)


@pytest.mark.parametrize(
    "text",
    ["'\0'", "-- \0", "/* \0 */", "`\0`", "$$\0$$", "-- a\r", "-- a\r\n", "/* a\rb */", "'a\rb'"],
)
def test_not_refused(text: str) -> None:
    split(text, PATH)


@pytest.mark.parametrize(
    "text",
    [
        "INSERT INTO t VALUES (1)",
        "INSERT INTO t FORMAT Values (1)",
        "insert into t format values (1)",
        "INSERT INTO t SELECT 1 FORMAT Null",
        "INSERT INTO t (SELECT 1) FORMAT Null",
        "INSERT INTO t WITH 1 AS x SELECT x FORMAT Null",
        "WITH 1 AS x INSERT INTO t SELECT x",
        "INSERT INTO t FROM INFILE 'x' FORMAT CSV",
        "INSERT INTO t FROM INFILE 'x' COMPRESSION 'gzip' FORMAT CSV",
        "INSERT INTO t SELECT format FROM u",
        "INSERT INTO t SELECT u.format FROM u FORMAT Null",
        "INSERT INTO t SELECT * FROM format(CSV, $$1$$)",
        "INSERT INTO db.format VALUES (1)",
        "INSERT INTO FUNCTION file('a', CSV) SELECT 1",
        "INSERT INTO t (format, input) VALUES (1, 2)",
        "INSERT INTO t SETTINGS format_csv_delimiter = '|' VALUES (1)",
        "INSERT INTO {table:Identifier} VALUES (1)",
        "WITH 1 AS format SELECT format FORMAT CSV",
        "SELECT 1 FORMAT CSV",
        "CREATE TABLE insert (format String) ENGINE = Memory",
    ],
)
def test_rows_that_are_sql(text: str) -> None:
    assert texts(text) == [text]


@pytest.mark.parametrize(
    "text",
    [
        "INSERT INTO t FORMAT CSV",
        "INSERT INTO t FORMAT CSV;",
        "INSERT INTO t (a, b) FORMAT CSV it's",
        "insert into TABLE t format JSONEachRow {\"a\": ';'}",
        "INSERT INTO FUNCTION file('a') PARTITION BY b FORMAT TSV 1",
        "INSERT INTO t SETTINGS a = 1 FORMAT TSV 1",
        "INSERT INTO t SELECT * FROM input('a UInt8') FORMAT TSV 1",
        "INSERT INTO t SELECT a FROM (SELECT * FROM input('a UInt8')) FORMAT TSV 1",
        "WITH 1 AS x INSERT INTO t SELECT * FROM input('a UInt8') FORMAT TSV 1",
        "INSERT INTO {db:Identifier}.format FORMAT CSV 1",
        "/* x */ INSERT INTO t /* y */ FORMAT /* z */ CSV 1",
    ],
)
def test_rows_that_are_data(text: str) -> None:
    error = error_of(text)
    assert error.message.endswith("takes data that is not SQL")
    assert text[error.location.column - 1 :].upper().startswith("FORMAT")


def test_script() -> None:
    script = parse("-- migrate: irreversible no way\nSELECT 1;", PATH)
    assert script.path == PATH
    assert [s.text for s in script.statements] == ["SELECT 1"]
    assert script.requires == ()
    assert script.irreversible == "no way"
    assert len(script.checksum) == 64


def test_split_is_what_parse_finds() -> None:
    text = "-- migrate: timeout 5s\na;\nb"
    assert split(text, PATH) == parse(text, PATH).statements


def test_statements_without_directives_have_no_options() -> None:
    (statement,) = split("a", PATH)
    assert (statement.settings, statement.timeout, statement.wait) == ({}, None, True)
