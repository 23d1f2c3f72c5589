"""``revision``: a new pair, with as much of Alembic's options as a chain of SQL files can have."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .. import authoring
from ..errors import RevisionError, UsageError
from ..model import CLICKHOUSE
from .scripts import Pairs

if TYPE_CHECKING:
    from os import PathLike

    from alembic.script import Script

    from .project import Project

_LARGEST = 2**64 - 1
_CHAIN = "a ClickHouse history is one chain in the order of its versions"
_REFUSED = {
    "autogenerate": (
        "--autogenerate compares a database with models, and ClickHouse has none here",
        "write the SQL into the new pair",
    ),
    "sql": (
        (
            "Using --sql with the revision command when revision_environment is not configured "
            "does not make any sense"
        ),
        "leave it out: a pair is SQL in any case",
    ),
    "branch_label": (f"{_CHAIN}: it has no branches to label", "leave --branch-label out"),
    "depends_on": (
        f"{_CHAIN}: each version depends on those before it",
        "write a dependency on Postgres into the .up.sql: -- migrate: requires postgres@REV",
    ),
    "process_revision_directives": (
        "process_revision_directives changes what autogenerate found, and there is none here",
        "leave it out",
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What was asked for, by the names of Alembic's parameters."""

    message: str | None
    head: str | None
    version_path: str | PathLike[str] | None
    rev_id: str | None
    autogenerate: bool
    sql: bool
    splice: bool
    branch_label: Any
    depends_on: Any
    process_revision_directives: Any


def new_pair(project: Project, wish: Wish) -> Script:
    """Write both files of a new version.

    :return: the revision.
    :raises MigrateError: nothing was written.
    :raises HookFailed: the files were, and a post-write hook did not go well.
    """
    for name, (message, hint) in _REFUSED.items():
        if getattr(wish, name):
            raise UsageError(message, hint=hint)
    if not wish.message:
        raise UsageError(
            "a pair is named after what it does", hint='say it: -m "create account table"'
        )
    _require_head(project, wish.head or "head")
    _require_place(project, wish.version_path)
    version = None if wish.rev_id is None else _version(project, wish.rev_id)
    created = authoring.create(project.environments, (CLICKHOUSE,), wish.message, version=version)
    for path in created.paths:
        project.config.print_stdout("Generating %s ...  done", path)
    if created.error is not None:
        raise created.error
    return _read_again(project, created.version)


def _require_head(project: Project, head: str) -> None:
    """Refuse to build on anything but the head."""
    for script in project.revisions(head):
        if not script.is_head:
            raise RevisionError(
                f"Revision {script.revision} is not a head revision, and {_CHAIN}: nothing can be "
                "put behind it, with --splice or without",
                hint="leave --head out",
            )
    if project.on_disk and not project.revisions(head):
        raise RevisionError(f"{head} is not a head revision, and {_CHAIN}", hint="leave --head out")


def _require_place(project: Project, place: str | PathLike[str] | None) -> None:
    """Refuse another directory than the one that pairs are written to."""
    if place is None:
        return
    location = Path(project.pairs.dir)
    versions = location / "versions"
    own = versions if versions.is_dir() else location
    if Path(place).resolve() != own.resolve():
        raise UsageError(
            f"Path {place} is not represented in current version locations", hint=f"it is {own}"
        )


def _version(project: Project, rev_id: str) -> str:
    """A version that was asked for.

    :raises RevisionError: it is no number, or not newer than the head.
    """
    if not rev_id.isascii() or not rev_id.isdigit() or int(rev_id) > _LARGEST:
        raise RevisionError(
            f"the version of a pair is a number up to {_LARGEST}, and {rev_id!r} is not",
            hint="a time is usual: --rev-id 20250131120000; left out, it is the time of now",
        )
    newest = max(map(int, project.on_disk), default=-1)
    if int(rev_id) <= newest:
        raise RevisionError(
            f"{rev_id} is not newer than the head, {newest}: it would be out of order",
            hint="choose a larger number, or leave --rev-id out",
        )
    return rev_id


def _read_again(project: Project, version: str) -> Script:
    """The revision as it stands on disk now."""
    fresh = project.environments.anew()
    try:
        pairs = Pairs(Path(project.pairs.dir), fresh[CLICKHOUSE].revisions())
        return pairs.get_revision(str(int(version)))
    finally:
        fresh.close()
