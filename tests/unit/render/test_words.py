"""Sizes, durations, counts, and text that is safe to print."""

from __future__ import annotations

from pathlib import Path

import pytest

from brokle_migrate.environments.base import TableSize
from brokle_migrate.render import words


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 KiB"),
        (1024, "1.0 KiB"),
        (98_304, "96.0 KiB"),
        (102_400, "100 KiB"),
        (1_048_576, "1.0 MiB"),
        (3_435_973_836, "3.2 GiB"),
        (5 * 1024**4, "5.0 TiB"),
        (10**20, "88818 PiB"),
    ],
)
def test_size(count: int, text: str) -> None:
    assert words.size(count) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0.0 ms"),
        (0.00042, "0.4 ms"),
        (0.00996, "10 ms"),
        (0.012, "12 ms"),
        (0.9994, "999 ms"),
        (0.9996, "1.0 s"),
        (3.4, "3.4 s"),
        (59.94, "59.9 s"),
        (59.96, "1 m 00 s"),
        (125, "2 m 05 s"),
        (3720, "1 h 02 m"),
    ],
)
def test_duration(seconds: float, text: str) -> None:
    assert words.duration(seconds) == text


@pytest.mark.parametrize(("count", "text"), [(0, "0 steps"), (1, "1 step"), (1204, "1,204 steps")])
def test_counted(count: int, text: str) -> None:
    assert words.counted(count, "step") == text


def test_table() -> None:
    assert words.table(TableSize("spans", 1, 812)) == "spans (1 row, 812 B)"


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("a\tb\nc", "a\tb\nc"),
        ("a\r\nb", "a\nb"),
        ("a\rb", r"a\rb"),
        ("\x1b[31mred", r"\x1b[31mred"),
        ("\x00\x07\x7f\x9b", r"\x00\x07\x7f\x9b"),
        ("\u202egnp.exe", r"\u202egnp.exe"),
        ("\udcff", r"\udcff"),
        ("größe 数据 🙂", "größe 数据 🙂"),
    ],
)
def test_printable(text: str, printed: str) -> None:
    assert words.printable(text) == printed


@pytest.mark.parametrize(
    ("sql", "printed"),
    [
        ("SELECT 1", "SELECT 1;"),
        ("SELECT 1\n", "SELECT 1;"),
        ("SELECT 1;", "SELECT 1;"),
        ("SELECT 1 -- one", "SELECT 1 -- one\n;"),
        ("SELECT 1 -- one;", "SELECT 1 -- one;\n;"),
        ("SELECT 1 // one", "SELECT 1 // one\n;"),
        ("SELECT 1 # one", "SELECT 1 # one\n;"),
        ("-- one\nSELECT 1", "-- one\nSELECT 1;"),
    ],
)
def test_a_statement_is_terminated_outside_of_comments(sql: str, printed: str) -> None:
    assert words.terminated(sql) == printed


def test_a_long_statement_is_shortened_to_its_first_lines() -> None:
    assert words.shortened("1\n2\n3\n4", 2) == "1\n2\n… and 4 characters more"
    assert words.shortened("1\n2", 2) == "1\n2"
    assert len(words.shortened("x" * 10_000_000, 20)) < 5000


def test_a_path_is_relative_to_where_one_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert words.path(tmp_path / "versions" / "1.py") == "versions/1.py"
    assert words.path(Path("versions/1.py")) == "versions/1.py"
    assert words.path(Path("/elsewhere/1.py")) == "/elsewhere/1.py"
