"""Which system account runs the embedded Postgres.

Postgres refuses to run as root.  Root's servers run as the owner of their data directory; new
directories belong to an account of their own.  No permission of any existing directory is changed:
where that account may not pass through a parent directory, the server keeps one of root's
capabilities, CAP_DAC_OVERRIDE (https://man7.org/linux/man-pages/man7/capabilities.7.html).
"""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable

NAME = "pgserver"

_DAC_OVERRIDE = 1  # the capability's number in <linux/capability.h>


@dataclass(frozen=True, slots=True)
class Account:
    """Who runs the server.

    :ivar uid: the account's number.
    :ivar gid: its group's.
    :ivar prefix: what to write in front of a command line so that it runs as this account.
    """

    uid: int
    gid: int
    prefix: tuple[str, ...] = ()


def account_for(directory: Path, programs: Path) -> Account:
    """The account for the server of a data directory.

    :param directory: the data directory; need not exist.
    :param programs: the directory of the server's programs.
    :raises ConfigError: this process is root's, and no other account can run the server there.
    """
    if os.geteuid() != 0:
        return Account(os.geteuid(), os.getegid())
    uid, gid = _owner(directory) or _own_account()
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        raise ConfigError(
            "root can't run the embedded Postgres without the program setpriv",
            hint="install util-linux, or run this as an ordinary user",
        )
    identity = (f"--reuid={uid}", f"--regid={gid}", "--clear-groups")
    capabilities = _capabilities(_closed((directory, programs / "postgres"), uid, gid))
    return Account(uid, gid, (setpriv, *identity, *capabilities, "--"))


def _owner(directory: Path) -> tuple[int, int] | None:
    """The owner of an existing data directory, unless that is root."""
    try:
        found = (directory / "PG_VERSION").stat()
    except OSError:
        return None
    return (found.st_uid, found.st_gid) if found.st_uid else None


def _own_account() -> tuple[int, int]:
    """The account that runs root's servers, made when it is missing."""
    import pwd

    try:
        entry = pwd.getpwnam(NAME)
    except KeyError:
        command = ("useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", NAME)
        _try(command)
        try:
            entry = pwd.getpwnam(NAME)
        except KeyError:
            raise ConfigError(
                f"Postgres refuses to run as root, and the account {NAME} can't be made",
                hint=f"run this as an ordinary user, or make an account called {NAME}",
            ) from None
    return entry.pw_uid, entry.pw_gid


def _try(command: tuple[str, ...]) -> None:
    try:  # a failure may mean that another process was quicker; whether it is there decides
        subprocess.run(command, check=False, capture_output=True)
    except OSError:
        return


def _closed(paths: Iterable[Path], uid: int, gid: int) -> Path | None:
    """The first directory on the way to ``paths`` that the account may not pass through."""
    for path in paths:
        for parent in reversed(path.parents):
            if parent.exists() and not _passes(parent.stat(), uid, gid):
                return parent
    return None


def _passes(found: os.stat_result, uid: int, gid: int) -> bool:
    if found.st_uid == uid:
        return bool(found.st_mode & stat.S_IXUSR)
    if found.st_gid == gid:
        return bool(found.st_mode & stat.S_IXGRP)
    return bool(found.st_mode & stat.S_IXOTH)


def _capabilities(closed: Path | None) -> tuple[str, ...]:
    """The options with which the server gets past a closed directory.

    :raises ConfigError: root itself lacks the capability, as in a hardened container.
    """
    if closed is None:
        return ()
    if not _effective() >> _DAC_OVERRIDE & 1:
        raise ConfigError(
            f"the embedded Postgres can't run below {closed}: Postgres refuses to run as root, and "
            "other accounts may not enter that directory",
            hint="run this as an ordinary user, or choose another directory, for example "
            "DATABASE_URL=postgresql+embedded:////var/tmp/postgres",
        )
    return ("--inh-caps=+dac_override", "--ambient-caps=+dac_override")


def _effective() -> int:
    """This process's effective capabilities; none where the kernel has no such thing."""
    try:
        text = Path("/proc/self/status").read_text(encoding="utf-8")
    except OSError:
        return 0
    return int(text.partition("CapEff:")[2].split()[0], 16)
