"""What Alembic needs beside revisions, for a directory that has none of it.  Texts only."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from .revisions import NewFile

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_ENV_PY = '''\
"""Runs the Postgres revisions; Alembic reads this file for every command that needs it."""

from __future__ import annotations

from logging.config import fileConfig

from alembic import context
from sqlalchemy import engine_from_config, pool

config = context.config

if config.config_file_name is not None and config.file_config.has_section("loggers"):
    fileConfig(config.config_file_name, disable_existing_loggers=False)

# For autogenerate: from myapp import models; target_metadata = models.Base.metadata
target_metadata = None

options = {{
    "target_metadata": target_metadata,
    "version_table": config.get_main_option("version_table", "alembic_version"),
    # A file that sets the search path must not hide the version table.
    "version_table_schema": {schema},
    # Each file in a transaction of its own, as golang-migrate ran them.
    "transaction_per_migration": True,
}}


def run_migrations_offline() -> None:
    """Print the SQL instead of running it."""
    context.configure(
        url=config.get_main_option("sqlalchemy.url"),
        literal_binds=True,
        dialect_opts={{"paramstyle": "named"}},
        **options,
    )
    with context.begin_transaction():
        context.run_migrations()


def run_migrations_online() -> None:
    """Run the revisions over a connection of their own."""
    connectable = engine_from_config(
        config.get_section(config.config_ini_section, {{}}),
        prefix="sqlalchemy.",
        poolclass=pool.NullPool,
    )
    with connectable.connect() as connection:
        context.configure(connection=connection, **options)
        with context.begin_transaction():
            context.run_migrations()


if context.is_offline_mode():
    run_migrations_offline()
else:
    run_migrations_online()
'''
_TEMPLATE = '''\
<%!
def docstring(text):
    return " ".join(text.split()).replace("\\\\", "/").replace('"', "'")
%>\\
"""${message | docstring}

Revision ID: ${up_revision}
Revises: ${down_revision | comma,n}
Create Date: ${create_date}
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
${imports if imports else ""}
revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = ${repr(branch_labels)}
depends_on = ${repr(depends_on)}


def upgrade() -> None:
    ${upgrades if upgrades else "pass"}


def downgrade() -> None:
    ${downgrades if downgrades else "pass"}
'''


def alembic_files(directory: Path, schema: str | None) -> Iterator[NewFile]:
    """``env.py`` and the template of new revisions.

    :param schema: where the version table is, whatever the search path; None leaves it to that.
    """
    text = _ENV_PY.format(schema=json.dumps(schema) if schema else "None")
    yield NewFile(directory / "env.py", text)
    if not (directory / "script.py.mako").exists():
        yield NewFile(directory / "script.py.mako", _TEMPLATE)
