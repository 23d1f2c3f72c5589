"""The health of the databases as plain values, for the health endpoint."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .data import database_data, lock_data
from .info_data import run_data

if TYPE_CHECKING:
    from ..conditions import DatabaseHealth, Health
    from .data import Data


def health_data(health: Health) -> Data:
    """How the databases are; ``checked`` in seconds since 1970, latency in seconds."""
    return {
        "status": health.condition.value,
        "ready": health.is_ready,
        "checked": health.checked,
        "databases": [_database_health(database) for database in health.databases],
        "lock": None if health.lock is None else lock_data(health.lock),
        "last_run": None if health.last_run is None else run_data(health.last_run),
        "recommendations": [
            {"environment": r.environment or None, "reason": r.reason, "command": r.command}
            for r in health.recommendations
        ],
    }


def _database_health(database: DatabaseHealth) -> Data:
    return {
        "status": database.condition.value,
        "reachable": database.reachable,
        "latency": database.latency,
        **database_data(database.status),
    }
