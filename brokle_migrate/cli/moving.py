"""Plan, show or ask, run, report: what every command that runs steps does."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from .. import command
from ..errors import StalePlan
from ..model import Operation
from .signals import stoppable

if TYPE_CHECKING:
    from ..model import Limits, Plan, Request
    from .session import Session

_PLANS = 100  # more replicas than start at once; each has to run something for one more plan


def move(session: Session, request: Request, question: str | None) -> int:
    """Bring about what a request asks for.

    :param question: what to ask first; None runs at once.
    :return: the exit code.
    """
    limits = session.options.limits()  # the time is counted from here
    may_plan_again = request.operation is Operation.UP and not question
    for _ in range(_PLANS - 1 if may_plan_again else 0):
        with suppress(StalePlan):
            return _move(session, request, question, limits)
        # Several replicas may start at once: who had to wait looks again at what is left.
        session.renderer.message("somebody else migrated in the meantime; planning again")
    return _move(session, request, question, limits)


def _move(session: Session, request: Request, question: str | None, limits: Limits) -> int:
    options, renderer = session.options, session.renderer
    plan = command.plan(
        request,
        session.environments,
        waiting=None if options.dry_run else session.waiting,
        tell=renderer.message,
        lock_timeout=options.lock_timeout,
        limits=limits,
    )
    if not plan.steps:
        renderer.nothing_to_do(plan)
        return 0
    if options.dry_run:
        renderer.preview(command.preview(plan, session.environments))
        return 0
    if question and not options.yes:
        renderer.plan(command.preview(plan, session.environments))
        session.confirm(question)
    else:
        renderer.findings(plan.findings)
    return _run(session, plan, limits)


def _run(session: Session, plan: Plan, limits: Limits) -> int:
    renderer = session.renderer
    with stoppable(renderer.event, renderer.message) as emit:
        report = command.run(
            plan,
            session.environments,
            emit=emit,
            waiting=session.waiting,
            tell=renderer.message,
            lock_timeout=session.options.lock_timeout,
            limits=limits,
        )
    session.exit_code = report.exit_code
    renderer.report(report)
    return report.exit_code
