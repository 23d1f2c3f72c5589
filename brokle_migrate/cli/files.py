"""Files that a command writes for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .. import replacing
from ..errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from ..render.files import OutFile


def write_out(path: Path, content: bytes, *, dry_run: bool) -> OutFile:
    """Write a file that was asked for with ``--out``, unless nothing may change.

    :raises UsageError: it can't be written.
    """
    from ..render.files import OutFile

    if not dry_run:
        replace_file(path, content)
    return OutFile(path, len(content), written=not dry_run)


def replace_file(path: Path, content: bytes) -> None:
    """Write a file as a whole: whoever reads it finds the old content or the new one.

    :raises UsageError: it can't be written; what was there before is still there.
    """
    try:
        replacing.replace_file(path, content)
    except OSError as error:
        raise UsageError(
            f"can't write {path}: {error.strerror}", hint="name another file with --out"
        ) from error
