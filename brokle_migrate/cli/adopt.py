"""``adopt``: take over what another tool, or nobody, has on record."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from .commands import execute, group
from .options import Common, common

if TYPE_CHECKING:
    from ..adoption.values import Adoption
    from .session import Session


@group.command()
@common
@click.argument("tool", required=False, type=click.Choice(["golang-migrate"]))
@click.argument("directories", nargs=-1, metavar="[DIR]...", type=click.Path(path_type=Path))
@click.option("--table", metavar="NAME", help="golang-migrate's version table.")
@click.option("--baseline", metavar="REV", help="Record REV, and all before it, as applied.")
@click.option("--postgres", metavar="REV", help="Another baseline for Postgres.")
@click.option("--clickhouse", metavar="VERSION", help="Another baseline for ClickHouse.")
def adopt(
    options: Common,
    tool: str | None,
    directories: tuple[Path, ...],
    table: str | None,
    baseline: str | None,
    postgres: str | None,
    clickhouse: str | None,
) -> int:
    """Take over golang-migrate's history, or baseline a database.

    \b
    brokle-migrate adopt golang-migrate DIR     DIR holds postgres/ and clickhouse/
    brokle-migrate adopt golang-migrate DIR DIR one for each, Postgres first
    brokle-migrate adopt --baseline REV         the schema is there, its record is not
    """
    given = {"postgres": postgres, "clickhouse": clickhouse}
    destinations = {name: value for name, value in given.items() if value is not None}
    wants_baseline = baseline is not None or bool(destinations)
    if (tool is None) is not wants_baseline:
        raise click.UsageError("adopt golang-migrate DIR, or adopt --baseline REV?")
    if tool is None and (directories or table):
        raise click.UsageError("a baseline takes neither a directory nor a table")
    if tool is not None:
        work = partial(_golang_migrate, directories=directories, table=table)
    else:
        work = partial(_baseline, revision=baseline, destinations=destinations)
    return execute(options, "adopt", work, locks=True)


def _baseline(session: Session, revision: str | None, destinations: dict[str, str]) -> int:
    from ..adoption.baseline import require_unrecorded
    from .moving import move

    require_unrecorded(session.environments, session.names)
    request = session.request("FORCE", destination=revision, destinations=destinations)
    return move(session, request, "Record this without running anything?")


def _golang_migrate(session: Session, directories: tuple[Path, ...], table: str | None) -> int:
    from ..adoption.survey import survey
    from ..adoption.takeover import write_files
    from ..environments.old_record import DEFAULT_TABLE

    options, renderer = session.options, session.renderer
    found = survey(
        session.config,
        session.environments,
        _by_environment(directories, session.names),
        table or DEFAULT_TABLE,
    )
    renderer.adoption(found, dry_run=options.dry_run)
    if found.is_done or options.dry_run:
        return 0
    session.confirm("Take this over?")
    write_files(found)
    session.environments.close()
    return _take_over(session, found)


def _take_over(session: Session, adoption: Adoption) -> int:
    """Record, with the configuration that the new files make."""
    from ..adoption.takeover import take_over
    from ..config import load
    from ..environments import open_environments
    from .signals import stoppable

    options, renderer = session.options, session.renderer
    config = load(config_file=options.config, x=options.x)
    with (
        open_environments(config) as environments,
        stoppable(renderer.event, renderer.message) as stop,
    ):
        report = take_over(
            adoption,
            config,
            environments,
            emit=stop.event,
            waiting=session.waiting,
            tell=renderer.message,
            lock_timeout=options.lock_timeout,
            limits=options.limits(),
        )
    renderer.adopted(adoption, report)
    session.exit_code = 0 if report is None else report.exit_code
    return session.exit_code


def _by_environment(directories: tuple[Path, ...], names: tuple[str, ...]) -> dict[str, Path]:
    """Which directory is whose.

    One directory holds one for each database, or with ``--db`` that database's files themselves.
    """
    from ..errors import UsageError

    given = [Path.cwd() / directory for directory in directories]
    if len(given) == len(names):
        found = dict(zip(names, given, strict=True))
        return {n: p / n if len(names) == 1 and (p / n).is_dir() else p for n, p in found.items()}
    if len(given) == 1:
        return {name: given[0] / name for name in names}
    wanted = " and ".join(names)
    raise UsageError(
        f"which directory? This is about {wanted}, and {len(given)} directories were given",
        hint="brokle-migrate adopt golang-migrate DIR, where DIR holds postgres/ and clickhouse/",
    )
