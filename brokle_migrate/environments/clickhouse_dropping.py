"""Dropping the objects of a ClickHouse database."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import PartlyDropped, StateError
from .clickhouse_objects import BOOKKEEPING
from .drivers import ConnectionLost, ServerError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from .base import DatabaseObject
    from .drivers import Driver


def drop(driver: Driver, label: str, objects: Sequence[DatabaseObject]) -> None:
    """Drop objects, and those that others depend on when these are gone; our own tables go last.

    :param label: the database, for messages.
    :raises StateError: none of them could be dropped.
    :raises PartlyDropped: some of them were.
    """
    dropped = 0
    try:
        for item in _each(driver, objects):
            dropped += bool(item)
    except ServerError as error:
        if not dropped:
            raise StateError(f"{label} refused: {error.message}") from error
        raise _partly(label, dropped, objects, error) from error
    except ConnectionLost as error:
        raise _partly(label, dropped, objects, error) from error


def _each(driver: Driver, objects: Sequence[DatabaseObject]) -> Iterator[DatabaseObject]:
    """Each object as it is dropped.

    :raises ServerError: none of those that are left can be dropped.
    """
    waiting = [item for item in objects if item.kind not in BOOKKEEPING]
    while waiting:
        refused: dict[DatabaseObject, ServerError] = {}
        for item in waiting:
            try:
                driver.execute(item.sql)
            except ServerError as error:
                refused[item] = error
            else:
                yield item
        if len(refused) == len(waiting):
            raise refused[waiting[0]]
        waiting = list(refused)
    for item in objects:
        if item.kind in BOOKKEEPING:
            driver.execute(item.sql)
            yield item


def _partly(
    label: str, dropped: int, objects: Sequence[DatabaseObject], error: Exception
) -> PartlyDropped:
    return PartlyDropped(
        f"dropped {dropped} of {len(objects)} objects of {label}, then: {error}",
        hint="drop again: what is gone already does no harm",
    )
