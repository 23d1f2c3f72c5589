"""Rules about what is lost for good: tables, columns, partitions, rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...model import Level
from ...sqltext.acts import Command, Creation, Removal, RowChange
from .registry import UPWARDS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ...sqltext.acts import Act
    from ..rule import Hit
    from .scene import Scene

_PARTITIONS = frozenset(
    (
        "DROP PARTITION",
        "DROP PART",
        "DROP DETACHED PARTITION",
        "DROP DETACHED PART",
        "REPLACE PARTITION",
    )
)
_ROWS = _PARTITIONS | {"DELETE"}
_COLUMNS = frozenset(("DROP COLUMN", "CLEAR COLUMN"))
# Their rows are somewhere else, or nowhere:
# https://clickhouse.com/docs/engines/table-engines/special and …/integrations
_WITHOUT_ROWS = frozenset(
    (
        "Buffer",
        "Dictionary",
        "Distributed",
        "Kafka",
        "Merge",
        "MongoDB",
        "MySQL",
        "NATS",
        "Null",
        "PostgreSQL",
        "RabbitMQ",
        "S3Queue",
        "URL",
    )
)
_LASTS = "nothing brings the rows back; where that is meant: -- migrate: allow {} because …"


def loses(scene: Scene[Act]) -> bool:
    """Whether an act destroys what an earlier change has made."""
    act, schema = scene.act, scene.schema
    if isinstance(act, Removal):
        return _holds_rows(act, scene) and not schema.is_new(act.name)
    if isinstance(act, Creation):
        return _replaces_rows(act, scene)
    if isinstance(act, Command):
        if act.verb in _COLUMNS:
            return not schema.is_new_column(act.table, act.name)
        return act.verb in _ROWS and not schema.is_new(act.table)
    return isinstance(act, RowChange) and act.verb == "DELETE" and not schema.is_new(act.table)


def _holds_rows(act: Removal, scene: Scene[Act]) -> bool:
    """Whether rows go with it, as far as the files tell."""
    if act.temporary or not act.permanently or act.kind not in _HOLDERS:
        return False
    known = scene.schema.table(act.name)
    if known is None or act.kind == "DATABASE":
        return act.kind in {"TABLE", "DATABASE"}
    made = known.creation
    if made.kind == "MATERIALIZED VIEW":
        return not made.target  # its rows are in a table of its own
    return made.kind == "TABLE" and made.engine not in _WITHOUT_ROWS


_HOLDERS = frozenset(("TABLE", "DATABASE", "VIEW", "MATERIALIZED VIEW"))


def _replaces_rows(act: Creation, scene: Scene[Act]) -> bool:
    known = scene.schema.table(act.name)
    return (
        act.replaces
        and act.kind == "TABLE"
        and not act.temporary
        and not scene.schema.is_new(act.name)
        and (known is None or known.creation.kind == "TABLE")
    )


@UPWARDS.rule(
    "CH003", Level.ERROR, "a table or database that goes with its rows", Removal, Creation
)
def drops_a_table(scene: Scene[Removal | Creation]) -> Iterator[Hit]:
    """A dropped table is gone, on every replica, and UNDROP works for minutes at most.

    https://clickhouse.com/docs/sql-reference/statements/undrop: within
    database_atomic_delay_before_drop_table_sec, 8 minutes, and not for every engine.  CREATE OR
    REPLACE TABLE drops too.  Views that write into a table of their own have rows; others don't.
    """
    act = scene.act
    if not loses(scene) or (isinstance(act, Removal) and act.verb == "TRUNCATE"):
        return
    if isinstance(act, Creation):
        words, verb = ("OR REPLACE", act.name), "replaces"
    else:
        words, verb = (act.verb, act.name), f"{act.verb.lower()}s"
    verb = {"drops": "drops", "detachs": "detaches for good"}.get(verb, verb)
    kind = act.kind.lower()
    yield scene.hit(words, f"{verb} {kind} {act.name} with its rows", _LASTS.format("CH003"))


@UPWARDS.rule("CH004", Level.ERROR, "a column that is dropped or cleared", Command)
def drops_a_column(scene: Scene[Command]) -> Iterator[Hit]:
    """The column's files are deleted from every part, and what still reads it fails.

    https://clickhouse.com/docs/sql-reference/statements/alter/column#drop-column
    """
    act = scene.act
    if act.verb in _COLUMNS and loses(scene):
        verb = "drops" if act.verb == "DROP COLUMN" else "clears"
        message = f"{verb} column {act.table}.{act.name}"
        hint = "first have nothing read it, then: -- migrate: allow CH004 because …"
        yield scene.hit((act.verb, act.name), message, hint)


@UPWARDS.rule("CH005", Level.ERROR, "a partition that is dropped or replaced", Command)
def drops_a_partition(scene: Scene[Command]) -> Iterator[Hit]:
    """The parts are deleted after some minutes; which rows were in them, no file tells.

    https://clickhouse.com/docs/sql-reference/statements/alter/partition#drop-partitionpart
    """
    act = scene.act
    if act.verb in _PARTITIONS and loses(scene):
        verb = "replaces" if act.verb.startswith("REPLACE") else "drops"
        message = f"{verb} a partition of {act.table}"
        yield scene.hit((act.verb,), message, _LASTS.format("CH005"))


@UPWARDS.rule("CH006", Level.ERROR, "a truncation", Removal)
def truncates(scene: Scene[Removal]) -> Iterator[Hit]:
    """Every row is gone, and a replica that is behind truncates when it has caught up.

    https://clickhouse.com/docs/sql-reference/statements/truncate
    """
    act = scene.act
    if act.verb == "TRUNCATE" and not act.temporary and not scene.schema.is_new(act.name):
        message = f"truncates {act.kind.lower()} {act.name}"
        yield scene.hit(("TRUNCATE", act.name), message, _LASTS.format("CH006"))


@UPWARDS.rule(
    "CH020",
    Level.WARNING,
    "something destroyed with other statements after it",
    Removal,
    Creation,
    Command,
    RowChange,
)
def destroys_before_the_end(scene: Scene[Act]) -> Iterator[Hit]:
    """ClickHouse has no transactions: a crash in between leaves neither the old nor the new.

    https://clickhouse.com/docs/guides/developer/transactional: only inserts into one partition are.
    Whatever comes after it can fail; what was destroyed can't be had back by the file's down.
    """
    if scene.is_followed and loses(scene):
        message = "what this destroys can't be had back if a statement after it fails"
        yield scene.hit((), message, "put it last, or into a revision of its own")
