"""``auto`` and ``wait``: what a container runs before an application, or beside it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from .. import startup, waiting
from .moving import move
from .signals import stoppable

if TYPE_CHECKING:
    from .session import Session
    from .signals import Stop

_OFF = "auto-migration is off: DB_AUTO_MIGRATE=true, or auto_migrate below database, turns it on"


def auto(session: Session) -> int:
    """Bring the databases to head, if that is enabled.

    :return: the exit code.
    """
    options, renderer = session.options, session.renderer
    if not session.config.auto_migrate:
        renderer.message(_OFF)
        return 0
    request = session.request("UP")
    if options.dry_run:
        return move(session, request, None)
    with stoppable(renderer.event, renderer.message) as stop:
        report = startup.bring_up(
            session.environments,
            request,
            _patience(session, stop),
            stop.event,
            options.statement_timeout,
        )
    session.exit_code = report.exit_code
    if report.plan.steps:
        renderer.report(report)
    else:
        renderer.nothing_to_do(report.plan)
    return report.exit_code


def wait(session: Session, *, at_head: bool) -> int:
    """Wait until the databases answer, or until somebody has migrated them.

    :return: the exit code.
    """
    renderer = session.renderer
    with stoppable(renderer.event, renderer.message) as stop:
        status = waiting.settled(
            session.environments, session.names, _patience(session, stop), at_head=at_head
        )
    renderer.status(status)
    if status.error is not None:
        return status.error.exit_code
    return 3 if at_head and not status.is_ready else 0


def _patience(session: Session, stop: Stop) -> waiting.Patience:
    timeout = session.options.timeout
    seconds = waiting.TIMEOUT if timeout is None else timeout
    return waiting.Patience(time.monotonic() + seconds, session.renderer.message, stop.sleep)
