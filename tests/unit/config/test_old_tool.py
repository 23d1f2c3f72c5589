"""The configuration of the tool that this one replaces, as its manual shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .conftest import Place

YAML = """\
database:
  auto_migrate: false                    # Enable auto-migration on startup
  migrations_path: "migrations"          # Path to migration files
  migrations_table: "schema_migrations"  # Migration tracking table
  username: ""                          # Override database username

clickhouse:
  user: "brokle"                        # ClickHouse user for migrations
  migrations_engine: "MergeTree"        # ClickHouse table engine for migrations
"""
ENVIRON = {
    "DB_AUTO_MIGRATE": "false",
    "DB_MIGRATIONS_PATH": "migrations",
    "DB_USERNAME": "postgres",
    "DB_MIGRATIONS_TABLE": "schema_migrations",
    "CLICKHOUSE_USER": "brokle",
    "CLICKHOUSE_MIGRATIONS_ENGINE": "MergeTree",
}
URLS = {
    "DATABASE_URL": "postgres://app:secret1@pg:5432/brokle?sslmode=disable",
    "CLICKHOUSE_URL": "clickhouse://user:p%40ss@host:9000/db",
}


def test_the_file_alone_locates_nothing(place: Place) -> None:
    place.write("config.yaml", YAML)
    config = place.load()
    assert (config.postgres, config.clickhouse, config.auto_migrate) == (None, None, False)


def test_the_variables_alone_locate_nothing(place: Place) -> None:
    place.env(**ENVIRON)
    config = place.load()
    assert (config.postgres, config.clickhouse, config.auto_migrate) == (None, None, False)


def test_the_file_with_urls(place: Place) -> None:
    place.write("config.yaml", YAML)
    place.write("migrations/postgres/env.py", "")
    place.write("migrations/clickhouse/001_initial_analytics.up.sql", "SELECT 1")
    place.env(**URLS)
    config = place.load()
    postgres, clickhouse = config.require_postgres(), config.require_clickhouse()
    assert postgres.url is not None
    assert postgres.url.render() == (
        "postgresql+psycopg://app:secret1@pg:5432/brokle?sslmode=disable"
    )
    assert postgres.version_table == "schema_migrations"
    assert postgres.require_script_location() == place.path / "migrations/postgres"
    assert clickhouse.url.render() == "clickhouse+native://user:p%40ss@host:9000/db"
    assert (clickhouse.version_table, clickhouse.engine) == ("schema_migrations", "MergeTree")
    assert clickhouse.require_script_location() == place.path / "migrations/clickhouse"


def test_the_variables_with_urls(place: Place) -> None:
    place.env(**ENVIRON, **URLS)
    config = place.load()
    url = config.require_postgres().url
    assert url is not None
    assert url.user == "postgres"
    assert config.require_clickhouse().url.user == "brokle"


def test_beside_the_embedded_engines_of_alembic_ini(place: Place) -> None:
    place.write(
        "alembic.ini",
        "[alembic]\nsqlalchemy.url = postgresql+embedded:///%(here)s/.data/postgres\n"
        "[clickhouse]\nsqlalchemy.url = clickhouse+embedded:///%(here)s/.data/clickhouse\n",
    )
    place.write("config.yaml", YAML)
    place.env(**ENVIRON)
    config = place.load()
    url = config.require_postgres().url
    assert url is not None
    assert (url.directory, url.user) == (place.path / ".data/postgres", None)
    assert config.require_clickhouse().url.directory == place.path / ".data/clickhouse"
