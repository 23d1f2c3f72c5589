"""New revisions: files under one version in both histories."""

from __future__ import annotations

import datetime
from dataclasses import dataclass, replace
from itertools import chain
from typing import TYPE_CHECKING

from .errors import ConfigError, HookFailed, MigrateError, RevisionError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from .environments import Environments
    from .environments.write_hooks import HookRun


@dataclass(frozen=True, slots=True)
class Created:
    """The files of a new revision.

    :ivar version: the id that they share.
    :ivar hooks: what ran on them.
    """

    version: str
    paths: tuple[Path, ...]
    hooks: tuple[HookRun, ...] = ()

    def each(self, hide: Callable[[str], str]) -> Created:
        """The same with what hooks said hidden."""
        return replace(self, hooks=tuple(run.each(hide) for run in self.hooks))

    @property
    def error(self) -> HookFailed | None:
        """What went wrong although the files are there; None when nothing did."""
        failed = [each for each in self.hooks if each.problem]
        if not failed:
            return None
        lines = "\n".join(f"  {each.hook} on {each.path.name}: {each.problem}" for each in failed)
        return HookFailed(
            f"the files are written, but not every post-write hook went well:\n{lines}",
            hint="run it by hand, and correct it in post_write_hooks",
        )


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

    Once all files are there, the hooks of each database run on its own; a file stays whatever
    becomes of them.

    :param sql: put the Postgres part into a pair of .sql files beside the revision.
    :param write: False only says which files there would be.
    :param version: the version; one of this second, or the next free one, when left out.
    :raises UsageError: the name can't be used.
    :raises MigrateError: the files are not valid, or can't be written; nothing is left behind.
    """
    version = version or _next_version(environments, names)
    written: dict[str, tuple[Path, ...]] = {}
    try:
        for environment in names:
            written[environment] = environments[environment].new_revision(
                version, name, sql=sql, write=write
            )
    except (OSError, MigrateError) as error:
        for path in chain(*written.values()) if write else ():
            path.unlink()
        if isinstance(error, OSError):
            raise ConfigError(f"can't write {error.filename}: {error.strerror}") from error
        raise
    runs = (environments.run_hooks(*each) for each in written.items() if write)
    return Created(version, tuple(chain(*written.values())), tuple(chain(*runs)))


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
