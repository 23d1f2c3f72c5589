"""What a database holds, as values to compare; read without the product."""

from __future__ import annotations

import hashlib
import re
import subprocess
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from .postgres import libpq_url, program
from .query import http_query

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Query = Callable[[str], list[tuple[Any, ...]]]

# Lines that differ from one dump of the same schema to the next.
_NOISE = re.compile(
    r"^(?:\\(?:un)?restrict .*|-- (?:Dumped|PostgreSQL|Name:|Data for Name:) .*|--|)\n",
    re.MULTILINE,
)
_UUID = re.compile(r"\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b")


def postgres_schema(url: str) -> str:
    """The whole schema, as ``pg_dump`` writes it."""
    return _dump(url, "--schema-only")


def postgres_data(url: str) -> str:
    """All rows, as INSERT statements in an order of their own."""
    inserts = re.split(r"^(?=INSERT )", _dump(url, "--data-only", "--inserts"), flags=re.MULTILINE)
    return "".join([inserts[0], *sorted(inserts[1:])])


def postgres_dump(url: str) -> str:
    """Schema and rows in one, every INSERT statement in an order of its own."""
    lines = _dump(url, "--inserts").splitlines()
    rows = sorted(line for line in lines if line.startswith("INSERT "))
    return "\n".join([*(line for line in lines if not line.startswith("INSERT ")), *rows])


def _dump(url: str, *options: str) -> str:
    command = [program("pg_dump"), "--no-owner", *options, "--dbname", libpq_url(url)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr)
    return _NOISE.sub("", done.stdout)


def clickhouse_schema(source: str | Query, database: str | None = None) -> list[tuple[Any, ...]]:
    """Every table, view and dictionary, then every column, in an order of their own.

    The database's name and generated ids are replaced, so that two databases can be compared.

    :param source: a URL for :func:`~tests.support.query.http_query`, or a function like it.
    :param database: by default that of the URL.
    """
    query, name = _source(source, database)
    tables = query(
        "SELECT 'table', name, engine, create_table_query FROM system.tables "
        f"WHERE database = '{name}'"
    )
    columns = query(
        "SELECT 'column', table, name, type, default_kind, default_expression "
        f"FROM system.columns WHERE database = '{name}'"
    )
    neutral = [_neutral(row, name) for row in (*tables, *columns)]
    # Stable: the columns of a table stay in its order.
    return sorted(neutral, key=lambda row: (row[0] != "table", row[1]))


def clickhouse_data(source: str | Query, database: str | None = None) -> Mapping[str, str]:
    """A digest of the rows of every table that holds rows itself, without regard to their order."""
    query, name = _source(source, database)
    tables = query(
        f"SELECT name FROM system.tables WHERE database = '{name}' "
        "AND (engine LIKE '%MergeTree' OR engine LIKE '%Log' OR engine = 'Memory') ORDER BY name"
    )
    return {
        _UUID.sub("UUID", str(table)): _digest(query(f"SELECT * FROM `{name}`.`{table}`"))
        for (table,) in tables
    }


def _source(source: str | Query, database: str | None) -> tuple[Query, str]:
    if isinstance(source, str):
        return lambda sql: http_query(source, sql), database or _database(source)
    if database is None:
        raise TypeError("a query function needs the database's name beside it")
    return source, database


def _database(url: str) -> str:
    return unquote(urlsplit(url).path.lstrip("/")) or "default"


def _neutral(row: tuple[Any, ...], database: str) -> tuple[Any, ...]:
    named = re.compile(rf"(?<![\w`])`?{re.escape(database)}`?(?=\.)")
    return tuple(_UUID.sub("UUID", named.sub("DATABASE", str(value))) for value in row)


def _digest(rows: list[tuple[Any, ...]]) -> str:
    lines = sorted(repr(row) for row in rows)
    return f"{len(lines)} rows, {hashlib.sha256(repr(lines).encode()).hexdigest()[:16]}"
