"""What taking over would do, before anything is done."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from ..environments.old_record import OldRecord
    from .revisions import NewFile


@dataclass(frozen=True, slots=True)
class Takeover:
    """One database.

    :ivar label: the database, without user or password.
    :ivar directory: where golang-migrate's files are, and stay.
    :ivar versions: every version that there are files for, oldest first.
    :ivar old: what golang-migrate's table says; None where there is none.
    :ivar record: the version that will be recorded with all before it; None for nothing.
    :ivar rename: a table and its new name; None where it keeps its own.
    :ivar adopted: whether our own record has golang-migrate's version already.
    """

    environment: str
    label: str
    directory: Path
    versions: tuple[int, ...]
    old: OldRecord | None
    record: str | None = None
    rename: tuple[str, str] | None = None
    adopted: bool = False

    @property
    def applied(self) -> int:
        """How many of the versions golang-migrate has applied."""
        newest = self.old.version if self.old is not None else None
        return 0 if newest is None else sum(version <= newest for version in self.versions)


@dataclass(frozen=True, slots=True)
class Adoption:
    """All of it.

    :ivar table: golang-migrate's version table.
    :ivar databases: Postgres before ClickHouse.
    :ivar files: what is to be written, in this order.
    """

    table: str
    databases: tuple[Takeover, ...]
    files: tuple[NewFile, ...]

    @property
    def records(self) -> dict[str, str]:
        """The version to record, by environment."""
        return {each.environment: each.record for each in self.databases if each.record}

    @property
    def is_done(self) -> bool:
        """Whether there is nothing left to do."""
        return not self.files and not self.records and not any(d.rename for d in self.databases)
