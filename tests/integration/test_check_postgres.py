"""``check`` on Postgres revisions: each rule at its line, and nothing else."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import psycopg
import pytest

from brokle_migrate.checks.catalogue import RULES
from brokle_migrate.environments import squawk
from tests.support.postgres import libpq_url
from tests.support.project import Project

if TYPE_CHECKING:
    from pathlib import Path

MODULE = '''"""{name}"""

import sqlalchemy as sa
from alembic import op
{imports}
revision = {name!r}
down_revision = {down!r}


def upgrade():
{up}


def downgrade():
{back}
'''
TABLE = "op.create_table('{t}', sa.Column('id', sa.BigInteger(), primary_key=True))"


@dataclass(frozen=True)
class Fault:
    """One thing that a rule finds.

    » stands before the line of the finding's statement, and is removed.
    """

    rule: str
    up: str
    down: str = "op.execute('SELECT 1')"
    imports: str = ""


FAULTS = [
    Fault("PG001", "»op.drop_constraint(None, 'a', type_='unique')"),
    Fault("PG002", "»op.execute('SELECT :name')"),
    Fault("PG002", "op.execute('SELECT 1')\n»op.execute(sa.text(\"SELECT 'a:b', ':c'\"))"),
    Fault("PG002", '»op.execute(f"SELECT :name, {1 + 1}")'),
    Fault("PG003", "»with op.get_context().autocommit_block():\n    op.execute('SELECT 1')"),
    Fault("PG004", "»rows = op.get_bind().execute(sa.text('SELECT 1')).all()"),
    Fault("PG005", "pass", "pass"),
    Fault("PG006", "op.execute('SELECT 1')", "pass"),
    Fault("PG007", "op.execute('SELECT 1')", "»raise NotImplementedError('no')"),
    Fault("PG008", "op.execute('SELECT 1')", imports="»import shop.models\n"),
    Fault("PG009", "»op.execute('ALTER TABEL x')"),
    Fault("squawk/ban-drop-column", "op.execute('SELECT 1')\n»op.drop_column('a', 'b')"),
    Fault("squawk/ban-drop-table", "»op.drop_table('a')"),
    Fault("squawk/require-concurrent-index-creation", "»op.create_index('ix', 'a', ['b'])"),
    Fault("squawk/renaming-table", "»op.rename_table('a', 'c')"),
    Fault("squawk/renaming-column", "»op.alter_column('a', 'b', new_column_name='c')"),
    Fault("squawk/changing-column-type", "»op.alter_column('a', 'b', type_=sa.BigInteger())"),
    Fault("squawk/adding-not-nullable-field", "»op.alter_column('a', 'b', nullable=False)"),
    Fault("squawk/constraint-missing-not-valid", "»op.create_check_constraint('ck', 'a', 'b > 0')"),
]


@pytest.fixture
def postgres(tmp_path: Path) -> Project:
    project = Project(tmp_path / "project", "postgresql+psycopg://nobody@127.0.0.1:1/x")
    project.clickhouse_versions.rmdir()
    project.clickhouse_versions.parent.rmdir()
    ini = project.path / "alembic.ini"
    ini.write_text(
        ini.read_text().replace(
            "[alembic]", "[alembic]\npath_separator = os\nprepend_sys_path = %(here)s", 1
        )
    )
    project.write("shop/__init__.py", "")
    project.write("shop/models.py", "")
    return project


def write(project: Project, fault: Fault, name: str, down: str | None) -> int:
    """Write the module of a fault; the line of its finding."""
    up, back = (
        "\n".join(f"    {line}" for line in text.split("\n")) for text in (fault.up, fault.down)
    )
    text = MODULE.format(name=name, down=down, up=up, back=back, imports=fault.imports)
    project.write(f"alembic/versions/{name}_x.py", text.replace("»", ""))
    at = text.find("»")
    if at < 0:
        at = text.index("def downgrade" if fault.rule == "PG006" else "def upgrade")
    return 1 if fault.rule == "PG004" else text[:at].count("\n") + 1


def findings(project: Project) -> list[tuple[str, str, int]]:
    data = json.loads(project.invoke("check", "--json").out)["data"]
    assert data["not_checked"] == []
    found = []
    for each in data["findings"]:
        file, line, _ = each["location"].rsplit(":", 2)
        found.append((each["id"], file.rpartition("/")[2], int(line)))
    return found


def test_planted_faults_are_found_and_nothing_else(postgres: Project) -> None:
    expected, down = [], None
    for number, fault in enumerate(FAULTS, 1):
        name = f"r{number:02}"
        line = write(postgres, fault, name, down)
        expected.append((fault.rule, f"{name}_x.py", line))
        down = name
    expected.append(("PG004", "r01_x.py", 1))  # what has no name can't be dropped, also offline
    found = findings(postgres)
    assert sorted(set(found) - set(expected)) == []
    assert sorted(set(expected) - set(found)) == []
    assert len(found) == len(expected)


def test_every_rule_has_a_fault() -> None:
    wanted = {rule.id for rule in RULES if rule.id.startswith("PG")}
    assert {fault.rule for fault in FAULTS} >= wanted


def test_what_is_in_order_is_not_found(postgres: Project) -> None:
    up = (
        f"{TABLE.format(t='a')}\nop.execute(r\"SELECT '\\:x', a::text FROM a\")\n"
        "op.add_column('a', sa.Column('b', sa.Text()))"
    )
    fault = Fault("", up.replace("op.create", "»op.create", 1), "op.execute('DROP TABLE a')")
    write(postgres, fault, "r1", None)
    assert findings(postgres) == []


def test_values_for_parameters_and_comments_at_the_end_are_in_order(postgres: Project) -> None:
    up = (
        "op.execute('SELECT 1 -- why')\n"
        "op.get_bind().execute(sa.text('SELECT :x'), {'x': 1})\n"
        "»op.execute('SELECT 2')"
    )
    write(postgres, Fault("", up), "r1", None)
    assert findings(postgres) == []


def test_an_env_py_without_an_offline_mode_connects_to_nothing(
    postgres: Project, postgres_url: str
) -> None:
    write(postgres, Fault("", "»op.execute('CREATE TABLE made (id int)')"), "r1", None)
    env = postgres.path / "alembic" / "env.py"
    env.write_text(
        "from alembic import context\nfrom sqlalchemy import create_engine\n"
        f"with create_engine({postgres_url!r}).connect() as connection:\n"
        "    context.configure(connection=connection)\n"
        "    with context.begin_transaction():\n        context.run_migrations()\n"
    )
    result = postgres.invoke("check")
    assert "env.py does not run offline: Connects: it connects to a database" in result.out
    with psycopg.connect(libpq_url(postgres_url)) as connection:
        assert connection.execute("SELECT to_regclass('made')").fetchone() == (None,)


def test_a_revision_that_ends_the_process_is_named(postgres: Project) -> None:
    fault = Fault("PG004", "»raise SystemExit('no')")
    write(postgres, fault, "r1", None)
    assert findings(postgres) == [("PG004", "r1_x.py", 1)]


def test_a_module_that_can_not_be_loaded_is_an_error_at_its_line(postgres: Project) -> None:
    postgres.write(
        "alembic/versions/a.py", "revision = 'a'\ndown_revision = None\n\ndef upgrade(:\n"
    )
    result = postgres.invoke("check")
    assert result.code == 3
    assert "a.py:4:1: error MG001: can't be loaded: " in result.out
    postgres.write(
        "alembic/versions/a.py", "revision = 'a'\ndown_revision = None\nimport nothing_here\n"
    )
    result = postgres.invoke("check")
    assert result.code == 3
    assert "a.py:3:1: error MG001: can't be loaded: ModuleNotFoundError" in result.out


def test_a_module_can_allow_what_squawk_finds(postgres: Project) -> None:
    fault = Fault(
        "", "»op.drop_table('a')", imports="# migrate: allow squawk/ban-drop-table because old\n"
    )
    write(postgres, fault, "r1", None)
    assert findings(postgres) == []
    assert "1 allowed" in postgres.invoke("check").out


def test_the_teams_configuration_of_squawk_counts(postgres: Project) -> None:
    write(postgres, Fault("", "»op.drop_table('a')"), "r1", None)
    postgres.write(".squawk.toml", 'excluded_rules = ["ban-drop-table"]\n')
    assert "ban-drop-table" not in {rule.partition("/")[2] for rule, *_ in findings(postgres)}


def test_an_env_py_that_needs_a_database(postgres: Project) -> None:
    write(postgres, Fault("", "»op.drop_table('a')"), "r1", None)
    env = postgres.path / "alembic" / "env.py"
    env.write_text("raise KeyError('SHOP_DATABASE')\n")
    result = postgres.invoke("check")
    assert result.code == 0
    assert "not checked: the SQL of the Postgres revisions was not looked at" in result.out
    assert "env.py does not run offline: KeyError: 'SHOP_DATABASE'" in result.out


def test_without_squawk_that_is_said(postgres: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    write(postgres, Fault("", "»op.drop_table('a')"), "r1", None)
    monkeypatch.setattr(squawk, "program", lambda: None)
    assert "squawk is not installed: pip install" in postgres.invoke("check").out
    monkeypatch.setattr(squawk, "program", lambda: "/bin/false")
    assert "squawk failed: it ended with 1" in postgres.invoke("check").out
