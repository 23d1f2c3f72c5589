"""``dump``: the schema of each database, for git."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from .commands import execute, group
from .options import Common, common

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..dumping import SchemaFile
    from .session import Session

_STDOUT = "-"


@group.command()
@common
@click.option("--out", metavar="DIR", help="Write both files into DIR; - prints the schemas.")
def dump(options: Common, out: str | None) -> int:
    """Write the live schema of each database into a file, for git."""
    return execute(options, "dump", lambda session: _dump(session, out))


def _dump(session: Session, out: str | None) -> int:
    from .. import dumping

    session.environments.hurry(session.options.limits().deadline)
    files: dict[str, Path | None]
    if out == _STDOUT:
        files = dict.fromkeys(session.names)
    else:
        directory = None if out is None else Path.cwd() / out
        files = {**dumping.schema_files(session.config, session.names, directory)}
    dumped = dumping.dump(session.environments, files, write=not session.options.dry_run)
    session.renderer.dumped(dumped)
    return 0 if dumped.error is None else dumped.error.exit_code


def followed_by_dump(session: Session, run: Callable[[], int]) -> int:
    """Write the schema files after a run that ended well.

    :param run: returns its exit code.
    :return: that code; 1 where the run went well and a schema could not be written.
    """
    from .. import dumping

    limits = session.options.limits()  # the time is counted from here
    files = dumping.schema_files(session.config, session.names)
    code = run()
    if code or session.options.dry_run:
        return code
    session.environments.hurry(limits.deadline)
    dumped = dumping.dump(session.environments, files)
    session.renderer.dumped(replace(dumped, files=tuple(map(_late, dumped.files))))
    return 0 if dumped.error is None else 1


def _late(each: SchemaFile) -> SchemaFile:
    """The same with an error that says what is done already."""
    from ..errors import NotDumped

    if each.error is None:
        return each
    message = f"the migration is done, but the schema of {each.environment} could not be written: "
    hint = each.error.hint or "brokle-migrate dump tries again"
    return replace(each, error=NotDumped(message + each.error.message, hint=hint))
