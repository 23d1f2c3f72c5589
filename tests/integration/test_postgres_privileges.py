"""The smallest privileges in Postgres: the README's SQL is enough, and what is missing is named."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote, urlsplit, urlunsplit

import psycopg
import pytest

from brokle_migrate import command, load
from brokle_migrate.errors import StateError
from brokle_migrate.locks.postgres_rows import KEY, PostgresRows
from tests.support.postgres import libpq_url
from tests.support.project import Project
from tests.support.readme import readme_sql

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.terminal import Result

VERSIONS = "alembic_version"
FIRST, SECOND, THIRD = (f"2025010{n}000000" for n in (1, 2, 3))
MENDS = re.compile(r"for: ((?:GRANT|ALTER) .+? TO (?:\w+|\"[^\"]+\"))")
ROUNDS = 4  # refusals in a row that are mended one by one
UNDO = (
    "REVOKE ALL ON DATABASE app FROM PUBLIC",
    "REVOKE ALL ON SCHEMA public FROM PUBLIC",
)


class Site(NamedTuple):
    """A project whose user has nothing but what the README grants.

    :ivar names: what the README's names are here.
    """

    project: Project
    admin: psycopg.Connection
    names: dict[str, str]

    def grant(self, *statements: str) -> None:
        """Run SQL with the README's names."""
        for statement in statements:
            self.admin.execute(self.named(statement).encode())

    def named(self, text: str) -> str:
        """The README's names, replaced by those of this test."""
        pattern = re.compile(rf"\b({'|'.join(self.names)})\b")
        return pattern.sub(lambda match: self.names[match[1]], text)

    def run(self, *argv: str, user: str = "migrator") -> Result:
        """The command as somebody."""
        url = login(self.project.postgres_url or "", self.names[user])
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("DATABASE_URL", url)
            return self.project.invoke(*argv)

    def state(self) -> list[tuple[object, ...]]:
        """What is in the database: relations, and the version."""
        relations = "SELECT relname, relkind, relnatts FROM pg_class ORDER BY oid"
        found: list[tuple[object, ...]] = [*self.admin.execute(relations).fetchall()]
        row = self.admin.execute("SELECT to_regclass('public.alembic_version')").fetchone()
        if row and row[0]:
            found += self.admin.execute("SELECT version_num FROM alembic_version").fetchall()
        return found

    def mended(self, code: int, *argv: str, user: str = "migrator") -> list[str]:
        """Run the command, and each statement that it names, until it works.

        :param code: what a refused command ends with.
        :return: these statements, with the README's names.
        """
        named: list[str] = []
        while True:
            before = self.state()
            result = self.run(*argv, user=user)
            found = MENDS.findall(result.out + result.err)
            if not found:
                assert result.code == 0, result
                return named
            assert result.code == code, result
            assert self.state() == before
            assert len(named) < ROUNDS, named
            self.admin.execute(found[0].encode())
            named.append(self.renamed(found[0]))

    def renamed(self, statement: str) -> str:
        """The same with the README's names."""
        for name, own in self.names.items():
            statement = statement.replace(f'"{own}"', name).replace(own, name)
        return statement


def login(url: str, user: str) -> str:
    """The same database as another user."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{quote(user)}:secret@{host}"))


@pytest.fixture
def site(tmp_path: Path, postgres_url: str) -> Iterator[Site]:
    """Two revisions, an empty database, and a user who may migrate it."""
    project = Project(tmp_path / "project", postgres_url)
    project.add_revision(FIRST, "CREATE TABLE users (id serial PRIMARY KEY)", "DROP TABLE users")
    project.add_revision(
        SECOND,
        [
            "ALTER TABLE users ADD COLUMN name text",
            "CREATE VIEW named AS SELECT name FROM users",
        ],
        ["DROP VIEW named", "ALTER TABLE users DROP COLUMN name"],
    )
    suffix = os.urandom(4).hex()
    names = {name: f"{name}_{suffix}" for name in ("migrator", "watcher")}
    with psycopg.connect(libpq_url(postgres_url), autocommit=True) as admin:
        names["app"] = admin.info.dbname
        own = Site(project, admin, names)
        own.grant(*UNDO, *readme_sql("postgres: migrate"))
        yield own
        for role in ("migrator", "watcher"):
            if admin.execute("SELECT FROM pg_roles WHERE rolname = %s", [names[role]]).fetchone():
                own.grant(f"DROP OWNED BY {role} CASCADE", f"DROP ROLE {role}")


@pytest.fixture
def half(site: Site) -> Site:
    """The same with the first revision applied."""
    result = site.run("up", "--steps", "1")
    assert result.code == 0, result
    return site


@pytest.fixture
def watched(half: Site) -> Site:
    """The same with a user who may look."""
    half.grant(*readme_sql("postgres: look"))
    return half


def test_the_documented_grants_are_enough_to_migrate(site: Site) -> None:
    for argv in (
        ["--dry-run", "up"],
        ["status"],
        ["up"],
        ["status", "--exit-code"],
        ["wait", "--at-head"],
        ["graph"],
        ["lock"],
        ["dump", "--out", "-"],
        ["--dry-run", "down"],
        ["down", "--yes"],
        ["goto", "--version", SECOND, "--yes"],
        ["force", "--version", SECOND, "--yes"],
        ["info"],
        ["drop", "--dry-run"],
        ["drop", "--yes"],
    ):
        result = site.run(*argv)
        assert result.code == 0, (argv, result)
    assert "users" not in {row[0] for row in site.state()}


def test_the_documented_grants_are_enough_to_look(watched: Site) -> None:
    before = watched.state()
    for argv in (
        ["status"],
        ["wait"],
        ["info"],
        ["graph"],
        ["lock"],
        ["--dry-run", "up"],
        ["--dry-run", "down"],
        ["--dry-run", "force", "--version", "0"],
    ):
        result = watched.run(*argv, user="watcher")
        assert result.code == 0, (argv, result)
    watched.grant(*readme_sql("postgres: dump"))
    assert watched.run("up").code == 0
    for argv in (["dump", "--out", "-"], ["drop", "--dry-run"]):
        result = watched.run(*argv, user="watcher")
        assert result.code == 0, (argv, result)
        assert "named" in result.out
    assert watched.run("down", "--yes").code == 0
    assert {row[0] for row in before} <= {row[0] for row in watched.state()}


def test_the_documented_grants_are_enough_for_the_health_endpoint(watched: Site) -> None:
    url = login(watched.project.postgres_url or "", watched.names["watcher"])
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DATABASE_URL", url)
        patch.chdir(watched.project.path)
        healthy = command.health(load())
        watched.grant("REVOKE SELECT ON alembic_version FROM watcher")
        refused = command.health(load())
    assert [database.status.error for database in healthy.databases] == [None]
    (error,) = (database.status.error for database in refused.databases)
    assert error is not None
    assert "GRANT SELECT ON TABLE alembic_version TO" in str(error.hint)


def test_what_somebody_else_made_can_be_taken_over(half: Site) -> None:
    half.grant(*(f"ALTER TABLE {name} OWNER TO CURRENT_USER" for name in ("users", VERSIONS)))
    assert half.run("up").code == 1
    half.grant(*readme_sql("postgres: take over"))
    assert half.run("up").code == 0
    assert half.run("drop", "--yes").code == 0


def test_what_some_things_take_more(watched: Site) -> None:
    watched.project.add_revision(THIRD, "CREATE SCHEMA more", "DROP SCHEMA more")
    url = login(watched.project.postgres_url or "", watched.names["watcher"])
    with psycopg.connect(libpq_url(url), autocommit=True) as holder:
        holder.execute("SELECT pg_advisory_lock(%s)", [KEY])
        assert watched.named("GRANT pg_read_all_stats TO migrator") in watched.run("info").out
        refused = watched.run("lock", "--break", "--yes")
        assert refused.code == 1, refused
        assert watched.named("GRANT pg_signal_backend TO migrator") in refused.err
        watched.grant(*readme_sql("postgres: more"))
        assert "not known" not in watched.run("info").out
        assert watched.run("lock", "--break", "--yes").code == 0
    assert watched.run("up").code == 0


@pytest.mark.parametrize(
    ("taken", "argv", "code", "named"),
    [
        (
            ["REVOKE CONNECT ON DATABASE app FROM migrator"],
            ["up"],
            5,
            ["GRANT CONNECT ON DATABASE app TO migrator"],
        ),
        (
            ["REVOKE USAGE ON SCHEMA public FROM migrator"],
            ["up"],
            1,
            ["GRANT USAGE ON SCHEMA public TO migrator"],
        ),
        (
            ["REVOKE CREATE ON SCHEMA public FROM migrator"],
            ["up"],
            1,
            ["GRANT USAGE, CREATE ON SCHEMA public TO migrator"],
        ),
        (
            ["ALTER TABLE users OWNER TO CURRENT_USER"],
            ["up"],
            1,
            ["ALTER TABLE users OWNER TO migrator"],
        ),
        (
            ["ALTER TABLE users OWNER TO CURRENT_USER"],
            ["drop", "--yes"],
            1,
            [
                "GRANT SELECT ON TABLE public.users TO migrator",
                "ALTER TABLE public.users OWNER TO migrator",
            ],
        ),
        (
            ["ALTER TABLE users OWNER TO CURRENT_USER"],
            ["dump", "--out", "-"],
            1,
            ["GRANT SELECT ON ALL TABLES IN SCHEMA public TO migrator"],
        ),
        (
            ["ALTER TABLE alembic_version OWNER TO CURRENT_USER"],
            ["up"],
            1,
            [
                "GRANT SELECT ON TABLE alembic_version TO migrator",
                "GRANT SELECT, INSERT, UPDATE, DELETE ON TABLE alembic_version TO migrator",
            ],
        ),
        (
            ["ALTER TABLE alembic_version OWNER TO CURRENT_USER"],
            ["status"],
            1,
            ["GRANT SELECT ON TABLE alembic_version TO migrator"],
        ),
    ],
    ids=lambda value: value[0].split(" FROM")[0] if isinstance(value, list) else None,
)
def test_what_is_missing_to_migrate_is_named_and_mends_it(
    half: Site, taken: list[str], argv: list[str], code: int, named: list[str]
) -> None:
    half.grant(*taken)
    assert half.mended(code, *argv) == named


@pytest.mark.parametrize(
    ("taken", "code", "named"),
    [
        (
            "REVOKE CONNECT ON DATABASE app FROM watcher",
            5,
            "GRANT CONNECT ON DATABASE app TO watcher",
        ),
        (
            "REVOKE USAGE ON SCHEMA public FROM watcher",
            1,
            "GRANT USAGE ON SCHEMA public TO watcher",
        ),
        (
            "REVOKE SELECT ON TABLE alembic_version FROM watcher",
            1,
            "GRANT SELECT ON TABLE alembic_version TO watcher",
        ),
    ],
)
def test_what_is_missing_to_look_is_named_and_mends_it(
    watched: Site, taken: str, code: int, named: str
) -> None:
    for argv in (["status"], ["wait", "--timeout", "5s"], ["info"]):
        watched.grant(taken)
        assert watched.mended(code, *argv, user="watcher") == [named], argv


def test_a_schema_that_holds_the_version_table_unseen(watched: Site) -> None:
    """Who may not look has to be told apart from a database in which nothing was applied."""
    watched.grant("CREATE SCHEMA AUTHORIZATION watcher")
    watched.grant("REVOKE USAGE ON SCHEMA public FROM watcher")
    named = watched.mended(1, "status", user="watcher")
    assert named == ["GRANT USAGE ON SCHEMA public TO watcher"]


def test_a_dump_names_the_schema_of_the_table_that_it_may_not_read(half: Site) -> None:
    half.grant(
        'CREATE SCHEMA "My Books"',
        'GRANT USAGE ON SCHEMA "My Books" TO migrator',
        'CREATE TABLE "My Books"."a table" ()',
        'CREATE TABLE "My Books".users ()',
    )
    named = half.mended(1, "dump", "--out", "-")
    assert named == ['GRANT SELECT ON ALL TABLES IN SCHEMA "My Books" TO migrator']
    half.grant('REVOKE USAGE ON SCHEMA "My Books" FROM migrator')
    named = half.mended(1, "dump", "--out", "-")
    assert named == ['GRANT USAGE ON SCHEMA "My Books" TO migrator']


def test_names_that_have_to_be_quoted(half: Site) -> None:
    half.grant(
        'ALTER ROLE migrator RENAME TO "Migrator of app"',
        'ALTER TABLE users RENAME TO "the users"',
        'ALTER TABLE "the users" OWNER TO CURRENT_USER',
    )
    half.names["migrator"] = half.named("Migrator of app")
    half.project.add_revision(THIRD, 'ALTER TABLE "the users" ADD COLUMN age int', "")
    path = next(half.project.postgres_versions.glob(f"{SECOND}*"))
    path.write_text(path.read_text().replace("users", '"the users"'))
    try:
        assert half.mended(1, "up") == ['ALTER TABLE "the users" OWNER TO migrator']
    finally:
        half.grant(f'ALTER ROLE "{half.names["migrator"]}" RENAME TO plain_migrator')
        half.names["migrator"] = "plain_migrator"


@pytest.mark.parametrize(
    ("statements", "named"),
    [
        ("CREATE SCHEMA more", "GRANT CREATE ON DATABASE app TO migrator"),
        ("INSERT INTO theirs VALUES (1)", "GRANT SELECT, INSERT, UPDATE, DELETE ON TABLE theirs"),
        ("CREATE TABLE b (a int REFERENCES theirs (a))", "GRANT REFERENCES ON TABLE theirs"),
        ("CREATE TABLE b AS SELECT * FROM theirs", "GRANT SELECT ON TABLE theirs"),
        ("TRUNCATE theirs", "GRANT TRUNCATE ON TABLE theirs"),
        ("SELECT nextval('numbers')", "GRANT ALL ON SEQUENCE numbers"),
        ("SELECT half(4)", "GRANT EXECUTE ON FUNCTION half"),
        ("DROP VIEW seen", "ALTER VIEW seen OWNER TO"),
        ("SET ROLE watcher; RESET ROLE", "GRANT watcher TO migrator"),
        ("SET log_min_duration_statement = 0", "GRANT SET ON PARAMETER log_min_duration_statement"),
    ],
)
def test_what_a_revision_lacks_is_named_and_mends_it(
    half: Site, statements: str, named: str
) -> None:
    half.grant(
        "CREATE ROLE watcher",
        "CREATE TABLE theirs (a int PRIMARY KEY)",
        "CREATE SEQUENCE numbers",
        "CREATE VIEW seen AS SELECT 1 AS one",
        "CREATE FUNCTION half(int) RETURNS int LANGUAGE sql AS 'SELECT $1 / 2'",
        "REVOKE ALL ON FUNCTION half FROM PUBLIC",
    )
    half.project.add_revision(THIRD, half.named(statements), "")
    found = half.mended(1, "up")
    assert len(found) == 1
    assert found[0].startswith(named), found


def test_the_lease_behind_a_pooler(half: Site) -> None:
    """Each statement that a refusal names is enough for the next step."""
    half.grant(*readme_sql("postgres: look"))

    def claimed(user: str) -> str:
        url = login(half.project.postgres_url or "", half.names[user])
        rows = PostgresRows(url, "app")
        try:
            assert rows.claim(user, user, 12)
            rows.release(user)
        except StateError as error:
            return MENDS.findall(f"{error.hint}")[0] if error.hint else ""
        finally:
            rows.close()
        return ""

    def mended(user: str) -> list[str]:
        named: list[str] = []
        while (statement := claimed(user)) and len(named) < ROUNDS:
            half.admin.execute(statement.encode())
            named.append(half.renamed(statement))
        return named

    assert mended("migrator") == ["GRANT CREATE ON DATABASE app TO migrator"]
    assert mended("watcher") == [
        "GRANT USAGE ON SCHEMA brokle_migrate TO watcher",
        "GRANT SELECT, INSERT, UPDATE, DELETE ON TABLE brokle_migrate.lease TO watcher",
    ]
    half.grant("REVOKE ALL ON SCHEMA brokle_migrate FROM watcher")
    half.grant(*readme_sql("postgres: lease"))
    assert mended("watcher") == []
