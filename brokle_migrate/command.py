"""The commands for programs: a :class:`Config` in, a value out.

::

    from brokle_migrate import command, load

    config = load()
    command.status(config).at_head
    command.upgrade(config)             # raises MigrationFailed with the whole report
    command.downgrade(config, "-1")

Neither click nor rich is imported, nothing is printed, and nothing is asked.  What there is to tell
of a run goes to the logger ``brokle_migrate``.  Errors are those of :mod:`.errors`, without
passwords in them.  ``environments`` narrows a function to ``"postgres"`` or ``"clickhouse"``.

Functions may be called from several threads: runs of Alembic, which is not thread-safe, take turns.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

from . import authoring, dumping, graphing, holding, inspection, migrating, standing, waiting
from .applications import failure, hiding, opened, voice
from .automatic import auto_migrate, auto_migrate_async
from .cleaning import clean, clean_error
from .environments import ORDER, selected
from .examination import health
from .model import Action, Limits, OnFailure, Operation, Report, Request
from .waiting import TIMEOUT, Patience

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Unpack

    from .authoring import Created
    from .checked import Checked
    from .config import Config
    from .dumping import Dumped
    from .graph import Graph
    from .lockfile import Sealed
    from .locks import LockState
    from .model import Plan, Revision
    from .project import Initialised
    from .proposal import Proposal
    from .status import Info, Status

__all__ = [
    "Choices",
    "auto_migrate",
    "auto_migrate_async",
    "check",
    "current",
    "downgrade",
    "dump",
    "graph",
    "heads",
    "health",
    "history",
    "info",
    "init",
    "lock",
    "plan",
    "propose",
    "revision",
    "run_proposal",
    "seal",
    "stamp",
    "status",
    "upgrade",
    "wait",
]


class Choices(TypedDict, total=False):
    """What every function that changes databases takes.

    :ivar environments: the databases to work on; every configured one when left out.
    :ivar lock_timeout: seconds to wait for another run to end, 15 when left out.
    :ivar timeout: seconds that the whole run may take, None for no limit.
    :ivar statement_timeout: seconds that one statement may take, None for no limit.
    :ivar on_failure: ``"stop"`` or ``"rollback"``.
    :ivar atomic: commit Postgres only once ClickHouse is done.
    """

    environments: Sequence[str]
    lock_timeout: float
    timeout: float | None
    statement_timeout: float | None
    on_failure: str
    atomic: bool


def status(config: Config, environments: Sequence[str] = ()) -> Status:
    """Where each database stands; one that can't be read has its error in the value."""
    with opened(config) as found:
        standings = standing.status(found, selected(config, environments))
        standings = standing.with_mutations(found, standings)
    return clean(standings, hiding(config))


def info(config: Config, environments: Sequence[str] = (), *, timeout: float | None = None) -> Info:
    """Everything that ``status`` says, and what the servers say of themselves.

    :param timeout: seconds that each database has, 5 when left out; what one has not told by then
        is missing, and the value says so.
    """
    with opened(config) as found:
        told = inspection.info(config, found, selected(config, environments), timeout)
    return clean(told, hiding(config))


def dump(
    config: Config,
    environments: Sequence[str] = (),
    directory: Path | None = None,
    *,
    write: bool = True,
) -> Dumped:
    """Write the live schema of each database into its file; one that can't be has its error there.

    :param directory: for all files, in the place of what is configured.
    :param write: False only says which files would be new or changed.
    :raises ConfigError: two schemas would go into the same file.
    """
    names = selected(config, environments)
    files = dumping.schema_files(config, names, directory)
    with opened(config) as found:
        dumped = dumping.dump(found, {**files}, write=write)
    for each in dumped.files:
        if each.error is not None:
            clean_error(each.error, hiding(config))
    return dumped


def check(
    config: Config,
    environments: Sequence[str] = (),
    *,
    changed_since: str | None = None,
    rehearse: bool = False,
    dumps: Sequence[Path] = (),
    live: bool = False,
) -> Checked:
    """What is wrong with the files of both histories; no database is asked.

    :param config: from ``load(files_only=True)``, where it does not say where the databases are.
    :param changed_since: a branch, tag or commit: what a file says counts only where the current
        branch has added or edited it.
    :param rehearse: run the histories on engines that are thrown away, too.
    :param dumps: what the rehearsal starts from, instead of nothing: files of :func:`dump`.
    :param live: compare the databases with what their history makes, too.
    :raises ConfigError: the configuration does not say where the files are.
    :raises UsageError: git can't tell what has changed.
    """
    from . import checking

    names = selected(config, environments)
    with opened(config) as databases:
        found = checking.check(
            config,
            names,
            since=changed_since,
            rehearse=rehearse,
            dumps=dumps,
            live=databases if live else None,
        )
    return clean(found, hiding(config))


def seal(config: Config, environments: Sequence[str] = (), *, write: bool = True) -> Sealed:
    """Write what the files say now into the lock file.

    :param write: False only tells what would change.
    :raises InvalidScripts: not all files are in order; nothing is written.
    :raises ConfigError: the lock file can't be read or written.
    """
    from .environments import sealing

    return sealing.update(config, selected(config, environments), write=write)


def graph(config: Config, environments: Sequence[str] = ()) -> Graph:
    """Both histories, the links between them, and where each database stands.

    ``brokle_migrate.render.pictures.draw`` makes a picture of it.
    """
    with opened(config) as found:
        return graphing.graph(found, selected(config, environments)).each(hiding(config))


def current(config: Config, environments: Sequence[str] = ()) -> dict[str, tuple[str, ...]]:
    """The newest applied revision of each database: several where its history has branches.

    :raises MigrateError: one can't be read.
    """
    found = status(config, environments)
    if found.error is not None:
        raise found.error
    return {database.environment: database.current for database in found.databases}


def heads(config: Config, environments: Sequence[str] = ()) -> dict[str, tuple[str, ...]]:
    """The newest revisions on disk; no database is asked."""
    return {
        name: tuple(r.id for r in found if not any(r.id in other.down for other in found))
        for name, found in history(config, environments).items()
    }


def history(config: Config, environments: Sequence[str] = ()) -> dict[str, tuple[Revision, ...]]:
    """Every revision on disk, each after those that it builds on; no database is asked."""
    with opened(config) as found:
        return {name: found[name].revisions() for name in selected(config, environments)}


def plan(config: Config, request: Request | None = None) -> Plan:
    """What a run would do; changes nothing.

    :param request: everything that is pending, in every configured database, when left out.
    :raises MigrateError: the request can't be planned.
    """
    with opened(config) as found:
        request = request or Request(Operation.UP, selected(config, ()))
        return clean(migrating.plan(request, found), hiding(config))


def propose(config: Config, request: Request | None = None) -> Proposal:
    """Write a plan down for a review; ``brokle_migrate.proposal_file.dumps`` makes a file of it.

    :param request: everything that is pending, in every configured database, when left out.
    :return: without secrets.
    :raises MigrateError: the request can't be planned.
    """
    from .proposal_file import hidden
    from .proposing import propose

    request = request or Request(Operation.UP, selected(config, ()))
    with opened(config) as found:
        preview = migrating.preview(migrating.plan(request, found), found)
        checked = check(config, request.environments)
        return hidden(propose(preview, found, checked.findings), hiding(config))


def run_proposal(
    config: Config,
    proposal: Proposal,
    *,
    lock_timeout: float = migrating.LOCK_TIMEOUT,
    timeout: float | None = None,
    statement_timeout: float | None = None,
) -> Report:
    """Run exactly what was approved, or nothing.

    :param proposal: as ``brokle_migrate.approval.read`` gets it from its file.
    :param lock_timeout: seconds to wait for another run to end.
    :param timeout: seconds that the whole run may take, None for no limit.
    :param statement_timeout: seconds that one statement may take, None for no limit.
    :raises StalePlan: something else would run now; the message tells the difference.
    :raises MigrationFailed: the run failed; its report is the message.
    :raises MigrateError: nothing was run.
    """
    from .approval import Approved

    teller = voice(config)
    deadline = None if timeout is None else time.monotonic() + timeout
    with opened(config) as environments:
        environments.hurry(deadline)
        report = Approved(proposal, environments, hiding(config)).run(
            emit=teller.event,
            tell=teller.message,
            lock_timeout=lock_timeout,
            limits=Limits(deadline, statement_timeout),
        )
    if report.error is not None:
        raise failure(report.error, hiding(config), report)
    return clean(report, hiding(config))


def upgrade(config: Config, revision: str = "head", **options: Unpack[Choices]) -> Report:
    """Apply revisions up to a destination, in every selected database.

    :param revision: Alembic's grammar: ``head``, a revision, a unique prefix, ``+2``, ``REV+1``.
    :raises MigrationFailed: the run failed; its report is the message.
    :raises MigrateError: nothing was run.
    """
    if revision in {"head", "heads"}:
        return _move(config, _request(config, Operation.UP, options), None, options)
    request = _request(config, Operation.GOTO, options, destination=revision)
    return _move(config, request, Action.UPGRADE, options)


def downgrade(config: Config, revision: str, **options: Unpack[Choices]) -> Report:
    """Roll back to a destination, in every selected database.

    :param revision: ``base``, a revision, a unique prefix, ``-1``.
    :raises MigrationFailed: the run failed; its report is the message.
    :raises MigrateError: nothing was run.
    """
    request = _request(config, Operation.GOTO, options, destination=revision)
    return _move(config, request, Action.DOWNGRADE, options)


def stamp(config: Config, revision: str, **options: Unpack[Choices]) -> Report:
    """Record a revision as current without running anything.

    :param revision: a revision, a unique prefix, ``head``, or ``base``.
    :raises MigrationFailed: it could not be recorded.
    :raises MigrateError: nothing was run.
    """
    request = _request(config, Operation.FORCE, options, destination=revision)
    return _move(config, request, Action.STAMP, options)


def revision(
    config: Config, message: str, *, sql: bool = False, environments: Sequence[str] = ()
) -> Created:
    """Create one Alembic revision and one ClickHouse pair under the same version.

    :param message: what it does, in words.
    :param sql: put the Postgres part into a pair of .sql files beside the revision.
    :return: the files; its ``error`` tells of a post-write hook that failed.
    :raises MigrateError: the name can't be used, or the files can't be written.
    """
    with opened(config) as found:
        created = authoring.create(found, selected(config, environments), message, sql=sql)
    return created.each(hiding(config))


def init(
    directory: str | Path = ".",
    *,
    config_file: Path | None = None,
    clickhouse_dir: Path | None = None,
    write: bool = True,
    environments: Sequence[str] = (),
) -> Initialised:
    """Make a project, or add what an Alembic project lacks; nothing is overwritten.

    :param directory: the project's.
    :param config_file: the alembic.ini or pyproject.toml that configures Alembic, if it is another.
    :param clickhouse_dir: where the ClickHouse files are to be.
    :param write: False only says which files there would be.
    :raises MigrateError: something is in the way, or can't be written; nothing was changed.
    """
    from .config.layout import read_layout
    from .project import initialise

    layout = read_layout(Path(directory), config_file)
    return initialise(layout, tuple(environments) or ORDER, pairs=clickhouse_dir, write=write)


def lock(config: Config) -> LockState:
    """Who holds the lock; takes nothing."""
    with opened(config) as found:
        return clean(holding.lock_state(found), hiding(config))


def wait(
    config: Config,
    *,
    at_head: bool = False,
    timeout: float = TIMEOUT,
    environments: Sequence[str] = (),
) -> Status:
    """Wait until the databases answer, or until somebody has migrated them.

    :param at_head: wait for the latter.
    :param timeout: seconds.
    :return: where they stand at the end: ``is_ready`` and ``error`` tell whether it came to that.
    """
    patience = Patience(time.monotonic() + timeout, voice(config).message)
    with opened(config) as found:
        names = selected(config, environments)
        standings = waiting.settled(found, names, patience, at_head=at_head)
    return clean(standings, hiding(config))


def _request(
    config: Config, operation: Operation, options: Choices, destination: str | None = None
) -> Request:
    return Request(
        operation,
        selected(config, options.get("environments", ())),
        destination=destination,
        on_failure=OnFailure(options.get("on_failure", "stop")),
        atomic=options.get("atomic", False),
    )


def _move(config: Config, request: Request, only: Action | None, options: Choices) -> Report:
    """Plan and run.

    :param only: the one thing that the steps may do, None for whatever the plan says.
    """
    teller, timeout = voice(config), options.get("timeout")
    deadline = None if timeout is None else time.monotonic() + timeout
    with opened(config) as environments:
        environments.hurry(deadline)
        report = migrating.migrated(
            lambda: request,
            environments,
            only=only,
            emit=teller.event,
            tell=teller.message,
            lock_timeout=options.get("lock_timeout", migrating.LOCK_TIMEOUT),
            limits=Limits(deadline, options.get("statement_timeout")),
        )
    if report.error is not None:
        raise failure(report.error, hiding(config), report)
    return clean(report, hiding(config))
