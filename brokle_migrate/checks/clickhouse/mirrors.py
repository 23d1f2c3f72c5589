"""Rules about a pair: whether the way down leads back to where the way up began."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...model import Level
from ...sqltext.acts import Command, Creation, Insertion, Removal, Renaming, RowChange
from .losing import loses
from .registry import CHANGES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ...sqltext.acts import Act
    from ..rule import Hit
    from .scene import Change, Scene
    from .schema import Schema

_PARTS = ("COLUMN", "INDEX", "PROJECTION", "CONSTRAINT", "STATISTICS")
_OPPOSITES = {
    **{f"ADD {part}": (f"DROP {part}", f"RENAME {part}") for part in _PARTS},
    **{f"DROP {part}": (f"ADD {part}",) for part in _PARTS},
    "MODIFY COLUMN": ("MODIFY COLUMN", "DROP COLUMN", "RENAME COLUMN"),
    "RENAME COLUMN": ("RENAME COLUMN", "DROP COLUMN"),
    "MODIFY ORDER BY": ("MODIFY ORDER BY",),
    "MODIFY TTL": ("MODIFY TTL", "REMOVE TTL"),
    "REMOVE TTL": ("MODIFY TTL",),
    "MODIFY SETTING": ("MODIFY SETTING", "RESET SETTING"),
    "RESET SETTING": ("MODIFY SETTING",),
    "MODIFY QUERY": ("MODIFY QUERY",),
}


@dataclass(frozen=True, slots=True)
class Touched:
    """What a file does something to.

    :ivar wholes: tables, views and so on that it makes, removes, renames or swaps.
    :ivar commands: table, verb, and name of each ALTER; the new name of what it renames, too.
    :ivar filled: tables that it inserts into.
    """

    wholes: frozenset[str]
    commands: frozenset[tuple[str, str, str]]
    filled: frozenset[str]


@CHANGES.rule("CH021", Level.WARNING, "a down that does not mirror its up")
def does_not_mirror(change: Change) -> Iterator[Hit]:
    """After a down and an up the second up meets what the first one left, and fails or differs.

    The server takes back nothing by itself: there are no transactions over statements
    (https://clickhouse.com/docs/guides/developer/transactional).  Rows are not judged, and a down
    that says that it is irreversible is not either.
    """
    if change.is_irreversible:
        return
    touched = _touched(change.downs, change.schema)
    made: set[str] = set()
    for scene in change.ups:
        if _is_of_this_file(scene.act, made):
            continue
        words = _left(scene.act, touched, change.schema)
        if words:
            message = f"the down file takes nothing back of this: {' '.join(words)}"
            hint = "add what undoes it to the down file, or: -- migrate: irreversible, with why"
            yield scene.hit(words, message, hint)


def _is_of_this_file(act: Act, made: set[str]) -> bool:
    """Whether an act removes what one before it in its file has made; notes what this one makes.

    :param made: names so far.
    """
    if isinstance(act, Creation) and not act.replaces:
        made.add(act.name)
    return isinstance(act, Removal) and act.name in made


def _left(act: Act, down: Touched, schema: Schema) -> tuple[str, ...]:
    """The words of an act that is still there after the down; none where it is not."""
    if isinstance(act, Creation):
        wanted = schema.is_new(act.name) or act.replaces
        found = schema.key(act.name) in down.wholes or act.temporary
        return () if found or not wanted else (act.kind, act.name)
    if isinstance(act, Renaming):
        return _left_of_names(act, down, schema)
    if isinstance(act, Removal):
        stays = act.verb == "TRUNCATE" or act.temporary
        is_back = schema.table(act.name) is not None or schema.key(act.name) in down.wholes
        return () if stays or is_back else (act.verb, act.kind, act.name)
    return _left_of_command(act, down, schema) if isinstance(act, Command) else ()


def _left_of_names(act: Renaming, down: Touched, schema: Schema) -> tuple[str, ...]:
    for old, new in act.pairs:
        made = schema.is_new(old) or schema.is_new(new)
        if not made and not {schema.key(old), schema.key(new)} & down.wholes:
            return (act.verb, old)
    return ()


def _left_of_command(act: Command, down: Touched, schema: Schema) -> tuple[str, ...]:
    table = schema.key(act.table)
    opposites = _OPPOSITES.get(act.verb)
    if opposites is None or schema.is_new(act.table) or table in down.wholes:
        return ()
    name = act.new_name or act.name
    if any((table, verb, name) in down.commands for verb in opposites):
        return ()
    if act.verb == "MODIFY COLUMN" and schema.is_new_column(act.table, act.name):
        return ()
    return (act.verb, act.name) if act.name else (act.verb,)


@CHANGES.rule("CH022", Level.ERROR, "a down that destroys what its up did not make")
def destroys_more(change: Change) -> Iterator[Hit]:
    """What an older change has made, and its rows, would be gone after taking back this one.

    Nothing brings it back: https://clickhouse.com/docs/sql-reference/statements/drop.
    """
    touched = _touched(change.ups, change.schema)
    made: set[str] = set()
    for scene in change.downs:
        act = scene.act
        is_its_own = _is_of_this_file(act, made)
        if is_its_own or not loses(scene) or _is_of_the_up(act, touched, change.schema):
            continue
        if isinstance(act, Command):
            words = (act.verb, act.name) if act.name else (act.verb,)
            what = f"{act.table}.{act.name}" if act.name else act.table
        else:
            what = act.name if isinstance(act, Removal | Creation) else _table(act)
            words = (what,)
        message = f"the up file did not make {what}, whose rows this destroys"
        yield scene.hit(words, message, "take back what the up does, and nothing more")


def _table(act: Act) -> str:
    return act.table if isinstance(act, RowChange | Insertion) else ""


def _is_of_the_up(act: Act, up: Touched, schema: Schema) -> bool:
    if isinstance(act, Removal | Creation):
        return schema.key(act.name) in up.wholes
    table = schema.key(act.table if isinstance(act, Command) else _table(act))
    if table in up.wholes:
        return True
    if isinstance(act, Command) and act.name:
        return any(each[0] == table and each[2] == act.name for each in up.commands)
    return table in up.filled or any(
        each[0] == table and "PART" in each[1] and "COLUMN" not in each[1] for each in up.commands
    )


def _touched(scenes: Iterable[Scene[Act]], schema: Schema) -> Touched:
    wholes: set[str] = set()
    commands: set[tuple[str, str, str]] = set()
    filled: set[str] = set()
    for scene in scenes:
        act = scene.act
        if isinstance(act, Creation | Removal):
            wholes.add(schema.key(act.name))
        elif isinstance(act, Renaming):
            wholes |= {schema.key(name) for pair in act.pairs for name in pair}
        elif isinstance(act, Command):
            table = schema.key(act.table)
            commands |= {(table, act.verb, each) for each in (act.name, act.new_name)}
        elif isinstance(act, Insertion):
            filled.add(schema.key(act.table))
    return Touched(frozenset(wholes), frozenset(commands), frozenset(filled))
