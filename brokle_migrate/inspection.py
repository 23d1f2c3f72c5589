"""What ``info`` tells: status, servers and effective configuration."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from . import __version__
from .errors import MigrateError
from .standing import stand
from .status import DatabaseInfo, DatabaseStatus, Info, SettingView

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .config import Config
    from .environments import Environments


def info(config: Config, environments: Environments, names: Sequence[str]) -> Info:
    """Status, servers and effective configuration."""
    return Info(
        version=__version__,
        databases=tuple(_info(environments, stand(environments, name)) for name in names),
        settings=tuple(SettingView(s.name, s.display, s.source) for s in config.settings),
    )


def _info(environments: Environments, found: DatabaseStatus) -> DatabaseInfo:
    if found.error is not None or not found.exists:
        return DatabaseInfo(found)
    environment = environments[found.environment]
    try:
        return DatabaseInfo(found, environment.facts(), environments.sizes(found.environment))
    except MigrateError as error:
        return DatabaseInfo(replace(found, error=error))
