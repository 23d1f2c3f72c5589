"""The schema of a ClickHouse database, object by object, as the server itself writes it.

Two databases are compared by it, so what only says where a table lives is left out: the name of the
database, and the path and replica of a replicated table.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ..schemas import SchemaObject, schema_of
from .clickhouse_objects import kind_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from ..schemas import Schema
    from .drivers import Driver

_CREATED = """
SELECT name, engine, formatQuery(create_table_query) FROM system.tables
WHERE database = currentDatabase() AND NOT is_temporary AND name NOT LIKE '.inner%'
"""
_COLUMNS = """
SELECT table, name, type, default_kind, default_expression, comment FROM system.columns
WHERE database = currentDatabase() AND table NOT LIKE '.inner%'
"""
_CAN_FORMAT = "SELECT count() FROM system.functions WHERE name = 'formatQuery'"
_WHAT = re.compile(r"(?P<column>`(?:[^`\\]|\\.|``)+`)|(?P<word>INDEX|CONSTRAINT|PROJECTION) (\S+)")
_REPLICATED = re.compile(r"\b(?:Replicated|Shared)(\w*MergeTree)(?:\('[^']*', '[^']*'(?:, )?)?")
_EMPTY = re.compile(r"(MergeTree)\(\)")
_OUTSIDE = "\n)\n"


def can_format(driver: Driver) -> bool:
    """Whether the server writes statements anew: from 23.10 on, not in 18.16."""
    ((count,),) = driver.query(_CAN_FORMAT)
    return count != "0"


def read(driver: Driver, without: Collection[str]) -> Schema:
    """Everything in the current database, from a server that can format a query.

    :param without: names of tables that don't count.
    :raises ServerError: the server refused to answer.
    """
    ((database,),) = driver.query("SELECT currentDatabase()")
    return schema_of(
        part
        for name, engine, text in driver.query(_CREATED)
        if name not in without
        for part in parts(kind_of(engine), name, placeless(text, database))
    )


def read_columns(driver: Driver, without: Collection[str]) -> Schema:
    """The columns alone, which every server tells in the same way.

    :param without: names of tables that don't count.
    :raises ServerError: the server refused to answer.
    """
    return schema_of(
        SchemaObject("column", f"{table}.{name}", _column(*definition))
        for table, name, *definition in driver.query(_COLUMNS)
        if table not in without
    )


def _column(type_: str, kind: str, default: str, comment: str) -> str:
    return " ".join(filter(None, (type_, kind, default, comment and f"COMMENT {comment!r}")))


def placeless(text: str, database: str) -> str:
    """A statement without what says where its table lives."""
    names = "|".join(map(re.escape, (database, f"`{database}`")))
    text = re.sub(rf"(?<![\w.`'])(?:{names})\.", "", text)
    return unreplicated(text)


def unreplicated(text: str) -> str:
    """A statement for a server that is in no cluster."""
    text = _REPLICATED.sub(lambda found: found[1] + ("(" if found[0].count("(") else ""), text)
    return _EMPTY.sub(r"\1", text)


def parts(kind: str, name: str, text: str) -> Iterator[SchemaObject]:
    """An object, and what it is made of, from its formatted statement.

    :param text: one entry on a line of its own, indented by four spaces, between lines that hold a
        bracket only: so the server writes it.
    """
    body = _body(text) if kind in {"table", "distributed table"} else None
    if body is None:
        yield SchemaObject(kind, name, text)
        return
    start, end = body
    entries = list(_entries(text[start:end]))
    order = [what for what, _ in entries if what.startswith("`")]
    outside = text[:start].rstrip("(\n") + text[end + len(_OUTSIDE) - 1 :]
    yield SchemaObject(kind, name, "\n".join((outside, f"columns: {', '.join(order)}")))
    for what, entry in entries:
        found = _WHAT.match(entry)
        part = (found["word"] or "column").lower() if found else "part"
        yield SchemaObject(part, f"{name}.{what.strip('`')}", entry, (kind, name))


def _body(text: str) -> tuple[int, int] | None:
    """Where the list in brackets begins and ends."""
    start = text.find("\n(\n")
    end = text.find(_OUTSIDE, start)
    return None if start < 0 or end < 0 else (start + 3, end + 1)


def _entries(text: str) -> Iterator[tuple[str, str]]:
    """Name and text of each entry."""
    entry: list[str] = []
    for line in [*text.splitlines(), "    ."]:
        starts = line.startswith("    ") and line[4:5] not in {" ", ")", ""}
        if starts and entry:
            whole = "\n".join(entry).rstrip(",")
            found = _WHAT.match(whole)
            yield (found["column"] or found[3] if found else whole), whole
            entry = []
        entry.append(line.removeprefix("    "))
