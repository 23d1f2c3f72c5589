"""``plan``, and ``up --plan``: a plan that somebody reads before it runs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from .commands import execute, group, out_of_order
from .options import Common, common

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..approval import Approved
    from ..model import Plan
    from ..preview import Preview
    from ..proposal import Proposal
    from ..render.proposals import PlanForm
    from .session import Session


@group.command()
@common
@click.option("--steps", type=int, metavar="N", help="Only this many steps in each database.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "markdown", "html"]),
    help="The form of the plan.  [default: text, or what the suffix of FILE says]",
)
@click.option(
    "--out",
    "outs",
    type=click.Path(path_type=Path),
    multiple=True,
    metavar="FILE",
    help="Write the plan to a file: .json for up --plan, .md or .html to read; may be repeated.",
)
@out_of_order
def plan(
    options: Common,
    steps: int | None,
    form: str | None,
    outs: tuple[Path, ...],
    allow_out_of_order: bool,
) -> int:
    """Show what up would run, or write it down for a review."""
    if steps is not None and steps < 1:
        raise click.UsageError(f"--steps {steps}: plan takes a positive number of steps")

    def work(session: Session) -> int:
        from ..render.proposals import PlanForm

        wanted = None if form is None else PlanForm(form)
        forms = {out: _form(wanted, out) for out in outs}
        preview = _preview(session, steps, allow_out_of_order=allow_out_of_order)
        if forms:
            _write(session, _proposal(session, preview), forms)
        else:
            _show(session, preview, wanted or PlanForm.TEXT)
        return 0

    return execute(options, "plan", work)


def _form(wanted: PlanForm | None, out: Path) -> PlanForm:
    """The form that --format and the suffix of a file agree on.

    :raises UsageError: they don't, or the suffix stands for none.
    """
    from ..errors import UsageError
    from ..render.proposals import FORMS, PlanForm

    if wanted is PlanForm.TEXT:
        raise UsageError(
            f"--out {out}: text is for a screen",
            hint="brokle-migrate plan > FILE; or say --format json, markdown or html",
        )
    by_suffix = FORMS.get(out.suffix.lower())
    found = by_suffix or wanted
    if found is None:
        raise UsageError(
            f"--out {out}: the suffix does not say what to write",
            hint="end it in .json, .md or .html, or say --format json, markdown or html",
        )
    if wanted not in {None, found}:
        raise UsageError(
            f"--format {wanted} and --out {out} contradict each other",
            hint="leave --format out, or give the file another suffix",
        )
    return found


def _preview(session: Session, steps: int | None, *, allow_out_of_order: bool) -> Preview:
    from .. import migrating

    options, environments = session.options, session.environments
    environments.hurry(options.limits().deadline)
    request = session.request("UP", steps=steps, allow_out_of_order=allow_out_of_order)
    found = migrating.plan(request, environments, tell=session.renderer.message)
    return migrating.preview(found, environments)


def _proposal(session: Session, preview: Preview) -> Proposal:
    from .. import checking
    from ..proposing import propose

    checked = checking.check(session.config, session.names)
    return propose(preview, session.environments, checked.findings)


def _show(session: Session, preview: Preview, form: PlanForm) -> None:
    """Print the plan; as text it looks as a dry run does."""
    from ..render.proposals import PlanForm

    if session.options.json or form is not PlanForm.TEXT:
        session.renderer.proposal(_proposal(session, preview), form)
    elif preview.plan.steps:
        session.renderer.preview(preview)
    else:
        session.renderer.nothing_to_do(preview.plan)


def _write(session: Session, proposal: Proposal, forms: Mapping[Path, PlanForm]) -> None:
    """One plan in every form, with one digest."""
    from .files import write_out

    contents = {
        out: session.renderer.proposal_text(proposal, form).encode() for out, form in forms.items()
    }
    dry_run = session.options.dry_run
    files = [write_out(out, content, dry_run=dry_run) for out, content in contents.items()]
    session.renderer.proposed(proposal, files)


def run_approved(session: Session, path: Path, question: str | None) -> int:
    """Run exactly the plan in a file.

    :param question: what to ask first; None runs at once.
    :return: the exit code.
    :raises InvalidPlan: the file holds no plan as it was made.
    :raises StalePlan: something else would run now.
    """
    from ..applications import hiding
    from ..approval import Approved, read
    from .moving import carry_out

    options, renderer = session.options, session.renderer
    limits = options.limits()
    session.environments.hurry(limits.deadline)
    approved = Approved(read(path), session.environments, hiding(session.config))
    _require_no_other(session, approved)
    plan: Plan = approved.plan(
        waiting=None if options.dry_run else session.waiting,
        tell=renderer.message,
        lock_timeout=options.lock_timeout,
        limits=limits,
    )
    return carry_out(session, plan, question, limits, approved.require)


def _require_no_other(session: Session, approved: Approved) -> None:
    """Refuse options that say something else than the plan.

    :raises UsageError: naming the option.
    """
    from ..errors import UsageError

    options, planned = session.options, approved.request
    says = {
        f"--db {options.db}": options.db == "all" or planned.environments == (options.db,),
        "--atomic": planned.atomic or not options.atomic,
        f"--on-failure {options.on_failure}": options.on_failure in {"stop", planned.on_failure},
    }
    for option, fits in says.items():
        if not fits:
            raise UsageError(
                f"the plan was made without {option}, so it can't be run with it",
                hint=f"make the plan with it: brokle-migrate plan {option} --out FILE",
            )
