"""What a ClickHouse database holds, in the order in which it can be dropped."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .base import LOCK, DatabaseObject, TableSize
from .clickhouse_lease import lock_table
from .drivers import ServerError

if TYPE_CHECKING:
    from .drivers import Driver, Row

_TABLES = """
SELECT name, engine FROM system.tables
WHERE database = currentDatabase() AND name NOT LIKE '.inner%' ORDER BY name
"""
_SIZES = """
SELECT name, sum(row_count), sum(byte_count) FROM (
    SELECT table AS name, rows AS row_count, bytes_on_disk AS byte_count FROM system.parts
    WHERE database = currentDatabase() AND active
    UNION ALL
    SELECT name, toUInt64(0) AS row_count, toUInt64(0) AS byte_count FROM system.tables
    WHERE database = currentDatabase() AND engine LIKE '%MergeTree'
) GROUP BY name
"""
# What reads from others goes before what it reads from; the ledger goes nearly last, so that an
# interrupted drop still knows what was applied, and the lock after everything that it guards.
BOOKKEEPING = ("ledger", LOCK)
_ORDER = (
    "materialized view",
    "view",
    "dictionary",
    "distributed table",
    "table",
    *BOOKKEEPING,
)


def inventory(driver: Driver, ledger: str, everywhere: str = "") -> tuple[DatabaseObject, ...]:
    """Everything in the current database.

    :param ledger: the name of the ledger table.
    :param everywhere: what makes a statement run on every server of a cluster.
    """
    try:
        rows = {size.name: size.rows for size in sizes(driver)}
    except ServerError:  # who may not count may still drop
        rows = {}
    found = [_object(row, rows, ledger, everywhere) for row in driver.query(_TABLES)]
    return tuple(sorted(found, key=lambda item: (_ORDER.index(item.kind), item.name)))


def sizes(driver: Driver) -> tuple[TableSize, ...]:
    """How big the tables of the current database are, without those whose engine has no parts."""
    return tuple(
        TableSize(table, int(rows), int(size)) for table, rows, size in driver.query(_SIZES)
    )


def _object(row: Row, rows: dict[str, int], ledger: str, everywhere: str) -> DatabaseObject:
    name, engine = row
    kind = {ledger: "ledger", lock_table(ledger): LOCK}.get(name) or kind_of(engine)
    # Every version drops a view as a table; 18.16 has no DROP VIEW.
    word = "DICTIONARY" if kind == "dictionary" else "TABLE"
    escaped = name.replace("\\", "\\\\").replace("`", "\\`")
    counted = rows.get(name, 0) if kind in {"table", *BOOKKEEPING} else None
    return DatabaseObject(kind, name, counted, f"DROP {word} IF EXISTS `{escaped}`{everywhere}")


def kind_of(engine: str) -> str:
    """The kind of an object by its table engine."""
    if engine == "MaterializedView":
        return "materialized view"
    if engine in {"View", "LiveView", "WindowView"}:
        return "view"
    if engine == "Dictionary":
        return "dictionary"
    return "distributed table" if engine in {"Distributed", "Merge", "Buffer"} else "table"
