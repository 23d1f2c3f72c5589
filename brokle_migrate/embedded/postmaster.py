"""What a running Postgres says of itself in its data directory, in ``postmaster.pid``."""

from __future__ import annotations

from pathlib import Path
from socket import AF_UNIX, SOCK_STREAM, socket
from typing import NamedTuple


class Postmaster(NamedTuple):
    """The part of the file that says who and where.

    :ivar pid: the server's process.
    :ivar sockets: the directory of its socket.
    :ivar port: the number in the socket's name.
    :ivar status: ``ready`` once it accepts connections.
    """

    pid: int
    sockets: Path
    port: int
    status: str

    @property
    def socket(self) -> Path:
        """The socket; beside it, with ".lock" at the end of its name, is one more lock file."""
        return self.sockets / f".s.PGSQL.{self.port}"

    def answers(self) -> bool:
        """Whether it accepts connections; a server that was killed leaves its file behind."""
        if self.status != "ready":
            return False
        with socket(AF_UNIX, SOCK_STREAM) as probe:
            try:
                probe.connect(str(self.socket))
            except OSError:
                return False
        return True


def read_postmaster(directory: Path) -> Postmaster | None:
    """The server of a data directory by its own account; None without one, or while it starts.

    The lines of the file: process, data directory, start time, port, sockets' directory, address,
    shared memory, status (Postgres's src/include/utils/pidfile.h).
    """
    try:
        text = (directory / "postmaster.pid").read_text(encoding="utf-8", errors="surrogateescape")
    except FileNotFoundError:
        return None
    lines = [line.strip() for line in text.splitlines()]
    if len(lines) < 8 or not lines[4]:
        return None
    return Postmaster(int(lines[0]), Path(lines[4]), int(lines[3]), lines[7])


def forget_dead(directory: Path) -> None:
    """Remove the lock files of a killed server whose process number somebody else has now.

    Postgres asks only whether there is such a process, and in a container the numbers come again.
    What is left of the server itself, shared memory, makes Postgres refuse to start in any case.
    """
    found = read_postmaster(directory)
    if found is None:
        return
    try:  # proc(5): "pid (name) state ..."
        text = Path(f"/proc/{found.pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return
    name, _, rest = text.partition("(")[2].rpartition(")")
    if name != "postgres" or rest.split()[0] == "Z":
        (directory / "postmaster.pid").unlink(missing_ok=True)
        found.socket.with_suffix(f"{found.socket.suffix}.lock").unlink(missing_ok=True)
