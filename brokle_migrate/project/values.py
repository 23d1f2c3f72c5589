"""What ``init`` makes."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


class FileState(StrEnum):
    """What becomes of a file."""

    NEW = "new"
    EXTENDED = "extended"
    KEPT = "kept"


@dataclass(frozen=True, slots=True)
class ProjectFile:
    """A file of a project.

    :ivar path: absolute.
    :ivar state: ``kept`` is a file that was there, and is left as it is.
    :ivar content: what it holds afterwards, in bytes; empty for one that is kept.
    :ivar before: what an extended one holds now.
    """

    path: Path
    state: FileState
    content: bytes = field(default=b"", repr=False)
    before: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class Initialised:
    """A project, and what ``init`` does to it.

    :ivar directory: the project's directory, absolute.
    :ivar files: in the order of their making.
    :ivar notes: what is left to do by hand, a sentence each.
    :ivar configuration: the file that configures Alembic, unless every command finds it by itself.
    :ivar written: whether the files are there, or only would be.
    """

    directory: Path
    files: tuple[ProjectFile, ...]
    notes: tuple[str, ...] = ()
    configuration: Path | None = None
    written: bool = False

    @property
    def changes(self) -> tuple[ProjectFile, ...]:
        """The files that are new or extended."""
        return tuple(each for each in self.files if each.state is not FileState.KEPT)
