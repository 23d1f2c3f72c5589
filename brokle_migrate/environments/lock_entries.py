"""What the files of a history say now, as the lock file holds it."""

from __future__ import annotations

import hashlib
import os
from collections import defaultdict
from heapq import heappop, heappush
from typing import TYPE_CHECKING

from ..checks.files import INVALID
from ..lockfile import Entry, HistoryFiles
from ..model import CLICKHOUSE, POSTGRES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from ..model import Revision
    from .surveys import Survey


def history_files(environment: str, found: Survey, only: str | None = None) -> HistoryFiles:
    """What the files of a history say.

    :param found: what was read of it.
    :param only: read the files of this revision alone.
    """
    if environment == POSTGRES:
        return _postgres(found, only)
    return _clickhouse(found, only)


def _clickhouse(found: Survey, only: str | None) -> HistoryFiles:
    scripts = found.scripts
    assert scripts is not None
    paths = {
        each.id: dict(zip(("up", "down"), scripts.files(each.id), strict=True))
        for each in found.revisions
    }
    entries = tuple(
        Entry(
            CLICKHOUSE, version, {name: _checksum(CLICKHOUSE, path) for name, path in files.items()}
        )
        for version, files in paths.items()
        if only in {None, version}
    )
    return HistoryFiles(CLICKHOUSE, entries, paths, scripts.present - paths.keys())


def _postgres(found: Survey, only: str | None) -> HistoryFiles:
    if any(each.id == INVALID.id for each in found.findings):
        # Nobody knows which revisions there are.
        return HistoryFiles(POSTGRES, (), {}, None)
    beside = _Beside()
    paths = {each.id: _paths(each, beside) for each in _ordered(found.revisions)}
    entries = tuple(
        Entry(POSTGRES, id_, {name: _checksum(POSTGRES, path) for name, path in files.items()})
        for id_, files in paths.items()
        if only in {None, id_}
    )
    return HistoryFiles(POSTGRES, entries, paths)


def _paths(revision: Revision, beside: _Beside) -> dict[str, Path]:
    path = revision.path
    files = {path.suffix.removeprefix("."): path}
    for name in beside.names(path):
        files[name.removeprefix(f"{path.stem}.")] = path.with_name(name)
    return files


class _Beside:
    """Lists each directory once."""

    def __init__(self) -> None:
        self._found: dict[Path, dict[str, list[str]]] = {}

    def names(self, path: Path) -> Sequence[str]:
        """The .sql files beside a module that have its name."""
        directory = path.parent
        if directory not in self._found:
            self._found[directory] = _sql_files(directory)
        return self._found[directory].get(path.stem, ())


def _sql_files(directory: Path) -> dict[str, list[str]]:
    """Sorted names, by what they begin with; a stem may have dots of its own."""
    found: dict[str, list[str]] = defaultdict(list)
    for name in sorted(os.listdir(directory), reverse=True):  # noqa: PTH208 - names alone
        if not name.endswith(".sql"):
            continue
        stem = name.removesuffix(".sql")
        found[stem].append(name)
        for direction in (".up", ".down"):
            if stem.endswith(direction):
                found[stem.removesuffix(direction)].append(name)
    return found


def _checksum(environment: str, path: Path) -> str:
    return checksum(environment, path, path.read_bytes())


def checksum(environment: str, path: Path, content: bytes) -> str:
    """A digest of what a file says; only where its language is read do comments not count.

    :param path: tells what kind of file it is.
    """
    from .. import pythontext, sqltext

    if path.suffix == ".py":
        return pythontext.checksum(content.decode(errors="surrogateescape"))
    if environment == CLICKHOUSE:
        return sqltext.checksum(content.decode("utf-8-sig", errors="surrogateescape"))
    # Postgres's, or a module without its source.
    return hashlib.sha256(content.replace(b"\r\n", b"\n")).hexdigest()


def _ordered(revisions: Iterable[Revision]) -> list[Revision]:
    """Each behind what it builds on; of several that could follow, the smallest id."""
    waiting = {each.id: each for each in revisions}
    followers: dict[str, list[str]] = defaultdict(list)
    lacking = {each.id: _parents(each, waiting) for each in waiting.values()}
    for id_, parents in lacking.items():
        for parent in parents:
            followers[parent].append(id_)
    ready = sorted(id_ for id_, parents in lacking.items() if not parents)
    found = []
    while ready:
        id_ = heappop(ready)
        found.append(waiting.pop(id_))
        for follower in followers[id_]:
            lacking[follower].discard(id_)
            if not lacking[follower]:
                heappush(ready, follower)
    return [*found, *waiting.values()]  # those that are left wait for each other


def _parents(revision: Revision, known: Mapping[str, Revision]) -> set[str]:
    return {parent for parent in (*revision.down, *revision.depends_on) if parent in known}
