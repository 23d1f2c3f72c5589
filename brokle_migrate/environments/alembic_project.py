"""The team's own Alembic: its configuration, its scripts, its ``env.py``.

Alembic is not thread-safe (its ``context`` and ``op`` are module globals), so one run of ``env.py``
happens at a time, and one run serves a whole stretch of steps.
"""

from __future__ import annotations

import contextlib
import logging
import logging.config
import os
import sys
import threading
from argparse import Namespace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from ..errors import Busy, ConfigError
from ..redact import Redactor
from ..veil import veiled_log
from .base import Log

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from alembic.config import Config as AlembicConfig
    from alembic.runtime.environment import EnvironmentContext
    from alembic.runtime.migration import MigrationContext, MigrationStep
    from alembic.script import ScriptDirectory

    from ..config import Config, PostgresConfig

    Work = Callable[[tuple[str, ...], MigrationContext], Iterable[MigrationStep]]

_ALEMBIC = threading.RLock()


def _start_anew() -> None:
    """In the child of a fork nobody else is at work, whoever was in the parent."""
    global _ALEMBIC  # noqa: PLW0603 - a lock can't be freed for a thread that is not there
    _ALEMBIC = threading.RLock()


os.register_at_fork(after_in_child=_start_anew)
_PATIENCE = 3.0  # seconds that a look waits for another thread's run; a run waits for as long


class AlembicProject:
    """Runs the team's ``env.py`` with our own work inside.

    :param config: the whole configuration.
    :param log: what becomes of the logging that ``env.py`` configures, and of Alembic's log.
    :raises ConfigError: there is no script location.
    """

    def __init__(self, config: Config, *, log: Log = Log.HIDDEN) -> None:
        self._config = config
        self._postgres: PostgresConfig = config.require_postgres()
        self._location = self._postgres.require_script_location()
        self._log = log

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
        except KeyError as error:
            raise ConfigError(
                f"pyproject.toml [[tool.alembic.post_write_hooks]]: a hook has no {error}"
            ) from error

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
        reads = bool(options.get("dont_mutate"))
        with _alone(reads=reads), self.quiet(), context:
            self.script.run_env()

    def _overrides(self) -> dict[str, str]:
        postgres = self._postgres
        overrides = {"script_location": str(self._location)}
        if postgres.url is not None and postgres.url_overridden:
            overrides["sqlalchemy.url"] = postgres.url.render()
        if postgres.version_table is not None:
            overrides["version_table"] = postgres.version_table
        return overrides

    def quiet(self) -> contextlib.AbstractContextManager[None]:
        """Keep output and logging as they are: ``env.py`` usually configures one, and may print."""
        if self._log is Log.APPLICATION:
            return _unconfigured(Redactor(self._config.secrets, public=self._config.public).hide)
        return _to_standard_error(hidden=self._log is Log.HIDDEN)


@contextlib.contextmanager
def _alone(*, reads: bool) -> Iterator[None]:
    """One run of ``env.py`` at a time in this process.

    :param reads: whether it only looks, and need not wait for a migration to end.
    :raises Busy: another thread's run took too long for that.
    """
    lock = _ALEMBIC
    if not lock.acquire(timeout=_PATIENCE if reads else -1):
        raise Busy
    try:
        yield
    finally:
        lock.release()


@contextlib.contextmanager
def _to_standard_error(*, hidden: bool) -> Iterator[None]:
    """For a command, whose standard output is data.

    :param hidden: print warnings only.
    """
    loggers, disabled = _logging_state(), logging.root.manager.disable
    if hidden:
        logging.disable(logging.INFO)
    try:
        with contextlib.redirect_stdout(sys.stderr):
            yield
    finally:
        logging.disable(disabled)
        _restore_logging(loggers)


@contextlib.contextmanager
def _unconfigured(hide: Callable[[str], str]) -> Iterator[None]:
    """Leave an application's logging to the application; secrets don't get into it.

    ``fileConfig`` switches off every logger that it does not name, and other threads log meanwhile:
    putting their loggers right afterwards would be too late, and undo what they configure.
    """
    before = {name: getattr(logging.config, name) for name in ("fileConfig", "dictConfig")}
    over = threading.Event()
    for name, function in before.items():
        setattr(logging.config, name, _outside_this_thread(function, over))
    alembic = logging.getLogger("alembic")
    level = alembic.level
    alembic.setLevel(logging.WARNING)  # our own log tells of every revision
    try:
        with veiled_log(hide, thread=threading.get_ident()):
            yield
    finally:
        over.set()
        alembic.setLevel(level)
        for name, function in before.items():
            setattr(logging.config, name, function)


def _outside_this_thread(
    function: Callable[..., None], over: threading.Event
) -> Callable[..., None]:
    """The same function, which does nothing where it is ``env.py`` that calls it.

    :param over: set when ``env.py`` has ended: a module that it imported may have kept this.
    """
    owner = threading.get_ident()

    def configure(*arguments: Any, **options: Any) -> None:
        if over.is_set() or threading.get_ident() != owner:
            function(*arguments, **options)

    return configure


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
