"""What the functions of :mod:`brokle_migrate.clickhouse.command` take, in the manner of Alembic.

::

    from brokle_migrate.clickhouse import command
    from brokle_migrate.clickhouse.config import Config

    command.upgrade(Config("alembic.ini"), "head")

The value of :func:`brokle_migrate.load` will do as well, and so will an ``alembic.config.Config``:
of that the files count, the ``-x`` arguments and the streams, and not what was set in memory.
"""

from __future__ import annotations

import sys
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeAlias

from .. import migrating
from ..applications import failure, hiding, voice
from ..config import Config as Settings
from ..config import load
from ..model import Action

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Sequence

    from alembic.config import Config as AlembicConfig

    from ..environments import Environments
    from ..model import Report, Request
    from ..render import Renderer

    Ask = Callable[[], Request]
    AnyConfig: TypeAlias = "Config | Settings | AlembicConfig"


class Out(Protocol):
    """A stream that text can be written to."""

    def write(self, text: str, /) -> object:
        """Write text."""


class Host(Protocol):
    """A program around the functions: the command line."""

    @property
    def renderer(self) -> Renderer:
        """What progress and findings are told to."""

    def run(self, environments: Environments, ask: Ask, only: Action) -> Report:
        """Bring about a request, and report it."""


class Config:
    """A configuration, and where output goes.

    :param file_: config.yaml, alembic.ini or pyproject.toml; found as the command line finds it
        when left out.
    :param ini_section: Alembic's section of alembic.ini, which has Postgres, and so the lock.
    :param stdout: what is printed goes here; standard output when left out.
    :param output_buffer: the SQL of ``sql=True`` goes here; ``stdout`` when left out.
    :param x: ``-x`` arguments for ``env.py`` and placeholders.
    :param settings: a configuration that was loaded already, instead of a file.
    :param quiet: print nothing but SQL.
    :param host: runs what changes the database, and takes what there is to tell; when left out,
        that goes to a log, and a run that fails raises ``MigrationFailed``.
    """

    def __init__(
        self,
        file_: str | os.PathLike[str] | None = None,
        *,
        ini_section: str = "alembic",
        stdout: Out | None = None,
        output_buffer: Out | None = None,
        x: Sequence[str] = (),
        settings: Settings | None = None,
        quiet: bool = False,
        host: Host | None = None,
    ) -> None:
        self._file = None if file_ is None else Path(file_)
        self._stdout = stdout
        self._output_buffer = output_buffer
        self._x = tuple(x)
        self._settings = settings
        self._quiet = quiet
        self._section = ini_section
        self._host = host

    @cached_property
    def settings(self) -> Settings:
        """The configuration; files and variables are read when it is first asked for."""
        if self._settings is not None:
            return self._settings
        return load(config_file=self._file, x=self._x, alembic_section=self._section)

    @property
    def teller(self) -> Renderer:
        """What progress and findings are told to."""
        return voice(self.settings) if self._host is None else self._host.renderer

    def print_stdout(self, text: str, *args: object) -> None:
        """Print a line, as Alembic's method of that name does; without secrets."""
        if not self._quiet:
            self._write(self._stdout, text % args if args else text)

    def print_sql(self, text: str) -> None:
        """Print SQL; without secrets."""
        self._write(self._output_buffer or self._stdout, text)

    def run(self, environments: Environments, ask: Ask, only: Action) -> None:
        """Bring about a request.

        :param ask: the request as things stand now; an upgrade is asked for again when somebody
            else has migrated in between, and everything else stops then.
        :param only: the one thing that steps may do.
        :raises MigrationFailed: the run failed; its report is the message.
        :raises MigrateError: nothing was run.
        """
        if self._host is not None:
            self._host.run(environments, ask, only)
            return
        teller = self.teller
        report = migrating.migrated(
            ask,
            environments,
            only=only,
            again=only is Action.UPGRADE,
            emit=teller.event,
            tell=teller.message,
        )
        if report.error is not None:
            raise failure(report.error, hiding(self.settings), report)

    def _write(self, stream: Out | None, text: str) -> None:
        out: Out = sys.stdout if stream is None else stream
        out.write(hiding(self.settings)(text) + "\n")


def read(config: AnyConfig) -> Config:
    """Any configuration as ours."""
    if isinstance(config, Config):
        return config
    if isinstance(config, Settings):
        return Config(settings=config)
    file = config.config_file_name or config.toml_file_name
    return Config(
        file,
        ini_section=config.config_ini_section,
        stdout=config.stdout,
        output_buffer=config.output_buffer,
        x=tuple(getattr(config.cmd_opts, "x", None) or ()),
        quiet=bool(getattr(config.cmd_opts, "quiet", False)),
    )
