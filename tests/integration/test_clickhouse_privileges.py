"""The smallest privileges in ClickHouse, on the engine of 26.9 with the README's grants alone."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

from brokle_migrate import environments
from tests.support.gateway_process import GatewayProcess
from tests.support.project import Project
from tests.support.readme import readme_sql
from tests.support.roles import role_of, write_roles

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tests.support.terminal import Result

FIRST, SECOND = 20250101000000, 20250102000000
UP = """
CREATE TABLE plain (id UInt64, name String) ENGINE = MergeTree ORDER BY id;
INSERT INTO plain SELECT 1, 'one';
CREATE VIEW seen AS SELECT id FROM plain;
CREATE DICTIONARY named (id UInt64, name String) PRIMARY KEY id
    SOURCE(NULL()) LAYOUT(FLAT()) LIFETIME(60);
"""
DOWN = "DROP DICTIONARY named; DROP VIEW seen; DROP TABLE plain;"
MORE_UP = """
ALTER TABLE plain ADD COLUMN age UInt8;
ALTER TABLE plain UPDATE age = 1 WHERE 1;
OPTIMIZE TABLE plain FINAL;
RENAME TABLE plain TO renamed;
"""
MORE_DOWN = """
RENAME TABLE renamed TO plain;
TRUNCATE TABLE plain;
ALTER TABLE plain DROP COLUMN age;
"""


def grants(*blocks: str) -> list[str]:
    """The GRANT statements of blocks of the README."""
    found = (statement for block in blocks for statement in readme_sql(f"clickhouse: {block}"))
    return [statement for statement in found if statement.startswith("GRANT")]


MIGRATE, LOOK, DUMP = grants("migrate"), grants("look"), grants("dump")
SYSTEM = grants("system") + grants("cluster")
LOOKS = (
    ["status"],
    ["wait", "--timeout", "5s"],
    ["info"],
    ["graph"],
    ["lock"],
    ["--dry-run", "up"],
    ["--dry-run", "down"],
)
SYSTEM_TABLE = re.compile(r"system\.(\w+)")
# In SQL, and not in a comment or a hint: after FROM, or as an argument of a table function.
IN_SQL = re.compile(r"(?:FROM |', |\"|, )system[.,] ?(\w+)")
MENDS = re.compile(r"for: (GRANT .+? TO \w+)")
# What a user who has nothing is told to ask for, one after the other, until all of it works.
ONE_BY_ONE = [
    f"GRANT {grant} TO migrator"
    for grant in (
        "CREATE TABLE ON app.schema_migrations_lock",
        "INSERT ON app.schema_migrations_lock",
        "SELECT ON app.schema_migrations_lock",
        "CREATE TABLE ON app.schema_migrations",
        "SELECT ON app.schema_migrations",
        "INSERT ON app.schema_migrations",
        "CREATE TABLE ON app.plain",
        "INSERT ON app.plain",
        "CREATE VIEW ON app.seen",
        "SELECT ON app.plain",
        "CREATE DICTIONARY ON app.named",
        "ALTER ADD COLUMN ON app.plain",
        "ALTER UPDATE ON app.plain",
        "OPTIMIZE ON app.plain",
        "SELECT, DROP TABLE ON app.plain",
        "INSERT, CREATE TABLE ON app.renamed",
    )
]
EVERY = list(dict.fromkeys([*MIGRATE, *LOOK, *DUMP, *SYSTEM, *ONE_BY_ONE]))


class Site(NamedTuple):
    """A project over the database ``app`` of an engine that knows the README's grants."""

    project: Project
    gateway: GatewayProcess

    def grant(self, user: str, statements: Sequence[str]) -> None:
        """Let a user do this and nothing else."""
        self.gateway.grant({user: [role_of(each, EVERY) for each in statements]})

    def tables(self) -> list[tuple[object, ...]]:
        """What migrations have made, with its columns."""
        return self.gateway.query(
            "SELECT table, name, type FROM system.columns WHERE database = 'app' "
            "AND table NOT LIKE 'schema_migrations%' ORDER BY table, position"
        )

    def run(self, *argv: str, user: str = "migrator") -> Result:
        """The command as somebody."""
        url = self.gateway.database_url("app", user=user, password="x")
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("CLICKHOUSE_URL", url)
            return self.project.invoke(*argv)


def refusal(table: str, columns: str) -> dict[str, object]:
    """A fault: the server's words for a system table that is not granted."""
    words = "Not enough privileges. To execute this query, it's necessary to have the grant"
    message = f"migrator: {words} SELECT({columns}) ON system.{table}. (ACCESS_DENIED)"
    return {"times": 0, "action": "error", "code": 497, "message": message}


@pytest.fixture(scope="module")
def granting(servers_directory: Path) -> Iterator[GatewayProcess]:
    directory = servers_directory / "granting"
    gateway = GatewayProcess(directory, write_roles(directory, EVERY))
    yield gateway
    gateway.stop()


@pytest.fixture
def site(granting: GatewayProcess, tmp_path: Path) -> Iterator[Site]:
    granting.reset()
    granting.query("CREATE DATABASE app")
    project = Project(tmp_path / "project", None, granting.database_url("app"))
    project.add_pair(FIRST, "first", UP, DOWN)
    project.add_pair(SECOND, "second", MORE_UP, MORE_DOWN)
    own = Site(project, granting)
    own.grant("migrator", MIGRATE)
    yield own
    granting.reset()
    granting.drop_database("app")


def test_the_documented_grants_are_enough_to_migrate(site: Site) -> None:
    for argv in (
        ["--dry-run", "up"],
        ["up"],
        ["status", "--exit-code"],
        ["wait", "--at-head"],
        ["info"],
        ["lock"],
        ["dump", "--out", "-"],
        ["--dry-run", "down"],
        ["down", "--yes"],
        ["force", "--version", str(FIRST), "--yes"],
        ["up"],
        ["drop", "--yes"],
    ):
        result = site.run(*argv)
        assert result.code == 0, (argv, result)
    assert site.gateway.query("SELECT name FROM system.tables WHERE database = 'app'") == []


def test_what_is_missing_is_named_one_by_one_and_mends_it(site: Site) -> None:
    """Table of the lock, its rows, the ledger, its rows, and the kinds of statements."""
    named: list[str] = []
    result = None
    for _ in range(len(ONE_BY_ONE) + 1):
        site.grant("migrator", named)
        before = site.tables()
        result = site.run("up")
        found = MENDS.findall(result.out + result.err)
        if not found:
            break
        assert result.code in {1, 6}, result
        if result.code == 1:
            assert site.tables() == before
        assert found[0] in ONE_BY_ONE, result
        named.append(found[0])
    assert result is not None
    assert result.code == 0, result
    assert named == ONE_BY_ONE


@pytest.fixture
def applied(site: Site) -> Site:
    """Everything applied, and a user who may look."""
    assert site.run("up").code == 0
    site.grant("watcher", LOOK)
    return site


def test_the_documented_grants_are_enough_to_look(applied: Site) -> None:
    before = applied.tables()
    for argv in LOOKS:
        result = applied.run(*argv, user="watcher")
        assert result.code == 0, (argv, result)
        assert "not known" not in result.out
    applied.grant("watcher", [*LOOK, *DUMP])
    for argv in (["dump", "--out", "-"], ["drop", "--dry-run"], ["info"]):
        result = applied.run(*argv, user="watcher")
        assert result.code == 0, (argv, result)
        assert "renamed" in result.out
    assert applied.tables() == before


@pytest.mark.parametrize("grant", LOOK)
def test_what_is_missing_to_look_is_named(applied: Site, grant: str) -> None:
    applied.grant("watcher", [each for each in LOOK if each != grant])
    refused = [r for r in (applied.run(*argv, user="watcher") for argv in LOOKS) if r.code]
    assert refused
    for result in refused:
        assert result.code == 1, result
        assert f"ask an administrator for: {grant}" in result.out + result.err
    applied.grant("watcher", LOOK)
    assert applied.run("status", user="watcher").code == 0


def test_a_drop_that_is_refused_names_the_grant(applied: Site) -> None:
    may = [*LOOK, *DUMP]
    applied.grant("watcher", may)
    before = applied.tables()
    result = applied.run("drop", "--yes", user="watcher")
    assert result.code == 1, result
    assert "GRANT INSERT ON app.schema_migrations_lock TO watcher" in result.err
    applied.grant("watcher", [*may, "GRANT INSERT ON app.schema_migrations_lock TO migrator"])
    result = applied.run("drop", "--yes", user="watcher")
    assert result.code == 1, result
    assert "GRANT DROP VIEW ON app.seen TO watcher" in result.err
    assert applied.tables() == before


@pytest.mark.parametrize(
    ("argv", "table", "columns"),
    [
        (["drop", "--dry-run"], "tables", "name, engine"),
        (["dump", "--out", "-"], "tables", "name, engine"),
        (["dump", "--out", "-"], "columns", "database"),
    ],
)
def test_a_system_table_that_a_command_needs_is_named(
    applied: Site, argv: list[str], table: str, columns: str
) -> None:
    """The embedded engine lets everybody read them, so the server's words are put in its mouth."""
    denied = applied.gateway.fault(rf"FROM system\.{table}\b", **refusal(table, columns))
    result = applied.run(*argv)
    assert result.code == 1, result
    wanted = f"GRANT SELECT ON system.{table} TO migrator"
    assert f"ask an administrator for: {wanted}" in result.err
    assert wanted in SYSTEM
    assert denied.state["hits"]
    applied.gateway.disarm()
    assert applied.run(*argv).code == 0


def test_what_info_may_not_read_is_named(applied: Site) -> None:
    for grant in SYSTEM:
        table = SYSTEM_TABLE.findall(grant)
        if table:
            applied.gateway.fault(rf"FROM system\.{table[0]}\b", **refusal(table[0], "x"))
    result = applied.run("info")
    assert result.code == 0, result
    named = re.findall(r"not known (GRANT SELECT ON .+)", result.out)
    assert set(named) <= set(SYSTEM)
    assert len(named) == len(set(named)) == 5


def test_a_migration_needs_no_system_table_but_what_it_waits_for(site: Site) -> None:
    for grant in SYSTEM:
        table = SYSTEM_TABLE.findall(grant)
        if table and table[0] != "mutations":
            site.gateway.fault(rf"FROM system\.{table[0]}\b", **refusal(table[0], "x"))
    assert site.run("up", "--steps", "1").code == 0
    denied = site.gateway.fault(r"FROM system\.mutations\b", **refusal("mutations", "table"))
    result = site.run("up")
    assert denied.state["hits"]
    assert result.code == 6, result  # a column was added, for which nobody waits
    assert "GRANT SELECT ON system.mutations TO migrator" in result.out
    site.gateway.disarm()
    assert site.run("up").code == 0


def test_every_system_table_that_is_asked_is_documented(applied: Site) -> None:
    """What is sent here, and what stands in the sources for other occasions (clusters, proof)."""
    for argv in (*LOOKS, ["down", "--yes"], ["dump", "--out", "-"], ["drop", "--yes"]):
        applied.run(*argv)
    sent = {name for text in applied.gateway.texts() for name in SYSTEM_TABLE.findall(text)}
    modules = Path(environments.__file__).parent.rglob("*.py")
    written = {name for path in modules for name in IN_SQL.findall(path.read_text())}
    documented = {name for grant in SYSTEM for name in SYSTEM_TABLE.findall(grant)}
    assert sent - {"zookeeper"} <= documented
    assert written <= documented
    assert documented <= written | sent, "nobody asks for it"
