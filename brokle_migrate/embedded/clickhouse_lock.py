"""Which process has a ClickHouse data directory open.

ClickHouse locks the file ``status`` itself, but tells its reasons to the terminal only.  So this
process locks the directory first (flock(2), which ends with the process, however it ends), once for
all its sessions.
"""

from __future__ import annotations

import fcntl
import os
import threading
from typing import TYPE_CHECKING

from ..errors import LockHeld

if TYPE_CHECKING:
    from pathlib import Path

_guard = threading.Lock()
_held: dict[Path, tuple[int, int]] = {}  # descriptor of the directory, number of sessions


def hold(directory: Path) -> None:
    """Lock a directory for one more session of this process.

    :raises LockHeld: another process has it.
    :raises OSError: it can't be opened.
    """
    with _guard:
        descriptor, sessions = _held.get(directory) or (_lock(directory), 0)
        _held[directory] = (descriptor, sessions + 1)


def let_go(directory: Path) -> None:
    """A session has ended; the last one unlocks the directory."""
    with _guard:
        descriptor, sessions = _held.pop(directory)
        if sessions > 1:
            _held[directory] = (descriptor, sessions - 1)
        else:
            os.close(descriptor)


def refuse_if_locked(directory: Path) -> None:
    """See whether a process that knows nothing of this lock has the directory open.

    :raises LockHeld: it has.
    """
    try:
        status = os.open(directory / "status", os.O_RDONLY)
    except OSError:
        return
    try:
        fcntl.flock(status, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        raise _refusal(directory) from None
    finally:
        os.close(status)


def _lock(directory: Path) -> int:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise _refusal(directory) from None
    return descriptor


def _refusal(directory: Path) -> LockHeld:
    process = _process(directory)
    return LockHeld(
        f"another process{process} has the embedded ClickHouse in {directory} open",
        hint="one process at a time can have it open: run this again when the other one has ended",
    )


def _process(directory: Path) -> str:
    """The holder's number, which ClickHouse writes to ``status`` (src/Common/StatusFile.cpp)."""
    try:
        text = (directory / "status").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    number = text.partition("PID:")[2].partition("\n")[0].strip()
    return f" (PID {number})" if number.isdigit() else ""
