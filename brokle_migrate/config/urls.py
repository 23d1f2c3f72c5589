"""Where a database is and how to log in there, as one value."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING
from urllib.parse import quote, quote_plus

from ..model import CLICKHOUSE, POSTGRES
from ..redact import HIDDEN, SECRET_NAME
from . import options, url_text

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

EXAMPLES = {
    POSTGRES: "postgres://user:password@host:5432/database",
    CLICKHOUSE: "clickhouse://user:password@host:9000/database",
}
"""How the URL of each database looks, for hints."""

POSTGRES_PORT = 5432
CLICKHOUSE_PORTS = {
    ("native", False): 9000,
    ("native", True): 9440,
    ("http", False): 8123,
    ("http", True): 8443,
    ("connect", False): 8123,
    ("connect", True): 8443,
}
"""The usual port by driver and whether the connection is encrypted."""

_SCHEMES = {POSTGRES: "postgresql", CLICKHOUSE: "clickhouse"}

# Options of Go's ClickHouse client: clickhouse-driver would send what it does not know to the
# server as a setting, which refuses it.
_GO_CLIENT_ONLY = frozenset(
    {
        "block_buffer_size",
        "block_size",
        "compress",
        "conn_max_lifetime",
        "connection_open_strategy",
        "debug",
        "dial_timeout",
        "max_compression_buffer",
        "max_idle_conns",
        "max_open_conns",
        "no_delay",
        "pool_size",
        "read_timeout",
        "timeout",
        "tls_config",
        "write_timeout",
    }
)
# What SQLAlchemy's asyncpg dialect takes from a URL and libpq does not know.
_ASYNCPG_ONLY = frozenset(
    {
        "async_fallback",
        "command_timeout",
        "max_cached_statement_lifetime",
        "max_cacheable_statement_size",
        "prepared_statement_cache_size",
        "prepared_statement_name_func",
        "statement_cache_size",
    }
)


@dataclass(frozen=True, slots=True, repr=False)
class DatabaseUrl:
    """One database, with the login; printing it never shows the password.

    :ivar backend: ``postgres`` or ``clickhouse``.
    :ivar driver: ``psycopg``, ``psycopg2``, ``asyncpg`` …; ``native``, ``http``, ``connect``; or
        ``embedded``.
    :ivar host: name or address without brackets; for several Postgres hosts ``h1:5432,h2:5433``;
        empty for a socket, whose directory is the ``host`` of the query.
    :ivar port: None where the driver's own default counts.
    :ivar query: further options, decoded; ``secure`` is ``true``, missing, or ``false`` where
        the port would say otherwise.
    :ivar directory: where an embedded engine keeps its data, else None.
    """

    backend: str
    driver: str
    user: str | None = None
    password: str | None = None
    host: str = ""
    port: int | None = None
    database: str | None = None
    query: Mapping[str, str] = field(default_factory=dict, hash=False)
    directory: Path | None = None

    def __str__(self) -> str:
        hidden = None if self.password is None else HIDDEN
        query = {k: HIDDEN if SECRET_NAME.search(k) else v for k, v in self._options().items()}
        return self._written(self.user, hidden, query)

    def __repr__(self) -> str:
        return f"DatabaseUrl({str(self)!r})"

    @property
    def embedded(self) -> bool:
        """Whether the engine runs on a directory instead of a server."""
        return self.directory is not None

    @property
    def secure(self) -> bool:
        """Whether a ClickHouse connection is encrypted."""
        return self.query.get("secure") == "true"

    @property
    def label(self) -> str:
        """What to call this database in messages: no user, no password, no options."""
        if self.directory is not None:
            return f"{self._scheme}:///{self.directory}"
        database = "" if self.database is None else f"/{self.database}"
        if not self.host and "host" in self.query:
            return f"{self.backend}://{database}?host={self.query['host']}"
        one_server = self.host and not self._several
        usual = POSTGRES_PORT if self.backend == POSTGRES and one_server else None
        return f"{self.backend}://{self._address(self.port or usual)}{database}"

    def render(self) -> str:
        """The URL for SQLAlchemy, with the password: for drivers only, never for output."""
        user, password = self.user, self.password
        if self.driver == "http":
            # Without both, the client would log in as the user "None".
            user, password = user or "default", password or ""
        return self._written(user, password and _quoted(password), self._options())

    def with_driver(self, name: str) -> DatabaseUrl:
        """The same database through another driver.

        :param name: the driver; not for embedded engines, which have their own.
        :returns: a value whose options and port are those of that driver.
        """
        if self.backend == CLICKHOUSE:
            usual = CLICKHOUSE_PORTS.get((self.driver, self.secure))
            port = CLICKHOUSE_PORTS.get((name, self.secure)) if self.port == usual else self.port
            return replace(self, driver=name, port=port)
        return replace(
            self, driver=name, query=_translated(self.query, to_asyncpg=name == "asyncpg")
        )

    @property
    def _scheme(self) -> str:
        if self.driver == "connect":
            return "clickhousedb"
        return f"{_SCHEMES[self.backend]}+{self.driver}"

    @property
    def _several(self) -> bool:
        return "," in self.host

    def _address(self, port: int | None) -> str:
        host = f"[{self.host}]" if ":" in self.host and not self._several else self.host
        return host if port is None else f"{host}:{port}"

    def _options(self) -> dict[str, str]:
        """The query as this driver's dialect wants it."""
        query = dict(self.query)
        if self.directory is not None and self.database is not None:
            query["database"] = self.database
        if self.driver == "http" and (secure := query.pop("secure", "")):
            query["protocol"] = "https" if secure == "true" else "http"
        if self.driver == "native":
            query = {k: v for k, v in query.items() if k not in _GO_CLIENT_ONLY}
        if self.backend == CLICKHOUSE:
            query = options.drivers(query, self.driver)
        if self.backend == POSTGRES and self._several:
            query |= self._host_lists()
        return query

    def _host_lists(self) -> dict[str, str]:
        known = url_text.hosts(self.host)
        ports = (str(port) for _, port in known)
        return {"host": ",".join(host for host, _ in known), "port": ",".join(ports)}

    def _written(self, user: str | None, password: str | None, query: Mapping[str, str]) -> str:
        pairs = "&".join(f"{quote_plus(k)}={quote_plus(v, safe='*')}" for k, v in query.items())
        ending = f"?{pairs}" if pairs else ""
        if self.directory is not None:
            return f"{self._scheme}:///{self.directory}{ending}"
        login = "" if user is None else _quoted(user)
        login += "" if password is None else f":{password}"
        address = "" if self._several else self._address(self.port)
        # SQLAlchemy takes the name of the database as it is, and any @ for the end of a login.
        database = "" if self.database is None else f"/{self.database}"
        at = "@" if user is not None or password is not None or "@" in database else ""
        return f"{self._scheme}://{login}{at}{address}{database}{ending}"


def _quoted(text: str) -> str:
    return quote(text, safe="")


def _translated(query: Mapping[str, str], *, to_asyncpg: bool) -> dict[str, str]:
    """libpq's options for another driver, or the other way about."""
    names = {"sslmode": "ssl"} if to_asyncpg else {"ssl": "sslmode"}
    dropped = frozenset() if to_asyncpg else _ASYNCPG_ONLY
    return {names.get(k, k): v for k, v in query.items() if k not in dropped}
