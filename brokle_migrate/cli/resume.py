"""``resume``: settle a step that was interrupted, and ask where nothing proves what happened."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import Dirty
from .moving import move

if TYPE_CHECKING:
    from .session import Session

_CHOICES = {
    "retry": "run the statement again",
    "mark-applied": "count the statement as done, and go on behind it",
    "rollback": "undo the step",
}


def resume(session: Session, choice: str | None) -> int:
    """Settle what stands half done.

    :param choice: what to do where nothing proves what happened; None asks.
    :return: the exit code.
    """
    question = "Undo this?" if choice == "rollback" else None
    try:
        return move(session, session.request("RESUME", settle=choice), question)
    except Dirty as unproven:
        if choice is not None or unproven.interruption is None or session.options.dry_run:
            raise
        session.renderer.error(unproven)
        chosen = session.choose("What is to be done?", _CHOICES)
        return move(session, session.request("RESUME", settle=chosen), None)
