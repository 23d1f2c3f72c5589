"""``alembic.command`` for the ClickHouse history: the same functions, parameters and output.

::

    from brokle_migrate.clickhouse import command
    from brokle_migrate.clickhouse.config import Config

    command.upgrade(Config("alembic.ini"), "head")
    command.history(Config("alembic.ini"), verbose=True)

A configuration is :class:`.config.Config`, the value of :func:`brokle_migrate.load`, or an
``alembic.config.Config``.  As in Alembic, what there is to see is printed and nothing is asked.
Runs hold the one lock, and are told of in the log ``brokle_migrate``.  Errors are those of
:mod:`brokle_migrate.errors`, a run that failed is a ``MigrationFailed``, and none has a password
in it.

Where a function can't be what it is in Alembic, its docstring says so; :data:`LEFT_OUT` says which
functions are not here, and why.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..errors import RevisionError, UsageError
from ..history import BASE
from .project import project

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Sequence

    from alembic.script import Script

    from .config import AnyConfig

LEFT_OUT = {
    "init": "a ClickHouse history needs no environment of its own to begin with: a [clickhouse] "
    "section in alembic.ini and a directory are enough",
    "list_templates": "templates are the project's own files, script.up.sql.mako and "
    "script.down.sql.mako, and both can be left out",
    "merge": "a ClickHouse history is one chain in the order of its versions, so there are no "
    "branches to merge",
}
"""The functions of ``alembic.command`` that are not here, and why."""


def upgrade(config: AnyConfig, revision: str, sql: bool = False, tag: str | None = None) -> None:
    """Upgrade to a later version.

    :param revision: ``head``, a version, a unique prefix, ``+2``, ``VERSION+1``; with ``sql`` also
        a range, ``FROM:TO``, that starts at base when only its end is given.
    :param sql: print the script instead of running it; no database is asked.
    :param tag: for ``env.py``: ``context.get_tag_argument()``.
    :raises MigrationFailed: the run failed.
    :raises MigrateError: nothing was run.
    """
    from .offline import print_steps, split_range

    start, destination = split_range(revision)
    if start is not None and not sql:
        raise UsageError("Range revision not allowed", hint="a range goes with --sql")
    with project(config, tag) as here:
        if sql:
            print_steps(here, here.pairs.upgrades(destination, here.pairs.start(start)))
        else:
            here.upgrade(destination)


def downgrade(config: AnyConfig, revision: str, sql: bool = False, tag: str | None = None) -> None:
    """Revert to a previous version.

    :param revision: ``base``, a version, a unique prefix, ``-1``; with ``sql`` always a range.
    :param sql: print the script instead of running it; no database is asked.
    :param tag: for ``env.py``: ``context.get_tag_argument()``.
    :raises MigrationFailed: the run failed.
    :raises MigrateError: nothing was run.
    """
    from .offline import print_steps, split_range

    start, destination = split_range(revision)
    if start is not None and not sql:
        raise UsageError("Range revision not allowed", hint="a range goes with --sql")
    if start is None and sql:
        raise UsageError("downgrade with --sql requires <fromrev>:<torev>")
    with project(config, tag) as here:
        if sql:
            print_steps(here, here.pairs.downgrades(destination, here.pairs.start(start)))
        else:
            here.downgrade(destination)


def show(config: AnyConfig, rev: str) -> None:
    """Show the revision(s) denoted by the given symbol.

    :param rev: ``head``, a version, a unique prefix, or ``current``.
    :raises MigrateError: there is no such revision.
    """
    with project(config) as here:
        for script in here.revisions(rev):
            here.config.print_stdout(script.log_entry)


def history(
    config: AnyConfig,
    rev_range: str | None = None,
    verbose: bool = False,
    indicate_current: bool = False,
) -> None:
    """List changeset scripts in chronological order.

    :param rev_range: ``[start]:[end]``; each may be ``current``.
    :param verbose: the whole block for each.
    :param indicate_current: mark where the database stands.
    :raises MigrateError: the range is not valid.
    """
    start, end = _ends(rev_range)
    with project(config) as here:
        asks = indicate_current or "current" in {start, end}
        current = here.position() if asks else ()
        base: Any = current if start == "current" and end != "current" else start or "base"
        head: Any = current if end == "current" else end or "heads"
        for script in here.pairs.walk_revisions(base=base, head=head):
            if indicate_current:
                script._db_current_indicator = script.revision in current  # noqa: SLF001
            line = script.cmd_format(
                verbose, include_branches=True, include_doc=True, include_parents=True
            )
            here.config.print_stdout(line)


def heads(config: AnyConfig, verbose: bool = False, resolve_dependencies: bool = False) -> None:
    """Show current available heads in the script directory.

    :param verbose: the whole block.
    :param resolve_dependencies: makes no difference: nothing depends on another branch here.
    :raises MigrateError: the files are not valid.
    """
    with project(config) as here:
        symbols: Any = "heads" if resolve_dependencies else here.pairs.get_heads()
        for script in here.pairs.get_revisions(symbols):
            line = script.cmd_format(verbose, include_branches=True, tree_indicators=False)
            here.config.print_stdout(line)


def branches(config: AnyConfig, verbose: bool = False) -> None:  # noqa: ARG001 - as Alembic's
    """Show current branch points: a ClickHouse history has none.

    :param verbose: the whole block for each.
    :raises MigrateError: the files are not valid.
    """
    with project(config) as here:
        here.environment.revisions()


def current(config: AnyConfig, check_heads: bool = False, verbose: bool = False) -> None:
    """Display the current revision for a database.

    :param check_heads: raise when something is not applied.
    :param verbose: the database, and the whole block.
    :raises NotAtHead: something is not applied.
    :raises MigrateError: the database, or its files, can't be read.
    """
    with project(config) as here:
        if verbose:
            here.config.print_stdout("Current revision(s) for %s:", here.environment.label)
        position = here.position()
        if check_heads:
            here.require_heads("Database is not on all head revisions")
        for script in here.pairs.get_all_current(position):
            here.config.print_stdout(script.cmd_format(verbose))


def stamp(
    config: AnyConfig,
    revision: str | Sequence[str],
    sql: bool = False,
    tag: str | None = None,
    purge: bool = False,  # noqa: ARG001 - as Alembic's
) -> None:
    """'stamp' the ledger with the given revision; don't run any migrations.

    :param revision: one version, a prefix, ``head`` or ``base``; with ``sql`` also a range. Several
        are an error, unless all are the same: everything up to one version is what is recorded.
    :param sql: print the script instead of running it; no database is asked.
    :param tag: for ``env.py``: ``context.get_tag_argument()``.
    :param purge: makes no difference: a stamp always decides about every version.
    :raises MigrationFailed: it could not be recorded.
    :raises MigrateError: nothing was recorded.
    """
    from .offline import print_stamp, split_range

    given = [revision] if isinstance(revision, str) else list(revision)
    ranges = [split_range(each) for each in given] if sql else [(None, each) for each in given]
    with project(config, tag) as here:
        start = here.pairs.start(_only({start for start, _ in ranges}, "starting revision"))
        position = start if sql else here.history.current
        end = here.pairs.stamped([destination for _, destination in ranges], position)
        _only(end or {BASE}, "revision")
        if sql:
            print_stamp(here, start, end)
        else:
            here.stamp(end[0] if end else BASE)


def revision(  # noqa: PLR0913, PLR0917 - as Alembic's
    config: AnyConfig,
    message: str | None = None,
    autogenerate: bool = False,
    sql: bool = False,
    head: str = "head",
    splice: bool = False,
    branch_label: str | Sequence[str] | None = None,
    version_path: str | os.PathLike[str] | None = None,
    rev_id: str | None = None,
    depends_on: str | Sequence[str] | None = None,
    process_revision_directives: Callable[..., Any] | None = None,
) -> Script:
    """Create a new pair of files.

    :param message: what it does, in words; needed, for the files are named after it.
    :param head: what it follows: the head, for a history is a chain in the order of its versions.
    :param version_path: the directory for it; there is one.
    :param rev_id: its version, a number that is larger than the head's.
    :raises MigrateError: the files can't be made, or something was asked for that a history of SQL
        pairs does not have: models, branches, labels, dependencies.
    """
    from .new import Wish, new_pair

    wish = Wish(
        message=message,
        head=head,
        version_path=version_path,
        rev_id=rev_id,
        autogenerate=autogenerate,
        sql=sql,
        splice=splice,
        branch_label=branch_label,
        depends_on=depends_on,
        process_revision_directives=process_revision_directives,
    )
    with project(config) as here:
        return new_pair(here, wish)


def check(config: AnyConfig) -> None:
    """Check that every file is well-formed, as applied, and applied.

    There are no models, so there is nothing to compare the database with: no new operations can be
    detected.

    :raises NotAtHead: something is not applied.
    :raises MigrateError: a file is not valid, or was edited after it was applied.
    """
    from .checking import check_pairs

    with project(config) as here:
        check_pairs(here)


def edit(config: AnyConfig, rev: str) -> None:
    """Edit both files of revision(s) using $EDITOR.

    :param rev: a version, a unique prefix, ``head``, or ``current``.
    :raises MigrateError: there is no such revision, or no editor.
    """
    from alembic.util import open_in_editor

    with project(config) as here:
        scripts = here.revisions(rev)
        if not scripts:
            raise RevisionError(
                "No current revisions"
                if rev == "current"
                else f"No revision files indicated by symbol '{rev}'"
            )
        for script in scripts:
            for path in here.files(script.revision):
                open_in_editor(str(path))


def ensure_version(config: AnyConfig, sql: bool = False) -> None:
    """Create the ledger if it doesn't exist already.

    :param sql: print the statement instead of running it; no database is asked.
    :raises MigrateError: it could not be made.
    """
    from .offline import print_ledger

    with project(config) as here:
        if sql:
            print_ledger(here)
        elif not here.history.snapshot.recorded and not here.history.snapshot.dirty:
            here.stamp(BASE)  # which records nothing, in a ledger


def _ends(rev_range: str | None) -> tuple[str, str]:
    """Both ends of a range, empty where they are open."""
    if rev_range is None:
        return "", ""
    parts = rev_range.strip().split(":")
    if len(parts) != 2:
        raise UsageError("History range requires [start]:[end], [start]:, or :[end]")
    return parts[0], parts[1]


def _only(found: set[Any] | Sequence[Any], what: str) -> Any:
    """The one that there is.

    :raises RevisionError: there are several.
    """
    if len(found) > 1:
        names = ", ".join(sorted(map(str, found)))
        raise RevisionError(
            f"a stamp takes one {what}, and these are several: {names}",
            hint="a ClickHouse history is a chain: name the newest, and what is older goes with it",
        )
    return next(iter(found))


__all__ = [
    "LEFT_OUT",
    "branches",
    "check",
    "current",
    "downgrade",
    "edit",
    "ensure_version",
    "heads",
    "history",
    "revision",
    "show",
    "stamp",
    "upgrade",
]
