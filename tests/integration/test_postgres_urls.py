"""URLs as libpq reads them, against a Postgres 15 that wants a password and TLS."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from tests.support.postgres15 import PASSWORD, USER, Postgres15, require_postgres15
from tests.support.process import free_port
from tests.support.project import Project

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.servers import ClickHouseServer

_numbers = itertools.count(1)
LOGIN = f"{USER}:{quote(PASSWORD, safe='')}"


@pytest.fixture(scope="module")
def server(servers_directory: Path) -> Iterator[Postgres15]:
    require_postgres15()
    postgres = Postgres15(servers_directory / "pg15")
    yield postgres
    postgres.remove()


@pytest.fixture
def database(server: Postgres15) -> str:
    """An empty database; it goes with the server."""
    name = f"urls_{next(_numbers)}"
    with server.connect() as admin:
        admin.execute(f"CREATE DATABASE {name}".encode())
    return name


@pytest.fixture
def filled(tmp_path: Path) -> Project:
    """A revision for Postgres, and a URL that nobody answers at in alembic.ini."""
    project = Project(tmp_path / "project", f"postgresql://127.0.0.1:{free_port()}/nowhere")
    project.add_revision("r1", "CREATE TABLE users (id int)", "DROP TABLE users")
    return project


def migrates(project: Project, **env: str) -> None:
    """Status, up and status work, and nobody prints the password."""
    before = project.run("status", "--exit-code", env=env)
    assert before.code == 3, before
    up = project.run("up", "-v", env=env)
    assert up.code == 0, up
    after = project.run("status", "--exit-code", env=env)
    assert after.code == 0, after
    for result in (before, up, after):
        for secret in (PASSWORD, quote(PASSWORD, safe="")):
            assert secret not in result.out + result.err


def tables(server: Postgres15, database: str) -> set[tuple[str, str]]:
    with server.connect(database) as connection:
        query = (
            "SELECT schemaname, tablename FROM pg_tables"
            " WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
        )
        return set(connection.execute(query).fetchall())


def test_several_hosts_of_which_the_first_is_dead(
    filled: Project, server: Postgres15, database: str
) -> None:
    hosts = f"127.0.0.1:{free_port()},127.0.0.1:{server.port}"
    url = f"postgresql://{LOGIN}@{hosts}/{database}?target_session_attrs=read-write"
    migrates(filled, DATABASE_URL=url)
    assert ("public", "users") in tables(server, database)


def test_a_host_that_is_read_only_is_passed_over(
    filled: Project, server: Postgres15, database: str
) -> None:
    with server.connect() as admin:
        admin.execute(f"ALTER DATABASE {database} SET default_transaction_read_only = on".encode())
    result = filled.run(
        "up", env={"DATABASE_URL": server.url(database, target_session_attrs="read-write")}
    )
    assert result.code == 5, result
    assert "read-only" in result.err
    assert "hint: no host is what target_session_attrs asks for" in result.err


def test_a_certificate_that_is_verified(filled: Project, server: Postgres15, database: str) -> None:
    root = str(server.authority)
    migrates(filled, DATABASE_URL=server.url(database, sslmode="verify-full", sslrootcert=root))


@pytest.mark.parametrize(
    ("host", "authority", "reason"),
    [
        ("localhost", "stranger", "certificate verify failed"),
        ("127.0.0.1", "authority", "does not match host name"),
        ("localhost", "nowhere", "does not exist"),
    ],
)
def test_a_certificate_that_does_not_fit(
    filled: Project, server: Postgres15, database: str, host: str, authority: str, reason: str
) -> None:
    root = str(server.directory / f"{authority}.crt")
    url = server.url(database, host=host, sslmode="verify-full", sslrootcert=root)
    for command in ("status", "up"):
        result = filled.run(command, env={"DATABASE_URL": url})
        assert result.code == 5, result
        assert reason in result.out + result.err
        assert "hint: does the server's certificate fit its host name" in result.out + result.err
        assert PASSWORD not in result.out + result.err
    assert tables(server, database) == set()


def test_nobody_waits_for_a_certificate_to_change(
    filled: Project, server: Postgres15, database: str
) -> None:
    root = str(server.stranger)
    url = server.url(database, sslmode="verify-full", sslrootcert=root)
    result = filled.run("wait", "--timeout", "60s", env={"DATABASE_URL": url}, timeout=20)
    assert result.code == 5, result
    assert "certificate verify failed" in result.out + result.err


def test_a_server_that_wants_encryption(filled: Project, server: Postgres15, database: str) -> None:
    result = filled.run("up", env={"DATABASE_URL": server.url(database, sslmode="disable")})
    assert result.code == 5, result
    assert "no encryption" in result.err
    assert "hint: the server may want sslmode=require" in result.err


@pytest.mark.parametrize("form", ["query", "address", "part"])
def test_a_socket(filled: Project, server: Postgres15, database: str, form: str) -> None:
    directory = str(server.directory)
    if form == "query":
        url = f"postgresql://{LOGIN}@/{database}?host={directory}&port={server.port}"
        migrates(filled, DATABASE_URL=url)
    elif form == "address":
        address = f"{quote(directory, safe='')}:{server.port}"
        migrates(filled, DATABASE_URL=f"postgresql://{LOGIN}@{address}/{database}")
    else:
        migrates(
            filled,
            DB_HOST=directory,
            DB_PORT=str(server.port),
            DB_USER=USER,
            DB_PASSWORD=PASSWORD,
            DB_NAME=database,
        )
    assert ("public", "users") in tables(server, database)


@pytest.mark.parametrize("way", ["url", "variable"])
def test_a_service(filled: Project, server: Postgres15, database: str, way: str) -> None:
    file = filled.write(
        "services.conf",
        f"[here]\nhost=127.0.0.1\nport={server.port}\nuser={USER}\ndbname={database}\n",
    )
    env = {"PGSERVICEFILE": str(file), "PGPASSFILE": str(password_file(filled, server))}
    if way == "url":
        migrates(filled, DATABASE_URL="postgresql://?service=here", **env)
    else:
        migrates(filled, DATABASE_URL=f"postgresql:///{database}", PGSERVICE="here", **env)
    assert ("public", "users") in tables(server, database)


def test_a_search_path(filled: Project, server: Postgres15, database: str) -> None:
    with server.connect(database) as connection:
        connection.execute("CREATE SCHEMA app")
    migrates(filled, DATABASE_URL=server.url(database, options="-csearch_path=app"))
    assert tables(server, database) == {("app", "users"), ("app", "alembic_version")}


def test_an_address_of_ipv6(filled: Project, server: Postgres15, database: str) -> None:
    migrates(filled, DATABASE_URL=server.url(database, host="[::1]"))


def test_the_password_file_of_libpq(filled: Project, server: Postgres15, database: str) -> None:
    url = f"postgresql://{USER}@localhost:{server.port}/{database}"
    migrates(filled, DATABASE_URL=url, PGPASSFILE=str(password_file(filled, server)))


def test_a_password_from_a_file(
    tmp_path: Path, filled: Project, server: Postgres15, database: str
) -> None:
    secret = tmp_path / "secret"
    secret.write_text(f"{PASSWORD}\n")
    url = f"postgresql://{USER}@localhost:{server.port}/{database}"
    migrates(filled, DATABASE_URL=url, DB_PASSWORD_FILE=str(secret))
    shown = filled.run("info", env={"DATABASE_URL": url, "DB_PASSWORD_FILE": str(secret)}).out
    assert str(secret) in shown
    assert PASSWORD not in shown
    secret.write_text("another\n")
    refused = filled.run("up", env={"DATABASE_URL": url, "DB_PASSWORD_FILE": str(secret)})
    assert refused.code == 5, refused
    assert "password authentication failed" in refused.err
    assert "user and password right?" in refused.err


def test_a_password_from_a_file_for_clickhouse(
    tmp_path: Path, clickhouse_server: ClickHouseServer, server_database: str
) -> None:
    from tests.support.servers import PASSWORD as SECRET

    project = Project(tmp_path / "project", None, "clickhouse://127.0.0.1:1/nowhere")
    project.add_pair(1, "t", "CREATE TABLE t (x Int8) ENGINE = Log", "DROP TABLE t")
    project.write("secrets/clickhouse", f"{SECRET}\n")
    project.write(
        "config.yaml",
        f"clickhouse:\n  host: 127.0.0.1\n  port: {clickhouse_server.tcp_port}\n"
        f"  user: {USER}\n  database: {server_database}\n  password_file: secrets/clickhouse\n",
    )
    result = project.run("up", "-v")
    assert result.code == 0, result
    assert ("t",) in clickhouse_server.query("SHOW TABLES", server_database)
    assert SECRET not in result.out + result.err
    project.write("secrets/clickhouse", "another\n")
    assert project.run("status").code == 5


def password_file(project: Project, server: Postgres15) -> Path:
    """libpq's file; it takes none that others may read."""
    escaped = PASSWORD.replace("\\", "\\\\").replace(":", "\\:")
    path = project.write("pgpass", f"*:{server.port}:*:{USER}:{escaped}\n")
    path.chmod(0o600)
    return path


@pytest.mark.parametrize("right", [True, False], ids=["works", "refused"])
def test_no_command_prints_a_password_from_a_file(
    filled: Project, server: Postgres15, database: str, right: bool
) -> None:
    word = PASSWORD if right else "s3same%/@:#?pw"
    filled.write("secrets/postgres", f"{word}\n")
    filled.write(
        "config.yaml",
        f"database:\n  host: localhost\n  port: {server.port}\n  user: {USER}\n"
        f"  database: {database}\n  password_file: secrets/postgres\n",
    )
    for argv in ("status", "info --json", "up --dry-run", "up --json", "dump --out -", "down -y"):
        result = filled.run(*argv.split())
        assert result.code == (0 if right else 5), result
        for form in (word, quote(word), quote(word, safe=""), repr(word)[1:-1]):
            assert form not in result.out + result.err
