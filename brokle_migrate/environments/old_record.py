"""What golang-migrate's version table says, in either database."""

from __future__ import annotations

from dataclasses import dataclass

DEFAULT_TABLE = "schema_migrations"
COLUMNS = {"version", "dirty"}
NOTHING = -1  # golang-migrate's version for a database at its base


@dataclass(frozen=True, slots=True)
class OldRecord:
    """One version table.

    :ivar version: None where nothing is applied.
    :ivar dirty: whether a step was begun and not finished; the version is then its destination.
    """

    table: str
    version: int | None
    dirty: bool

    def __str__(self) -> str:
        return f"{self.table}: version {self.version}{', dirty' if self.dirty else ''}"

    @property
    def says_something(self) -> bool:
        """Whether golang-migrate has migrated here, or tried to."""
        return self.version is not None or self.dirty


def record(table: str, version: int | None, dirty: bool) -> OldRecord:
    """A row as a value; no row, or version -1, means that nothing is applied."""
    return OldRecord(table, None if version in {None, NOTHING} else version, dirty)
