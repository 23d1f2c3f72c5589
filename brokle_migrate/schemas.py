"""Schemas as comparable values, and what differs between two of them.  Pure."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

_AROUND = 1  # lines that are shown before and after one that differs

Key = tuple[str, str]
"""Kind and name of an object."""


@dataclass(frozen=True, slots=True)
class SchemaObject:
    """Something that a schema is made of.

    :ivar kind: such as table, column, index, view.
    :ivar name: unique among its kind; a column's is ``table.column``.
    :ivar definition: everything that is compared, over one line or more.
    :ivar parent: what it comes and goes with; None where it stands for itself.
    """

    kind: str
    name: str
    definition: str
    parent: Key | None = None

    @property
    def key(self) -> Key:
        """What it is found by."""
        return self.kind, self.name


Schema = dict[Key, SchemaObject]
"""Every object of a database by kind and name."""


def schema_of(objects: Iterable[SchemaObject]) -> Schema:
    """The objects by their keys."""
    return {each.key: each for each in objects}


@dataclass(frozen=True, slots=True)
class Difference:
    """An object that is not the same in two schemas.

    :ivar wanted: its definition in the schema that is right; None where that has no such object.
    :ivar found: its definition in the other one; likewise.
    """

    kind: str
    name: str
    wanted: str | None
    found: str | None

    @property
    def summary(self) -> str:
        """``table users is missing``."""
        if self.found is None:
            return f"{self.kind} {self.name} is missing"
        if self.wanted is None:
            return f"{self.kind} {self.name} should not be there"
        return f"{self.kind} {self.name} differs"

    @property
    def lines(self) -> tuple[str, ...]:
        """``-`` and what should be there, ``+`` and what is; nothing where one of both is."""
        if self.wanted is None or self.found is None:
            return ()
        before, after = self.wanted.splitlines(), self.found.splitlines()
        compared = difflib.unified_diff(before, after, n=_AROUND, lineterm="")
        return tuple(line for line in compared if not line.startswith(("---", "+++", "@@")))

    def __str__(self) -> str:
        return "\n".join((self.summary, *(f"  {line}" for line in self.lines)))


def differences(
    wanted: Mapping[Key, SchemaObject], found: Mapping[Key, SchemaObject]
) -> tuple[Difference, ...]:
    """What differs, in the order of kinds and names.

    Of an object that is missing, or should not be there, nothing that belongs to it is named.
    """
    changed = [key for key in wanted.keys() | found.keys() if _differs(key, wanted, found)]
    return tuple(
        Difference(*key, _text(wanted.get(key)), _text(found.get(key)))
        for key in sorted(changed)
        if not _goes_with_parent(key, wanted, found)
    )


def _differs(
    key: Key, wanted: Mapping[Key, SchemaObject], found: Mapping[Key, SchemaObject]
) -> bool:
    return _text(wanted.get(key)) != _text(found.get(key))


def _text(each: SchemaObject | None) -> str | None:
    return None if each is None else each.definition


def _goes_with_parent(
    key: Key, wanted: Mapping[Key, SchemaObject], found: Mapping[Key, SchemaObject]
) -> bool:
    """Whether the object is there once, and so is what it belongs to."""
    if key in wanted and key in found:
        return False
    parent = (wanted.get(key) or found[key]).parent
    return parent is not None and (parent in wanted) is not (parent in found)


def told(found: Iterable[Difference]) -> Iterator[str]:
    """Each difference on lines of its own, indented."""
    for each in found:
        yield from (f"  {line}" for line in str(each).splitlines())
