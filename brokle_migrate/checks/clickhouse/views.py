"""Rules about views and about names that applications use."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...model import Level
from ...sqltext.acts import Command, Creation, Removal, Renaming
from .registry import CHANGES, UPWARDS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..rule import Hit
    from .scene import Change, Scene

_GAP = "rows that are inserted in between never reach the view's table"


@CHANGES.rule("CH013", Level.WARNING, "a materialized view that is dropped and created again")
def recreates_a_view(change: Change) -> Iterator[Hit]:
    """A materialized view sees what is inserted while it is there, and nothing else.

    https://clickhouse.com/docs/sql-reference/statements/create/view#materialized-view; ALTER TABLE
    … MODIFY QUERY changes it in place:
    https://clickhouse.com/docs/sql-reference/statements/alter/view
    """
    for index, scene in enumerate(change.ups):
        act = scene.act
        if isinstance(act, Creation) and act.replaces and act.kind == "MATERIALIZED VIEW":
            yield scene.hit(("OR REPLACE", act.name), f"replaces {act.name}: {_GAP}", _hint(act))
        if isinstance(act, Removal) and act.verb != "TRUNCATE":
            again = _created_again(change, act, index)
            if again is not None:
                message = f"{act.name} is created again below: {_GAP}"
                yield scene.hit((act.verb, act.name), message, _hint(again))


def _created_again(change: Change, act: Removal, index: int) -> Creation | None:
    wanted = change.schema.key(act.name)
    for scene in change.ups[index + 1 :]:
        later = scene.act
        if not isinstance(later, Creation) or later.kind != "MATERIALIZED VIEW":
            continue
        if change.schema.key(later.name) == wanted:
            return later
    return None


def _hint(view: Creation) -> str:
    return f"ALTER TABLE {view.name} MODIFY QUERY … changes the view in place"


@UPWARDS.rule("CH014", Level.WARNING, "POPULATE", Creation)
def populates(scene: Scene[Creation]) -> Iterator[Hit]:
    """What is inserted while the view is filled is not in it.

    https://clickhouse.com/docs/sql-reference/statements/create/view#materialized-view says so, and
    that it is not recommended.
    """
    if scene.act.populates:
        message = f"rows that are inserted while {scene.act.name} is filled are not in it"
        hint = "create the view for rows from some time on, then INSERT … SELECT the older ones"
        yield scene.hit(("POPULATE",), message, hint)


@UPWARDS.rule("CH015", Level.WARNING, "something in use that gets another name", Renaming, Command)
def renames(scene: Scene[Renaming | Command]) -> Iterator[Hit]:
    """What runs while the name changes fails, on one name before and on the other one after.

    https://clickhouse.com/docs/sql-reference/statements/rename: several tables are not renamed at
    once; https://clickhouse.com/docs/sql-reference/statements/exchange does that for two.
    """
    act = scene.act
    if isinstance(act, Command):
        old = f"{act.table}.{act.name}"
        is_new = scene.schema.is_new_column(act.table, act.name)
        if act.verb == "RENAME COLUMN" and not is_new:
            hint = "add a column of the new name, fill both, and drop the old one later"
            yield scene.hit((act.verb, act.name), _in_use(old), hint)
    elif act.verb == "RENAME":
        for old, _ in act.pairs:
            if not scene.schema.is_new(old):
                instead = next((first for first, second in act.pairs if second == old), "")
                hint = f"EXCHANGE TABLES {old} AND {instead} swaps the two at once"
                if not instead:
                    hint = "keep the old name until nothing uses it: a view can have it"
                yield scene.hit(("RENAME", old), _in_use(old), hint)


def _in_use(name: str) -> str:
    return f"whatever uses {name} when this runs fails"
