"""One schema history over Postgres and ClickHouse: one plan, one lock, honest reports.

::

    from brokle_migrate import auto_migrate

    auto_migrate()      # at the start of an application
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .automatic import auto_migrate, auto_migrate_async
    from .config import Config, load
    from .errors import MigrateError, MigrationFailed
    from .examination import health

__version__ = "0.1.0"
__all__ = [
    "Config",
    "MigrateError",
    "MigrationFailed",
    "auto_migrate",
    "auto_migrate_async",
    "health",
    "load",
]
_HOMES = {
    "Config": ".config",
    "MigrateError": ".errors",
    "MigrationFailed": ".errors",
    "auto_migrate": ".automatic",
    "auto_migrate_async": ".automatic",
    "health": ".examination",
    "load": ".config",
}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first asked for: start-up is a feature."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name], __name__), name)
