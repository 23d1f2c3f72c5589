"""``op.execute_sql_file``: a revision's SQL in a file beside it.

An Alembic plugin (https://alembic.sqlalchemy.org/en/latest/api/plugins.html): every start of
Alembic loads this module, and while Alembic itself is being imported, so it imports Alembic late.
"""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import os

    from alembic.operations import Operations
    from alembic.runtime.plugins import Plugin


def setup(plugin: Plugin) -> None:  # noqa: ARG001 - Alembic's signature
    """Register the operation; called once by Alembic."""
    from alembic.operations import Operations

    Operations.register_operation("execute_sql_file")(ExecuteSqlFile)


class ExecuteSqlFile:
    """The operation; Alembic makes a method of :class:`alembic.op` from its class method."""

    @classmethod
    def execute_sql_file(cls, operations: Operations, path: str | os.PathLike[str]) -> None:
        """Run a .sql file exactly as it is written, in the revision's transaction.

        ``:name`` and ``%`` mean nothing here, and the file may hold several statements: psycopg
        and psycopg2 send text without parameters by Postgres's simple query protocol, which runs
        all statements of one text, in one transaction even in an autocommit block
        (https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-MULTI-STATEMENT).
        A statement that must be outside of any transaction, such as CREATE INDEX CONCURRENTLY,
        therefore needs an autocommit block and a file of its own.

        With ``--sql`` the text is printed.  A file with nothing but comments does nothing.

        :param path: the file, UTF-8; a relative path starts at the directory of the revision.
        :raises CommandError: the file can't be read.
        """
        text = _read(_beside_revision(Path(path)))
        context = operations.migration_context
        if not text.strip():
            return
        if context.as_sql:
            context.impl.static_output(_ended(text.rstrip()))
            return
        assert context.connection is not None  # Alembic has one, unless it prints
        # Unlike op.execute(), this hands the text to the driver as it is, and without parameters.
        # (Connection.execution_options() would say so for every statement that follows.)
        options = {"no_parameters": True}
        context.connection.exec_driver_sql(text, execution_options=options)


def _beside_revision(path: Path) -> Path:
    """An absolute path; a relative one starts where the calling revision is.

    Alembic does not tell an operation which revision is running.  The nearest caller whose module
    has a ``revision``, which Alembic demands of one, is it: helpers in other modules don't count.

    :raises CommandError: the path is relative, and no revision is calling.
    """
    if path.is_absolute():
        return path
    frame = inspect.currentframe()
    while frame is not None:
        names = frame.f_globals
        if isinstance(names.get("revision"), str) and "__file__" in names:
            directory = Path(names["__file__"]).parent
            # Alembic's sourceless mode runs revisions from there.
            return (directory.parent if directory.name == "__pycache__" else directory) / path
        frame = frame.f_back
    from alembic.util import CommandError

    raise CommandError(f"{path}: a relative path needs a revision that asks for it")


def _ended(text: str) -> str:
    """The text with a semicolon at its end, whatever may follow it; one too many does no harm."""
    ended = text.endswith(";") and "--" not in text.rpartition("\n")[2]
    return text if ended else f"{text}\n;"


def _read(path: Path) -> str:
    from alembic.util import CommandError

    try:
        return path.read_bytes().decode("utf-8-sig")  # psql skips a byte order mark, too
    except OSError as error:
        raise CommandError(f"{path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise CommandError(f"{path} is not UTF-8 (byte {error.start + 1})") from error
