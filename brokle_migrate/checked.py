"""What ``check`` has found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .model import Level

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .model import Finding

FOUND = 3
"""The exit code for findings that are errors."""


@dataclass(frozen=True, slots=True)
class Silenced:
    """A finding that a file allows.

    :ivar reason: in the file's words.
    """

    finding: Finding
    reason: str


@dataclass(frozen=True, slots=True)
class Checked:
    """The result of a check.

    :ivar findings: in the order of files and lines.
    :ivar silenced: those that are allowed, which count for nothing.
    :ivar revisions: how many were looked at, by environment.
    :ivar unverified: what could not be looked at and why, a sentence each.
    """

    findings: tuple[Finding, ...]
    silenced: tuple[Silenced, ...]
    revisions: Mapping[str, int]
    unverified: tuple[str, ...] = ()

    @property
    def exit_code(self) -> int:
        """3 where something is an error, else 0."""
        return FOUND if any(each.level is Level.ERROR for each in self.findings) else 0
