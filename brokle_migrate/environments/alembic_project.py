"""The team's own Alembic: its configuration, its scripts, its ``env.py``.

Alembic is not thread-safe (its ``context`` and ``op`` are module globals), so one run of ``env.py``
happens at a time, and one run serves a whole stretch of steps.
"""

from __future__ import annotations

import contextlib
import logging
import sys
from argparse import Namespace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from ..errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from alembic.config import Config as AlembicConfig
    from alembic.runtime.environment import EnvironmentContext
    from alembic.runtime.migration import MigrationContext, MigrationStep
    from alembic.script import ScriptDirectory

    from ..config import Config, PostgresConfig

    Work = Callable[[tuple[str, ...], MigrationContext], Iterable[MigrationStep]]


class AlembicProject:
    """Runs the team's ``env.py`` with our own work inside.

    :param config: the whole configuration.
    :param verbose: let Alembic's log through.
    :raises ConfigError: there is no script location.
    """

    def __init__(self, config: Config, *, verbose: bool = False) -> None:
        self._config = config
        self._postgres: PostgresConfig = config.require_postgres()
        self._location = self._postgres.require_script_location()
        self._verbose = verbose

    @property
    def env_py(self) -> Path:
        """The team's ``env.py``."""
        return self._location / "env.py"

    @cached_property
    def config(self) -> AlembicConfig:
        """Alembic's configuration, with what was resolved from elsewhere put in."""
        from alembic.config import Config as AlembicConfig

        config = AlembicConfig(
            file_=self._config.ini_file,
            toml_file=self._config.toml_file,
            ini_section=self._config.alembic_section,
            cmd_opts=Namespace(x=list(self._config.x) or None, quiet=True),
        )
        for name, value in self._overrides().items():
            config.set_main_option(name, value.replace("%", "%%"))
        return config

    @cached_property
    def script(self) -> ScriptDirectory:
        """Alembic's script directory; modules are loaded only when it is asked for one."""
        from alembic.script import ScriptDirectory
        from alembic.util import CommandError

        try:
            return ScriptDirectory.from_config(self.config)
        except CommandError as error:
            raise ConfigError(str(error)) from error

    def run(self, work: Work, *, one_transaction: bool = False, **options: Any) -> None:
        """Run ``env.py``; it calls ``work`` with the recorded heads and its migration context.

        :param one_transaction: for all steps, whatever ``env.py`` says.
        :param options: what ``alembic.runtime.environment.EnvironmentContext`` takes.
        """
        from alembic.runtime.environment import EnvironmentContext

        context = EnvironmentContext(self.config, self.script, fn=work, **options)
        table = self._postgres.version_table
        preferred = {} if table is None else {"version_table": table}
        forced = {"transaction_per_migration": False} if one_transaction else {}
        _adapt_configure(context, preferred, forced)
        with self.quiet(), context:
            self.script.run_env()

    def _overrides(self) -> dict[str, str]:
        postgres = self._postgres
        overrides = {"script_location": str(self._location)}
        if postgres.url is not None and postgres.url_overridden:
            overrides["sqlalchemy.url"] = postgres.url.render()
        if postgres.version_table is not None:
            overrides["version_table"] = postgres.version_table
        return overrides

    @contextlib.contextmanager
    def quiet(self) -> Iterator[None]:
        """Keep the output ours: ``env.py`` usually configures logging, and may print."""
        loggers = _logging_state()
        disabled = logging.root.manager.disable
        if not self._verbose:
            logging.disable(logging.INFO)
        try:
            with contextlib.redirect_stdout(sys.stderr):
                yield
        finally:
            logging.disable(disabled)
            _restore_logging(loggers)


def _adapt_configure(
    context: EnvironmentContext, preferred: dict[str, Any], forced: dict[str, Any]
) -> None:
    """Give ``configure`` other defaults than Alembic's, and options that ``env.py`` can't set."""
    configure = context.configure

    def adapted(*arguments: Any, **options: Any) -> None:
        configure(*arguments, **{**preferred, **options, **forced})

    context.configure = adapted  # type: ignore[method-assign]


def _logging_state() -> list[tuple[logging.Logger, int, list[logging.Handler], bool]]:
    known = [logging.root, *_existing_loggers()]
    return [(one, one.level, one.handlers[:], one.disabled) for one in known]


def _existing_loggers() -> list[logging.Logger]:
    named = logging.root.manager.loggerDict.values()
    return [one for one in named if isinstance(one, logging.Logger)]


def _restore_logging(
    state: list[tuple[logging.Logger, int, list[logging.Handler], bool]],
) -> None:
    for logger, level, handlers, disabled in state:
        logger.setLevel(level)
        logger.handlers[:] = handlers
        logger.disabled = disabled
