"""Leases as a test sees them: rows to look at, to plant and to age."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import psycopg

from .postgres import libpq_url
from .query import QueryFailed, http_query

if TYPE_CHECKING:
    from typing import Any

    from .project import Project

TABLE = "schema_migrations_lock"
UNKNOWN_TABLE = 60
STRANGER = "brokle-migrate ann@elsewhere pid 7"


@dataclass
class PostgresLeases:
    """The lease row of a database.

    :ivar url: past the pooler.
    """

    url: str

    def holders(self) -> list[str]:
        """Who has, or had, a lease that was not given back."""
        with psycopg.connect(libpq_url(self.url), autocommit=True) as connection:
            query = "SELECT to_regclass('brokle_migrate.lease')"
            if connection.execute(query).fetchone() == (None,):
                return []
            rows = connection.execute("SELECT holder FROM brokle_migrate.lease").fetchall()
            return [name for (name,) in rows]

    def age(self, seconds: int) -> None:
        """Let it have been renewed so long ago."""
        with psycopg.connect(libpq_url(self.url), autocommit=True) as connection:
            connection.execute(
                "UPDATE brokle_migrate.lease SET renewed = renewed - %s * interval '1 second'",
                [seconds],
            )


@dataclass
class ClickHouseLeases:
    """The lease rows of a database.

    :ivar project: whose ``up`` takes leases there.
    :ivar http_url: for looking.
    """

    project: Project
    http_url: str

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """Look into the database."""
        return http_query(self.http_url.replace("clickhouse+http", "http"), sql)

    def holders(self) -> list[str]:
        """Who has, or had, a lease that was not given back."""
        rows = self._rows(
            f"SELECT any(holder) FROM {TABLE} GROUP BY token HAVING max(event = 'release') = 0"
        )
        return [name for (name,) in rows]

    def plant(self, holder: str = STRANGER, ttl: int = 15) -> None:
        """Let somebody have a lease."""
        self.query(
            f"INSERT INTO {TABLE} SELECT toUInt64(toUnixTimestamp(now())), 'planted', 'claim', "
            f"toUInt32({ttl}), '{holder}'"
        )

    def age(self, seconds: int) -> None:
        """Let every row have been written so long ago."""
        rows = self._rows(f"SELECT second, token, event, ttl, holder FROM {TABLE}")
        self.query(f"TRUNCATE TABLE {TABLE}")
        for second, *rest in rows:
            values = ", ".join(repr(value) for value in (int(second) - seconds, *rest))
            self.query(f"INSERT INTO {TABLE} VALUES ({values})")

    def _rows(self, sql: str) -> list[tuple[Any, ...]]:
        try:
            return self.query(sql)
        except QueryFailed as error:
            if error.code == UNKNOWN_TABLE:
                return []
            raise
