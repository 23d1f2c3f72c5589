"""``op.execute_sql_file`` in revisions that plain Alembic runs on a real Postgres."""

from __future__ import annotations

import io
import logging
import subprocess
import sys
from importlib.metadata import entry_points
from typing import TYPE_CHECKING

import psycopg
import pytest
from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy.exc import DBAPIError

from tests.support.postgres import libpq_url

if TYPE_CHECKING:
    from pathlib import Path

ENV = """
from alembic import context
from sqlalchemy import create_engine, pool

url = context.config.get_main_option("sqlalchemy.url")
if context.is_offline_mode():
    context.configure(url=url)
    with context.begin_transaction():
        context.run_migrations()
else:
    with create_engine(url, poolclass=pool.NullPool).connect() as connection:
        context.configure(connection=connection, transaction_per_migration=True)
        with context.begin_transaction():
            context.run_migrations()
"""

REVISION = """
from alembic import op

revision = "one"
down_revision = None


def upgrade():
    {body}


def downgrade():
    op.execute_sql_file("down.sql")
"""

TRICKY = r"""
-- a comment; with a semicolon, a :name, a %(name)s and 100 %
CREATE TABLE "tri:cky" (id int, note text DEFAULT ':not_a_bind 50% %s %(x)s $1');
/* another; one */
CREATE FUNCTION double(n int) RETURNS int LANGUAGE plpgsql AS $$
BEGIN
    -- ; inside
    RETURN n * 2;
END;
$$;
INSERT INTO "tri:cky" SELECT double(21);
INSERT INTO "tri:cky" VALUES (7 % 4, E'it\'s \\ here' || '{}'::text)
"""


class Project:
    """A directory with one revision, whose files stand beside it."""

    def __init__(self, root: Path, url: str) -> None:
        self.versions = root / "migrations" / "versions"
        self.versions.mkdir(parents=True)
        (root / "migrations" / "env.py").write_text(ENV)
        self.printed = io.StringIO()
        self.config = Config(output_buffer=self.printed)
        self.config.set_main_option("script_location", str(root / "migrations"))
        self.config.set_main_option("path_separator", "os")
        self.config.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
        self.url = libpq_url(url)

    def revision(self, body: str = 'op.execute_sql_file("up.sql")') -> None:
        (self.versions / "one.py").write_text(REVISION.format(body=body))

    def sql(self, name: str, text: str | bytes) -> Path:
        path = self.versions / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    def upgrade(self, *, sql: bool = False) -> str:
        command.upgrade(self.config, "head", sql=sql)
        return self.printed.getvalue()

    def rows(self, query: str) -> list[tuple[object, ...]]:
        with psycopg.connect(self.url) as connection:
            return connection.execute(query).fetchall()  # type: ignore[arg-type]

    def tables(self) -> list[object]:
        rows = self.rows("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
        return [name for (name,) in rows]


@pytest.fixture
def project(tmp_path: Path, postgres_url: str) -> Project:
    return Project(tmp_path, postgres_url)


def test_it_runs_exactly_what_is_written(project: Project) -> None:
    project.revision()
    project.sql("up.sql", TRICKY)
    project.sql("down.sql", 'DROP TABLE "tri:cky"; DROP FUNCTION double;')
    project.upgrade()
    assert project.rows('SELECT * FROM "tri:cky" ORDER BY id') == [
        (3, r"it's \ here{}"),
        (42, ":not_a_bind 50% %s %(x)s $1"),
    ]
    command.downgrade(project.config, "base")
    assert project.tables() == ["alembic_version"]


def test_the_same_file_many_times(project: Project) -> None:
    # psycopg prepares what it has seen five times, and can't prepare several statements.
    project.revision(
        'op.execute("CREATE TABLE t (i int)")\n    for _ in range(12):\n'
        '        op.execute_sql_file("up.sql")'
    )
    project.sql("up.sql", "INSERT INTO t VALUES (1); INSERT INTO t VALUES (1);")
    project.upgrade()
    assert project.rows("SELECT count(*) FROM t") == [(24,)]


def test_it_is_part_of_the_revisions_transaction(project: Project) -> None:
    project.revision('op.execute_sql_file("up.sql")\n    op.execute("SELECT 1 / 0")')
    project.sql("up.sql", "CREATE TABLE a (); CREATE TABLE b ();")
    with pytest.raises(DBAPIError, match="division by zero"):
        project.upgrade()
    assert project.tables() == []


def test_a_failing_statement_takes_the_whole_file_back(project: Project) -> None:
    project.revision()
    project.sql("up.sql", "CREATE TABLE a (); SELECT nonsense; CREATE TABLE b ();")
    with pytest.raises(DBAPIError, match='column "nonsense" does not exist'):
        project.upgrade()
    assert project.tables() == []


def test_in_an_autocommit_block(project: Project) -> None:
    project.revision(
        'op.execute("CREATE TABLE t (i int)")\n'
        "    with op.get_context().autocommit_block():\n"
        '        op.execute_sql_file("up.sql")'
    )
    project.sql("up.sql", "CREATE INDEX CONCURRENTLY t_i ON t (i);\n")
    project.upgrade()
    assert project.rows("SELECT indexname FROM pg_indexes WHERE tablename = 't'") == [("t_i",)]


def test_the_connection_goes_on_as_before(project: Project) -> None:
    project.revision(
        'op.execute_sql_file("up.sql")\n'
        "    from sqlalchemy import text\n"
        '    op.get_bind().execute(text("INSERT INTO t VALUES (:i)"), {"i": "5"})\n'
        "    op.execute(\"INSERT INTO t VALUES ('6 %')\")"
    )
    project.sql("up.sql", "CREATE TABLE t (i text);")
    project.upgrade()
    assert project.rows("SELECT i FROM t ORDER BY i") == [("5",), ("6 %",)]


def test_offline_it_prints_the_text(project: Project) -> None:
    project.revision()
    project.sql("up.sql", TRICKY)
    printed = project.upgrade(sql=True)
    assert TRICKY.rstrip() + "\n;" in printed
    assert project.tables() == []


@pytest.mark.parametrize(
    "end", ["", ";", ";\n\n", "\n-- the end", "; -- the end", " -- the end;", ";\n/* end */\n"]
)
def test_what_is_printed_can_be_run(project: Project, end: str) -> None:
    project.revision()
    project.sql("up.sql", f"CREATE TABLE t (i int){end}")
    printed = project.upgrade(sql=True)
    with psycopg.connect(project.url) as connection:
        connection.execute(printed)  # type: ignore[arg-type]
    assert project.tables() == ["alembic_version", "t"]


@pytest.mark.parametrize("text", ["", " \n\t", "-- only\n/* comments; */\n", "\ufeff", ";;"])
def test_a_file_without_statements_does_nothing(project: Project, text: str) -> None:
    project.revision()
    project.sql("up.sql", text)
    project.upgrade()
    assert project.tables() == ["alembic_version"]
    project.upgrade(sql=True)


def test_a_byte_order_mark_and_windows_lines(project: Project) -> None:
    project.revision()
    project.sql("up.sql", "\ufeffCREATE TABLE t AS\r\nSELECT 'a\r\nb' AS s;\r\n")
    project.upgrade()
    assert project.rows("SELECT s FROM t") == [("a\r\nb",)]


def test_an_absolute_path(project: Project, tmp_path: Path) -> None:
    (tmp_path / "elsewhere.sql").write_text("CREATE TABLE t ()")
    project.revision(f"op.execute_sql_file({str(tmp_path / 'elsewhere.sql')!r})")
    project.upgrade()
    assert "t" in project.tables()


def test_a_helper_in_another_module_means_the_revisions_directory(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "sqlfile_helper.py").write_text(
        "from pathlib import Path\nfrom alembic import op\n"
        "def run(name):\n    op.execute_sql_file(Path('sub') / name)\n"
    )
    (project.versions / "sub").mkdir()
    project.sql("sub/up.sql", "CREATE TABLE t ()")
    project.revision('import sqlfile_helper\n    sqlfile_helper.run("up.sql")')
    project.upgrade()
    assert "t" in project.tables()


def test_a_missing_file_is_named(project: Project) -> None:
    project.revision()
    with pytest.raises(CommandError) as caught:
        project.upgrade()
    assert str(caught.value) == f"{project.versions / 'up.sql'}: No such file or directory"
    assert project.tables() == []


def test_a_file_that_is_not_utf8_is_named(project: Project) -> None:
    project.revision()
    path = project.sql("up.sql", b"SELECT '\xe4'")
    with pytest.raises(CommandError) as caught:
        project.upgrade()
    assert str(caught.value) == f"{path} is not UTF-8 (byte 9)"


def test_a_relative_path_needs_a_revision(project: Project) -> None:
    from alembic.operations import Operations
    from alembic.runtime.migration import MigrationContext

    operations = Operations(MigrationContext.configure(dialect_name="postgresql"))
    with pytest.raises(CommandError, match="a relative path needs a revision"):
        operations.execute_sql_file("up.sql")  # type: ignore[attr-defined]


def test_plain_alembic_loads_it_cheaply_and_quietly() -> None:
    code = """
import sys
import alembic
from alembic import op
assert op.execute_sql_file
names = sorted(name for name in sys.modules if name.startswith("brokle_migrate"))
assert names == ["brokle_migrate", "brokle_migrate.sqlfile"], names
"""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_the_module_can_be_imported_before_alembic() -> None:
    code = "import brokle_migrate.sqlfile; from alembic import op; op.execute_sql_file"
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True)


def test_it_logs_nothing(project: Project, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    project.revision()
    project.sql("up.sql", "SELECT 1")
    project.upgrade()
    assert not [record for record in caplog.records if record.name.startswith("brokle_migrate")]


AUTOCOMMIT = "with op.get_context().autocommit_block():\n        op.execute_sql_file('up.sql')"


def test_in_an_autocommit_block_each_statement_is_sent_by_itself(project: Project) -> None:
    project.revision(AUTOCOMMIT)
    project.sql(
        "up.sql",
        "CREATE TABLE t (i int);\nCREATE INDEX CONCURRENTLY a ON t (i); -- ;\n"
        "CREATE PROCEDURE p() LANGUAGE plpgsql AS $p$ BEGIN\n"
        "  INSERT INTO t VALUES (1); COMMIT; EXECUTE $$INSERT INTO t VALUES (2);$$; END $p$;\n"
        "CALL p();\nBEGIN; INSERT INTO t VALUES (3); ROLLBACK;\n",
    )
    project.upgrade()
    assert project.rows("SELECT i FROM t ORDER BY i") == [(1,), (2,)]
    assert project.rows("SELECT indexname FROM pg_indexes WHERE tablename = 't'") == [("a",)]


def test_drivers_that_take_one_statement_at_a_time(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("brokle_migrate.sqlfile._TAKE_SEVERAL", set())
    project.revision()
    path = project.sql("up.sql", TRICKY + ";\nSELECT 1/0;\nSELECT 2")
    with pytest.raises(DBAPIError, match="division by zero") as caught:
        project.upgrade()
    assert caught.value.__notes__ == [f"in {path}:14:1"]
    assert project.tables() == []  # all in one transaction
    project.sql("up.sql", TRICKY)
    project.upgrade()
    assert len(project.rows('SELECT * FROM "tri:cky"')) == 2


def test_a_transaction_of_the_file_itself_is_taken_back(project: Project) -> None:
    project.revision(AUTOCOMMIT)
    project.sql("up.sql", "CREATE TABLE a ();\nBEGIN;\nCREATE TABLE b ();\nSELECT 1/0;\nCOMMIT;")
    with pytest.raises(DBAPIError, match="division by zero") as caught:
        project.upgrade()
    assert caught.value.__notes__ == [f"in {project.versions / 'up.sql'}:4:1"]
    assert project.tables() == ["a", "alembic_version"]


def test_a_transaction_without_an_end_is_refused(project: Project) -> None:
    project.revision(AUTOCOMMIT)
    project.sql("up.sql", "BEGIN; CREATE TABLE a ();")
    with pytest.raises(CommandError, match="begins a transaction and does not end it"):
        project.upgrade()
    assert "a" not in project.tables()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("SELECT 1;\n\\connect other\n", r":2:1: \connect is a command of psql"),
        ("SELECT 1 \\gexec", r":1:10: \gexec is a command of psql"),
        ("\nCOPY t (i) FROM STDIN;\n1\n\\.\n", ":2:1: COPY … FROM STDIN reads data"),
    ],
)
def test_what_only_psql_can_run_is_refused(project: Project, text: str, words: str) -> None:
    project.revision()
    path = project.sql("up.sql", text)
    for sql in (False, True):
        with pytest.raises(CommandError) as caught:
            project.upgrade(sql=sql)
        assert str(caught.value).startswith(f"{path}{words}")


@pytest.mark.parametrize("text", [r"SELECT E'\'\\', '\connect', '\'", "SELECT 'stdin' -- \\x"])
def test_a_backslash_in_quotes_is_no_command(project: Project, text: str) -> None:
    project.revision()
    project.sql("up.sql", text)
    project.upgrade()
    assert project.tables() == ["alembic_version"]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("SELECT 1;\nSELECT\n  nonsense;", ":3:3"),
        ("\n\n  SELECT 1/0", ":3:3"),
        ("SELECT 1; SELECT 1/0", ""),  # the server does not tell which of them it was
    ],
)
def test_an_error_names_the_place_in_the_file(project: Project, text: str, place: str) -> None:
    project.revision()
    path = project.sql("up.sql", text)
    with pytest.raises(DBAPIError) as caught:
        project.upgrade()
    assert caught.value.__notes__ == [f"in {path}{place}"]


def test_older_alembics_iterate_over_the_plugin() -> None:
    from types import ModuleType

    (found,) = entry_points(group="alembic.plugins", name="brokle_migrate")
    plugin = found.load()
    assert isinstance(plugin, ModuleType)
    assert [each.setup for each in plugin] == [plugin.setup]
