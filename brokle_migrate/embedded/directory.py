"""The data directory of an embedded database, as its URL names it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import ConfigError

if TYPE_CHECKING:
    from sqlalchemy.engine import URL


def directory_of(url: URL) -> Path:
    """The directory that a URL such as ``postgresql+embedded:///DIR`` names.

    Paths are written as SQLAlchemy's SQLite dialect writes them: three slashes for a path relative
    to the current directory, four for an absolute one
    (https://docs.sqlalchemy.org/en/20/core/engines.html#sqlite).

    :returns: the absolute path; nothing is created.
    :raises ConfigError: the URL names no directory, or a host.
    """
    name = url.drivername
    if url.host or url.port:
        raise ConfigError(
            f"{name}:// names a directory, not the host {url.host or url.port}",
            hint=f"a relative directory is {name}:///DIR, an absolute one {name}:////DIR",
        )
    if not url.database:
        raise ConfigError(
            f"{name}:// needs the directory of the data", hint=f"for example {name}:///.data/db"
        )
    return Path(url.database).absolute()
