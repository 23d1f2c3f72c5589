"""A directory and a configuration as the Go tool's users have them."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from tests.support.schema import clickhouse_schema

if TYPE_CHECKING:
    from tests.support.project import Project

CONFIG = """\
server:
  port: 8080

database:
  auto_migrate: false                    # Enable auto-migration on startup
  migrations_path: "migrations"          # Path to migration files
  migrations_table: "schema_migrations"  # Migration tracking table
  username: ""                          # Override database username
  max_open_conns: 25

clickhouse:
  user: "default"                       # ClickHouse user for migrations
  migrations_engine: "MergeTree"        # ClickHouse table engine for migrations
"""
UP = """\
-- change NUMBER
CREATE TABLE IF NOT EXISTS tNUMBER (
    id UUID,
    at DateTime64(3) DEFAULT now64(3),
    attributes Map(String, String) COMMENT 'number NUMBER; free form'
) ENGINE = MergeTree()
ORDER BY id;

ALTER TABLE tNUMBER ADD INDEX IF NOT EXISTS i id TYPE bloom_filter GRANULARITY 1;
"""
PAIRS = [
    (f"{n:03}_change_{n}", UP.replace("NUMBER", str(n)), f"DROP TABLE IF EXISTS t{n};")
    for n in range(1, 37)
]


@pytest.fixture
def old(project: Project) -> Project:
    """``config.yaml``, ``migrations/postgres`` and ``migrations/clickhouse``; URLs in variables."""
    shutil.copytree(project.path / "alembic", project.path / "migrations" / "postgres")
    for name in ("alembic", "migrations_clickhouse"):
        shutil.rmtree(project.path / name)
    (project.path / "alembic.ini").unlink()
    project.write("config.yaml", CONFIG)
    for stem, up, down in PAIRS:
        project.write(f"migrations/clickhouse/{stem}.up.sql", up)
        project.write(f"migrations/clickhouse/{stem}.down.sql", down)
    project.write(
        "migrations/postgres/versions/001_users.py",
        "revision = '001'\ndown_revision = None\n\nfrom alembic import op\n\n"
        "def upgrade():\n    op.execute('CREATE TABLE users (id int)')\n\n"
        "def downgrade():\n    op.execute('DROP TABLE users')\n",
    )
    return project


def test_unmodified_pairs_and_configuration_run(old: Project) -> None:
    env = {"DATABASE_URL": old.postgres_url, "CLICKHOUSE_URL": old.clickhouse_url}
    up = old.run("up", env=env)
    assert up.code == 0, up.err
    tables = {row[1] for row in clickhouse_schema(old.clickhouse_url or "")}
    assert tables == {"schema_migrations", *(f"t{number}" for number in range(1, 37))}
    goto = old.run("-db", "clickhouse", "goto", "-version", "5", "-y", env=env)
    assert goto.code == 0, goto.err
    tables = {row[1] for row in clickhouse_schema(old.clickhouse_url or "")}
    assert tables == {"schema_migrations", *(f"t{number}" for number in range(1, 6))}
    assert old.run("steps", "-steps", "-1", "-y", env=env).code == 0
    assert old.run("-db", "clickhouse", "force", "-version", "0", "-y", env=env).code == 0
    info = old.run("info", env=env)
    assert info.code == 0
    assert "config.yaml database.migrations_path" in info.out
    assert "environment DATABASE_URL" in info.out


def test_postgres_pairs_without_an_env_py_are_explained(old: Project) -> None:
    shutil.rmtree(old.path / "migrations" / "postgres")
    old.write("migrations/postgres/001_initial_schema.up.sql", "SELECT 1;")
    old.write("migrations/postgres/001_initial_schema.down.sql", "SELECT 1;")
    env = {"DATABASE_URL": old.postgres_url, "CLICKHOUSE_URL": old.clickhouse_url}
    refused = old.run("up", env=env)
    assert refused.code == 2
    assert "env.py" in refused.err
    assert old.run("up", "-db", "clickhouse", env=env).code == 0
