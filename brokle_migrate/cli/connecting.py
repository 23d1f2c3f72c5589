"""``--wait``: before a command begins, wait until the databases that it opens answer."""

from __future__ import annotations

import time
from contextlib import closing
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .session import Session


def await_answers(session: Session, *, locks: bool) -> None:
    """Wait for at most ``--wait``; without that option the command finds out by itself.

    What does not answer in that time, or refuses, is left to the command to tell.

    :param locks: the command takes the lock, whose database has to answer, too.
    """
    seconds = session.options.wait
    if seconds is None:
        return
    from .. import waiting

    names = session.names
    home = session.environments.lock_home
    if locks and home is not None and home not in names:
        names = (home, *names)
    patience = waiting.Patience(time.monotonic() + seconds, session.renderer.message)
    # Each look has a time limit, which must not become the command's own.
    with closing(session.environments.anew()) as environments:
        status = waiting.settled(environments, names, patience, at_head=False)
    if any(each.error is not None and waiting.passes(each.error) for each in status.databases):
        patience.tell(f"waited for {seconds:g} s, in vain")
