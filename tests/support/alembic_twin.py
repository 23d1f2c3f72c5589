"""The same history twice: an Alembic project over SQLite, run by Alembic itself, and ClickHouse."""

from __future__ import annotations

import contextlib
import io
import re
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING

from alembic.config import CommandLine, Config

if TYPE_CHECKING:
    from pathlib import Path

    from .project import Project

ENV = """
from alembic import context
from sqlalchemy import create_engine, pool

url = context.config.get_main_option("sqlalchemy.url")
if context.is_offline_mode():
    context.configure(url=url, literal_binds=True)
    with context.begin_transaction():
        context.run_migrations()
else:
    engine = create_engine(url, poolclass=pool.NullPool)
    with engine.connect() as connection:
        context.configure(connection=connection, target_metadata=None)
        with context.begin_transaction():
            context.run_migrations()
"""
REVISION = '''"""{message}

Revision ID: {id}
Revises: {down}
Create Date: {created}

"""

from alembic import op

revision = {id!r}
down_revision = {down!r} or None


def upgrade() -> None:
    op.execute("CREATE TABLE {table} (x int)")


def downgrade() -> None:
    op.execute("DROP TABLE {table}")
'''
TEMPLATE = '''"""${message}"""
revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
'''


@dataclass(frozen=True)
class Said:
    """What a command line came to: its output without what has to differ, and its failure."""

    ok: bool
    out: str
    failure: str


class Twin:
    """Alembic's project and ours, with the same ids and messages.

    :param path: an empty directory for Alembic's.
    :param project: ours, without files yet.
    """

    def __init__(self, path: Path, project: Project) -> None:
        self.path = path
        self.project = project
        self.head = ""
        self.versions = path / "alembic" / "versions"
        self.versions.mkdir(parents=True)
        (path / "alembic" / "env.py").write_text(ENV)
        (path / "alembic" / "script.py.mako").write_text(TEMPLATE)
        url = f"sqlite:///{path}/twin.db"
        (path / "alembic.ini").write_text(
            f"[alembic]\nscript_location = %(here)s/alembic\nsqlalchemy.url = {url}\n"
        )

    def add(self, version: str, message: str) -> None:
        """Add a revision to both."""
        day = f"{version[:4]}-{version[4:6]}-{version[6:8]} 00:00:00"
        slug = message.replace(" ", "_")
        text = REVISION.format(
            id=version, message=message, down=self.head, created=day, table=f"t{version}"
        )
        (self.versions / f"{version}_{slug}.py").write_text(text)
        up = f"CREATE TABLE t{version} (x Int8) ENGINE = Log;\n"
        self.project.add_pair(version, slug, up, f"DROP TABLE t{version};\n")
        self.head = version

    def alembic(self, line: str) -> Said:
        """Run a command line of Alembic's, with Alembic."""
        out = io.StringIO()
        parser = CommandLine()
        options = parser.parser.parse_args(shlex.split(line))
        config = Config(
            str(self.path / "alembic.ini"), stdout=out, output_buffer=out, cmd_opts=options
        )
        with contextlib.redirect_stdout(out):
            try:
                parser.run_cmd(config, options)
            except SystemExit:
                return _said(out.getvalue(), ok=False)
        return _said(out.getvalue(), ok=True)

    def ours(self, line: str) -> Said:
        """Run the same command line with ours."""
        result = self.project.invoke("clickhouse", *shlex.split(line))
        if result.code == 0:
            return _said(result.out, ok=True)
        return _said(result.out + result.err, ok=False)


def _said(text: str, *, ok: bool) -> Said:
    """Output without paths, the database's name, SQL, and the second file of a pair."""
    text = re.sub(r"(Path: |Generating ).*/(\w+)\.(py|up\.sql)", r"\1\2", text)
    text = re.sub(r"Generating .*\.down\.sql .*\n", "", text)
    text = re.sub(r"(?<=Current revision\(s\) for ).*(?=:\n)", "DATABASE", text)
    lines = [line.strip() for line in text.splitlines()]
    if any(line.startswith("-- Running") for line in lines):
        lines = [line for line in lines if line.startswith("-- Running")]
    failure = next((line for line in lines if line.startswith("FAILED: ")), "")
    kept = [line for line in lines if not line.startswith(("FAILED: ", "hint: "))]
    return Said(ok, "\n".join(kept).strip(), failure)
