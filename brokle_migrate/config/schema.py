"""The table of settings: one row each, with its name in every source.

Precedence is the order of the columns: environment, ``config.yaml``, ``alembic.ini`` or
``pyproject.toml``, default.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable

DATABASE = "database"
CLICKHOUSE = "clickhouse"
CHECK = "check"
HEADERS = "headers"
SECTIONS = (DATABASE, CLICKHOUSE, CHECK)
"""Our sections of config.yaml; the first part of every setting's name."""


@dataclass(frozen=True, slots=True)
class Key:
    """One setting.

    :ivar name: its name, such as ``database.url``.
    :ivar env: environment variables; the first one that is set counts.
    :ivar yaml: keys in the section of config.yaml, likewise.
    :ivar ini: option in the section of alembic.ini or the table of pyproject.toml, if any.
    :ivar default: the value when no source has one.
    :ivar secret: whether the value must not be shown as it is.
    """

    name: str
    env: tuple[str, ...]
    yaml: tuple[str, ...]
    ini: str | None = None
    default: str | None = None
    secret: bool = False

    @property
    def section(self) -> str:
        """Its section of config.yaml."""
        return self.name.partition(".")[0]


KEYS = (
    Key("database.url", ("DATABASE_URL",), ("url",), "sqlalchemy.url", secret=True),
    Key("database.host", ("DB_HOST",), ("host",)),
    Key("database.port", ("DB_PORT",), ("port",)),
    Key("database.user", ("DB_USER",), ("user",)),
    Key("database.password", ("DB_PASSWORD",), ("password",), secret=True),
    Key("database.password_file", ("DB_PASSWORD_FILE",), ("password_file",)),
    Key("database.database", ("DB_NAME", "DB_DATABASE"), ("database", "name")),
    Key("database.ssl_mode", ("DB_SSL_MODE", "DB_SSLMODE"), ("ssl_mode", "sslmode")),
    Key("database.username", ("DB_USERNAME",), ("username",)),
    Key(
        "database.migrations_path", ("DB_MIGRATIONS_PATH",), ("migrations_path",), "script_location"
    ),
    Key(
        "database.migrations_table",
        ("DB_MIGRATIONS_TABLE",),
        ("migrations_table",),
        "version_table",
    ),
    Key(
        "database.schema_file", ("DB_SCHEMA_FILE",), ("schema_file",), default="schema/postgres.sql"
    ),
    Key("database.lock_timeout", ("DB_LOCK_TIMEOUT",), ("lock_timeout",), default="5s"),
    Key("database.auto_migrate", ("DB_AUTO_MIGRATE",), ("auto_migrate",), default="false"),
    Key("database.health_cache", ("DB_HEALTH_CACHE",), ("health_cache",), default="5s"),
    Key("clickhouse.url", ("CLICKHOUSE_URL",), ("url",), "sqlalchemy.url", secret=True),
    Key("clickhouse.host", ("CLICKHOUSE_HOST",), ("host",)),
    Key("clickhouse.port", ("CLICKHOUSE_PORT",), ("port",)),
    Key("clickhouse.user", ("CLICKHOUSE_USER", "CLICKHOUSE_USERNAME"), ("user", "username")),
    Key("clickhouse.password", ("CLICKHOUSE_PASSWORD",), ("password",), secret=True),
    Key("clickhouse.password_file", ("CLICKHOUSE_PASSWORD_FILE",), ("password_file",)),
    Key("clickhouse.database", ("CLICKHOUSE_DATABASE",), ("database", "name")),
    Key("clickhouse.secure", ("CLICKHOUSE_SECURE",), ("secure",)),
    Key(
        "clickhouse.migrations_path",
        ("CLICKHOUSE_MIGRATIONS_PATH",),
        ("migrations_path",),
        "script_location",
    ),
    Key(
        "clickhouse.migrations_table",
        ("CLICKHOUSE_MIGRATIONS_TABLE",),
        ("migrations_table",),
        "version_table",
        default="schema_migrations",
    ),
    Key(
        "clickhouse.migrations_engine",
        ("CLICKHOUSE_MIGRATIONS_ENGINE",),
        ("migrations_engine",),
        "engine",
        default="MergeTree",
    ),
    Key(
        "clickhouse.schema_file",
        ("CLICKHOUSE_SCHEMA_FILE",),
        ("schema_file",),
        default="schema/clickhouse.sql",
    ),
    Key("clickhouse.headers", ("CLICKHOUSE_HEADERS",), (HEADERS,), "headers", secret=True),
    Key("clickhouse.cluster", ("CLICKHOUSE_CLUSTER",), ("cluster",), "cluster"),
    Key("check.levels", ("CHECK_LEVELS",), ("levels",), "levels"),
    Key("check.lock_file", ("CHECK_LOCK_FILE",), ("lock_file",), "lock_file", "migrations.lock"),
)

APPLICATION_KEYS = frozenset(
    {
        "conn_max_idle_time",
        "conn_max_lifetime",
        "connect_timeout",
        "debug",
        "dial_timeout",
        "log_level",
        "max_idle_conns",
        "max_open_conns",
        "max_overflow",
        "max_retries",
        "pool_size",
        "pool_timeout",
        "read_timeout",
        "retry_delay",
        "schema",
        "timezone",
        "write_timeout",
    }
)
"""What an application keeps in the same sections for its own connections; not ours to judge."""

OWN_SECTIONS = (CLICKHOUSE, CHECK)
INI_VARS = "clickhouse.vars"
"""Our sections of alembic.ini; the names in the last one are the team's own."""

INI_HOOKS = "clickhouse.post_write_hooks"
"""Our section of alembic.ini for what runs on new ClickHouse files."""

HOOKS = "post_write_hooks"
"""The array of tables of pyproject.toml that holds the same."""

VARS = "vars"
"""The mapping of config.yaml and the table of pyproject.toml that holds such names."""

TOML_TABLE = "brokle-migrate"
"""Our table below ``[tool]`` in pyproject.toml; it holds a table for each of our sections."""

_DURATION = re.compile(r"0|(?:(\d+)h)?(?:(\d+)m)?(?:(\d+(?:\.\d+)?)s)?(?:(\d+)ms)?")

FLAGS = {
    "true": True,
    "1": True,
    "yes": True,
    "on": True,
    "false": False,
    "0": False,
    "no": False,
    "off": False,
}
"""How people write yes and no."""


def flag(text: str, source: str) -> bool:
    """A yes-or-no value.

    :param source: where it stands, for the message.
    :raises ConfigError: it is neither.
    """
    try:
        return FLAGS[text.strip().lower()]
    except KeyError:
        raise ConfigError(
            f"{source}: {text!r} is neither true nor false",
            hint="true, yes, on and 1, or false, no, off and 0",
        ) from None


def duration(text: str, source: str) -> float:
    """A duration such as ``500ms``, ``5s`` or ``1m30s``, or 0, in seconds.

    A bare number is refused: Postgres counts such a setting in milliseconds, people in seconds.

    :param source: where it stands, for the message.
    :raises ConfigError: it is none.
    """
    found = _DURATION.fullmatch(text.strip().lower())
    if not found or not (text.strip() == "0" or any(found.groups())):
        raise ConfigError(
            f"{source}: {text!r} is not a duration", hint="write 500ms, 5s or 1m30s; 0 for none"
        )
    hours, minutes, seconds, milliseconds = (float(part or 0) for part in found.groups())
    return hours * 3600 + minutes * 60 + seconds + milliseconds / 1000


def unknown(key: str, known: Iterable[str], where: str) -> str:
    """The sentence for a key that nobody knows.

    :param key: what was written.
    :param known: what could have been meant.
    :param where: the file and its section.
    """
    near = nearest(key, known)
    rest = f", did you mean {near!r}?" if near else f"; known are {', '.join(known)}"
    return f"{where}: unknown key {key!r}{rest}"


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that looks most like this one, if any does."""
    import difflib

    return next(iter(difflib.get_close_matches(word, list(known), 1)), None)
