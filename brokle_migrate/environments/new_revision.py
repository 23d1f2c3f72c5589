"""New Postgres revisions, made by Alembic from the team's own template."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import MultipleHeads, RevisionError
from .postgres_errors import explain
from .templates import slug

if TYPE_CHECKING:
    from alembic.config import Config as AlembicConfig
    from alembic.script import ScriptDirectory

    from ..errors import MigrateError
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
    planned: tuple[Path, ...] = ()
    try:
        config = _without_hooks(project.config)
        script = _at_one_time(config)
        _require_one_head(script)
        planned = _planned(script, version, message, sql=sql)
        _require_free(planned)
        if not write:
            return planned
        with project.quiet():
            return (
                _with_files(script, config, version, message)
                if sql
                else _plain(config, version, message)
            )
    except RevisionError:
        raise
    except Exception as error:
        for path in planned:
            path.unlink(missing_ok=True)
        if isinstance(error, CommandError):
            raise RevisionError(f"postgres: {error}") from error
        raise _explained(error, project) from error


def _without_hooks(config: AlembicConfig) -> AlembicConfig:
    """The project's configuration; its hooks run once the files of every database are there."""
    config = copy.copy(config)
    config.get_hooks_list = list  # type: ignore[method-assign]
    return config


def _at_one_time(config: AlembicConfig) -> ScriptDirectory:
    """Alembic's script directory; a name with the time in it is the same whenever it is made."""
    from alembic.script import ScriptDirectory

    script = ScriptDirectory.from_config(config)
    now = script._generate_create_date()  # noqa: SLF001 - no public name
    script._generate_create_date = lambda: now  # type: ignore[method-assign]  # noqa: SLF001
    return script


def _planned(script: ScriptDirectory, version: str, message: str, *, sql: bool) -> tuple[Path, ...]:
    now = script._generate_create_date()  # noqa: SLF001 - no public name
    path = script._rev_path(_directory(script), version, message, now)  # noqa: SLF001 - likewise
    return (Path(path), *(_sql_files(Path(path)) if sql else ()))


def _require_one_head(script: ScriptDirectory) -> None:
    """Refuse to choose what a new revision follows.

    :raises MultipleHeads: naming them.
    """
    heads = script.get_heads()
    if len(heads) > 1:
        raise MultipleHeads(
            f"postgres has {len(heads)} heads: {', '.join(heads)}",
            hint="join them: brokle-migrate postgres merge -m merge heads; or say which it follows:"
            f" brokle-migrate postgres revision -m MESSAGE --head {heads[0]}",
        )


def _require_free(paths: tuple[Path, ...]) -> None:
    """Alembic itself would write over a file of the same name.

    :raises RevisionError: a file is there already.
    """
    for path in paths:
        if path.exists():
            raise RevisionError(
                f"postgres: {path} is there already",
                hint="choose another name, or put %(rev)s into file_template",
            )


def _explained(error: Exception, project: AlembicProject) -> MigrateError:
    """The error for a template that fails, or for an ``env.py`` that runs for new revisions."""
    from mako.exceptions import MakoException

    template = project.env_py.with_name("script.py.mako")
    hint = "correct the template"
    if isinstance(error, MakoException):
        return RevisionError(f"{template}: {error}", hint=hint)
    if isinstance(error, SyntaxError) and error.filename != str(project.env_py):
        what = f"{error.msg} (line {error.lineno})"
        return RevisionError(f"{template} makes a file that is not valid: {what}", hint=hint)
    return explain(error, "postgres", project.env_py)


def _directory(script: ScriptDirectory) -> str | Path:
    """Where Alembic puts a new revision: of several directories, into that of the head."""
    head = script.get_revision(script.get_current_head() or "base")
    several = len(script._version_locations) > 1  # noqa: SLF001 - has no public name
    return Path(head.path).parent if several and head is not None else script.versions


def _plain(config: AlembicConfig, version: str, message: str) -> tuple[Path, ...]:
    from alembic import command

    created = command.revision(config, message, rev_id=version)
    scripts = created if isinstance(created, list) else [created]
    return tuple(Path(script.path) for script in scripts if script is not None)


def _with_files(
    script: ScriptDirectory, config: AlembicConfig, version: str, message: str
) -> tuple[Path, ...]:
    planned = _planned(script, version, message, sql=True)
    calls = [f'op.execute_sql_file("{path.name}")' for path in planned[1:]]
    created = script.generate_revision(
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
