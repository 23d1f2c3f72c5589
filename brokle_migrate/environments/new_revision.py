"""New Postgres revisions, made by Alembic from the team's own template."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import RevisionError
from .templates import slug

if TYPE_CHECKING:
    from alembic.config import Config as AlembicConfig

    from .alembic_project import AlembicProject

_DIRECTIONS = ("up", "down")


def new_revision(
    project: AlembicProject, version: str, message: str, *, sql: bool, write: bool
) -> tuple[Path, ...]:
    """Create a revision after the single head.

    :param sql: with a pair of .sql files beside it, which it runs.
    :param write: False only says which files there would be.
    :raises RevisionError: the history has several heads, or can't be loaded.
    """
    from alembic.util import CommandError

    slug(message)  # the same names are refused for both databases
    try:
        if not write:
            return _planned(project, version, message, sql=sql)
        make = _with_files if sql else _plain
        with project.quiet():
            return make(project, version, message)
    except CommandError as error:
        raise RevisionError(f"postgres: {error}") from error


def _planned(project: AlembicProject, version: str, message: str, *, sql: bool) -> tuple[Path, ...]:
    script = project.script
    script.get_current_head()
    now = script._generate_create_date()  # noqa: SLF001 - no public name
    path = script._rev_path(script.versions, version, message, now)  # noqa: SLF001 - likewise
    return (Path(path), *(_sql_files(Path(path)) if sql else ()))


def _plain(project: AlembicProject, version: str, message: str) -> tuple[Path, ...]:
    from alembic import command

    created = command.revision(_without_hooks(project), message, rev_id=version)
    scripts = created if isinstance(created, list) else [created]
    return tuple(Path(script.path) for script in scripts if script is not None)


def _without_hooks(project: AlembicProject) -> AlembicConfig:
    """The project's configuration; its hooks run once the files of every database are there."""
    config = copy.copy(project.config)
    config.get_hooks_list = list  # type: ignore[method-assign]
    return config


def _with_files(project: AlembicProject, version: str, message: str) -> tuple[Path, ...]:
    from alembic.script import ScriptDirectory

    planned = _planned(project, version, message, sql=True)
    calls = [f'op.execute_sql_file("{path.name}")' for path in planned[1:]]
    config = _without_hooks(project)
    created = ScriptDirectory.from_config(config).generate_revision(
        version,
        message,
        head="head",
        config=config,
        upgrades=calls[0],
        downgrades=calls[1],
        imports="",
    )
    assert created is not None
    path = Path(created.path)
    for direction, file in zip(_DIRECTIONS, _sql_files(path), strict=True):
        with file.open("x", encoding="utf-8") as out:
            out.write(f"-- {message} ({direction})\n\n")
    return (path, *_sql_files(path))


def _sql_files(path: Path) -> tuple[Path, ...]:
    return tuple(path.with_suffix(f".{direction}.sql") for direction in _DIRECTIONS)
