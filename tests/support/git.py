"""A repository of git's own, which no configuration of this machine reaches."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

ALONE = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_AUTHOR_NAME": "Ada",
    "GIT_AUTHOR_EMAIL": "ada@example.com",
    "GIT_COMMITTER_NAME": "Ada",
    "GIT_COMMITTER_EMAIL": "ada@example.com",
}


class Repository:
    """A directory under git, with its files committed on ``main``.

    :param path: where ``.git`` goes.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.git("init", "--quiet", "--initial-branch=main")
        self.commit("first")

    def git(self, *argv: str, fails: bool = False) -> str:
        """Run git; what it prints."""
        result = subprocess.run(
            ["git", *argv],
            cwd=self.path,
            env={**os.environ, **ALONE},
            capture_output=True,
            text=True,
            check=False,
        )
        assert bool(result.returncode) is fails, result.stdout + result.stderr
        return result.stdout + result.stderr

    def commit(self, message: str) -> None:
        """Commit every change."""
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", message)

    def branch(self, name: str, start: str = "main") -> None:
        """A new branch, checked out."""
        self.git("switch", "--quiet", "--create", name, start)
