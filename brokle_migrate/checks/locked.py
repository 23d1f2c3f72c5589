"""Rules about ``migrations.lock``: is it what the files say?  Pure."""

from __future__ import annotations

from bisect import bisect_left
from functools import partial
from typing import TYPE_CHECKING

from ..model import Level, Location
from .rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from ..lockfile import Entry, HistoryFiles, LockFile
    from ..model import Finding

# A file can't allow that it was edited: only the lock file says that the edit was seen.
_rule = partial(Rule, level=Level.ERROR, allowable=False)
EDITED = _rule("MG010", title="a file that was edited since the lock file sealed it")
NEW = _rule("MG011", title="a revision that the lock file does not have")
GONE = _rule("MG012", title="an entry of the lock file that no file has")
ORDER = _rule("MG013", title="entries of the lock file in another order than the histories")
MERGED = _rule("MG014", title="a lock file that was merged wrongly, or edited by hand")
RULES = (EDITED, NEW, GONE, ORDER, MERGED)

UPDATE = "brokle-migrate check --update-lock"
_EDITED = f"if that is meant, as in a new revision: {UPDATE} seals it; what has run stays as it was"
_NEW = f"{UPDATE} adds it"
_GONE = f"restore the file; if it was removed on purpose: {UPDATE}"
_REPAIR = f"{UPDATE} writes it anew from the files; look at what changes"


def locked_findings(
    lock: LockFile, path: Path, histories: Iterable[HistoryFiles]
) -> Iterator[Finding]:
    """Where the lock file and the files say different things.

    :param path: of the lock file.
    :param histories: what the files say, Postgres first; a history that is left out, or of which
        nothing is known, is not compared.
    """
    for flaw in lock.flaws:
        place = Location(path, flaw.line, 1)
        yield MERGED.finding("", flaw.message, flaw.hint or _REPAIR, place)
    if not lock.certain:
        return
    known = [each for each in histories if each.others is not None]
    for history in known:
        yield from _history(lock, path, history)
    yield from _order(lock, path, known)


def _history(lock: LockFile, path: Path, history: HistoryFiles) -> Iterator[Finding]:
    locked: dict[str, list[tuple[int, Entry]]] = {}
    for line, entry in lock.of(history.environment):
        locked.setdefault(entry.id, []).append((line, entry))
    for found in locked.values():
        yield from _duplicates(found, path)
    for entry in history.entries:
        files = history.paths[entry.id]
        sealed = [each for _, each in locked.pop(entry.id, ())]
        if not sealed:
            message = f"{entry.words} is not in {path.name}"
            yield NEW.finding(entry.environment, message, _NEW, _top(next(iter(files.values()))))
        elif entry not in sealed:
            yield from _edited(entry, sealed[0], files, path)
    for id_, found in locked.items():
        line, entry = found[0]
        if id_ not in (history.others or ()):
            message = f"{entry.words} has an entry, and no file"
            yield GONE.finding(entry.environment, message, _GONE, Location(path, line, 1))


def _duplicates(found: Sequence[tuple[int, Entry]], path: Path) -> Iterator[Finding]:
    (first, entry), *others = found
    for line, other in others:
        differs = "" if other == entry else ", with other checksums"
        message = f"{entry.words} stands here a second time, after line {first}{differs}"
        yield MERGED.finding(entry.environment, message, _REPAIR, Location(path, line, 1))


def _edited(
    entry: Entry, sealed: Entry, files: Mapping[str, Path], lock: Path
) -> Iterator[Finding]:
    for name, checksum in entry.checksums.items():
        message = f"{files[name].name} was edited since {lock.name} sealed it"
        if name not in sealed.checksums:
            message = f"{files[name].name} is new beside {entry.words}"
        if sealed.checksums.get(name) != checksum:
            yield EDITED.finding(entry.environment, message, _EDITED, _top(files[name]))
    for name in sealed.checksums.keys() - entry.checksums.keys():
        message = f"{entry.words} had a file .{name} beside it, which is gone"
        place = _top(next(iter(files.values())))
        yield EDITED.finding(entry.environment, message, _EDITED, place)


def _order(lock: LockFile, path: Path, histories: Iterable[HistoryFiles]) -> Iterator[Finding]:
    """The entries that have to move; those that stand right are as many as can be."""
    order = [entry.key for history in histories for entry in history.entries]
    ranks = {key: rank for rank, key in enumerate(order)}
    seen: dict[tuple[str, str], tuple[int, Entry]] = {}
    for line, entry in lock.entries:
        if entry.key in ranks:
            seen.setdefault(entry.key, (line, entry))
    found = list(seen.values())
    right = _longest_rise([ranks[entry.key] for _, entry in found])
    for line, entry in found:
        rank = ranks[entry.key]
        if rank in right:
            continue
        before = next((key for key in reversed(order[:rank]) if key in seen), None)
        where = "first" if before is None else f"behind {' '.join(before)}"
        message = f"{entry.words} is in the wrong place: it belongs {where}"
        yield ORDER.finding(entry.environment, message, _REPAIR, Location(path, line, 1))


def _longest_rise(ranks: Sequence[int]) -> set[int]:
    """The numbers of a longest rising subsequence; each number stands there once."""
    ends: list[int] = []  # the smallest number that ends a rise of each length
    before: dict[int, int | None] = {}
    for rank in ranks:
        length = bisect_left(ends, rank)
        before[rank] = ends[length - 1] if length else None
        ends[length : length + 1] = [rank]
    rise: set[int] = set()
    last = ends[-1] if ends else None
    while last is not None:
        rise.add(last)
        last = before[last]
    return rise


def _top(path: Path) -> Location:
    return Location(path, 1, 1)
