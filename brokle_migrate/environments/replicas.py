"""The replicas of a table, as ZooKeeper or Keeper knows them: every server can read that.

A server's own ``system.mutations`` tells of its own parts only.  Each replica keeps its
``mutation_pointer`` in ZooKeeper: the last mutation that it has finished (the server's own
``mutations_sync = 2`` waits for the same).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .drivers import ServerError
from .drivers.base import quoted
from .zookeeper import nodes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .drivers import Driver

_PATH = (
    "SELECT zookeeper_path FROM system.replicas WHERE database = '{}' AND table = '{}'"  # 18.16 on
)
_ACTIVE, _POINTER = "is_active", "mutation_pointer"


def behind(driver: Driver, database: str, table: str, mutation: str) -> list[str]:
    """The active replicas of a table that have not finished a mutation.

    One that is not active is left out: it does its part when it is back.

    :param mutation: its id, as in ``system.mutations``.
    :return: their names; none where the table is not replicated, or the user may not look.
    :raises ConnectionLost: the server does not answer.
    """
    try:
        paths = driver.query(_PATH.format(quoted(database), quoted(table)))
        return [
            name
            for (path,) in paths
            for name, state in _states(driver, path)
            if _ACTIVE in state and state.get(_POINTER, mutation) < mutation
        ]
    except ServerError:
        return []


def inactive(driver: Driver, path: str) -> list[str]:
    """The replicas of a table that are not active.

    :param path: where ZooKeeper has the table.
    :raises ServerError: ZooKeeper does not answer, or the user may not look.
    :raises ConnectionLost: the server does not answer.
    """
    return [name for name, state in _states(driver, path) if _ACTIVE not in state]


def _states(driver: Driver, path: str) -> Iterator[tuple[str, dict[str, str]]]:
    for name in nodes(driver, f"{path}/replicas"):
        yield name, nodes(driver, f"{path}/replicas/{name}")
