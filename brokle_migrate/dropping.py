"""Remove everything that migrations can make, after it was listed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .environments.base import LOCK
from .errors import MigrateError, PartlyDropped, StalePlan
from .migrating import LOCK_TIMEOUT

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from .environments import Environments
    from .environments.base import DatabaseObject


def inventory(
    environments: Environments, names: Sequence[str]
) -> dict[str, tuple[DatabaseObject, ...]]:
    """What ``drop`` would remove from each database, ClickHouse first."""
    return {name: environments[name].inventory() for name in reversed(names)}


def drop(
    environments: Environments,
    objects: dict[str, tuple[DatabaseObject, ...]],
    *,
    waiting: Callable[[str], None],
    lock_timeout: float = LOCK_TIMEOUT,
) -> None:
    """Remove what :func:`inventory` listed, under the lock.

    :raises PartlyDropped: a database refused; what was removed before stays removed.
    :raises MigrateError: a database refused, and nothing was removed.
    """
    dropped: list[str] = []
    with environments.lock(lock_timeout, waiting):
        found = inventory(environments, [*reversed(objects)])
        _require_same(objects, found)
        for name, listed in found.items():
            try:
                environments[name].drop(listed)
            except MigrateError as error:
                if not dropped:
                    raise
                message = f"{', '.join(dropped)} was dropped, {name} was not: {error.message}"
                raise PartlyDropped(message, hint=error.hint) from error
            dropped.append(name)


def _require_same(
    shown: dict[str, tuple[DatabaseObject, ...]], found: dict[str, tuple[DatabaseObject, ...]]
) -> None:
    """Refuse to drop anything but what was shown, and confirmed."""

    def statements(objects: dict[str, tuple[DatabaseObject, ...]]) -> set[str]:
        every = (item for listed in objects.values() for item in listed)
        return {item.sql for item in every if item.kind != LOCK}

    if statements(shown) != statements(found):
        raise StalePlan(
            "the databases hold other objects than those that were listed; nothing was dropped",
            hint="somebody else migrated in the meantime: list them again",
        )
