"""What the configuration amounts to: frozen values that never show a secret."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal, overload

from ..errors import ConfigError
from ..model import CLICKHOUSE, POSTGRES
from ..redact import HIDDEN
from . import url_text
from .schema import DATABASE, nearest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .hooks import Hook
    from .urls import DatabaseUrl
    from .variables import Placeholders

_NAMES = {POSTGRES: "Postgres", CLICKHOUSE: "ClickHouse"}
_WHERE = {
    POSTGRES: "set DATABASE_URL, database.url in config.yaml, or sqlalchemy.url in the [alembic]"
    " section of alembic.ini",
    CLICKHOUSE: "set CLICKHOUSE_URL, clickhouse.url in config.yaml, or sqlalchemy.url in the"
    " [clickhouse] section of alembic.ini",
}
_SECTIONS = {POSTGRES: DATABASE, CLICKHOUSE: CLICKHOUSE}


@dataclass(frozen=True, slots=True, repr=False)
class Setting:
    """One value and where it came from.

    :ivar name: such as ``database.url``.
    :ivar value: as written, None when there is none.
    :ivar source: such as ``environment DATABASE_URL`` or ``config.yaml database.url``.
    :ivar secret: whether the value must not be shown as it is.
    :ivar problem: why there is no value though a source names one; raised when somebody needs it.
    """

    name: str
    value: str | None
    source: str
    secret: bool = False
    problem: ConfigError | None = field(default=None, compare=False)

    def __repr__(self) -> str:
        return f"Setting({self.name!r}, {self.display!r}, {self.source!r})"

    @property
    def display(self) -> str:
        """The value as it may be shown: a URL without its password, another secret as ``***``."""
        if self.value is None:
            return ""
        if self.name.endswith(".url"):
            return url_text.mask(self.value)
        return HIDDEN if self.secret else self.value


@dataclass(frozen=True, slots=True, kw_only=True)
class _Environment:
    """What both databases have.

    :ivar script_location: the directory of the history, None when there is a ``problem``.
    :ivar problem: why there is no script location; raised when somebody needs it, so that one
        database can be used though the other one's files can't.
    :ivar schema_file: where ``dump`` writes the schema.
    """

    script_location: Path | None
    schema_file: Path
    problem: ConfigError | None = field(default=None, compare=False, repr=False)

    def require_script_location(self) -> Path:
        """The directory of the history.

        :raises ConfigError: there is none; the message says why.
        """
        if self.script_location is None:
            raise self.problem or ConfigError("no script location is configured")
        return self.script_location


@dataclass(frozen=True, slots=True, kw_only=True)
class PostgresConfig(_Environment):
    """Postgres, which belongs to the team's own Alembic.

    :ivar url: None when the team's ``env.py`` alone knows it.
    :ivar url_overridden: whether ``env.py`` has to be told the URL, because it does not stand in
        alembic.ini as it is.
    :ivar location_overridden: whether Alembic has to be told the script location, because it would
        not find it by itself.
    :ivar version_table: None leaves it to ``env.py``.
    :ivar lock_timeout: seconds to wait for a lock on a table, 0 for no limit.
    """

    url: DatabaseUrl | None
    url_overridden: bool = False
    location_overridden: bool = False
    version_table: str | None = None
    lock_timeout: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ClickHouseConfig(_Environment):
    """ClickHouse and its ledger.

    :ivar version_table: the ledger.
    :ivar engine: the ledger's table engine.
    :ivar cluster: None for a single server.
    :ivar placeholders: None leaves ``${name}`` in files as it is.
    :ivar hooks: what runs on the files of a new pair.
    """

    url: DatabaseUrl
    version_table: str
    engine: str
    cluster: str | None = None
    placeholders: Placeholders | None = field(default=None, repr=False)
    hooks: tuple[Hook, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """The whole configuration.

    :ivar directory: what relative paths of the environment are relative to.
    :ivar config_file: the config.yaml, if there is one.
    :ivar ini_file: the alembic.ini, if there is one.
    :ivar toml_file: the pyproject.toml, if it has a table for Alembic or for us.
    :ivar alembic_section: the section of alembic.ini that is Alembic's.
    :ivar postgres: None when nothing says where Postgres is.
    :ivar clickhouse: None when nothing says where ClickHouse is.
    :ivar auto_migrate: whether an application migrates when it starts.
    :ivar health_cache: seconds for which a look at the health counts.
    :ivar levels: what the findings of a rule are, where the team says otherwise than we do, by the
        rule's id: ``off``, ``info``, ``warning`` or ``error``.
    :ivar lock_file: the checksums of both histories.
    :ivar x: the ``-x`` arguments as given.
    :ivar settings: every setting in the order of the documentation.
    :ivar searched: the files that were looked for.
    :ivar secrets: every password, as written and percent-encoded.
    :ivar public: names of users, hosts and databases, which are no secrets.
    """

    directory: Path
    config_file: Path | None = None
    ini_file: Path | None = None
    toml_file: Path | None = None
    alembic_section: str = "alembic"
    postgres: PostgresConfig | None = None
    clickhouse: ClickHouseConfig | None = None
    auto_migrate: bool = False
    health_cache: float = 5.0
    levels: Mapping[str, str] = field(default_factory=dict)
    lock_file: Path = Path("migrations.lock")
    x: tuple[str, ...] = field(default=(), repr=False)
    settings: tuple[Setting, ...] = ()
    searched: tuple[Path, ...] = ()
    secrets: frozenset[str] = field(default=frozenset(), repr=False)
    public: frozenset[str] = frozenset()

    @property
    def alembic_file(self) -> Path | None:
        """The file that Alembic reads first: alembic.ini, else pyproject.toml."""
        return self.ini_file or self.toml_file

    @overload
    def require(self, name: Literal["postgres"]) -> PostgresConfig: ...
    @overload
    def require(self, name: Literal["clickhouse"]) -> ClickHouseConfig: ...
    @overload
    def require(self, name: str) -> PostgresConfig | ClickHouseConfig: ...

    def require(self, name: str) -> PostgresConfig | ClickHouseConfig:
        """The configuration of one database.

        :param name: ``postgres`` or ``clickhouse``.
        :raises ConfigError: it is not configured, or there is no such database.
        """
        if name not in _NAMES:
            near = nearest(name, _NAMES)
            meant = f", did you mean {near!r}?" if near else ""
            raise ConfigError(f"there is no database {name!r}{meant}", hint="postgres, clickhouse")
        found: PostgresConfig | ClickHouseConfig | None = getattr(self, name)
        if found is None:
            raise self._missing(name)
        return found

    def require_postgres(self) -> PostgresConfig:
        """Postgres's configuration.

        :raises ConfigError: it is not configured.
        """
        return self.require("postgres")

    def require_clickhouse(self) -> ClickHouseConfig:
        """ClickHouse's configuration.

        :raises ConfigError: it is not configured.
        """
        return self.require("clickhouse")

    def has_files(self, name: str) -> bool:
        """Whether somebody says where the files of a database are, found or not.

        Such a database is meant to be migrated: it must not be passed over for want of a URL.
        """
        key = f"{_SECTIONS[name]}.migrations_path"
        return any(s.name == key and s.source != "default" for s in self.settings)

    def _missing(self, name: str) -> ConfigError:
        message = f"{_NAMES[name]} is not configured: nothing says where it is"
        given = [
            setting.source
            for setting in self.settings
            if setting.name.startswith(f"{_SECTIONS[name]}.") and setting.source != "default"
        ]
        if given:
            message += f" (only {', '.join(given)})"
        files = ", ".join(str(path) for path in self.searched)
        return ConfigError(message, hint=f"{_WHERE[name]}; looked for {files}")
