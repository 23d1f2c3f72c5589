"""Servers that really want a password."""

from __future__ import annotations

import contextlib
import json
import re
import time
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import psycopg
import pytest
from psycopg import sql

from tests.support.marked import CLICKHOUSE, OLD, POSTGRES, USER, Place
from tests.support.marks import secret
from tests.support.postgres import fresh_database, libpq_url
from tests.support.project import Project

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.gateway_process import GatewayProcess
    from tests.support.postgres import EmbeddedPostgres


@pytest.fixture(scope="session")
def marked_role(postgres_server: EmbeddedPostgres) -> str:
    """A user of Postgres that really has to give its password."""
    admin_url = libpq_url(postgres_server.database_url("postgres"))
    with psycopg.connect(admin_url, autocommit=True) as admin:
        role = sql.SQL("CREATE ROLE {} LOGIN SUPERUSER PASSWORD {}")
        admin.execute(role.format(sql.Identifier(USER), POSTGRES))
        path = Path(admin.execute("SHOW hba_file").fetchone()[0])  # type: ignore[index]
        path.write_text(f"local all {USER} scram-sha-256\n{path.read_text()}")
        admin.execute("SELECT pg_reload_conf()")
    for _ in range(100):
        with contextlib.suppress(psycopg.OperationalError):
            psycopg.connect(admin_url, user=USER, password="wrong").close()
            time.sleep(0.02)
            continue
        break
    return USER


@pytest.fixture
def place(
    tmp_path: Path,
    postgres_server: EmbeddedPostgres,
    marked_role: str,
    gateway: GatewayProcess,
) -> Iterator[Place]:
    name = gateway.create_database()
    gateway.require("default", CLICKHOUSE)
    with fresh_database(postgres_server) as url:
        database, socket = re.findall(r"@/(.*)\?host=(.*)", url)[0]
        # The URLs of these files are overruled, and no less secret.
        old = quote(OLD, safe="")
        project = Project(
            tmp_path / "project",
            f"postgresql+psycopg://someone:{old}@127.0.0.1:1/nowhere",
            f"clickhouse://someone:{old}@127.0.0.1:1/nowhere",
        )
        project.add_revision(
            "20250101000000", "CREATE TABLE t (id int)", "DROP TABLE t", message="one"
        )
        project.add_pair(
            "20250101000000",
            "one",
            "CREATE TABLE t (id UInt8, note String DEFAULT '${API_TOKEN}') ENGINE = Log",
            "DROP TABLE t",
        )
        project.write(
            "config.yaml",
            f"database: {{password: {json.dumps(secret('yaml'))}}}\n"
            f"clickhouse: {{vars: {{password: {json.dumps(secret('var'))}}}}}\n",
        )
        yield Place(project, socket, database, gateway.database_url(name))
    gateway.reset()
    gateway.drop_database(name)
