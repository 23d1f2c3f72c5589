"""From a URL as people write it to a :class:`DatabaseUrl`.

Reading takes two steps, because parts that stand elsewhere (a host in a variable, say) come in
between: :func:`read` takes what the text says, :func:`settled` fills in what follows from it.
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import parse_qsl

from ..errors import ConfigError
from ..model import CLICKHOUSE, POSTGRES
from . import options, url_text
from .hosts import with_hosts
from .schema import flag, nearest
from .urls import CLICKHOUSE_PORTS, EXAMPLES, DatabaseUrl

if TYPE_CHECKING:
    from collections.abc import Mapping


class _Kind(NamedTuple):
    """What a scheme says: an empty driver is left to the port or to the caller."""

    backend: str
    driver: str
    secure: bool = False


_SCHEMES = {
    "postgres": _Kind(POSTGRES, ""),
    "postgresql": _Kind(POSTGRES, ""),
    "pgx": _Kind(POSTGRES, ""),
    "pgx4": _Kind(POSTGRES, ""),
    "pgx5": _Kind(POSTGRES, ""),
    "postgresql+embedded": _Kind(POSTGRES, "embedded"),
    "clickhouse": _Kind(CLICKHOUSE, ""),
    "clickhouses": _Kind(CLICKHOUSE, "native", secure=True),
    "tcp": _Kind(CLICKHOUSE, "native"),
    "http": _Kind(CLICKHOUSE, "http"),
    "https": _Kind(CLICKHOUSE, "http", secure=True),
    "clickhouse+native": _Kind(CLICKHOUSE, "native"),
    "clickhouse+asynch": _Kind(CLICKHOUSE, "native"),
    "clickhouse+http": _Kind(CLICKHOUSE, "http"),
    "clickhouse+https": _Kind(CLICKHOUSE, "http", secure=True),
    "clickhouse+embedded": _Kind(CLICKHOUSE, "embedded"),
    "clickhousedb": _Kind(CLICKHOUSE, "connect"),
    "clickhousedb+connect": _Kind(CLICKHOUSE, "connect"),
}
_POSTGRES_DRIVER = re.compile(r"postgres(?:ql)?\+(\w+)")
_BAD_PORT = re.compile(r"@[^@:/?]*:[^@/?]*[^@/?\d][^@/?]*(?:[/?][^@]*)?$")
_A_SCHEME = re.compile(r"[A-Za-z][\w+.-]*")

# What libpq takes in a query for the parts of the URL itself, and golang-migrate for ClickHouse.
_IN_QUERY = {
    POSTGRES: {"user": "user", "password": "password", "dbname": "database"},
    CLICKHOUSE: {
        "username": "user",
        "user": "user",
        "password": "password",
        "database": "database",
    },
}
_SECURE_PORTS = frozenset({9440, 8443})
_HTTP_PORTS = frozenset({8123, 8443})


def parse_url(
    text: str, *, source: str, backend: str | None = None, directory: Path | None = None
) -> DatabaseUrl:
    """Read a URL that stands for itself.

    :param text: the URL.
    :param source: where it stands, for messages.
    :param backend: ``postgres`` or ``clickhouse`` where only that is right.
    :param directory: what the directory of an embedded engine is relative to.
    :returns: a value that renders as a SQLAlchemy URL.
    :raises ConfigError: it is no URL of such a database; the message never has the password.
    """
    return settled(read(text, source, backend, directory), source)


def read(text: str, source: str, backend: str | None, directory: Path | None) -> DatabaseUrl:
    """Take what a URL says, and nothing that only follows from it.

    :returns: a value whose driver is empty where the scheme leaves it open.
    :raises ConfigError: as :func:`parse_url`.
    """
    text = text.strip()
    kind = _kind(text, source, backend)
    if kind.driver == "embedded":
        return _embedded(text, kind, source, directory or Path())
    parts = url_text.split(text)
    if parts is None:
        raise _unreadable(source, kind.backend, text)
    query = _query(parts.query)
    if kind.secure:
        query["secure"] = "true"
    user, colon, password = (parts.userinfo or "").partition(":")
    url = DatabaseUrl(
        kind.backend,
        kind.driver,
        user=url_text.decoded(user) or None,
        password=url_text.decoded(password) if colon else None,
        database=url_text.decoded((parts.path or "")[1:]) or None,
    )
    url = with_hosts(_with_query(url, query), parts.hosts, source)
    return url if url.backend == POSTGRES else _clickhouse_options(url)


def settled(url: DatabaseUrl, source: str, *, bare_driver: str = "psycopg") -> DatabaseUrl:
    """Fill in what follows from the rest: driver, port, encryption.

    :param url: as :func:`read` gives it, perhaps with parts replaced.
    :param bare_driver: Postgres's driver where the URL names none.
    :raises ConfigError: nothing says where the server is.
    """
    if url.embedded:
        return url
    if not _says_where(url):
        raise ConfigError(
            f"{source}: the URL names no host", hint=f"the form is {EXAMPLES[url.backend]}"
        )
    if url.backend == POSTGRES:
        return replace(url, driver=url.driver or bare_driver)
    return _settled_clickhouse(url, source)


def _kind(text: str, source: str, backend: str | None) -> _Kind:
    scheme, separator, _ = text.partition("://")
    scheme = scheme.lower()
    if not separator or not _A_SCHEME.fullmatch(scheme):
        raise _unreadable(source, backend or POSTGRES, "")
    kind = _SCHEMES.get(scheme)
    if kind is None and (named := _POSTGRES_DRIVER.fullmatch(scheme)):
        kind = _Kind(POSTGRES, named[1])
    if kind is None:
        raise _unknown_scheme(scheme, source, backend)
    if backend is not None and kind.backend != backend:
        raise ConfigError(
            f"{source}: this is a URL for {kind.backend}, and one for {backend} belongs here",
            hint=f"the form is {EXAMPLES[backend]}",
        )
    return kind


def _unreadable(source: str, backend: str, text: str) -> ConfigError:
    """The error for a text whose parts can't be told; nothing of it is safe to repeat."""
    if _BAD_PORT.search(text):
        return ConfigError(
            f"{source}: {url_text.BAD_PORT}", hint=f"the form is {EXAMPLES[backend]}"
        )
    return ConfigError(
        f"{source}: this can't be read as a URL",
        hint=f"the form is {EXAMPLES[backend]}, with special characters of the password"
        " percent-encoded (@ as %40, / as %2F, % as %25)",
    )


def _unknown_scheme(scheme: str, source: str, backend: str | None) -> ConfigError:
    known = [name for name, kind in _SCHEMES.items() if backend in {None, kind.backend}]
    near = nearest(scheme, known)
    meant = f", did you mean {near!r}?" if near else ""
    return ConfigError(
        f"{source}: unknown scheme {scheme!r}{meant}", hint="known schemes: " + ", ".join(known)
    )


def _embedded(text: str, kind: _Kind, source: str, base: Path) -> DatabaseUrl:
    rest = text.partition("://")[2]
    path, _, written = rest.partition("?")
    if not path.startswith("/") or not path.strip("/"):
        raise ConfigError(
            f"{source}: an embedded engine needs a directory after three slashes",
            hint=f"{text.partition('://')[0]}:///DIR, or four slashes for an absolute path",
        )
    url = DatabaseUrl(kind.backend, "embedded", directory=base / path[1:])
    query = _query(written)
    return _with_query(url, query) if kind.backend == CLICKHOUSE else replace(url, query=query)


def _query(text: str | None) -> dict[str, str]:
    """The options, without those that golang-migrate keeps for itself (``x-…``)."""
    query: dict[str, str] = {}
    for key, value in parse_qsl(text or ""):
        if key == "host" and key in query:  # SQLAlchemy's way to write several hosts
            value = f"{query[key]},{value}"  # noqa: PLW2901
        query[key] = value
    return {key: value for key, value in query.items() if not key.startswith("x-")}


def _with_query(url: DatabaseUrl, query: Mapping[str, str]) -> DatabaseUrl:
    """Take the parts of the URL that may also stand in its query."""
    names = _IN_QUERY[url.backend]
    rest = {key: value for key, value in query.items() if key not in names}
    parts = {names[key]: value for key, value in query.items() if key in names}
    return replace(url, query=rest, **parts)  # type: ignore[arg-type]


def _clickhouse_options(url: DatabaseUrl) -> DatabaseUrl:
    """Options of other clients under the names that ours have."""
    query = options.ours(url.query)
    protocol = query.pop("protocol", "")
    if named := protocol or query.get("interface", ""):
        query.setdefault("secure", "true" if named == "https" else "false")
    return replace(url, driver=url.driver or ("http" if protocol else ""), query=query)


def _says_where(url: DatabaseUrl) -> bool:
    if url.host:
        return True
    if url.backend == POSTGRES:
        # Without any of these libpq would guess; most often a variable was empty.
        return bool(url.database or {"host", "hostaddr", "service"} & url.query.keys())
    return url.query.get("interface") == "chdb"


def _settled_clickhouse(url: DatabaseUrl, source: str) -> DatabaseUrl:
    query = dict(url.query)
    given = query.pop("secure", None)
    secure = url.port in _SECURE_PORTS if given is None else flag(given, f"{source} secure")
    driver = url.driver or ("http" if url.port in _HTTP_PORTS else "native")
    if "alt_hosts" in query and driver != "native":
        raise ConfigError(
            f"{source}: several hosts need the native protocol", hint="that is port 9000 or 9440"
        )
    if secure or url.port in _SECURE_PORTS:
        query["secure"] = "true" if secure else "false"
    return replace(
        url, driver=driver, port=url.port or _usual_port(url, driver, secure), query=query
    )


def _usual_port(url: DatabaseUrl, driver: str, secure: bool) -> int | None:
    return CLICKHOUSE_PORTS[driver, secure] if url.host else None
