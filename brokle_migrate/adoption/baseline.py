"""A database that has the schema already, and no record of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import StateError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..environments import Environments


def require_unrecorded(environments: Environments, names: Sequence[str]) -> None:
    """Refuse to write over a record.

    :raises StateError: a database has one.
    """
    for name in names:
        snapshot = environments[name].snapshot()
        recorded = [*snapshot.recorded, *(each.version for each in snapshot.dirty)]
        if recorded:
            newest = max(recorded, key=int) if snapshot.linear else ", ".join(recorded)
            raise StateError(
                f"{name} has a record already, at {newest}: a baseline is for a database without "
                "one; nothing was changed",
                hint=f"to record another version all the same: brokle-migrate --db {name} force "
                "--version V",
            )
