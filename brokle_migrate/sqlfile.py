"""``op.execute_sql_file``: a revision's SQL in a file beside it.

An Alembic plugin (https://alembic.sqlalchemy.org/en/latest/api/plugins.html): every start of
Alembic loads this module, and while Alembic itself is being imported, so it imports Alembic late.
"""

from __future__ import annotations

import inspect
import re
from contextlib import contextmanager, suppress
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator

    from alembic.operations import Operations
    from alembic.runtime.plugins import Plugin
    from sqlalchemy import Connection
    from sqlalchemy.exc import DBAPIError

_TAKE_SEVERAL = {
    "embedded",
    "psycopg",
    "psycopg_async",
    "psycopg2",
}  # SQLAlchemy's names of drivers
_PSQL = re.compile(r"\\|\bstdin\b", re.IGNORECASE)  # where it is worth a closer look


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
        all statements of one text
        (https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-MULTI-STATEMENT).
        In an autocommit block, and through drivers that take one statement at a time, each
        statement is sent by itself, as psql would: CREATE INDEX CONCURRENTLY and procedures that
        COMMIT work there, and BEGIN and COMMIT mean what they say.

        With ``--sql`` the text is printed.  A file with nothing but comments does nothing.

        :param path: the file, UTF-8; a relative path starts at the directory of the revision.
        :raises CommandError: the file can't be read, or only psql could run it.
        """
        file = _beside_revision(Path(path))
        text = _read(file)
        _require_sql(text, file)
        context = operations.migration_context
        if not text.strip():
            return
        if context.as_sql:
            context.impl.static_output(_ended(text.rstrip()))
            return
        assert context.connection is not None  # Alembic has one, unless it prints
        if _commits_by_itself(context.connection):
            with _transaction_ended(context.connection, file):
                _run_each(context.connection, text, file)
        elif context.connection.dialect.driver in _TAKE_SEVERAL:
            _send(context.connection, text, file, 0, text)
        else:
            _run_each(context.connection, text, file)


def _run_each(connection: Connection, text: str, file: Path) -> None:
    from .sqltext.postgres import statements

    for statement in statements(text):
        _send(connection, statement.text, file, statement.start, text)


def _send(connection: Connection, sql: str, file: Path, start: int, text: str) -> None:
    """Send SQL; an error of the server gets the place in the file.

    :param start: where the SQL stands in the file's text.
    """
    from sqlalchemy.exc import DBAPIError

    try:
        # Unlike op.execute(), this hands the text to the driver as it is, without parameters.
        # (Connection.execution_options() would say so for every statement that follows.)
        connection.exec_driver_sql(sql, execution_options={"no_parameters": True})
    except DBAPIError as error:
        where = _place(error, sql, start, text)
        error.sql_file = (file, *where) if where else None  # type: ignore[attr-defined]
        error.add_note(f"in {':'.join(map(str, (file, *where)))}")
        raise


def _place(error: DBAPIError, sql: str, start: int, text: str) -> tuple[int, ...]:
    """Line and column in the file; nothing where the server did not say and there are several."""
    from .sqltext.postgres import place, statements

    diagnosis = getattr(error.orig, "diag", None)
    position = getattr(diagnosis, "statement_position", None)
    if position is not None:
        return place(text, start + int(position) - 1)
    found = [statement.start for statement in statements(sql)]
    return place(text, start + found[0]) if len(found) == 1 else ()


def _commits_by_itself(connection: Connection) -> bool:
    """Whether every statement is its own transaction: an autocommit block, or such an engine."""
    asked = connection.get_execution_options().get("isolation_level") == "AUTOCOMMIT"
    driver = connection.connection.driver_connection
    return asked or getattr(driver, "autocommit", False) is True


@contextmanager
def _transaction_ended(connection: Connection, file: Path) -> Iterator[None]:
    """Leave no transaction open that the file has begun by itself.

    :raises CommandError: the file ended inside of it.
    """
    try:
        yield
    except BaseException:
        with suppress(Exception):  # the error that is under way says more
            if _is_open(connection):
                connection.exec_driver_sql("ROLLBACK")
        raise
    if _is_open(connection):
        connection.exec_driver_sql("ROLLBACK")
        raise _refused(f"{file} begins a transaction and does not end it; it was rolled back")


def _is_open(connection: Connection) -> bool:
    """Whether a transaction is open, as libpq tells without asking the server."""
    info = getattr(connection.connection.driver_connection, "info", None)
    return getattr(info, "transaction_status", 0) != 0


def _require_sql(text: str, file: Path) -> None:
    """Refuse what is no SQL but talks to psql.

    :raises CommandError: naming the line.
    """
    if not _PSQL.search(text):
        return
    from .sqltext.postgres import place, statements

    for statement in statements(text):
        offset = statement.start if statement.reads_input else statement.meta
        if offset < 0:
            continue
        line, column = place(text, offset)
        what = (
            "COPY … FROM STDIN reads data that only psql can send: write INSERT"
            if statement.reads_input
            else f"{text[offset:].split(None, 1)[0]} is a command of psql, not SQL: remove it"
        )
        raise _refused(f"{file}:{line}:{column}: {what}")


def _refused(message: str) -> Exception:
    from alembic.util import CommandError

    return CommandError(message)


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
    raise _refused(f"{path}: a relative path needs a revision that asks for it")


def _ended(text: str) -> str:
    """The text with a semicolon at its end, whatever may follow it; one too many does no harm."""
    ended = text.endswith(";") and "--" not in text.rpartition("\n")[2]
    return text if ended else f"{text}\n;"


def _read(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig")  # psql skips a byte order mark, too
    except OSError as error:
        raise _refused(f"{path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise _refused(f"{path} is not UTF-8 (byte {error.start + 1})") from error


class _Plugin(ModuleType):
    """What the entry point names: a module, as Alembic's documentation wants it.

    Before 1.20.1 Alembic iterates over what it finds there
    (https://github.com/sqlalchemy/alembic/issues/1873).
    """

    setup = staticmethod(setup)

    def __iter__(self) -> Iterator[_Plugin]:
        yield self


plugin = _Plugin(__name__)
