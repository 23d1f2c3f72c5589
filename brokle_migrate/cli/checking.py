"""``check``: the gate that CI puts in front of a change."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .commands import execute, group
from .options import Common, common

if TYPE_CHECKING:
    from .session import Session


@group.command()
@common
def check(options: Common) -> int:
    """Check the files of both histories, without a database."""
    return execute(options, "check", _check)


def _check(session: Session) -> int:
    from .. import checking

    checked = checking.check(session.config, session.names)
    session.renderer.checked(checked)
    return checked.exit_code
