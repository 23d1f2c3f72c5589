"""Rules about sorting, primary, partition and sampling keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...model import Level
from ...sqltext.acts import Command, Creation
from ...sqltext.tokens import unquoted
from ...sqltext.words import Words
from .registry import UPWARDS
from .schema import KEYS
from .types import enum_values, is_nullable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ..rule import Hit
    from .scene import Scene
    from .schema import Table

_CHANGES = frozenset(
    (
        "MODIFY ORDER BY",
        "MODIFY PRIMARY KEY",
        "MODIFY PARTITION BY",
        "MODIFY SAMPLE BY",
        "REMOVE SAMPLE BY",
    )
)
_COLUMNS = frozenset(("MODIFY COLUMN", "DROP COLUMN", "RENAME COLUMN"))
_NEVER_NULL = frozenset(("assumenotnull", "ifnull", "coalesce", "isnull", "isnotnull"))


@UPWARDS.rule("CH010", Level.WARNING, "a sorting, partition or sampling key that changes", Command)
def changes_a_key(scene: Scene[Command]) -> Iterator[Hit]:
    """Parts that are there keep their order, so a key can only grow by columns that are new.

    https://clickhouse.com/docs/sql-reference/statements/alter/order-by.  The partition key and the
    primary key can't be changed at all, and a column in a key can't be dropped, renamed or get
    another type (code 524, ALTER_OF_COLUMN_IS_FORBIDDEN), nor updated (code 420,
    CANNOT_UPDATE_COLUMN); a new table has to take its place.
    """
    act = scene.act
    if scene.schema.is_new(act.table):
        return
    hint = "make a new table, fill it, then: EXCHANGE TABLES"
    if act.verb in _CHANGES:
        message = f"changes a key of {act.table}: the parts that are there stay as they are"
        yield scene.hit((act.verb,), message, hint)
        return
    table = scene.schema.table(act.table)
    if table is None:
        return
    for name in _changed(act):
        key = next(table.keys_with(name), "")
        if key and not _leaves_the_type(act, table):
            message = f"{name} is in {key} of {act.table}: the server refuses to change it"
            yield scene.hit((act.verb, name), message, hint)


def _changed(act: Command) -> Iterator[str]:
    """The columns that a command changes."""
    if act.verb in _COLUMNS:
        yield act.name
    elif act.verb == "UPDATE":
        for assignment in Words(list(act.rest)).parts():
            name = assignment.name()
            if assignment.take("="):
                yield name


def _leaves_the_type(act: Command, table: Table) -> bool:
    """An Enum in a key may get more values."""
    if act.verb != "MODIFY COLUMN":
        return False
    old, new = table.type_of(act.name), act.column.type
    both_enums = enum_values(old) is not None and enum_values(new) is not None
    return not new or old == new or both_enums


@UPWARDS.rule("CH011", Level.WARNING, "a Nullable column in a key", Creation, Command)
def nullable_in_a_key(scene: Scene[Creation | Command]) -> Iterator[Hit]:
    """Refused unless allow_nullable_key is set, and slow and surprising where it is.

    https://clickhouse.com/docs/operations/settings/merge-tree-settings#allow_nullable_key: strongly
    discouraged; NULLs of all rows sort together, and the index can't tell them apart.
    """
    act = scene.act
    if isinstance(act, Creation):
        if not act.clauses or not {"NULLABLE", "NULL"} & {each.upper() for each in act.inside}:
            return
        columns = {each.name for each in act.columns if is_nullable(each.type)}
        parts = {key: act.clauses[key] for key in KEYS if key in act.clauses}
    elif act.verb in {"MODIFY ORDER BY", "MODIFY SAMPLE BY"}:
        table = scene.schema.table(act.table)
        names = set(map(unquoted, act.rest))
        columns = {n for n in names if table is not None and is_nullable(table.type_of(n))}
        parts = {act.verb: list(act.rest)}
    else:
        return
    for key, tokens in parts.items():
        for name in sorted(columns & set(_bare_names(tokens))):
            message = f"{name} is Nullable and in {key.removeprefix('MODIFY ')}"
            hint = "leave out Nullable, and let a value such as '' or 0 stand for nothing"
            yield scene.hit((key, name), message, hint)


def _bare_names(tokens: Iterable[str]) -> Iterator[str]:
    """The names in a key but for those in a function that never gives NULL."""
    words = Words(list(tokens))
    while words.word:
        if words.word.lower() in _NEVER_NULL:
            words.next()
            words.group()
        else:
            yield unquoted(words.next())
