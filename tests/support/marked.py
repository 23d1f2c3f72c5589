"""A project over two servers that both want a password, with a secret in every other source."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

import psycopg

from .marks import MARK, marks, secret
from .query import http_query

if TYPE_CHECKING:
    from .project import Project
    from .terminal import Result

USER = "marked_user"
POSTGRES, CLICKHOUSE = secret("pg"), secret("ch", "'\"%\\@:/#?&=+ ${x}%(y)s;")
TOKEN, HEADER = secret("token", "-_."), secret("header", "-_.")
PROFILE = secret("libpq", "%@/")
OLD = f"{MARK}old:word@/x?{MARK}"


class Place:
    """A project over two servers that both want a password."""

    def __init__(self, project: Project, socket: str, database: str, clickhouse: str) -> None:
        self.project = project
        self.socket = socket
        self.database = database
        self.clickhouse = clickhouse
        self.env: dict[str, str | None] = {
            "DATABASE_URL": self.postgres_url(POSTGRES),
            "CLICKHOUSE_URL": self.clickhouse_url(CLICKHOUSE),
            "API_TOKEN": TOKEN,
        }

    def postgres_url(self, password: str, **parts: str) -> str:
        database = parts.pop("database", self.database)
        query = "&".join(f"{k}={quote(v)}" for k, v in {"host": self.socket, **parts}.items())
        return f"postgresql://{USER}:{quote(password, safe='')}@/{database}?{query}"

    def clickhouse_url(self, password: str) -> str:
        return self.clickhouse.replace(":@", f":{quote(password, safe='')}@")

    def run(self, *argv: str, **env: str | None) -> Result:
        return self.project.run(*argv, env={**self.env, **env})


def clean(said: object) -> None:
    """Nothing that is shown has a secret in it."""
    assert marks(str(said)) == []


def everything_in(place: Place) -> list[object]:
    """Every row that the product and its runs have left in both databases."""
    found: list[object] = []
    with psycopg.connect(place.postgres_url(POSTGRES)) as connection:
        tables = connection.execute(
            "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables "
            "WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
        ).fetchall()
        for (name,) in tables:
            found += connection.execute(f"TABLE {name}".encode()).fetchall()
        found += connection.execute("SELECT application_name FROM pg_stat_activity").fetchall()
    return found + rows_of_clickhouse(place)


def rows_of_clickhouse(place: Place) -> list[object]:
    """Every row in ClickHouse."""
    found: list[object] = []
    url = place.clickhouse_url(CLICKHOUSE)
    for (name,) in http_query(url, "SHOW TABLES"):
        found += http_query(url, f"SELECT * FROM `{name}`")
    return found
