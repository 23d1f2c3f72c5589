"""Bringing databases to head when an application starts: many replicas may, in the same instant."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from . import migrating
from .checks.state import state_findings
from .history import History
from .model import Limits, Operation, Plan, Report, Request
from .waiting import answered

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .environments import Environments
    from .events import Emit
    from .waiting import Patience


def bring_up(
    environments: Environments,
    request: Request,
    patience: Patience,
    emit: Emit,
    statement_timeout: float | None = None,
) -> Report:
    """Apply all pending revisions, once the databases answer and nobody else is migrating.

    Where there is nothing to do no lock is taken, and each database is asked once.  A database
    that is ahead of the files was migrated by newer code, and is left as it is.

    :param request: an ``UP`` for the environments that are to be brought to head.
    :param patience: how long for; the run ends then, too.
    :param emit: called with every event, in order.
    :param statement_timeout: seconds that one statement may take, None for as long as it takes.
    :return: what was done, or why not all of it.
    :raises MigrateError: nothing could be run.
    """
    names = request.environments

    def attempt() -> Report:
        found = _look(environments, names, patience)
        if any(h.is_lost for h in found.values()) and not all(map(_is_settled, found.values())):
            # Newer code may be in the middle of its run: what is left over is seen after that.
            with environments.lock(patience.left, patience.waiting):
                found = _look(environments, names, patience)
        environments.hurry(patience.deadline)
        _tell_ahead(found, patience)
        left = tuple(name for name in names if not _is_settled(found[name]))
        if not left:
            return _nothing_to_do(found)
        return migrating.migrate(
            replace(request, environments=left),
            environments,
            emit=emit,
            waiting=patience.waiting,
            tell=patience.tell,
            lock_timeout=patience.left,
            limits=Limits(patience.deadline, statement_timeout),
        )

    return answered(lambda: migrating.repeatedly(attempt, patience.tell), patience)


def _look(
    environments: Environments, names: Sequence[str], patience: Patience
) -> dict[str, History]:
    environments.hurry(patience.look)
    return {name: History(environments[name].snapshot()) for name in names}


def _is_settled(history: History) -> bool:
    """Whether nothing has to be run, as far as the files tell."""
    if history.snapshot.dirty:
        return False
    is_unknown = history.is_lost and not history.snapshot.linear and not history.current
    return is_unknown or not history.is_behind


def _tell_ahead(found: Mapping[str, History], patience: Patience) -> None:
    for name, history in found.items():
        if history.ahead:
            versions = ", ".join(history.ahead)
            patience.tell(
                f"{name} is ahead of this code: it records {versions}, which no file here has. "
                "Newer code has migrated it; it is left as it is"
            )


def _nothing_to_do(found: Mapping[str, History]) -> Report:
    snapshots = {name: history.snapshot for name, history in found.items()}
    marks = {name: snapshot.fingerprint for name, snapshot in snapshots.items()}
    findings = state_findings(found.values())
    plan = Plan(Request(Operation.UP, tuple(found)), (), marks, findings=findings)
    return Report(plan, (), snapshots)
