"""A command that runs, in a fresh interpreter or a fork: what a test can do with it."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
from pathlib import Path
from typing import IO, TYPE_CHECKING, Protocol, Self

from .terminal import Result

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

TIMEOUT = 120.0


class Process(Protocol):
    """One process, as :class:`tests.support.forkserver.Fork` has it."""

    pid: int

    def ended(self, timeout: float) -> int | None:
        """Its exit code, negative for a signal; None while it runs after so many seconds."""
        ...

    def signal(self, number: int) -> None:
        """Send a signal, if it has not ended."""
        ...

    def close(self) -> None:
        """End it, if it has not ended."""
        ...


class Fresh:
    """A process with an interpreter of its own."""

    def __init__(
        self,
        command: Sequence[str],
        *,
        cwd: Path,
        env: Mapping[str, str],
        streams: tuple[int, int, int],
    ) -> None:
        given, out, err = streams
        self._process = subprocess.Popen(
            command, cwd=cwd, env=env, stdin=given, stdout=out, stderr=err
        )
        self.pid = self._process.pid

    def ended(self, timeout: float) -> int | None:
        """Its exit code, negative for a signal; None while it runs after so many seconds."""
        if timeout <= 0:
            return self._process.poll()
        try:
            return self._process.wait(timeout)
        except subprocess.TimeoutExpired:
            return None

    def signal(self, number: int) -> None:
        """Send a signal, if it has not ended."""
        self._process.send_signal(number)

    def close(self) -> None:
        """End it, if it has not ended."""
        self._process.kill()
        self._process.wait()


class Streams:
    """Files for what a command says; there is nothing for it to read."""

    def __init__(self) -> None:
        self._files: tuple[IO[bytes], IO[bytes], IO[bytes]] = (
            Path(os.devnull).open("rb"),  # noqa: SIM115 - closed by close
            tempfile.TemporaryFile(),  # noqa: SIM115
            tempfile.TemporaryFile(),  # noqa: SIM115
        )

    @property
    def descriptors(self) -> tuple[int, int, int]:
        """Standard input, output and error."""
        given, out, err = (file.fileno() for file in self._files)
        return given, out, err

    def said(self) -> bytes:
        """What is on standard error so far."""
        return _content(self._files[2])

    def content(self) -> tuple[str, str]:
        """What is on both outputs."""
        return _content(self._files[1]).decode(), _content(self._files[2]).decode()

    def close(self) -> None:
        """Forget it all."""
        for file in self._files:
            file.close()


def _content(file: IO[bytes]) -> bytes:
    # Not read from: the place in the file is the command's, too.
    return os.pread(file.fileno(), os.fstat(file.fileno()).st_size, 0)


class Running:
    """A command that runs; a context manager that leaves nothing behind.

    :ivar pid: the number of its process.
    """

    def __init__(self, process: Process, streams: Streams) -> None:
        self._process = process
        self._streams = streams
        self.pid = process.pid

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.close()
        self._streams.close()

    @property
    def running(self) -> bool:
        """Whether it has not ended."""
        return self._process.ended(0.0) is None

    def signal(self, number: int) -> None:
        """Send a signal, if it has not ended."""
        self._process.signal(number)

    def said(self) -> bytes:
        """What is on its standard error so far."""
        return self._streams.said()

    def kill(self) -> Result:
        """End it with SIGKILL, at once; what it had said."""
        self.signal(signal.SIGKILL)
        return self.wait()

    def wait(self, timeout: float = TIMEOUT) -> Result:
        """Wait for its end; what it said.

        :raises TimeoutError: it goes on for longer.
        """
        code = self._process.ended(timeout)
        if code is None:
            raise TimeoutError(f"still running after {timeout:g} s: {self.said()!r}")
        return Result(*self._streams.content(), code)
