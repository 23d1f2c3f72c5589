"""``check``: what can be said of SQL files without models to compare a database with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import Irreversible, RevisionError
from ..model import CLICKHOUSE, Action, Step

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .project import Project


def check_pairs(project: Project) -> None:
    """Read every file, and compare with what the database records.

    :raises RevisionError: a file is not valid, or was edited after it was applied.
    :raises NotAtHead: something is not applied.
    """
    for step in _steps(project):
        _read(project, step)
    changed = project.history.snapshot.changed
    if changed:
        names = ", ".join(project.on_disk[version].path.name for version in changed)
        raise RevisionError(
            f"edited after it was applied: {names}",
            hint="restore the file, and put the edit into a new revision",
        )
    project.require_heads("Target database is not up to date.")
    count = len(project.on_disk)
    pairs = "1 pair is" if count == 1 else f"{count} pairs are"
    project.config.print_stdout("%s well-formed, applied, and as applied.", pairs)


def _steps(project: Project) -> Iterator[Step]:
    for version, revision in project.on_disk.items():
        for action in (Action.UPGRADE, Action.DOWNGRADE):
            yield Step(CLICKHOUSE, action, version, revision.message)


def _read(project: Project, step: Step) -> None:
    """Read a file as a run would; one that says that it has no way back is well-formed."""
    try:
        project.environment.load([step])
    except Irreversible:
        return
