"""Plan, show or ask, run, report: what every command that runs steps does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .. import migrating
from ..model import Operation
from .signals import stoppable

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..model import Limits, Plan, Request
    from .session import Session


def move(session: Session, request: Request, question: str | None) -> int:
    """Bring about what a request asks for.

    :param question: what to ask first; None runs at once.
    :return: the exit code.
    """
    limits = session.options.limits()  # the time is counted from here
    session.environments.hurry(limits.deadline)
    if request.operation is Operation.UP and not question:
        return migrating.repeatedly(
            lambda: _move(session, request, question, limits), session.renderer.message
        )
    return _move(session, request, question, limits)


def _move(session: Session, request: Request, question: str | None, limits: Limits) -> int:
    options, renderer = session.options, session.renderer
    plan = migrating.plan(
        request,
        session.environments,
        waiting=None if options.dry_run else session.waiting,
        tell=renderer.message,
        lock_timeout=options.lock_timeout,
        limits=limits,
    )
    return carry_out(session, plan, question, limits)


def carry_out(
    session: Session,
    plan: Plan,
    question: str | None,
    limits: Limits,
    require: Callable[[Plan], None] | None = None,
) -> int:
    """Show a plan, or ask and run it.

    :param question: what to ask first; None runs at once.
    :param require: called under the lock; raises unless the plan may run.
    :return: the exit code.
    """
    options, renderer = session.options, session.renderer
    if not plan.steps:
        renderer.nothing_to_do(plan)
        return 0
    if options.dry_run:
        renderer.preview(migrating.preview(plan, session.environments))
        return 0
    if question and not options.yes:
        renderer.plan(migrating.preview(plan, session.environments))
        session.confirm(question)
    else:
        renderer.findings(plan.findings)
    return run(session, plan, limits, require)


def run(
    session: Session, plan: Plan, limits: Limits, require: Callable[[Plan], None] | None = None
) -> int:
    """Run a plan and report what became of it.

    :param require: called under the lock, before anything runs; raises unless the plan may run.
    :return: the exit code.
    """
    renderer = session.renderer
    with stoppable(renderer.event, renderer.message) as stop:
        report = migrating.run(
            plan,
            session.environments,
            emit=stop.event,
            waiting=session.waiting,
            tell=renderer.message,
            lock_timeout=session.options.lock_timeout,
            limits=limits,
            require=require,
        )
    session.exit_code = report.exit_code
    renderer.report(report)
    return report.exit_code
