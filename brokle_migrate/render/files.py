"""Files that a command writes with ``--out``, and what is said of each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from . import words
from .blocks import Line

if TYPE_CHECKING:
    from pathlib import Path

    from .data import Data


@dataclass(frozen=True, slots=True)
class OutFile:
    """A file; its size in bytes.

    :ivar written: False for one that would be written.
    """

    path: Path
    size: int
    written: bool


def file_line(file: OutFile) -> Line:
    """That it was written, or would be."""
    done = "wrote" if file.written else "would write"
    return Line(f"{done} {words.path(file.path)} ({words.size(file.size)})")


def file_data(file: OutFile) -> Data:
    """The same as data."""
    return {"path": str(file.path), "bytes": file.size, "written": file.written}
