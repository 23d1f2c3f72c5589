"""The replicas of a table, as ZooKeeper or Keeper knows them: every server can read that.

A server's own ``system.mutations`` tells of its own parts only.  Each replica keeps its
``mutation_pointer`` in ZooKeeper: the last mutation that it has finished (the server's own
``mutations_sync = 2`` waits for the same).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .drivers import ServerError
from .drivers.base import quoted

if TYPE_CHECKING:
    from .drivers import Driver

_PATH = (
    "SELECT zookeeper_path FROM system.replicas WHERE database = '{}' AND table = '{}'"  # 18.16 on
)
_NODES = "SELECT name, value FROM system.zookeeper WHERE path = '{}'"
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
        return [name for (path,) in paths for name in _behind(driver, path, mutation)]
    except ServerError:
        return []


def _behind(driver: Driver, path: str, mutation: str) -> list[str]:
    replicas = sorted(name for name, _ in driver.query(_NODES.format(f"{quoted(path)}/replicas")))
    return [each for each in replicas if _is_behind(driver, f"{path}/replicas/{each}", mutation)]


def _is_behind(driver: Driver, path: str, mutation: str) -> bool:
    nodes = {name: str(value) for name, value in driver.query(_NODES.format(quoted(path)))}
    return _ACTIVE in nodes and nodes.get(_POINTER, mutation) < mutation
