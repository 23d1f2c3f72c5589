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
        history, running = known(environments, name)
    except MigrateError as error:
        return DatabaseStatus(name, environments.label(name), error=error)
    return describe(history, running=running)


def known(environments: Environments, name: str) -> tuple[History, str]:
    """The history of a database, and who is running a step of it, empty for nobody.

    A step that is under way looks like one that was interrupted; who runs it holds the lock.

    :raises MigrateError: the database, or its files, can't be read.
    """
    history = History(environments[name].snapshot())
    if not planning.is_open(history):
        return history, ""
    try:
        holder = environments.lock().holder()
    except MigrateError:  # then ClickHouse itself tells whether its statement runs
        holder = None
    if holder is not None and not holder.is_over:
        return history, str(holder)
    return History(environments[name].snapshot(prove=True)), ""
