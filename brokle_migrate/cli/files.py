"""Files that a command writes for people."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from ..errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path


def replace_file(path: Path, content: bytes) -> None:
    """Write a file as a whole: whoever reads it finds the old content or the new one.

    :raises UsageError: it can't be written; what was there before is still there.
    """
    path = path.resolve()  # a symbolic link stays one
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        beside.write_bytes(content)
        beside.replace(path)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise UsageError(
            f"can't write {path}: {error.strerror}", hint="name another file with --out"
        ) from error
