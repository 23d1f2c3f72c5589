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
@click.option(
    "--changed-since",
    metavar="REF",
    help="What a file says counts only where the branch adds or edits it.",
)
def check(options: Common, update_lock: bool, changed_since: str | None) -> int:
    """Check the files of both histories, without a database."""
    if update_lock and changed_since is not None:
        raise click.UsageError("--update-lock and --changed-since exclude each other")

    def work(session: Session) -> int:
        return _update_lock(session) if update_lock else _check(session, changed_since)

    return execute(options, "check", work, opens=False, files_only=True)


def _check(session: Session, since: str | None) -> int:
    from .. import checking

    checked = checking.check(session.config, session.names, since=since)
    session.renderer.checked(checked)
    return checked.exit_code


def _update_lock(session: Session) -> int:
    from ..environments import sealing

    write = not session.options.dry_run
    session.renderer.sealed(sealing.update(session.config, session.names, write=write))
    return 0
