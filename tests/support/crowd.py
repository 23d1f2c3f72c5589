"""Many runs of one command that begin in the same instant."""

from __future__ import annotations

import contextlib
import os
import time
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from .project import Project
    from .terminal import Result


class Crowd:
    """The processes, ready to go; a context manager that leaves none behind.

    :ivar runs: the runs.
    """

    def __init__(self, project: Project, number: int, *argv: str) -> None:
        gate, self._bell = os.pipe()
        self._stack = contextlib.ExitStack()
        self.runs = [
            self._stack.enter_context(project.start(*argv, gate=gate)) for _ in range(number)
        ]
        os.close(gate)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def go(self) -> None:
        """Let them all begin."""
        os.close(self._bell)

    def wait(self, timeout: float) -> list[Result]:
        """How each of them ended."""
        deadline = time.monotonic() + timeout
        return [run.wait(max(deadline - time.monotonic(), 0.0)) for run in self.runs]
