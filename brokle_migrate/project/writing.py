"""Writes the files of a project: all of them, or none."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ..errors import ConfigError
from ..replacing import replace_file
from .values import FileState

if TYPE_CHECKING:
    from pathlib import Path

    from .values import Initialised


def written(planned: Initialised) -> Initialised:
    """Write what is new, then extend what is extended.

    :raises ConfigError: something can't be written; what was made before that is gone again.
    """
    made: list[Path] = []
    try:
        _make_directories(planned.directory, made)
        for each in planned.files:
            if each.state is FileState.NEW:
                _make(each.path, each.content, made)
        for each in planned.files:
            if each.state is FileState.EXTENDED:
                replace_file(each.path, each.content)
    except BaseException as error:
        _remove(made)
        if isinstance(error, OSError):
            raise ConfigError(
                f"can't write {error.filename or planned.directory}: {error.strerror}",
                hint="nothing was changed",
            ) from error
        raise
    return replace(planned, written=True)


def _make(path: Path, content: bytes, made: list[Path]) -> None:
    _make_directories(path.parent, made)
    with path.open("xb") as file:
        made.append(path)
        file.write(content)


def _make_directories(path: Path, made: list[Path]) -> None:
    if path.is_dir():
        return
    _make_directories(path.parent, made)
    path.mkdir()
    made.append(path)


def _remove(made: list[Path]) -> None:
    for path in reversed(made):
        if path.is_dir():
            path.rmdir()
        else:
            path.unlink(missing_ok=True)
