"""A project of golang-migrate, and databases as golang-migrate leaves them; made without it."""

from __future__ import annotations

import contextlib
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import psycopg

from .postgres import libpq_url
from .query import http_query

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

POSTGRES_TABLE = (
    'CREATE TABLE IF NOT EXISTS "public"."schema_migrations" '
    "(version bigint not null primary key, dirty boolean not null)"
)
CLICKHOUSE_TABLE = (
    "CREATE TABLE schema_migrations (version Int64, dirty UInt8, sequence UInt64) Engine=TinyLog"
)


@dataclass(frozen=True)
class Change:
    """One version; a down of None leaves the file out."""

    version: int
    title: str
    up: Sequence[str]
    down: Sequence[str] | None

    def write(self, directory: Path, digits: int) -> None:
        """Write its files."""
        directory.mkdir(parents=True, exist_ok=True)
        stem = f"{self.version:0{digits}}_{self.title}"
        for direction, statements in (("up", self.up), ("down", self.down)):
            if statements is not None:
                text = "".join(f"{statement};\n" for statement in statements)
                (directory / f"{stem}.{direction}.sql").write_text(text)


def run_postgres(url: str, changes: Sequence[Change]) -> None:
    """Send each file as one simple query, as golang-migrate does."""
    with psycopg.connect(libpq_url(url), autocommit=True) as connection:
        for change in changes:
            connection.execute("".join(f"{s};\n" for s in change.up))  # type: ignore[arg-type]


def record_postgres(url: str, version: int | None, *, dirty: bool = False) -> None:
    """Its version table: one row, or none."""
    with psycopg.connect(libpq_url(url)) as connection:
        connection.execute(POSTGRES_TABLE)
        connection.execute("TRUNCATE schema_migrations")
        if version is not None:
            connection.execute("INSERT INTO schema_migrations VALUES (%s, %s)", [version, dirty])


def run_clickhouse(url: str, changes: Sequence[Change]) -> None:
    """Send each statement by itself."""
    for change in changes:
        for statement in change.up:
            http_query(url, statement)


def record_clickhouse(url: str, versions: Sequence[int], *, dirty: bool = False) -> None:
    """Its version table: a dirty and a clean row for every version that was ever reached."""
    http_query(url, CLICKHOUSE_TABLE)
    start = 1_700_000_000_000_000_000
    rows = [
        f"({version}, {flag}, {start + 2 * number + 1 - flag})"
        for number, version in enumerate(versions)
        for flag in (1, 0)
    ]
    if dirty:
        rows.pop()
    if rows:
        http_query(url, f"INSERT INTO schema_migrations VALUES {', '.join(rows)}")


def lock_id(database: str) -> int:
    """The key of its advisory lock, for the usual schema and table."""
    name = f"public\0schema_migrations\0{database}"
    return zlib.crc32(name.encode()) * 1486364155 % 2**32


def rows(url: str, query: str) -> list[tuple[object, ...]]:
    """What a query on Postgres gives."""
    with contextlib.closing(psycopg.connect(libpq_url(url))) as connection:
        return connection.execute(query).fetchall()  # type: ignore[arg-type]
