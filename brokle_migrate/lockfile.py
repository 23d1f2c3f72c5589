"""``migrations.lock``: what each file of both histories says, and their order, for git.  Pure.

The first line holds a checksum over all the others, so that two branches which both add something
always conflict in it.  Then comes a line for each revision: all of Postgres, then all of
ClickHouse, each history in its own order::

    brokle-migrate lock 1 5d6c…
    postgres 20250106091500 py=a3f0…
    clickhouse 20250108100000 up=03b1… down=9c77…
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

_FIRST = re.compile(r"brokle-migrate lock (?P<form>\d+) (?P<checksum>[0-9a-f]{64})")
_FORM = "1"
_ENTRY = re.compile(
    r"(?P<environment>postgres|clickhouse) (?P<id>\S+)(?P<files>(?: [\w.]+=[0-9a-f]{64})+)"
)
_MARKER = re.compile(r"(<{7}|\|{7}|={7}|>{7})(?: .*)?$")  # as git writes them


@dataclass(frozen=True, slots=True)
class Entry:
    """What the lock file holds of a revision.

    :ivar checksums: of each of its files, by what the file is: ``py``; ``up`` and ``down`` of a
        pair; ``up.sql`` and the like for what stands beside a Postgres revision.
    """

    environment: str
    id: str
    checksums: Mapping[str, str]

    def __str__(self) -> str:
        files = " ".join(f"{name}={checksum}" for name, checksum in self.checksums.items())
        return f"{self.environment} {quote(self.id, safe='')} {files}"

    @property
    def key(self) -> tuple[str, str]:
        """What tells it from the others."""
        return self.environment, self.id

    @property
    def words(self) -> str:
        """How messages call it."""
        return f"{self.environment} {self.id}"


@dataclass(frozen=True, slots=True)
class Flaw:
    """A line that keeps a lock file from being read for certain.

    :ivar line: from 1; 0 for the file as a whole.
    """

    line: int
    message: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class LockFile:
    """What a lock file says.

    :ivar entries: with the number of the line that each stands on, from 1.
    :ivar flaws: what is wrong with the text itself, from first to last line.
    :ivar certain: whether the entries are what it says: not where git left a conflict, and not
        where the first line is no such line.
    """

    entries: tuple[tuple[int, Entry], ...] = ()
    flaws: tuple[Flaw, ...] = ()
    certain: bool = True

    def of(self, environment: str) -> Iterator[tuple[int, Entry]]:
        """The entries of one history."""
        return ((line, each) for line, each in self.entries if each.environment == environment)


@dataclass(frozen=True, slots=True)
class HistoryFiles:
    """What the files of one history say now.

    :ivar entries: of the revisions that are in order, from base to head.
    :ivar paths: the files of each, by revision and by what the file is.
    :ivar others: revisions that have a file which is not in order; None for who knows which.
    """

    environment: str
    entries: tuple[Entry, ...]
    paths: Mapping[str, Mapping[str, Path]]
    others: frozenset[str] | None = frozenset()


@dataclass(frozen=True, slots=True)
class Change:
    """What an update does to an entry.

    :ivar what: ``new``, ``edited``, ``gone`` or ``moved``.
    :ivar files: those of an edited revision that are not as they were, by what they are.
    """

    what: str
    entry: Entry
    files: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Sealed:
    """What became of the lock file.

    :ivar changes: in the order of the new file; what is gone comes last.
    :ivar entries: how many the new file has.
    :ivar repaired: what was wrong with the text before.
    :ivar differs: whether the text is another one now.
    :ivar written: False where nothing was to be written.
    """

    path: Path
    changes: tuple[Change, ...]
    entries: int
    repaired: tuple[Flaw, ...] = ()
    differs: bool = True
    written: bool = True


@dataclass(slots=True)
class _Reading:
    entries: list[tuple[int, Entry]] = field(default_factory=list)
    flaws: list[Flaw] = field(default_factory=list)
    conflict: int = 0  # the line on which one begins that has not ended
    certain: bool = True


def parse(text: str) -> LockFile:
    """Read a lock file, whatever became of it."""
    lines = text.replace("\r\n", "\n").removesuffix("\n").split("\n")
    reading = _Reading()
    for number, line in enumerate(lines, 1):
        _read(reading, number, line)
    if reading.conflict:
        reading.flaws.append(_conflict(reading.conflict, len(lines)))
    if not reading.flaws:
        reading.flaws += _first_line(lines)
    first = _FIRST.fullmatch(lines[0])
    certain = reading.certain and first is not None and first["form"] == _FORM
    return LockFile(tuple(reading.entries), tuple(reading.flaws), certain)


def render(entries: Iterable[Entry]) -> str:
    """The text of a lock file with these entries."""
    body = "".join(f"{entry}\n" for entry in entries)
    return f"brokle-migrate lock {_FORM} {_digest(body)}\n{body}"


def changes(old: LockFile, new: Sequence[Entry]) -> tuple[Change, ...]:
    """What is different in new entries."""
    before: dict[tuple[str, str], Entry] = {}
    for _, entry in old.entries:
        before.setdefault(entry.key, entry)
    after = {entry.key: entry for entry in new}
    kept = iter([key for key in after if key in before])
    moved = {key for key in before if key in after and key != next(kept)}
    return (
        *filter(None, (_change(entry, before.get(key), moved) for key, entry in after.items())),
        *(Change("gone", entry) for key, entry in before.items() if key not in after),
    )


def _change(entry: Entry, before: Entry | None, moved: set[tuple[str, str]]) -> Change | None:
    if before is None:
        return Change("new", entry)
    names = dict.fromkeys((*entry.checksums, *before.checksums))
    files = [name for name in names if entry.checksums.get(name) != before.checksums.get(name)]
    if files:
        return Change("edited", entry, tuple(files))
    return Change("moved", entry) if entry.key in moved else None


def _read(reading: _Reading, number: int, line: str) -> None:
    entry = _ENTRY.fullmatch(line)
    marker = None if entry is not None else _MARKER.match(line)
    if marker is not None:
        _read_marker(reading, number, marker[1][0])
    elif entry is not None:
        files = dict(part.split("=") for part in entry["files"].split())
        found = Entry(entry["environment"], unquote(entry["id"]), files)
        reading.entries.append((number, found))
    elif _FIRST.fullmatch(line):
        if number > 1 and not reading.conflict:
            reading.flaws.append(Flaw(number, "a first line stands in the middle of the file"))
    elif number > 1 or not line.startswith("brokle-migrate lock"):
        reading.flaws.append(Flaw(number, f"this is no entry: {line[:80]!r}"))


def _read_marker(reading: _Reading, number: int, kind: str) -> None:
    reading.certain = False
    if kind == "<" and not reading.conflict:
        reading.conflict = number
    elif kind == ">" and reading.conflict:
        reading.flaws.append(_conflict(reading.conflict, number))
        reading.conflict = 0
    elif not reading.conflict:
        reading.flaws.append(Flaw(number, "a conflict marker of git was left here"))


def _conflict(first: int, last: int) -> Flaw:
    return Flaw(
        first,
        f"a conflict that git left: lines {first} to {last}",
        "take the lines of both sides, or either side: brokle-migrate check --update-lock then "
        "writes what the files say",
    )


def _first_line(lines: list[str]) -> Iterator[Flaw]:
    first = _FIRST.fullmatch(lines[0])
    if first is None:
        yield Flaw(1, "the first line is not that of a lock file")
    elif first["form"] != _FORM:
        yield Flaw(
            1,
            f"a lock file of the form {first['form']}, which this version does not know",
            "update brokle-migrate",
        )
    elif first["checksum"] != _digest("".join(f"{line}\n" for line in lines[1:])):
        yield Flaw(
            1,
            "the checksum on the first line is not that of the lines below: they were merged or "
            "edited by hand",
        )


def _digest(body: str) -> str:
    return hashlib.sha256(body.encode()).hexdigest()
