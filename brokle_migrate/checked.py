"""What ``check`` has found."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from .model import Level, Location

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

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
class Since:
    """What a check was narrowed to.

    :ivar ref: the branch, tag or commit of ``--changed-since``.
    :ivar files: how many are new or edited since the current branch left it.
    """

    ref: str
    files: int


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """One step that was rehearsed; duration in seconds.

    :ivar action: upgrade or downgrade.
    """

    environment: str
    revision: str
    action: str
    duration: float


@dataclass(frozen=True, slots=True)
class Checked:
    """The result of a check.

    :ivar findings: in the order of files and lines.
    :ivar silenced: those that are allowed, which count for nothing.
    :ivar revisions: how many were looked at, by environment.
    :ivar unverified: what could not be looked at and why, a sentence each.
    :ivar since: None where every file counts.
    :ivar root: of the repository, which machines want paths to be relative to.
    :ivar live: the live databases that were compared with what their history makes; None where
        none was to be.
    :ivar missed: whether a rehearsal was asked for and could not begin.
    :ivar rehearsed: the steps that were run on engines of their own; None without a rehearsal.
    """

    findings: tuple[Finding, ...]
    silenced: tuple[Silenced, ...]
    revisions: Mapping[str, int]
    unverified: tuple[str, ...] = ()
    since: Since | None = None
    root: Path = Path()
    rehearsed: tuple[Rehearsed, ...] | None = None
    live: tuple[str, ...] | None = None
    missed: bool = False

    @property
    def incomplete(self) -> bool:
        """Whether something was to be rehearsed or compared, and was not."""
        return self.missed or (self.live is not None and len(self.live) < len(self.revisions))

    def each(self, hide: Callable[[str], str]) -> Checked:
        """The same with what files and their names say hidden."""
        return replace(
            self,
            findings=tuple(_hidden(each, hide) for each in self.findings),
            silenced=tuple(
                Silenced(_hidden(each.finding, hide), hide(each.reason)) for each in self.silenced
            ),
            unverified=tuple(map(hide, self.unverified)),
        )

    @property
    def exit_code(self) -> int:
        """3 where something is an error, or was not done though it was asked for, else 0."""
        errors = any(each.level is Level.ERROR for each in self.findings)
        return FOUND if errors or self.incomplete else 0


def _hidden(finding: Finding, hide: Callable[[str], str]) -> Finding:
    place = finding.location
    if place is not None:
        place = Location(Path(hide(str(place.path))), place.line, place.column)
    return replace(finding, message=hide(finding.message), hint=hide(finding.hint), location=place)
