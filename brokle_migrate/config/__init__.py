"""The only reader of environment variables and configuration files.

::

    config = load()
    config.require_clickhouse().url.label

Precedence: environment, ``config.yaml``, ``alembic.ini`` or ``pyproject.toml``, default; one row
per setting in :mod:`.schema`.  Neither SQLAlchemy nor Alembic is imported here, and PyYAML only
where there is a config.yaml: every command starts with this.
"""

from .headers import headers
from .parse import parse_url
from .resolve import load, no_color
from .urls import DatabaseUrl
from .values import ClickHouseConfig, Config, PostgresConfig, Setting

__all__ = [
    "ClickHouseConfig",
    "Config",
    "DatabaseUrl",
    "PostgresConfig",
    "Setting",
    "headers",
    "load",
    "no_color",
    "parse_url",
]
