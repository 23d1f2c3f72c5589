"""Where databases stand: read without a lock."""

from __future__ import annotations

from dataclasses import replace
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


def with_mutations(environments: Environments, status: Status) -> Status:
    """The same with what still goes on in the background of ClickHouse.

    It costs a question of its own, which only somebody who looks at the status has to pay for: a
    database with unfinished mutations is at head.
    """
    return Status(tuple(_with_mutations(environments, each) for each in status.databases))


def _with_mutations(environments: Environments, found: DatabaseStatus) -> DatabaseStatus:
    if found.error is not None or not found.exists:
        return found
    try:
        return replace(found, mutations=environments[found.environment].mutations())
    except MigrateError:
        return found


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
