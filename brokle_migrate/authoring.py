"""New revisions: files under one version in both histories."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .errors import ConfigError, MigrateError, RevisionError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from .environments import Environments


@dataclass(frozen=True, slots=True)
class Created:
    """The files of a new revision.

    :ivar version: the id that they share.
    """

    version: str
    paths: tuple[Path, ...]


def create(
    environments: Environments,
    names: Sequence[str],
    name: str,
    *,
    sql: bool = False,
    write: bool = True,
    version: str | None = None,
) -> Created:
    """Create one Alembic revision and one ClickHouse pair under the same version.

    :param sql: put the Postgres part into a pair of .sql files beside the revision.
    :param write: False only says which files there would be.
    :param version: the version; one of this second, or the next free one, when left out.
    :raises UsageError: the name can't be used.
    :raises MigrateError: the files are not valid, or can't be written; nothing is left behind.
    """
    version = version or _next_version(environments, names)
    written: list[Path] = []
    try:
        for environment in names:
            written.extend(
                environments[environment].new_revision(version, name, sql=sql, write=write)
            )
    except (OSError, MigrateError) as error:
        for path in written if write else ():
            path.unlink()
        if isinstance(error, OSError):
            raise ConfigError(f"can't write {error.filename}: {error.strerror}") from error
        raise
    return Created(version, tuple(written))


def _next_version(environments: Environments, names: Sequence[str]) -> str:
    """A 14-digit UTC version, newer than everything on disk.

    :raises RevisionError: a file has a version from the future.
    """
    now = datetime.datetime.now(datetime.UTC)
    taken = [
        int(revision.id)
        for name in names
        for revision in environments[name].revisions()
        if revision.id.isdigit()
    ]
    newest = max(taken, default=0)
    version = int(now.strftime("%Y%m%d%H%M%S"))
    while version <= newest:
        now += datetime.timedelta(seconds=1)
        version = int(now.strftime("%Y%m%d%H%M%S"))
        if (now - datetime.datetime.now(datetime.UTC)).total_seconds() > 60:
            raise RevisionError(
                f"the newest version on disk, {newest}, is newer than any timestamp of today, so "
                "a new file would be out of order",
                hint="rename that file, or name the new one by hand",
            )
    return str(version)
