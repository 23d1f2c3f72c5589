"""What golang-migrate's version table says, in either database."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..schemas import Key, Schema

DEFAULT_TABLE = "schema_migrations"
COLUMNS = {"version", "dirty"}
_ALL_COLUMNS = (COLUMNS, {*COLUMNS, "sequence"})  # Postgres, ClickHouse
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


def without_old_record(schema: Schema, made: Schema) -> Schema:
    """A schema without golang-migrate's table, which an adoption keeps and no revision makes.

    It is known by its columns: the name was the team's to choose.

    :param made: what the revisions make; a table in there is one of theirs.
    """
    columns: dict[str, set[str]] = {}
    for kind, name in schema:
        if kind == "column":
            table, _, column = name.rpartition(".")
            columns.setdefault(table, set()).add(column)
    old = {
        table
        for table, names in columns.items()
        if names in _ALL_COLUMNS and not any(("column", f"{table}.{n}") in made for n in names)
    }
    return {key: each for key, each in schema.items() if not _belongs(key, each.parent, old)}


def _belongs(key: Key, parent: Key | None, tables: set[str]) -> bool:
    kind, name = parent or key
    if kind == "column":  # all that an old server tells: of a table that is not there itself
        name = name.rpartition(".")[0]
    return kind in {"table", "column"} and name in tables
