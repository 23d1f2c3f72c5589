"""Running a command as a person would: in a terminal of a given width, or in a pipe."""

from __future__ import annotations

import contextlib
import os
import pty
import select
import struct
import subprocess
import termios
import time
import tty
from dataclasses import dataclass
from fcntl import ioctl
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

ROWS = 40


@dataclass(frozen=True)
class Result:
    """What a command said on its two outputs, and its exit code (negative: ended by a signal)."""

    out: str
    err: str
    code: int


def run_in_terminal(
    command: Sequence[str],
    *,
    cwd: Path,
    env: Mapping[str, str],
    text: str | None,
    timeout: float,
    columns: int,
) -> Result:
    """Run in a terminal: the text is typed ahead, and both outputs can still be told apart.

    :raises subprocess.TimeoutExpired: it took too long, and was killed.
    """
    screen, screen_end = _terminal(columns)
    errors, errors_end = _terminal(columns)
    try:
        process = subprocess.Popen(
            command,
            cwd=cwd,
            env={**env, "TERM": env.get("TERM", "xterm-256color")},
            stdin=screen_end,
            stdout=screen_end,
            stderr=errors_end,
            start_new_session=True,
        )
        os.close(screen_end)
        os.close(errors_end)
        if text:
            os.write(screen, text.encode())
        written = _read(process, (screen, errors), timeout)
    finally:
        os.close(screen)
        os.close(errors)
    out, err = (part.decode().replace("\r\n", "\n") for part in written)
    return Result(out, err, process.returncode)


def _terminal(columns: int) -> tuple[int, int]:
    ours, theirs = pty.openpty()
    ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, columns, 0, 0))
    modes = termios.tcgetattr(theirs)
    modes[tty.LFLAG] &= ~termios.ECHO
    termios.tcsetattr(theirs, termios.TCSANOW, modes)
    return ours, theirs


def _read(
    process: subprocess.Popen[bytes], sources: tuple[int, int], timeout: float
) -> list[bytes]:
    deadline = time.monotonic() + timeout
    written = dict.fromkeys(sources, b"")
    open_sources = set(sources)
    while open_sources:
        left = deadline - time.monotonic()
        if left <= 0:
            process.kill()
            process.wait()
            raise subprocess.TimeoutExpired(process.args, timeout, *written.values())
        for source in select.select(open_sources, [], [], left)[0]:
            chunk = b""
            with contextlib.suppress(OSError):  # how Linux says that nobody holds the other end
                chunk = os.read(source, 65536)
            written[source] += chunk
            if not chunk:
                open_sources.discard(source)
    process.wait(max(deadline - time.monotonic(), 1.0))
    return [written[source] for source in sources]
