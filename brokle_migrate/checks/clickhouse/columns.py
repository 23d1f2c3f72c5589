"""Rules about columns: their types, their values, who reads them."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from ...model import Level
from ...sqltext.acts import Command
from ...sqltext.tokens import unquoted
from .registry import CHANGES, UPWARDS
from .types import enum_values, narrows

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ..rule import Hit
    from .scene import Change, Scene

_BEFORE_A_STAR = frozenset(("SELECT", "DISTINCT", ",", "."))


@UPWARDS.rule("CH008", Level.ERROR, "a type that gets narrower", Command)
def narrows_a_type(scene: Scene[Command]) -> Iterator[Hit]:
    """Values that don't fit are cut off without a word, or stop the mutation half-way.

    The column is converted as by CAST, which wraps whole numbers around and truncates:
    https://clickhouse.com/docs/sql-reference/functions/type-conversion-functions.  The conversion
    is a mutation, which retries for ever where a value can't be converted.
    """
    old, new = _types(scene)
    if old and new and narrows(old, new):
        act = scene.act
        message = f"{act.table}.{act.name} goes from {_shown(old)} to {_shown(new)}"
        hint = "add a column of the new type, copy what fits, and have it read instead"
        yield scene.hit((act.verb, act.name), message, hint)


@UPWARDS.rule("CH009", Level.ERROR, "a value that an Enum loses", Command)
def removes_an_enum_value(scene: Scene[Command]) -> Iterator[Hit]:
    """Rows that have the value can't be read any more, or the server refuses.

    https://clickhouse.com/docs/sql-reference/data-types/enum: a part keeps the number; one without
    a name fails the queries that meet it, and a number with another name changes what rows say.
    """
    old, new = (enum_values(each) if each else None for each in _types(scene))
    if old is None or new is None:
        return
    lost = [name for name, number in old.items() if new.get(name) != number]
    if lost:
        act = scene.act
        values = ", ".join(f"'{name}'" for name in lost)
        verb = "loses or renumbers" if any(name in new for name in lost) else "loses"
        message = f"{act.table}.{act.name} {verb} {values}"
        hint = "first give such rows another value; leave the number of every other one"
        yield scene.hit((act.verb, act.name), message, hint)


def _types(scene: Scene[Command]) -> tuple[Sequence[str], Sequence[str]]:
    """The old and the new type of a column of an older table; empty where they aren't known."""
    act = scene.act
    if act.verb != "MODIFY COLUMN" or scene.schema.is_new(act.table):
        return (), ()
    table = scene.schema.table(act.table)
    return (table.type_of(act.name) if table is not None else ()), act.column.type


def _shown(type_: Sequence[str]) -> str:
    return "".join(", " if token == "," else token for token in type_)


@CHANGES.rule("CH012", Level.WARNING, "a column without a default that a materialized view reads")
def column_without_default(change: Change) -> Iterator[Hit]:
    """Rows without the column give the view '' or 0, which it counts as if they were values.

    https://clickhouse.com/docs/sql-reference/statements/alter/column#add-column: old parts and old
    clients get the type's default.  A view that selects * passes the column on to its target too.
    """
    for scene in change.ups:
        act = scene.act
        if not isinstance(act, Command) or act.verb != "ADD COLUMN":
            continue
        if change.schema.is_new(act.table) or act.column.has_default:
            continue
        for view in change.schema.readers(act.table):
            if _reads(view.query, act.name):
                message = f"the view {view.name} reads {act.table}.{act.name}, without a default"
                hint = f"write ADD COLUMN {act.name} … DEFAULT …"
                yield scene.hit((act.verb, act.name), message, hint)


def _reads(query: Sequence[str], column: str) -> bool:
    if column in map(unquoted, query):
        return True
    return any(
        token == "*" and before.upper() in _BEFORE_A_STAR for before, token in pairwise(query)
    )
