"""The commands: click's view of them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .. import __version__
from .options import Common, common

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..model import Request
    from .session import Session

_DESTINATIONS = (
    click.option(
        "--version", "version", metavar="V", help="The destination: a version, head, -1 …"
    ),
    click.option("--postgres", metavar="REV", help="Another destination for Postgres."),
    click.option("--clickhouse", metavar="VERSION", help="Another destination for ClickHouse."),
)
out_of_order = click.option(
    "--allow-out-of-order",
    is_flag=True,
    help="Also run files that are older than the newest applied version.",
)


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__)
def group() -> None:
    """Migrate Postgres and ClickHouse together: one plan, one lock, one report.

    Options may stand before or after the command, with one dash or two.
    """


@group.command()
@common
@click.option("--steps", type=int, metavar="N", help="Only this many steps in each database.")
@click.option("--confirm", is_flag=True, help="Show the plan and ask before it runs.")
@click.option("--dump", "dumps", is_flag=True, help="Then write the schema files, as dump does.")
@click.option(
    "--plan",
    "approved",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Run exactly this plan, which plan --out has written, or nothing.",
)
@out_of_order
def up(
    options: Common,
    steps: int | None,
    confirm: bool,
    dumps: bool,
    approved: Path | None,
    allow_out_of_order: bool,
) -> int:
    """Apply all pending revisions, Postgres then ClickHouse."""
    if steps is not None and steps < 0:
        raise click.UsageError(f"--steps {steps}: up takes a positive number; see down and steps")
    if approved is not None and (steps is not None or allow_out_of_order):
        raise click.UsageError(
            "--plan says what to run: leave --steps and --allow-out-of-order out"
        )
    return _move(
        options,
        "up",
        _request("UP", steps=steps or None, allow_out_of_order=allow_out_of_order),
        question="Apply this?" if confirm else None,
        dumps=dumps,
        approved=approved,
    )


@group.command()
@common
@click.option(
    "--steps",
    type=int,
    metavar="N",
    help="Roll back this many steps in each database.  [default: 1]",
)
@click.option("--all", "everything", is_flag=True, help="Roll back everything.")
@click.option("--last-run", is_flag=True, help="Roll back what the last run upwards applied.")
def down(options: Common, steps: int | None, everything: bool, last_run: bool) -> int:
    """Roll back one step in each database, ClickHouse then Postgres."""
    if sum(map(bool, (everything, steps, last_run))) > 1:
        raise click.UsageError("--steps, --all and --last-run exclude each other")
    if steps is not None and steps < 1:
        raise click.UsageError(f"--steps {steps}: down takes a positive number of steps")
    count = None if everything or last_run else steps or 1
    request = _request("DOWN", steps=count, last_run=last_run)
    return _move(options, "down", request, question="Roll this back?")


@group.command()
@common
@click.option(
    "--steps",
    type=int,
    metavar="N",
    required=True,
    help="Forward when positive, back when negative.",
)
@out_of_order
def steps(options: Common, steps: int, allow_out_of_order: bool) -> int:
    """Move N steps in each database, forward or back."""
    return _move(
        options,
        "steps",
        _request("STEPS", steps=steps, allow_out_of_order=allow_out_of_order),
        question="Roll this back?" if steps < 0 else None,
    )


@group.command()
@common
@_DESTINATIONS[0]
@_DESTINATIONS[1]
@_DESTINATIONS[2]
@out_of_order
def goto(
    options: Common,
    version: str | None,
    postgres: str | None,
    clickhouse: str | None,
    allow_out_of_order: bool,
) -> int:
    """Move to a version, forward or back."""
    request = _request(
        "GOTO",
        destination=version,
        destinations=_given(postgres, clickhouse),
        allow_out_of_order=allow_out_of_order,
    )
    return _move(options, "goto", request, question="Run this?")


@group.command()
@common
@_DESTINATIONS[0]
@_DESTINATIONS[1]
@_DESTINATIONS[2]
def force(
    options: Common, version: str | None, postgres: str | None, clickhouse: str | None
) -> int:
    """Record a version without running it; 0 means none."""
    request = _request("FORCE", destination=version, destinations=_given(postgres, clickhouse))
    return _move(options, "force", request, question="Record this without running anything?")


@group.command()
@common
@click.option("--retry", "choice", flag_value="retry", help="Run the interrupted statement again.")
@click.option(
    "--mark-applied",
    "choice",
    flag_value="mark-applied",
    help="Count the interrupted statement as done, and go on behind it.",
)
@click.option(
    "--rollback", "choice", flag_value="rollback", help="Undo the step that was interrupted."
)
def resume(options: Common, choice: str | None) -> int:
    """Settle a step that was interrupted."""
    from .resume import resume as run

    return execute(options, "resume", lambda session: run(session, choice), locks=True)


@group.command()
@common
@click.option("--exit-code", is_flag=True, help="Exit with 3 unless everything is at head.")
def status(options: Common, exit_code: bool) -> int:
    """Show what is applied, and what is not."""
    from .. import standing

    def work(session: Session) -> int:
        found = standing.status(session.environments, session.names)
        found = standing.with_mutations(session.environments, found)
        session.renderer.status(found)
        if found.error is not None:
            return found.error.exit_code
        return 3 if exit_code and not found.at_head else 0

    return execute(options, "status", work)


@group.command()
@common
def info(options: Common) -> int:
    """Show status, servers and effective configuration."""
    from .. import inspection

    def work(session: Session) -> int:
        found = inspection.info(
            session.config, session.environments, session.names, options.timeout
        )
        session.renderer.info(found)
        return found.error.exit_code if found.error is not None else 0

    return execute(options, "info", work)


@group.command()
@common
@click.option("--name", required=True, metavar="NAME", help="What the revision does, in words.")
@click.option("--sql", is_flag=True, help="Put the Postgres part into a pair of .sql files.")
def create(options: Common, name: str, sql: bool) -> int:
    """Create a revision and a pair under one version."""
    from .. import authoring

    def work(session: Session) -> int:
        created = authoring.create(
            session.environments, session.names, name, sql=sql, write=not options.dry_run
        )
        session.renderer.created(created)
        return created.error.exit_code if created.error is not None else 0

    return execute(options, "create", work, opens=False)


@group.command()
@common
def drop(options: Common) -> int:
    """List, then remove, everything that migrations make."""
    from .. import dropping

    def work(session: Session) -> int:
        objects = dropping.inventory(session.environments, session.names)
        session.renderer.inventory(objects, dry_run=options.dry_run)
        if options.dry_run or not any(objects.values()):
            return 0
        for name in (name for name, listed in objects.items() if listed):
            database = session.environments[name].facts().database
            session.confirm_name(f"Drop everything in {name} {database}?", database)
        dropping.drop(
            session.environments,
            objects,
            waiting=session.waiting,
            lock_timeout=options.lock_timeout,
        )
        session.renderer.dropped(objects)
        return 0

    return execute(options, "drop", work, locks=True)


@group.command()
@common
@click.option("--break", "remove", is_flag=True, help="Take it away from a dead holder.")
def lock(options: Common, remove: bool) -> int:
    """Show who holds the lock, since when, from where."""
    from .. import holding

    def work(session: Session) -> int:
        state = holding.lock_state(session.environments)
        if remove and state.holder is not None:
            holding.require_dead(state.holder)
            if not options.dry_run:
                session.confirm(f"Break the lock of {state.holder}?")
                state = holding.break_lock(session.environments, state.holder)
        session.renderer.lock(state)
        return 0

    return execute(options, "lock", work, locks=True)


def execute(
    options: Common,
    name: str,
    work: Callable[[Session], int],
    *,
    opens: bool = True,
    locks: bool = False,
    files_only: bool = False,
) -> int:
    """Run a command's work, with everything around it imported only now.

    :param name: the command's name, for the JSON envelope.
    :param opens: it opens the selected databases.
    :param locks: it takes the lock.
    :param files_only: it reads files alone.
    """
    from .session import execute

    return execute(options, name, work, opens=opens, locks=locks, files_only=files_only)


def _request(operation: str, **values: Any) -> Callable[[Session], Request]:
    """A request for the environments of a session that is yet to be opened."""

    def build(session: Session) -> Request:
        return session.request(operation, **values)

    return build


def _given(postgres: str | None, clickhouse: str | None) -> dict[str, str]:
    pairs = {"postgres": postgres, "clickhouse": clickhouse}
    return {name: value for name, value in pairs.items() if value is not None}


def _move(
    options: Common,
    name: str,
    request: Callable[[Session], Request],
    *,
    question: str | None,
    dumps: bool = False,
    approved: Path | None = None,
) -> int:
    """Plan, show or ask, run, report: what every command that runs steps does."""
    from .dump import followed_by_dump
    from .moving import move

    def work(session: Session) -> int:
        def run() -> int:
            if approved is not None:
                from .reviewing import run_approved

                return run_approved(session, approved, question)
            return move(session, request(session), question)

        return followed_by_dump(session, run) if dumps else run()

    return execute(options, name, work, locks=True)
