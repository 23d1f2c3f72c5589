"""What git knows of a directory: the files of a commit, and what is different now.

Every call names its directory (``-C``), runs no shell, takes no optional lock, and reads names
between NULs, so that no character in a path means anything.
"""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_WHOLE = (
    "a clone needs the whole history: fetch-depth: 0 for actions/checkout, GIT_DEPTH: 0 for "
    "GitLab, git fetch --unshallow by hand"
)


class NoRepository(UsageError):
    """The directory is in no git repository."""


@dataclass(frozen=True, slots=True)
class Base:
    """Where a branch began.

    :ivar ref: what it is compared with, as it was asked for.
    :ivar tip: the commit of that name now.
    :ivar commit: the newest commit that it and the current one have in common.
    """

    ref: str
    tip: str
    commit: str


def root(directory: Path) -> Path:
    """The top of the working tree around a directory; the directory itself where there is none."""
    tops = (each for each in (directory, *directory.parents) if (each / ".git").exists())
    return next(tops, directory)


class Git:
    """The repository around a directory.

    :param directory: what every path is below.
    :raises NoRepository: there is none.
    :raises UsageError: git is not there.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        try:
            self._git("rev-parse", "--show-toplevel")
        except _Failed as error:
            raise NoRepository(
                f"git can't tell what changed in {directory}: {error}",
                hint="--changed-since needs the files in a git repository",
            ) from error

    def base(self, ref: str) -> Base:
        """Where the current branch left another one.

        :param ref: a branch, tag or commit.
        :raises UsageError: there is no such thing, or the two have nothing in common.
        """
        shallow = self._text("rev-parse", "--is-shallow-repository") == "true"
        try:
            name = f"{ref}^{{commit}}"
            tip = self._text("rev-parse", "--verify", "--quiet", "--end-of-options", name)
        except _Failed as error:
            hint = _WHOLE if shallow else "a branch, tag or commit, such as origin/main"
            raise UsageError(f"--changed-since {ref}: git has no such commit", hint=hint) from error
        try:
            return Base(ref, tip, self._text("merge-base", tip, "HEAD"))
        except _Failed as error:
            why = "this clone is shallow" if shallow else "their histories have nothing in common"
            raise UsageError(
                f"--changed-since {ref}: git finds no commit that it shares with HEAD: {why}",
                hint=_WHOLE if shallow else "name the branch that this one is to be merged into",
            ) from error

    def files(self, commit: str) -> frozenset[Path]:
        """The files below the directory in a commit."""
        return frozenset(self._paths("ls-tree", "-r", "-z", "--name-only", commit))

    def changed(self, commit: str) -> frozenset[Path]:
        """The files that are not what they are in a commit, gone and new ones, too."""
        diff = ("diff", "--no-ext-diff", "--no-renames", "--relative", "--name-only", "-z")
        untracked = ("ls-files", "--others", "--exclude-standard", "-z")
        return frozenset((*self._paths(*diff, commit, "--", "."), *self._paths(*untracked)))

    def content(self, commit: str, path: Path) -> bytes:
        """A file as it is in a commit, which has it."""
        name = path.relative_to(self.directory).as_posix()
        return self._git("cat-file", "blob", f"{commit}:./{name}")

    def has(self, commit: str, path: Path) -> bool:
        """Whether a file is in a commit."""
        name = path.relative_to(self.directory).as_posix()
        try:
            self._git("cat-file", "-e", f"{commit}:./{name}")
        except _Failed:
            return False
        return True

    def _paths(self, *argv: str) -> Iterator[Path]:
        names = self._git(*argv).split(b"\0")
        return (self.directory / os.fsdecode(name) for name in names if name)

    def _text(self, *argv: str) -> str:
        return os.fsdecode(self._git(*argv)).strip()

    def _git(self, *argv: str) -> bytes:
        """Run git.

        :raises _Failed: it says no.
        """
        command = ["git", "--no-optional-locks", "-C", os.fspath(self.directory), *argv]
        try:
            result = subprocess.run(
                command, stdin=subprocess.DEVNULL, capture_output=True, check=False
            )
        except OSError as error:
            raise UsageError(
                f"--changed-since asks git, which can't be started: {error.strerror}",
                hint="install git",
            ) from error
        if result.returncode:
            raise _Failed(os.fsdecode(result.stderr).strip() or f"git {argv[0]} failed")
        return result.stdout


class _Failed(UsageError):
    """Git said no; the message is its own."""
