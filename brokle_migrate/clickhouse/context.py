"""What ``migrations_clickhouse/env.py`` sees, in the manner of ``alembic.context``.

::

    from brokle_migrate.clickhouse import context

    context.configure(url=context.config.get_main_option("sqlalchemy.url"))

``env.py`` says how to connect; when to connect, and for how long, is the command's business.
"""

from __future__ import annotations

import contextlib
import runpy
import sys
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ..errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path


@dataclass(slots=True)
class EnvironmentConfig:
    """The configuration that ``env.py`` may ask.

    :ivar options: main options by the names they have in alembic.ini.
    :ivar x: the ``-x`` arguments as given.
    """

    options: Mapping[str, str]
    x: tuple[str, ...] = ()

    def get_main_option(self, name: str, default: str | None = None) -> str | None:
        """A main option of the ``[clickhouse]`` section as it was resolved."""
        return self.options.get(name, default)


@dataclass(slots=True)
class Connection:
    """How to connect, as ``env.py`` configured it."""

    config: EnvironmentConfig
    url: str | None = None
    settings: Mapping[str, str] = field(default_factory=dict)


_active: ContextVar[Connection] = ContextVar("brokle_migrate_clickhouse_context")
_tag: ContextVar[str | None] = ContextVar("brokle_migrate_clickhouse_tag", default=None)


def configure(url: str | None = None, settings: Mapping[str, object] | None = None) -> None:
    """Say how to connect.

    :param url: the ClickHouse URL; the configured one when left out.
    :param settings: server settings for every statement of this history.
    """
    connection = _active.get()
    connection.url = url
    connection.settings = {name: str(value) for name, value in (settings or {}).items()}


def get_x_argument(as_dictionary: bool = False) -> list[str] | dict[str, str]:
    """The ``-x`` arguments, as ``alembic.context.get_x_argument`` gives them."""
    x = list(_active.get().config.x)
    if not as_dictionary:
        return x
    return {name: value for name, _, value in (argument.partition("=") for argument in x)}


def get_tag_argument() -> str | None:
    """The value of ``--tag``, as ``alembic.context.get_tag_argument`` gives it."""
    return _tag.get()


@contextlib.contextmanager
def tagged(tag: str | None) -> Iterator[None]:
    """Have every ``env.py`` that runs inside be told a tag."""
    token = _tag.set(tag)
    try:
        yield
    finally:
        _tag.reset(token)


def run(path: Path, config: EnvironmentConfig) -> Connection:
    """Run an ``env.py`` and return what it configured; the defaults where there is none.

    :raises ConfigError: ``env.py`` failed.
    """
    connection = Connection(config)
    if not path.is_file():
        return connection
    token = _active.set(connection)
    try:
        with contextlib.redirect_stdout(sys.stderr):  # standard output is for data
            runpy.run_path(str(path), run_name="env")
    except (Exception, SystemExit) as error:
        raise ConfigError(f"{path} failed: {type(error).__name__}: {error}") from error
    finally:
        _active.reset(token)
    return connection


def __getattr__(name: str) -> EnvironmentConfig:
    if name == "config":
        return _active.get().config
    raise AttributeError(name)
