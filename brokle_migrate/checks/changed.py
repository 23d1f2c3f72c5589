"""Rules about what a branch does to the files that were there before it.  Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ..model import CLICKHOUSE, Level, Location
from .rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from ..model import Finding, Revision

OLDER = Rule("MG007", Level.ERROR, "a new revision that does not come after those that are there")
TOUCHED = Rule("MG008", Level.ERROR, "a file that was there before, and was edited or removed")
RULES = (OLDER, TOUCHED)

_PAIR = re.compile(r"(?P<version>\d+)_.*\.(?:up|down)\.sql")
_REMOVED = "restore it: where it has run, the database records a revision that no file has"
_EDITED = (
    "restore it, and put the change into a new revision: where this one has run, it won't run again"
)


@dataclass(frozen=True, slots=True)
class Changes:
    """What became of the files of one history since a branch began.

    :ivar ref: what the branch is compared with.
    :ivar new: files that were not there when it began.
    :ivar edited: files that say something else now; comments and spacing don't count.
    :ivar removed: files that are gone.
    :ivar there: the files of ``ref`` as it is now.
    :ivar added: those of them that it got since the branch began.
    """

    environment: str
    ref: str
    new: frozenset[Path] = frozenset()
    edited: frozenset[Path] = frozenset()
    removed: frozenset[Path] = frozenset()
    there: frozenset[Path] = field(default=frozenset(), repr=False)
    added: frozenset[Path] = frozenset()

    @property
    def files(self) -> frozenset[Path]:
        """The files that the branch brings."""
        return self.new | self.edited


def changed_findings(changes: Changes, revisions: Iterable[Revision]) -> Iterator[Finding]:
    """What a branch must not do.

    :param revisions: those of the history that are in order.
    """
    touched = (("edited", _EDITED, changes.edited), ("removed", _REMOVED, changes.removed))
    for verb, hint, paths in touched:
        for path in sorted(paths):
            message = f"{path.name} was there before, and was {verb} since {changes.ref}"
            yield TOUCHED.finding(changes.environment, message, hint, _top(path))
    if changes.environment == CLICKHOUSE:
        yield from _older_pairs(changes)
    else:
        yield from _beside(changes, revisions)


def _older_pairs(changes: Changes) -> Iterator[Finding]:
    there = _versions(changes.there)
    if not there:
        return
    newest = max(there)
    for version, path in sorted(_versions(changes.new - changes.there).items()):
        if version > newest or there.get(version) == path:
            continue
        message = (
            f"{path.name} is not newer than {there[newest].name}, which {changes.ref} has: where "
            "that one has run, this one would be out of order"
        )
        hint = f"give both files of the pair a version above {newest}"
        yield OLDER.finding(changes.environment, message, hint, _top(path))


def _versions(paths: Iterable[Path]) -> dict[int, Path]:
    """By version, the first of its files: the one with ``.up`` where it is among them."""
    found: dict[int, Path] = {}
    for path in sorted(paths, reverse=True):
        match = _PAIR.fullmatch(path.name)
        if match is not None:
            found.setdefault(int(match["version"]), path)
    return found


def _beside(changes: Changes, revisions: Iterable[Revision]) -> Iterator[Finding]:
    """Revisions that don't build on what came since: after a merge there would be two heads."""
    others = sorted(path.name for path in changes.added if path.suffix == ".py")
    new = [each for each in revisions if each.path in changes.new - changes.there]
    ids = {each.id for each in new}
    for each in new if others else ():
        if ids.isdisjoint(each.down):
            message = (
                f"{each.path.name} does not build on what {changes.ref} got since: "
                f"{', '.join(others)}; merged, they would be two heads"
            )
            hint = f"merge {changes.ref} into this branch, and set down_revision to its head"
            yield OLDER.finding(changes.environment, message, hint, _top(each.path))


def _top(path: Path) -> Location:
    return Location(path, 1, 1)
