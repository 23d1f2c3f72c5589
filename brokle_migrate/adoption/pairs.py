"""golang-migrate's files, read as golang-migrate reads them.

The rules are those of its ``source/parse.go`` (v4.19): the greedy expression below on the base
name, versions as numbers, any extension, either half optional, and whatever does not match ignored.
What it would ignore or refuse without saying so clearly is refused here, all at once.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ..errors import InvalidScripts, Problem

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_NAME = re.compile(r"([0-9]+)_(.*)\.(down|up)\.(.*)")
_LARGEST_VERSION = 2**63 - 1  # what the version tables can hold
_SQL = ".sql"
_MEANT = re.compile(r"\d.*\.sql$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Pair:
    """The files of one version; a missing half was an empty step to golang-migrate.

    :ivar digits: the version as the file names write it, leading zeros and all.
    :ivar title: what the name says that it does; of the file upwards, where there is one.
    """

    version: int
    digits: str
    title: str
    up: Path | None = None
    down: Path | None = None

    @property
    def files(self) -> tuple[Path, ...]:
        """What there is of the two."""
        return tuple(path for path in (self.up, self.down) if path is not None)


def read_pairs(directory: Path) -> tuple[Pair, ...]:
    """Every version in a directory, oldest first.

    :raises InvalidScripts: naming everything that golang-migrate ignores, refuses, or runs though
        it is no .sql file; or there is nothing at all.
    """
    try:
        paths = sorted(path for path in directory.iterdir() if path.is_file())
    except OSError as error:
        raise InvalidScripts(
            f"can't read {directory}: {error.strerror}",
            hint="give the directory that golang-migrate was pointed at (-path)",
        ) from error
    pairs: dict[int, Pair] = {}
    problems = [problem for path in paths if (problem := _place(path, pairs)) is not None]
    problems += _unreadable(pairs.values())
    if problems:
        raise InvalidScripts(
            f"the files in {directory} can't be taken over:\n"
            + "\n".join(f"  {problem}" for problem in problems),
            problems=tuple(problems),
            hint="nothing was changed; correct the files, or move them elsewhere",
        )
    if not pairs:
        raise InvalidScripts(
            f"no golang-migrate files in {directory}: VERSION_title.up.sql",
            hint="give the directory that golang-migrate was pointed at (-path)",
        )
    return tuple(pairs[version] for version in sorted(pairs))


def _place(path: Path, pairs: dict[int, Pair]) -> Problem | None:
    """Put a file into its pair; what is wrong with it otherwise."""
    match = _NAME.fullmatch(path.name)
    if match is None:
        ignored = _MEANT.match(path.name) is not None
        return Problem(path, "golang-migrate ignores a file of this name") if ignored else None
    digits, title, direction, extension = match.groups()
    version = int(digits)
    if extension != _SQL[1:]:
        taken = f"golang-migrate takes this for version {version}, whatever it is meant for"
        return Problem(path, taken)
    if not 0 < version <= _LARGEST_VERSION:
        why = "0 means that nothing is applied" if not version else "it is too large"
        return Problem(path, f"version {digits} can't be used: {why}")
    pair = pairs.get(version, Pair(version, digits, title))
    other = getattr(pair, direction)
    if other is not None:
        return Problem(path, f"version {version} is in {other.name}, too")
    if direction == "up":
        pair = replace(pair, digits=digits, title=title, up=path)
    else:
        pair = replace(pair, down=path)
    pairs[version] = pair
    return None


def _unreadable(pairs: Iterable[Pair]) -> list[Problem]:
    problems = []
    for path in (path for pair in pairs for path in pair.files):
        try:
            path.read_bytes().decode()
        except OSError as error:
            problems.append(Problem(path, f"can't be read: {error.strerror}"))
        except UnicodeDecodeError as error:
            problems.append(Problem(path, f"is not UTF-8 (byte {error.start + 1})"))
    return problems
