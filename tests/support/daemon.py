"""Servers of the system that tests start: until they are ready, or where they are not installed."""

from __future__ import annotations

import os
import socket
import subprocess
from typing import TYPE_CHECKING, Any, NoReturn

import pytest

from .process import mortal, stop, wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

REQUIRED = "BROKLE_TEST_REQUIRE_SERVERS"
_SHOWN = 2000  # characters of the output of one that ended


def start(
    name: str,
    command: Sequence[str],
    output: Path,
    ready: Callable[[], bool],
    *,
    seconds: float,
    **how: Any,
) -> subprocess.Popen[str]:
    """Start a server and wait until it is ready.

    :param name: what it is called in errors.
    :param output: the file that gets what it says.
    :param ready: looks whether it is.
    :param seconds: how long that may take.
    :param how: further arguments of ``subprocess.Popen``: where, and as whom.
    :raises RuntimeError: it ended, with what it said.
    :raises TimeoutError: it is not ready in time; it was ended.
    """
    with output.open("a") as stream:
        process = subprocess.Popen(
            mortal(list(command)),
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=stream,
            text=True,
            **how,
        )

    def is_ready() -> bool:
        if process.poll() is not None:
            said = output.read_text()[-_SHOWN:]
            raise RuntimeError(f"{name} ended with {process.returncode}: {said}")
        return ready()

    try:
        wait_until(is_ready, seconds, f"{name} is ready")
    except BaseException:
        stop(process)
        raise
    return process


def listens(port: int) -> bool:
    """Whether anybody takes connections on a port of this machine."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def missing(what: str, packages: str) -> NoReturn:
    """Skip a test for want of a program; fail where skipping is forbidden.

    :param packages: of Debian, with the program.
    """
    reason = f"{what} (apt-get install {packages})"
    if os.environ.get(REQUIRED) == "1":
        pytest.fail(f"{reason}, and {REQUIRED}=1")
    pytest.skip(reason)
