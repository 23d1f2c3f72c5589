"""What the files up to some statement have made, as far as rules ask for it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeVar

from ...sqltext.acts import Command, Creation, Removal, Renaming
from ...sqltext.tokens import unquoted
from ...sqltext.words import Words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ...sqltext.acts import Act

KEYS = ("ORDER BY", "PRIMARY KEY", "PARTITION BY", "SAMPLE BY")
_SOURCES = frozenset(("FROM", "JOIN"))

T = TypeVar("T")


@dataclass(slots=True)
class Table:
    """A table or view.

    :ivar types: of columns that were added or changed since it was created; None for those that
        are gone.
    """

    creation: Creation
    types: dict[str, tuple[str, ...] | None] = field(default_factory=dict)

    def type_of(self, column: str) -> tuple[str, ...]:
        """The tokens of a column's type; none where it is not known."""
        if column in self.types:
            return self.types[column] or ()
        return next((each.type for each in self.creation.columns if each.name == column), ())

    def keys_with(self, column: str) -> Iterator[str]:
        """The keys that a column is in, each by its keyword."""
        for key in KEYS:
            if column in map(unquoted, self.creation.clauses.get(key, ())):
                yield key


class Schema:
    """Tables and views by name, and what the change that is being read has made so far.

    :param database: the one that a name without a database belongs to.
    """

    def __init__(self, database: str) -> None:
        self._prefix = f"{database}."
        self._tables: dict[str, Table] = {}
        self._views: dict[str, Creation] = {}
        self._made: set[str] = set()
        self._columns_made: set[tuple[str, str]] = set()

    def key(self, name: str) -> str:
        """One name for a thing, with or without its database."""
        return name.removeprefix(self._prefix)

    def table(self, name: str) -> Table | None:
        """The table or view of that name; None where no file has made it."""
        return self._tables.get(self.key(name))

    def is_new(self, name: str) -> bool:
        """Whether the change that is being read has made it."""
        return self.key(name) in self._made

    def is_new_column(self, table: str, column: str) -> bool:
        """Whether the change that is being read has made it, or its table."""
        name = self.key(table)
        return name in self._made or (name, column) in self._columns_made

    def readers(self, table: str) -> Iterator[Creation]:
        """The materialized views that get what is inserted into a table."""
        wanted = self.key(table)
        for view in self._views.values():
            if wanted in map(self.key, sources(view.query)):
                yield view

    def begin(self) -> None:
        """Go to the next change."""
        self._made.clear()
        self._columns_made.clear()

    def apply(self, act: Act) -> None:
        """Let one act have its effect."""
        if isinstance(act, Creation):
            self._create(act)
        elif isinstance(act, Removal):
            if act.verb != "TRUNCATE":
                self._remove(self.key(act.name))
        elif isinstance(act, Renaming):
            for old, new in act.pairs:
                self._rename(self.key(old), self.key(new), swaps=act.verb == "EXCHANGE")
        elif isinstance(act, Command):
            self._alter(act)

    def _create(self, act: Creation) -> None:
        name = self.key(act.name)
        if act.conditional and name in self._tables:
            return
        if name not in self._tables:
            self._made.add(name)
        self._tables[name] = Table(act)
        if act.kind == "MATERIALIZED VIEW":
            self._views[name] = act

    def _remove(self, name: str) -> None:
        self._tables.pop(name, None)
        self._views.pop(name, None)
        self._made.discard(name)

    def _rename(self, old: str, new: str, *, swaps: bool) -> None:
        _move(self._tables, old, new, swaps=swaps)
        _move(self._views, old, new, swaps=swaps)
        was_new, is_new = old in self._made, new in self._made
        self._made -= {old, new}
        if was_new:
            self._made.add(new)
        if swaps and is_new:
            self._made.add(old)

    def _alter(self, act: Command) -> None:
        if act.verb == "ADD COLUMN":
            self._columns_made.add((self.key(act.table), act.name))
        table = self.table(act.table)
        if table is None:
            return
        if act.verb in {"ADD COLUMN", "MODIFY COLUMN"}:
            declared = act.column
            if declared.type:
                table.types[act.name] = declared.type
        elif act.verb == "DROP COLUMN":
            table.types[act.name] = None
        elif act.verb == "RENAME COLUMN":
            table.types[act.new_name] = table.type_of(act.name)
            table.types[act.name] = None
        elif act.verb == "MODIFY QUERY" and self.key(act.table) in self._views:
            name = self.key(act.table)
            table.creation = self._views[name] = replace(self._views[name], query=act.rest)


def _move(held: dict[str, T], old: str, new: str, *, swaps: bool) -> None:
    moved, other = held.pop(old, None), held.pop(new, None)
    if moved is not None:
        held[new] = moved
    if swaps and other is not None:
        held[old] = other


def sources(query: tuple[str, ...]) -> Iterator[str]:
    """The tables that a query reads, wherever FROM or JOIN stands in it."""
    words = Words(list(query))
    while words.word:
        if words.word not in _SOURCES:
            words.next()
            continue
        words.next()
        name = "" if words.word == "(" else words.name()
        if name and words.word != "(":  # a bracket behind the name makes it a function
            yield name
