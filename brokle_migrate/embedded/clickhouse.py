"""``clickhouse+embedded:///DIR``: ClickHouse in this process (chDB), with its data in DIR.

One process at a time can have a directory open, and a process one directory at a time.
"""

from __future__ import annotations

import os
import threading
import warnings
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from ..errors import ConfigError, DatabaseUnreachable, LockHeld, MigrateError
from .clickhouse_lock import hold, let_go, refuse_if_locked

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from sqlalchemy.engine import URL, Engine
    from sqlalchemy.engine.interfaces import Dialect

# chDB's own database "default" is an overlay of tables over the files of the current directory:
# CREATE TABLE IF NOT EXISTS does nothing where a file has that name.  This one is ordinary.
DATABASE = "main"

# Enough for one user; the server's default of threads is made for a whole machine.
OPTIONS = {"background_pool_size": "16"}

# What ClickHouse makes in its data directory.
_OWN = frozenset({"data", "metadata", "metadata_dropped", "status", "store", "tmp", "uuid"})


class Session:
    """A connection to the engine of this process, with settings and a current database of its own.

    Several sessions on one directory share the engine, which lets go of the directory when the last
    one is closed.  Threads may share a session, in which their statements run one after another.

    :param handle: chDB's own; used after it was closed, it would crash the process.
    :param directory: held by this session.
    """

    def __init__(self, handle: Any, directory: Path) -> None:
        self._handle = handle
        self._directory = directory
        self._guard = threading.RLock()

    def query(self, sql: str, fmt: str = "CSV") -> Any:
        """Run a statement.

        :param fmt: ClickHouse's name of the format for the result.
        :returns: chDB's result; ``bytes()`` is the formatted text.
        :raises RuntimeError: ClickHouse's message, ``Code: N. DB::Exception: ...``.
        """
        with self._guard:
            if self._handle is None:
                raise RuntimeError("the session with the embedded ClickHouse is closed")
            return self._handle.query(sql, fmt)

    def close(self) -> None:
        """End the session; safe to repeat."""
        with self._guard:
            handle, self._handle = self._handle, None
            if handle is not None:
                handle.close()
                let_go(self._directory)

    def __del__(self) -> None:
        self.close()


class EmbeddedClickHouse:
    """What SQLAlchemy loads for the URL; the dialect itself is imported when an engine is made.

    ``get_dialect_cls`` is SQLAlchemy's hook for that
    (https://docs.sqlalchemy.org/en/20/core/internals.html#sqlalchemy.engine.Dialect.get_dialect_cls).
    """

    @classmethod
    def get_dialect_cls(cls, url: URL) -> type[Dialect]:  # noqa: ARG003 - SQLAlchemy's
        """The dialect.

        :raises ConfigError: the extra is not installed.
        """
        return _import_dialect()

    @classmethod
    def get_async_dialect_cls(cls, url: URL) -> type[Dialect]:
        """There is none.

        :raises ConfigError: always.
        """
        raise ConfigError(f"{url.drivername}:// has no asyncio dialect")

    @classmethod
    def engine_created(cls, engine: Engine) -> None:
        """SQLAlchemy's hook for an engine that was made; there is nothing to do."""


def exists(directory: Path) -> bool:
    """Whether there is ClickHouse data; creates nothing.

    :raises DatabaseUnreachable: this user may not look.
    """
    with _explained(directory):
        return (directory / "metadata").is_dir()


def open_session(directory: Path) -> Session:
    """Open a data directory; it and its parents are created when they are missing.

    :returns: a session whose current database is :data:`DATABASE`.
    :raises ConfigError: the extra is not installed, or this process has another directory open.
    :raises LockHeld: another process has the directory open.
    :raises DatabaseUnreachable: the directory can't be used.
    """
    directory = directory.resolve()
    engine = _import_engine()
    with _explained(directory):
        _prepare(directory)
        hold(directory)
        try:
            return _connect(engine, directory)
        except BaseException:
            let_go(directory)
            raise


def _connect(engine: Any, directory: Path) -> Session:
    options = "&".join(f"{name}={value}" for name, value in OPTIONS.items())
    try:
        handle = engine.connect(f"{directory}?{options}")
        handle.query(f"CREATE DATABASE IF NOT EXISTS {DATABASE}")
        handle.query(f"USE {DATABASE}")
    except RuntimeError as error:
        raise _diagnosis(directory, str(error)) from error
    return Session(handle, directory)


def _import_engine() -> Any:
    """chDB's engine, without the parts around it that import pyarrow and take half of the time."""
    try:
        from chdb import _chdb
    except ModuleNotFoundError as error:
        raise _not_installed(error, "chdb") from error
    return _chdb


def _import_dialect() -> type[Dialect]:
    try:
        with warnings.catch_warnings():
            # That clickhouse:// stays clickhouse-sqlalchemy's is as it should be.
            warnings.filterwarnings("ignore", message="The 'clickhouse://' URL remains registered")
            from .clickhouse_dialect import EmbeddedClickHouseDialect
    except ModuleNotFoundError as error:
        raise _not_installed(error, "clickhouse_connect", "chdb") from error
    return EmbeddedClickHouseDialect


def _not_installed(error: ModuleNotFoundError, *packages: str) -> Exception:
    if (error.name or "").partition(".")[0] not in packages:
        return error
    return ConfigError(
        "the embedded ClickHouse is not installed", hint="pip install 'brokle-migrate[embedded]'"
    )


def _prepare(directory: Path) -> None:
    """Make the directory, and find out before the engine does what is wrong with it: the engine
    writes its reasons to the terminal and raises without them.
    """
    if "?" in str(directory):  # chDB would take the rest for options, and another directory
        raise ConfigError(f"the embedded ClickHouse can't be in a directory with a ?: {directory}")
    with suppress(FileExistsError):  # a file of that name is found by the next line
        directory.mkdir(parents=True)
    if _foreign(entry.name for entry in directory.iterdir()):
        raise DatabaseUnreachable(
            f"{directory} is neither empty nor the data directory of a ClickHouse",
            hint="name another directory for the embedded ClickHouse",
        )
    if not os.access(directory, os.W_OK):
        raise DatabaseUnreachable(
            f"the embedded ClickHouse can't write to {directory}", hint="name another directory"
        )


def _foreign(names: Iterable[str]) -> bool:
    found = set(names)
    return bool(found) and not found & _OWN


def _diagnosis(directory: Path, message: str) -> MigrateError:
    """Why the engine did not open the directory."""
    _, other, rest = message.partition("already initialized with path ")
    if other:
        return ConfigError(
            f"this process has the embedded ClickHouse in {rest.partition(',')[0]} open, and can't "
            f"open {directory} beside it"
        )
    try:
        refuse_if_locked(directory)
    except LockHeld as held:
        return held
    reason = message.partition("Stack trace")[0].removeprefix("Failed to create connection: ")
    return DatabaseUnreachable(
        f"the embedded ClickHouse in {directory} does not start: {reason.strip(' ,')}",
        hint="ClickHouse itself writes its reason to standard error",
    )


@contextmanager
def _explained(directory: Path) -> Iterator[None]:
    """Turn what the file system refuses into our error."""
    try:
        yield
    except OSError as error:
        place = error.filename or directory
        raise DatabaseUnreachable(
            f"the embedded ClickHouse in {directory} can't be used: {place}: {error.strerror}",
            hint="name another directory, or run this as the user that owns it",
        ) from error
