"""A Postgres data directory before its server runs."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING

from ..errors import DatabaseUnreachable

if TYPE_CHECKING:
    from pathlib import Path

    from .account import Account

# Nothing of this process's environment is the server's business, secrets least of all.
ENVIRONMENT = {"LC_ALL": "C", "PATH": os.defpath}

# Complete; only its entries have to move up.  The other one is initdb's work in progress.
_READY, _PARTIAL = ".initdb", ".initdb.partial"

_INITDB = (
    "--username=postgres",
    "--auth=trust",  # the socket's directory keeps everybody else out
    "--encoding=UTF8",
    "--locale=C",
    "--locale-provider=builtin",  # the same order and case rules on every machine
    "--builtin-locale=C.UTF-8",
    "--no-instructions",
)


def initialise(directory: Path, account: Account, programs: Path) -> None:
    """Make the data directory, unless there is one, so that no interruption leaves it half made.

    ``initdb`` works in a directory inside; ``PG_VERSION``, by which a data directory is known,
    moves up last.  (A directory beside it could not replace a mount point.)

    :param directory: exists, and nobody else is doing this.
    :param programs: the directory of ``initdb``.
    :raises DatabaseUnreachable: the directory holds something else, or ``initdb`` failed.
    """
    if (directory / "PG_VERSION").exists():
        return
    ready = directory / _READY
    if not ready.exists():
        shutil.rmtree(directory / _PARTIAL, ignore_errors=True)
        _claim(directory, account)
        _initdb(directory, account, programs)
        (directory / _PARTIAL).rename(ready)
    for entry in sorted(ready.iterdir(), key=lambda path: path.name == "PG_VERSION"):
        entry.rename(directory / entry.name)
    ready.rmdir()


def failure(directory: Path, what: str, output: bytes) -> DatabaseUnreachable:
    """The error for a program that did not do its work.

    :param output: what it wrote; the last lines become part of the message.
    """
    lines = output.decode("utf-8", "replace").strip().splitlines()[-5:]
    words = "\n  ".join(lines) or "it said nothing"
    return DatabaseUnreachable(f"the embedded Postgres in {directory} {what}:\n  {words}")


def _claim(directory: Path, account: Account) -> None:
    """Give an empty directory to the account that the server runs as."""
    if any(directory.iterdir()):
        raise DatabaseUnreachable(
            f"{directory} is neither empty nor the data directory of a Postgres",
            hint="name another directory for the embedded Postgres",
        )
    if os.geteuid() == 0:
        os.chown(directory, account.uid, account.gid)
    directory.chmod(0o700)  # Postgres takes nothing more open


def _initdb(directory: Path, account: Account, programs: Path) -> None:
    done = subprocess.run(
        (*account.prefix, programs / "initdb", *_INITDB, f"--pgdata={directory / _PARTIAL}"),
        env=ENVIRONMENT,
        cwd="/",  # the account may not be able to read the current directory
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )
    if done.returncode != 0:
        raise failure(directory, "can't be initialised", done.stderr)
