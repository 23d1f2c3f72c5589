"""Paired ``.up.sql`` / ``.down.sql`` files on disk: found, paired, validated, created.

Names follow golang-migrate (``VERSION_slug.up.sql``) and the class follows Alembic's
``ScriptDirectory``.  Nothing here talks to a database.
"""

from __future__ import annotations

import hashlib
import os
import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from ..errors import InvalidScripts, Irreversible, Problem
from ..model import CLICKHOUSE, Action, Revision

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from ..model import Link, Statement, Step
    from ..sqltext import Script
    from .filling import Filling

_NAME = re.compile(r"(?P<version>\d+)_(?P<slug>.*)\.(?P<direction>up|down)\.sql")
_LARGEST_VERSION = 2**64 - 1
_BOM = b"\xef\xbb\xbf"


@dataclass(slots=True)
class Pair:
    """The two files of one version."""

    version: int
    up: Path | None = None
    down: Path | None = None

    @property
    def complete(self) -> bool:
        return self.up is not None and self.down is not None


class SqlScriptDirectory:
    """A directory of paired SQL files.

    :param directory: where ``env.py`` and the templates are; pairs stand in ``versions/`` or,
        as golang-migrate keeps them, in the directory itself.
    :param filling: fills in placeholders; None where they mean nothing.
    """

    def __init__(self, directory: Path, filling: Filling | None = None) -> None:
        self.directory = directory
        self._filling = filling
        self._kept: dict[Path, str] | None = None

    @property
    def versions(self) -> Path:
        """Where a new pair is written."""
        below = self.directory / "versions"
        return below if below.is_dir() else self.directory

    @cached_property
    def revisions(self) -> tuple[Revision, ...]:
        """Every pair as a revision, in version order, as one chain.

        :raises InvalidScripts: naming everything that is wrong with names and pairs, at once.
        """
        _refuse(self._found[1])
        revisions, errors = self.survey()
        _refuse([problem for error in errors for problem in error.problems])
        return revisions

    @property
    def misplaced(self) -> tuple[Problem, ...]:
        """What is wrong with names and pairs.

        :raises InvalidScripts: the directory can't be read.
        """
        return tuple(self._found[1])

    def survey(
        self, *, keep: bool = False
    ) -> tuple[tuple[Revision, ...], tuple[InvalidScripts, ...]]:
        """The whole pairs that are in order, and what is wrong with the content of the others.

        :param keep: keep the texts for :meth:`script`, which is about to be asked for each.
        """
        self._kept = {} if keep else None
        found: list[Revision] = []
        errors: list[InvalidScripts] = []
        down: tuple[str, ...] = ()
        for pair in sorted(self._found[0].values(), key=lambda pair: pair.version):
            if not pair.complete:
                continue
            try:
                revision = _revision(pair, down, self._read)
            except InvalidScripts as error:
                errors.append(error)
                continue
            found.append(revision)
            down = (revision.id,)
        return tuple(found), tuple(errors)

    def _read(self, path: Path) -> str:
        text = read(path)
        if self._kept is not None:
            self._kept[path] = text
        return text

    def load(self, step: Step) -> Script:
        """Read and split the file that a step runs; its placeholders are left as they are.

        :raises InvalidScripts: the file can't be read or split.
        :raises Irreversible: the file says that there is no way back.
        """
        _refuse(self._found[1])
        script = self.script(step.revision, step.action)
        if step.action is Action.DOWNGRADE and script.irreversible is not None:
            raise Irreversible(
                f"{step.environment} {step.revision} can't be rolled back: {script.irreversible} "
                f"({script.path})",
                reason=script.irreversible,
            )
        return script

    def script(self, version: str, action: Action) -> Script:
        """Read and split one of the two files of a version, which has both.

        :raises InvalidScripts: it can't be read or split.
        """
        from ..sqltext import parse

        pair = self._found[0][int(version)]
        path = pair.up if action is Action.UPGRADE else pair.down
        assert path is not None
        kept = self._kept.pop(path, None) if self._kept else None
        return parse(read(path) if kept is None else kept, path)

    def files(self, version: str) -> tuple[Path, Path]:
        """The two files of a version that has both, up before down."""
        pair = self._found[0][int(version)]
        assert pair.up is not None
        assert pair.down is not None
        return pair.up, pair.down

    @property
    def present(self) -> frozenset[str]:
        """Every version that some file has, in order or not."""
        return frozenset(map(str, self._found[0]))

    def statements(self, version: str, action: Action) -> tuple[Statement, ...]:
        """The statements of a file as they would be sent now, placeholders filled in.

        There are none where the file is gone, can't be read or can't be filled in.
        """
        from ..sqltext import split

        pair = self._pairs.get(int(version), Pair(int(version)))
        path = pair.up if action is Action.UPGRADE else pair.down
        if path is None:
            return ()
        try:
            found = split(read(path), path)
            return found if self._filling is None else self._filling.fill(found)
        except InvalidScripts:
            return ()

    def checksum(self, version: str) -> str:
        """What the ``.up.sql`` of a version says, comments and spacing aside, as SHA-256."""
        from ..sqltext import checksum

        path = self._pairs[int(version)].up
        assert path is not None
        return checksum(read(path))

    @property
    def _pairs(self) -> dict[int, Pair]:
        pairs, problems = self._found
        _refuse(problems)
        return pairs

    @cached_property
    def _found(self) -> tuple[dict[int, Pair], list[Problem]]:
        problems: list[Problem] = []
        pairs: dict[int, Pair] = {}
        for path in sorted(self._files(), key=os.fspath):
            _place(path, pairs, problems)
        problems.extend(_unpaired(pair) for pair in pairs.values() if not pair.complete)
        return pairs, problems

    def _files(self) -> Iterator[Path]:
        for directory in {self.directory, self.versions}:
            try:
                with os.scandir(directory) as entries:
                    names = [e.name for e in entries if e.name.endswith(".sql")]
            except OSError as error:
                raise InvalidScripts(
                    f"can't read {directory}: {error.strerror}",
                    hint="create it, or set [clickhouse] script_location in alembic.ini",
                ) from error
            yield from (directory / name for name in names if not name.startswith("."))


def read(path: Path) -> str:
    """The text of a migration file, without a byte order mark.

    :raises InvalidScripts: it is empty, can't be read, or is not UTF-8.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise _invalid(Problem(path, f"can't be read: {error.strerror}")) from error
    data = data.removeprefix(_BOM)
    if not data.strip():
        raise _invalid(
            Problem(path, "is empty"),
            hint="write a statement; a comment alone says that there is nothing to do on purpose",
        )
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        problem = Problem(path, f"is not UTF-8 (byte 0x{data[error.start]:02x})", line)
        raise _invalid(problem, hint="save the file as UTF-8") from error


def _invalid(problem: Problem, *, hint: str | None = None) -> InvalidScripts:
    return InvalidScripts(problem, problems=(problem,), hint=hint)


def _revision(pair: Pair, down: tuple[str, ...], read: Callable[[Path], str]) -> Revision:
    assert pair.up is not None
    assert pair.down is not None
    text = read(pair.up)
    read(pair.down)
    match = _NAME.fullmatch(pair.up.name)
    assert match is not None
    return Revision(
        environment=CLICKHOUSE,
        id=str(pair.version),
        down=down,
        message=match["slug"].replace("_", " "),
        path=pair.up,
        requires=_requires(text, pair.up),
        digest=hashlib.sha256(text.encode()).hexdigest(),
    )


def _requires(text: str, path: Path) -> tuple[Link, ...]:
    """The links of a file; most files have no directive, and need no lexer to see that."""
    if "migrate:" not in text:
        return ()
    from ..sqltext import header

    requires, _ = header(text, path)
    return requires


def _place(path: Path, pairs: dict[int, Pair], problems: list[Problem]) -> None:
    match = _NAME.fullmatch(path.name)
    if match is None:
        expected = "expected VERSION_slug.up.sql or VERSION_slug.down.sql"
        problems.append(Problem(path, f"misnamed: {expected}"))
        return
    version = int(match["version"])
    if version > _LARGEST_VERSION:
        too_large = f"version {version} is too large: at most {_LARGEST_VERSION}"
        problems.append(Problem(path, too_large))
        return
    pair = pairs.setdefault(version, Pair(version))
    other = getattr(pair, match["direction"])
    if other is not None:
        problems.append(Problem(path, f"duplicate version {version}: {other.name} has it, too"))
        return
    setattr(pair, match["direction"], path)


def _unpaired(pair: Pair) -> Problem:
    path = pair.up or pair.down
    assert path is not None
    missing = "down" if pair.up else "up"
    other = re.sub(r"\.(up|down)\.sql$", f".{missing}.sql", path.name)
    return Problem(path, f"unpaired: {other} is missing")


def _refuse(problems: list[Problem]) -> None:
    if not problems:
        return
    count = f"{len(problems)} problems" if len(problems) > 1 else "a problem"
    raise InvalidScripts(
        f"the ClickHouse files have {count}:\n" + "\n".join(f"  {p}" for p in problems),
        problems=tuple(problems),
        hint="nothing was run; correct the files and try again",
    )
