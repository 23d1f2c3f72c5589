"""Projects that Alembic itself makes are ours as they are, and both commands mix freely."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest

from brokle_migrate.environments.single_runs import own_plugins
from tests.support.alembic_itself import AlembicProject
from tests.support.postgres import ask, libpq_url, table_names

if TYPE_CHECKING:
    from collections.abc import Callable

PLUGIN = """
from alembic.operations import MigrateOperation, Operations

class CreateMarker(MigrateOperation):
    def __init__(self, name):
        self.name = name

    @classmethod
    def create_marker(cls, operations, name):
        return operations.invoke(cls(name))

@Operations.implementation_for(CreateMarker)
def create_marker(operations, operation):
    operations.execute(f"CREATE TABLE {operation.name} (id int)")

def setup(plugin):
    Operations.register_operation("create_marker")(CreateMarker)
"""
OWN_ENGINE = """
import os
from alembic import context
from sqlalchemy import NullPool, create_engine

url = os.environ["APP_URL"]
if context.is_offline_mode():
    context.configure(url=url, literal_binds=True)
    with context.begin_transaction():
        context.run_migrations()
else:
    with create_engine(url, poolclass=NullPool).connect() as connection:
        context.configure(connection=connection)
        with context.begin_transaction():
            context.run_migrations()
"""
REVISION = '''"""revision {id}"""

revision = {id!r}
down_revision = {down}


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
'''
BRANCHES = ("b1", "b2", "c1", "c2")
IDS = [f"{number:02}" for number in range(1, 11)]


@pytest.fixture
def make(tmp_path: Path, postgres_url: str) -> Callable[..., AlembicProject]:
    """Make a project over an empty database."""

    def make(template: str = "generic", **options: bool) -> AlembicProject:
        return AlembicProject(tmp_path / "project", template, postgres_url, **options)

    return make


def add(project: AlembicProject, *ids: str) -> None:
    """Revisions that make a table each, of their own name."""
    for one in ids:
        project.revision(one, f"CREATE TABLE t{one} (id int)", f"DROP TABLE t{one}")


def configure(project: AlembicProject, options: str) -> None:
    """Give ``context.configure`` of ``env.py`` further options, where it has a connection."""
    plain = "connection=connection, target_metadata=target_metadata"
    project.edit(project.env_py, (plain, f"{plain}, {options}"))


def mix_a_little(project: AlembicProject) -> None:
    """The same, with fewer steps."""
    project.ours("up --steps 3")
    project.agree("03")
    project.alembic("upgrade +5")
    project.ours("down -y")
    project.agree("07")
    project.ours("postgres downgrade -2")
    project.alembic("upgrade head")
    project.ours("status --exit-code")
    project.ours("down --all -y")
    project.agree()


def mix(project: AlembicProject) -> None:
    """Move through ten revisions, by turns with Alembic and with us."""
    project.agree()
    project.ours("up --steps 3")
    project.agree("03")
    project.alembic("upgrade +2")
    project.agree("05")
    project.ours("goto --version 08 -y")
    project.agree("08")
    project.alembic("downgrade -2")
    project.agree("06")
    project.ours("down -y")
    project.agree("05")
    project.ours("postgres upgrade heads")
    project.agree("10")
    project.alembic("current --check-heads")
    project.ours("up")
    project.ours("status --exit-code")
    project.alembic("downgrade base")
    project.agree()
    project.ours("up")
    project.agree("10")
    assert table_names(project.url) >= {f"t{one}" for one in IDS}
    project.ours("down --all -y")
    project.agree()
    assert not table_names(project.url) & {f"t{one}" for one in IDS}


@pytest.mark.parametrize("template", ["generic", "async", "pyproject", "pyproject_async"])
def test_every_template_of_alembics(make: Callable[..., AlembicProject], template: str) -> None:
    project = make(template)
    add(project, *IDS)
    mix(project)


def test_several_databases_are_refused_with_the_reason(
    tmp_path: Path, postgres_url: str, other_postgres_url: str
) -> None:
    project = AlembicProject(tmp_path / "project", "multidb", postgres_url, in_ini=False)
    project.edit(
        project.ini,
        ("driver://user:pass@localhost/dbname2", other_postgres_url),
        ("driver://user:pass@localhost/dbname", postgres_url),
    )
    project.alembic("revision -m one --rev-id 01")
    for command in ("up", "status", "--dry-run up", "down -y"):
        refused = project.ours(command, 2)
        assert "several databases" in refused.err + refused.out
        assert "brokle-migrate postgres" in refused.err + refused.out
    assert table_names(postgres_url) == table_names(other_postgres_url) == set()
    project.ours("postgres upgrade head")
    assert table_names(postgres_url) == table_names(other_postgres_url) == {"alembic_version"}


def test_an_env_py_with_an_engine_of_its_own(
    make: Callable[..., AlembicProject], monkeypatch: pytest.MonkeyPatch
) -> None:
    project = make(in_ini=False)
    project.env_py.write_text(OWN_ENGINE)
    monkeypatch.setenv("APP_URL", project.url)
    add(project, *IDS)
    mix_a_little(project)


def test_a_version_table_in_a_schema_of_its_own(make: Callable[..., AlembicProject]) -> None:
    project = make()
    options = "include_schemas=True, version_table='versions', version_table_schema='history'"
    configure(project, options)
    with psycopg.connect(libpq_url(project.url), autocommit=True) as connection:
        connection.execute("CREATE SCHEMA history")
    add(project, *IDS)
    mix_a_little(project)
    assert ask(project.url, "SELECT * FROM history.versions") == []
    project.ours("up")
    project.ours("--db postgres force --version 04 -y")
    project.agree("04")


def test_revisions_in_several_directories(make: Callable[..., AlembicProject]) -> None:
    project = make()
    location = "script_location = %(here)s/alembic"
    directories = "version_locations = %(here)s/alembic/versions:%(here)s/billing"
    project.edit(
        project.ini,
        (f"{location}\n", f"{location}\n{directories}\n"),
        ("path_separator = os", "path_separator = :"),
    )
    (project.path / "billing").mkdir()
    for number, one in enumerate(IDS):
        where = project.path / "billing" if number % 3 else project.versions
        sql = f"CREATE TABLE t{one} (id int)", f"DROP TABLE t{one}"
        project.revision(one, *sql, f"--version-path {where}")
    mix_a_little(project)
    created = project.ours("create --name next").out.strip()
    assert (project.path / created).parent == where


def test_a_transaction_for_each_revision_and_autocommit_blocks(
    make: Callable[..., AlembicProject],
) -> None:
    project = make()
    configure(project, "transaction_per_migration=True")
    add(project, "01")
    block = "with op.get_context().autocommit_block():\n    op.execute('{} INDEX CONCURRENTLY {}')"
    project.revision("02", block.format("CREATE", "i02 ON t01 (id)"), block.format("DROP", "i02"))
    project.revision("03", "CREATE TABLE t01 (id int)")
    failed = project.ours("up", 6)
    assert "t01" in failed.out + failed.err
    project.agree("02")
    project.alembic("downgrade base")
    project.ours("up --steps 2")
    project.agree("02")
    project.ours("down -y --all")
    project.agree()


def test_arguments_of_x_reach_env_py(make: Callable[..., AlembicProject]) -> None:
    project = make()
    tenants = """
    arguments = context.get_x_argument(as_dictionary=True)
    with connectable.connect() as connection:
        connection.exec_driver_sql(f"SET search_path TO {arguments['tenant']}")
        connection.commit()
        connection.dialect.default_schema_name = arguments["tenant"]
"""
    project.edit(project.env_py, ("    with connectable.connect() as connection:\n", tenants))
    with psycopg.connect(libpq_url(project.url), autocommit=True) as connection:
        connection.execute("CREATE SCHEMA one; CREATE SCHEMA two")
    add(project, "01", "02")
    project.section = "-x tenant=one"
    project.ours("up")
    project.agree("02")
    project.section = "-x tenant=two"
    project.agree()
    project.alembic("upgrade 01")
    project.ours("up")
    project.agree("02")
    schemas = ask(project.url, "SELECT schemaname FROM pg_tables WHERE tablename = 't02'")
    assert sorted(schemas) == [("one",), ("two",)]


def test_sections_of_alembic_ini(
    make: Callable[..., AlembicProject], other_postgres_url: str
) -> None:
    project = make()
    other = f"[other]\nscript_location = %(here)s/other\nsqlalchemy.url = {other_postgres_url}\n"
    project.edit(project.ini, ("[post_write_hooks]", f"{other}\n[post_write_hooks]"))
    shutil.copytree(project.path / "alembic", project.path / "other")
    add(project, "01", "02")
    project.section = "-n other"
    add(project, "a1", "a2", "a3")
    project.ours("up")
    project.agree("a3")
    project.section = ""
    project.agree()
    project.ours("up --steps 1")
    project.agree("01")
    project.section = "-n other"
    project.alembic("downgrade a1")
    project.agree("a1")
    project.section = "-n nonesuch"
    refused = project.ours("up", 2).err
    assert "alembic.ini has no section [nonesuch]" in refused
    assert "alembic, other, post_write_hooks" in refused
    assert table_names(project.url) == {"alembic_version", "t01"}
    assert table_names(other_postgres_url) == {"alembic_version", "ta1"}


def test_a_plugin_that_env_py_registers(make: Callable[..., AlembicProject]) -> None:
    project = make()
    (project.path / "team_operations.py").write_text(PLUGIN)
    register = (
        "import team_operations\n"
        "from alembic.runtime.plugins import Plugin\n"
        "Plugin.setup_plugin_from_module(team_operations, 'team.operations')\n"
        "config = context.config"
    )
    project.edit(project.env_py, ("config = context.config", register))
    project.revision("01", "op.create_marker('first')", "op.execute('DROP TABLE first')")
    project.revision("02", "op.create_marker('second')", "op.execute('DROP TABLE second')")
    project.ours("up --steps 1")
    assert "second" in project.ours("--dry-run up").out
    with own_plugins():
        project.alembic("upgrade head")
    assert table_names(project.url) == {"alembic_version", "first", "second"}
    project.ours("down --all -y")
    with own_plugins():
        project.ours("postgres upgrade head")
    project.ours("status --exit-code")


def test_ids_of_both_styles_mixed(make: Callable[..., AlembicProject]) -> None:
    project = make()
    add(project, "1975ea83b712", "20250101000000", "ae1027a6acf", "20250201000000")
    project.ours("goto --version 2025010 -y")
    project.agree("20250101000000")
    project.ours("goto --version ae10+1 -y")
    project.agree("20250201000000")
    project.alembic("downgrade 1975")
    project.ours("up --steps 1")
    project.agree("20250101000000")
    created = project.ours("create --name next").out.strip()
    project.ours("up")
    project.agree(Path(created).name[:14])


@pytest.fixture
def branched(make: Callable[..., AlembicProject]) -> AlembicProject:
    """Two branches from one root, and a third with a root of its own that needs one of them."""
    project = make()
    add(project, "a0", "a1")
    sql = {one: (f"CREATE TABLE t{one} (id int)", f"DROP TABLE t{one}") for one in BRANCHES}
    project.revision("b1", *sql["b1"], "--head a0 --splice --branch-label cart")
    project.revision("b2", *sql["b2"], "--head cart@head")
    project.revision("c1", *sql["c1"], "--head base --branch-label network")
    project.revision("c2", *sql["c2"], "--head network@head --depends-on a1")
    return project


def test_several_heads_are_named_with_what_to_type(branched: AlembicProject) -> None:
    refused = branched.ours("up", 2)
    for word in ("2 heads: b2, c2", "goto --version heads", "alembic merge"):
        assert word in refused.err
    branched.agree()
    for command in ("create --name next", "--dry-run create --name next"):
        assert "postgres revision -m MESSAGE --head" in branched.ours(command, 2).err
    refused = branched.ours("goto --version head -y", 2)
    assert "goto --version heads" in refused.err
    branched.ours("goto --version heads -y")
    branched.agree("b2", "c2")
    branched.ours("status --exit-code")
    refused = branched.ours("goto --version a1 -y", 2)
    assert "Destination a1 is not a valid downgrade target" in refused.err
    branched.ours("up")
    branched.ours("down --all -y")
    branched.agree()


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("", "cart@head"),
        ("", "network@head"),
        ("", "network@c1"),
        ("a1", "cart@head"),
        ("heads", "cart@b1"),
        ("heads", "network@base"),
        ("heads", "cart@-1"),
        ("a1", "cart@+1"),
        ("cart@head", "network@+2"),
        ("heads", "cart@base"),
        ("heads", "a0"),
        ("heads", "base"),
    ],
)
def test_a_destination_in_a_branch_is_where_alembic_goes(
    branched: AlembicProject, first: str, second: str
) -> None:
    """Forward as ``alembic upgrade``, back as ``alembic downgrade``."""
    if first:
        branched.alembic(f"upgrade {first}")
    branched.ours(f"goto --version {second} -y")
    ours = branched.status()["current"]
    branched.alembic("downgrade base")
    if first:
        branched.alembic(f"upgrade {first}")
    back = first == "heads"
    branched.alembic(f"{'downgrade' if back else 'upgrade'} {second}")
    branched.agree(*ours)


def test_merges_and_one_step_back_at_a_time(branched: AlembicProject) -> None:
    branched.ours("postgres merge -m all --rev-id d1 heads")
    branched.ours("up")
    branched.agree("d1")
    branched.ours("down -y")
    branched.agree("b2", "c2")
    tables = {"ta0", "ta1", "tb1", "tb2", "tc1", "tc2"}
    assert table_names(branched.url) == {"alembic_version", *tables}
    for left in range(5, -1, -1):
        branched.ours("down -y")
        assert branched.status()["applied"] == left
        assert len(table_names(branched.url) & tables) == left
    branched.agree()


def test_three_thousand_revisions(make: Callable[..., AlembicProject]) -> None:
    project = make()
    for number in range(3000):
        down = f"{number - 1:05}" if number else None
        text = REVISION.format(id=f"{number:05}", down=repr(down))
        (project.versions / f"{number:05}_revision.py").write_text(text)
    assert project.status()["heads"] == ["02999"]
    planned = project.ours("--json --dry-run up")
    assert len(json.loads(planned.out)["data"]["steps"]) == 3000
    project.ours("--db postgres force --version 02990 -y")
    project.ours("up --steps 5")
    project.agree("02995")
    project.ours("postgres upgrade head")
    project.ours("down --steps 3 -y")
    assert project.status()["current"] == ["02996"]
