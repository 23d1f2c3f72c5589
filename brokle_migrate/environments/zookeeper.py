"""What ZooKeeper, or Keeper, has: every server of a cluster can read it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .drivers.base import quoted

if TYPE_CHECKING:
    from .drivers import Driver

_NODES = "SELECT name, value FROM system.zookeeper WHERE path = '{}'{}"


def nodes(driver: Driver, path: str, name: str | None = None) -> dict[str, str]:
    """The values below a path, by the names of their nodes, in order.

    :param name: of this node only.
    :raises ServerError: ZooKeeper does not answer, there is no such path, or the user may not look.
    :raises ConnectionLost: the server does not answer.
    """
    condition = "" if name is None else f" AND name = '{quoted(name)}'"
    rows = driver.query(_NODES.format(quoted(path), condition))
    return {node: str(value) for node, value in sorted(rows)}
