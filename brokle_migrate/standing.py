"""Where databases stand: read without a lock."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import planning
from .errors import MigrateError
from .history import History
from .status import DatabaseStatus, Status, describe

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .environments import Environments


def status(environments: Environments, names: Sequence[str]) -> Status:
    """Where each selected database stands; one that can't be read does not hide the other."""
    return Status(tuple(stand(environments, name) for name in names))


def stand(environments: Environments, name: str) -> DatabaseStatus:
    """Where one database stands; what keeps it from being read is part of the answer."""
    try:
        history = History(environments[name].snapshot())
        if not planning.is_open(history):
            return describe(history)
        return _unfinished(environments, history)
    except MigrateError as error:
        return DatabaseStatus(name, environments.label(name), error=error)


def _unfinished(environments: Environments, history: History) -> DatabaseStatus:
    """Tell a step that is under way from one that was interrupted: who runs it holds the lock."""
    try:
        holder = environments.lock().holder()
    except MigrateError:  # then ClickHouse itself tells whether its statement runs
        holder = None
    if holder is not None and not holder.is_over:
        return describe(history, running=str(holder))
    return describe(History(environments[history.environment].snapshot(prove=True)))
