"""Alembic's own command line: its parser, its commands, its words; our configuration and lock.

Whatever stands in ``alembic.config.CommandLine`` when this runs is what parses and runs: a plugin
of the team's may have registered commands there
(https://alembic.sqlalchemy.org/en/latest/cookbook.html#extend-commandline-with-custom-commands).
"""

from __future__ import annotations

import sys
from argparse import Namespace
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

from .postgres_state import label_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from alembic.config import Config as AlembicConfig
    from alembic.runtime.migration import MigrationContext

    from ..config import Config, PostgresConfig
    from ..locks import Lock

# Alembic's commands that change no database, nor make a version table.  What a team adds may.
_LOOKING = frozenset(
    ["branches", "current", "edit", "heads", "history", "init", "list_templates", "merge", "show"]
)
_WITHOUT_PROJECT = frozenset({"init", "list_templates"})


class AlembicLine:
    """One command line of Alembic's.

    :param program: what stands before the arguments, for usage and help.
    :param argv: the arguments.
    :raises SystemExit: Alembic's parser has printed help, or why it can't read the arguments.
    """

    def __init__(self, program: str, argv: Sequence[str]) -> None:
        from alembic import __version__, config

        self._line = config.CommandLine(prog=program)
        _name_alembic(self._line.parser, __version__)
        self._options = self._line.parser.parse_args(argv)
        if not hasattr(self._options, "cmd"):
            self._line.parser.error("too few arguments")

    @property
    def files(self) -> tuple[str, ...]:
        """The configuration files of ``-c``."""
        return tuple(self._options.config or ())

    @property
    def section(self) -> str:
        """Alembic's section of alembic.ini."""
        return str(self._options.name)

    @property
    def x(self) -> tuple[str, ...]:
        """The arguments for ``env.py``."""
        return tuple(self._options.x or ())

    def run(
        self,
        config: Config,
        *,
        tell: Callable[[str], None],
        timeout: float,
        hide: Callable[[str], str],
    ) -> None:
        """Run it, with ``sys.stdout`` and ``sys.stderr`` as its streams.

        :param config: what is resolved for these files and this section.
        :param tell: called with a sentence about the lock: who holds it, or how it is held.
        :param timeout: seconds to wait for the lock.
        :param hide: takes secrets out of what Alembic says when it refuses.
        :raises SystemExit: Alembic refused, and has said why.
        :raises ConfigError: the configuration names a script location that can't be used.
        :raises LockHeld: somebody else kept the lock; nothing was run.
        :raises Exception: whatever ``env.py``, a revision or the database raised.
        """
        from alembic import util

        ours = self._config(config)
        keeper = _Keeper(tell, timeout) if self._changes else None
        # Alembic would lay out the message first, and a secret over two lines is not recognised.
        raising = Namespace(**{**vars(self._options), "raiseerr": True})
        with _configured(_preferred(config.postgres), keeper):
            try:
                self._line.run_cmd(ours, raising)
            except util.CommandError as error:
                if self._options.raiseerr:
                    raise
                util.err(hide(str(error)), **ours.messaging_opts)

    @property
    def _name(self) -> str:
        return str(self._options.cmd[0].__name__)

    @property
    def _changes(self) -> bool:
        """Whether it may change the database, should ``env.py`` connect to one."""
        if self._name == "revision":
            return bool(self._options.autogenerate)
        return self._name not in _LOOKING

    def _config(self, config: Config) -> AlembicConfig:
        """Alembic's configuration, with what was resolved from elsewhere put in."""
        from alembic.config import Config as AlembicConfig

        toml, ini = self._line._inis_from_config(self._options)  # noqa: SLF001 - as CommandLine.main
        made = AlembicConfig(
            file_=_named(ini, config.ini_file),
            toml_file=_named(toml, config.toml_file),
            ini_section=self._options.name,
            cmd_opts=self._options,
            stdout=sys.stdout,
        )
        if config.postgres is not None and self._name not in _WITHOUT_PROJECT:
            for name, value in _overrides(config.postgres).items():
                made.set_main_option(name, value.replace("%", "%%"))
        return made


def _name_alembic(parser: Any, version: str) -> None:
    """Let ``--version`` tell whose version it is."""
    for action in parser._actions:  # noqa: SLF001 - has no public name
        if "--version" in action.option_strings:
            action.version = f"alembic {version}"


def _named(own: str, found: Path | None) -> str:
    """A file as Alembic names it, unless it is another one that counts."""
    from pathlib import Path

    return own if found is None or Path(own).absolute() == found else str(found)


def _overrides(postgres: PostgresConfig) -> dict[str, str]:
    overrides = {}
    if postgres.location_overridden:
        overrides["script_location"] = str(postgres.require_script_location())
    if postgres.url is not None and postgres.url_overridden:
        overrides["sqlalchemy.url"] = postgres.url.render()
    if postgres.version_table is not None:
        overrides["version_table"] = postgres.version_table
    return overrides


class _Keeper:
    """Takes the lock as soon as ``env.py`` has connected, and keeps it.

    That is before Alembic reads what is applied; and only ``env.py`` knows where the database is.
    """

    def __init__(self, tell: Callable[[str], None], timeout: float) -> None:
        self._tell = tell
        self._timeout = timeout
        self._lock: Lock | None = None
        self._held = ExitStack()

    def take(self, context: MigrationContext) -> None:
        """Take it, if this is a live connection and it is not held yet."""
        if context.connection is None or context.as_sql or self._lock is not None:
            return
        from ..locks.advisory import PostgresLock

        url = context.connection.engine.url
        where = url.render_as_string(hide_password=False)
        lock = PostgresLock(where, label_of(url), self._timeout, self._wait)
        self._held.enter_context(lock)
        self._lock = lock
        if lock.warning:
            self._tell(lock.warning)

    def _wait(self, holder: str) -> None:
        self._tell(f"waiting for the lock, which is held by {holder}")

    def check(self, **_: object) -> None:
        """Before a revision is recorded: is it still held?"""
        if self._lock is not None:
            self._lock.check()

    def release(self) -> None:
        """Give it back."""
        self._held.close()


@contextmanager
def _configured(preferred: Mapping[str, Any], keeper: _Keeper | None) -> Iterator[None]:
    """Have ``context.configure``, whenever ``env.py`` calls it, do a little more.

    :param preferred: other defaults than Alembic's.
    :param keeper: takes the lock; None for what only looks, and then makes no version table.
    """
    from alembic.runtime.environment import EnvironmentContext
    from alembic.util import to_tuple

    configure = EnvironmentContext.configure

    def looking(context: EnvironmentContext, *arguments: Any, **options: Any) -> None:
        configure(context, *arguments, **{**preferred, **options, "dont_mutate": True})

    def changing(context: EnvironmentContext, *arguments: Any, **options: Any) -> None:
        assert keeper is not None
        checks = (*to_tuple(options.get("on_version_apply"), default=()), keeper.check)
        options["on_version_apply"] = checks
        configure(context, *arguments, **{**preferred, **options})
        keeper.take(context.get_context())

    adapted = looking if keeper is None else changing
    setattr(EnvironmentContext, "configure", adapted)  # noqa: B010 - the type has 25 parameters
    try:
        yield
    finally:
        setattr(EnvironmentContext, "configure", configure)  # noqa: B010
        if keeper is not None:
            keeper.release()


def _preferred(postgres: PostgresConfig | None) -> dict[str, str]:
    table = None if postgres is None else postgres.version_table
    return {} if table is None else {"version_table": table}
