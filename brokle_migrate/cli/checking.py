"""``check``: the gate that CI puts in front of a change."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from .commands import execute, group
from .options import Common, common

if TYPE_CHECKING:
    from .session import Session


@group.command()
@common
@click.option(
    "--update-lock",
    is_flag=True,
    help="Write what the files say now into the lock file, and show what changed.",
)
def check(options: Common, update_lock: bool) -> int:
    """Check the files of both histories, without a database."""
    work = _update_lock if update_lock else _check
    return execute(options, "check", work, opens=False, files_only=True)


def _check(session: Session) -> int:
    from .. import checking

    checked = checking.check(session.config, session.names)
    session.renderer.checked(checked)
    return checked.exit_code


def _update_lock(session: Session) -> int:
    from ..environments import sealing

    write = not session.options.dry_run
    session.renderer.sealed(sealing.update(session.config, session.names, write=write))
    return 0
