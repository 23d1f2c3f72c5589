"""The text of ``migrations.lock``, and what is wrong with one that was merged."""

from __future__ import annotations

from pathlib import Path

import pytest

from brokle_migrate.checks.locked import locked_findings
from brokle_migrate.lockfile import Entry, HistoryFiles, LockFile, changes, parse, render

PATH = Path("migrations.lock")


def entry(name: str, content: str = "") -> Entry:
    """``p1``, ``c1``: a revision of Postgres or ClickHouse."""
    environment, kind = {"p": ("postgres", "py"), "c": ("clickhouse", "up")}[name[0]]
    return Entry(environment, name[1:], {kind: (content or name[1:]).zfill(64)})


def entries(names: str) -> list[Entry]:
    return [entry(name) for name in names.split()]


def files(names: str, *, others: frozenset[str] | None = frozenset()) -> list[HistoryFiles]:
    """What the files say: both histories."""
    found = []
    for environment in ("postgres", "clickhouse"):
        own = [e for e in entries(names) if e.environment == environment]
        paths = {e.id: {kind: Path(f"{e.id}.{kind}") for kind in e.checksums} for e in own}
        found.append(HistoryFiles(environment, tuple(own), paths, others))
    return found


def found(text: str, names: str) -> list[tuple[str, str, int, str]]:
    """Id, file, line and the message of every finding."""
    return [
        (each.id, str(each.location.path), each.location.line, each.message)
        for each in locked_findings(parse(text), PATH, files(names))
        if each.location is not None
    ]


def below(text: str) -> str:
    """A lock file without its first line."""
    return text.partition("\n")[2]


def test_what_is_written_is_read() -> None:
    odd = Entry("postgres", "a b%é", {"py": "1" * 64, "up.sql": "2" * 64})
    wanted = [odd, *entries("p1 c1")]
    read = parse(render(wanted))
    assert [each for _, each in read.entries] == wanted
    assert [line for line, _ in read.entries] == [2, 3, 4]
    assert (read.flaws, read.certain) == ((), True)
    assert parse(render([])) == LockFile()


def test_a_lock_file_that_fits() -> None:
    assert found(render(entries("p1 p2 c1")), "p1 p2 c1") == []


def test_two_additions_always_change_the_first_line() -> None:
    lines = {render(entries(names)).split("\n")[0] for names in ("p1", "p1 c1", "p1 p2", "c1")}
    assert len(lines) == 4


def test_one_side_was_taken() -> None:
    assert found(render(entries("p1 c1")), "p1 p2 c1 c2") == [
        ("MG011", "2.py", 1, "postgres 2 is not in migrations.lock"),
        ("MG011", "2.up", 1, "clickhouse 2 is not in migrations.lock"),
    ]


def test_both_sides_were_taken_and_one_first_line() -> None:
    ours, theirs = render(entries("p1 c1")), render(entries("p1 c2"))
    text = ours + theirs.splitlines()[2] + "\n"
    (only,) = found(text, "p1 c1 c2")
    assert only[:3] == ("MG014", "migrations.lock", 1)
    assert "checksum on the first line" in only[3]


def test_both_first_lines_were_kept() -> None:
    ours, theirs = render(entries("c1")), render(entries("c2"))
    text = ours.split("\n")[0] + "\n" + theirs + below(ours)
    behind = "clickhouse 2 is in the wrong place: it belongs behind clickhouse 1"
    assert found(text, "c1 c2") == [
        ("MG014", "migrations.lock", 2, "a first line stands in the middle of the file"),
        ("MG013", "migrations.lock", 3, behind),
    ]


def test_an_entry_stands_twice() -> None:
    assert found(render(entries("p1 c1 c1")), "p1 c1") == [
        ("MG014", "migrations.lock", 4, "clickhouse 1 stands here a second time, after line 3")
    ]
    text = render([*entries("p1"), entry("p1", "2")])
    (only,) = found(text, "p1")
    assert only[3] == "postgres 1 stands here a second time, after line 2, with other checksums"


def test_a_marker_was_left() -> None:
    ours, theirs = render(entries("c1")), render(entries("c2"))
    text = f"<<<<<<< HEAD\n{ours}=======\n{theirs}>>>>>>> theirs\n"
    assert found(text, "c1 c2") == [
        ("MG014", "migrations.lock", 1, "a conflict that git left: lines 1 to 7")
    ]
    assert found(render(entries("c1")) + ">>>>>>> theirs\n", "c1") == [
        ("MG014", "migrations.lock", 3, "a conflict marker of git was left here")
    ]
    (open_,) = found(render(entries("c1")) + "<<<<<<< HEAD\n", "c1")
    assert open_[2:] == (3, "a conflict that git left: lines 3 to 3")


@pytest.mark.parametrize(
    ("locked", "moved"),
    [
        ("p2 p1 p3 c1", (2, "postgres 2", "postgres 1")),
        ("p1 p3 p2 c1", (3, "postgres 3", "postgres 2")),
        ("p3 p1 p2 c1", (2, "postgres 3", "postgres 2")),
        ("c1 p1 p2 p3", (2, "clickhouse 1", "postgres 3")),
    ],
)
def test_as_few_entries_as_can_be_are_in_the_wrong_place(
    locked: str, moved: tuple[int, str, str]
) -> None:
    line, words, before = moved
    message = f"{words} is in the wrong place: it belongs behind {before}"
    assert found(render(entries(locked)), "p1 p2 p3 c1") == [
        ("MG013", "migrations.lock", line, message)
    ]


def test_what_is_gone_and_what_was_edited() -> None:
    text = render([entry("p1", "9"), *entries("p2 c1")])
    assert found(text, "p1 c1") == [
        ("MG010", "1.py", 1, "1.py was edited since migrations.lock sealed it"),
        ("MG012", "migrations.lock", 3, "postgres 2 has an entry, and no file"),
    ]


def test_a_file_beside_a_revision() -> None:
    sealed = Entry("postgres", "1", {"py": "1".zfill(64), "up.sql": "0" * 64})
    assert [each[0:2] for each in found(render([sealed]), "p1")] == [("MG010", "1.py")]
    assert "had a file .up.sql beside it" in found(render([sealed]), "p1")[0][3]


def test_files_that_are_not_in_order_are_not_called_gone() -> None:
    text = render(entries("p1 c1 c2"))
    clickhouse = files("c1", others=frozenset({"2"}))[1]
    nothing_known = HistoryFiles("postgres", (), {}, None)
    assert not list(locked_findings(parse(text), PATH, [nothing_known, clickhouse]))


@pytest.mark.parametrize(
    ("first", "words"),
    [
        ("brokle-migrate lock 2 " + "0" * 64, "of the form 2"),
        ("brokle-migrate lock", "not that of a lock file"),
        ("hello", "this is no entry: 'hello'"),
    ],
)
def test_another_first_line(first: str, words: str) -> None:
    text = f"{first}\n{below(render(entries('c1')))}"
    (only,) = found(text, "c1 c2")
    assert only[:3] == ("MG014", "migrations.lock", 1)
    assert words in only[3]


def test_what_an_update_changes() -> None:
    old = parse(render([*entries("p1 p3 p2 c1"), entry("c2", "9")]))
    told = [(each.what, each.entry.words) for each in changes(old, entries("p1 p2 p3 p4 c2"))]
    assert told == [
        ("moved", "postgres 2"),
        ("moved", "postgres 3"),
        ("new", "postgres 4"),
        ("edited", "clickhouse 2"),
        ("gone", "clickhouse 1"),
    ]
