"""Rules about statements that work long, on what is already there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...model import Level
from ...sqltext.acts import Command, Creation, Insertion, Optimization, Removal, RowChange
from ...sqltext.words import Words
from .registry import UPWARDS
from .schema import sources

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ..rule import Hit
    from .scene import Scene

_MUTATIONS = frozenset(
    (
        "UPDATE",
        "DELETE",
        "MATERIALIZE COLUMN",
        "MATERIALIZE INDEX",
        "MATERIALIZE PROJECTION",
        "MATERIALIZE STATISTICS",
        "APPLY DELETED MASK",
        "APPLY PATCHES",
        "REWRITE PARTS",
    )
)
_BOUNDS = frozenset(("WHERE", "PREWHERE", "LIMIT", "SAMPLE"))
_SMALL = frozenset(("numbers", "zeros", "values", "format", "null", "one", "input", "view"))
_TTL_LATER = "materialize_ttl_after_modify"


@UPWARDS.rule("CH007", Level.WARNING, "a mutation of an older table", Command, RowChange)
def mutates(scene: Scene[Command | RowChange]) -> Iterator[Hit]:
    """A mutation rewrites the parts that it touches, of any size, beside the load.

    https://clickhouse.com/docs/sql-reference/statements/alter#mutations: not atomic, never rolled
    back, and it goes on after whoever started it has gone.
    """
    act = scene.act
    if scene.schema.is_new(act.table):
        return
    if isinstance(act, RowChange) or act.verb in _MUTATIONS:
        message = f"{act.verb} rewrites parts of {act.table}, which an older change has made"
        hint = "say how many rows that is with: -- migrate: allow CH007 because …"
        yield scene.hit((act.verb,), message, hint)


@UPWARDS.rule("CH024", Level.WARNING, "INSERT … SELECT without a bound", Insertion, Creation)
def inserts_without_bound(scene: Scene[Insertion | Creation]) -> Iterator[Hit]:
    """A whole table is read and written in one statement, which can't go on where it stopped.

    https://clickhouse.com/docs/sql-reference/statements/insert-into#inserting-the-results-of-select:
    an INSERT of many blocks is not atomic, so that a crash leaves some of the rows, and running it
    again doubles them.
    """
    act = scene.act
    if isinstance(act, Creation) and (act.is_view or act.kind != "TABLE"):
        return
    words = [token.upper() for token in act.query]
    if "SELECT" not in words or not _BOUNDS.isdisjoint(words):
        return
    large = next(_large_sources(scene, act.query), "")
    if large:
        message = f"every row of {large} is read and written in one statement"
        hint = "add WHERE over a partition or a time, a statement for each"
        first = "INSERT" if isinstance(act, Insertion) else "CREATE"
        yield scene.hit((first, "FROM", large), message, hint)


def _large_sources(scene: Scene[Insertion | Creation], query: Sequence[str]) -> Iterator[str]:
    """Tables of older changes, and functions that read from elsewhere."""
    for name in sources(tuple(query)):
        if not scene.schema.is_new(name) and not name.startswith("system."):
            yield name
    words = Words(list(query))
    while words.seek("FROM"):
        name = words.name()
        if words.word == "(" and name and name.removesuffix("_mt") not in _SMALL:
            yield name


@UPWARDS.rule("CH025", Level.WARNING, "a TTL whose change rewrites parts", Command)
def rewrites_for_a_ttl(scene: Scene[Command]) -> Iterator[Hit]:
    """By default the new rule is worked out for every part that is there, as a mutation.

    https://clickhouse.com/docs/operations/settings/settings#materialize_ttl_after_modify: with 0 it
    holds for new parts, and for old ones once they are merged.
    """
    act = scene.act
    settings = scene.statement.settings
    if scene.schema.is_new(act.table) or not _changes_a_ttl(act):
        return
    later = settings.get(_TTL_LATER) == "0" or _is_later(act.settings)
    if act.verb == "MATERIALIZE TTL" or not later:
        message = f"every part of {act.table} is rewritten for the new TTL, and old rows go"
        hint = f"write above it: -- migrate: settings {_TTL_LATER}=0"
        yield scene.hit((act.verb.rpartition(" ")[0], "TTL"), message, hint)


def _is_later(settings: Sequence[str]) -> bool:
    words = Words(list(settings))
    return words.seek(f"{_TTL_LATER.upper()} =") and words.word in {"0", "FALSE"}


def _changes_a_ttl(act: Command) -> bool:
    if act.verb in {"MODIFY TTL", "MATERIALIZE TTL"}:
        return True
    words = [token.upper() for token in act.rest]
    return act.verb == "MODIFY COLUMN" and "TTL" in words and "REMOVE" not in words


@UPWARDS.rule("CH027", Level.WARNING, "OPTIMIZE … FINAL", Optimization)
def optimizes(scene: Scene[Optimization]) -> Iterator[Hit]:
    """Everything is rewritten into one part for each partition, whatever its size.

    https://clickhouse.com/docs/sql-reference/statements/optimize
    """
    act = scene.act
    if act.final and not scene.schema.is_new(act.table):
        message = f"every part of {act.table} is rewritten"
        yield scene.hit(("FINAL",), message, "leave it to merges, or name one PARTITION")


@UPWARDS.rule("CH028", Level.WARNING, "a DETACH that a restart takes back", Removal)
def detaches(scene: Scene[Removal]) -> Iterator[Hit]:
    """Without PERMANENTLY the server attaches it again when it starts.

    https://clickhouse.com/docs/sql-reference/statements/detach
    """
    act = scene.act
    if act.verb == "DETACH" and not act.permanently:
        message = f"{act.name} is back when the server starts again"
        yield scene.hit(("DETACH", act.name), message, "write PERMANENTLY behind it, or DROP it")
