"""Which database is meant: a URL, and parts that stand beside it or above it.

- A URL replaces every part that a lower source gives.
- A part of a higher source replaces that component of the URL.
- A part beside the URL, in the same source, fills in what the URL leaves open; a port goes with
  its host.  ``clickhouse.user`` replaces the URL's user even there, and from a lower source fills
  it in.
- ``database.username`` replaces the user wherever it stands: that is what it is for.
- An embedded engine has no host and no login: user and password are passed over, while a host, a
  port or a database of a higher source means a server instead.
- Without a URL a database is configured by a host, a port or a name.
"""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ..errors import ConfigError
from ..model import CLICKHOUSE, POSTGRES
from . import parse
from .hosts import with_host
from .schema import CLICKHOUSE as CLICKHOUSE_SECTION
from .schema import DATABASE, flag
from .sources import INI, TOML, first
from .urls import POSTGRES_PORT, DatabaseUrl

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from .sources import Layer
    from .values import Setting

# The host comes first: it may bring a port, which a port of its own replaces.
PARTS = ("host", "port", "user", "password", "database", "ssl_mode", "secure")
_LOCATING = frozenset({"host", "port", "database"})
_BACKENDS = {DATABASE: POSTGRES, CLICKHOUSE_SECTION: CLICKHOUSE}
_SERVERS = {
    POSTGRES: DatabaseUrl(POSTGRES, "", host="localhost", port=POSTGRES_PORT),
    CLICKHOUSE: DatabaseUrl(CLICKHOUSE, "", host="localhost"),
}

NOWHERE = DatabaseUrl(CLICKHOUSE, "")
"""Stands for a ClickHouse whose files alone are known."""


@dataclass(frozen=True, slots=True)
class Target:
    """A database and what led to it.

    :ivar url: None when nothing says where it is.
    :ivar used: names of the settings that count.
    :ivar verbatim: whether alembic.ini itself has this very URL.
    """

    url: DatabaseUrl | None
    used: frozenset[str] = frozenset()
    verbatim: bool = False


@dataclass(frozen=True, slots=True)
class _Found:
    """The highest URL with the kind of its source, the parts above it, and those beside it."""

    backend: str
    url: Setting | None
    kind: str
    above: Mapping[str, Setting]
    beside: Mapping[str, Setting]

    @property
    def source(self) -> str:
        """What to name when the whole does not add up."""
        return (self.url or next(iter(self.above.values()))).source


def resolve(layers: Sequence[Layer], section: str, directory: Path) -> Target:
    """Find out which database is meant.

    :param layers: the highest precedence first.
    :param section: ``database`` or ``clickhouse``.
    :param directory: what the directory of an embedded engine is relative to.
    :raises ConfigError: a URL or a part that counts is not valid.
    """
    found = _find(layers, section)
    if found.url is None and not _LOCATING & found.above.keys():
        return Target(None)
    base = _SERVERS[found.backend]
    if found.url is not None:
        base = parse.read(found.url.value or "", found.url.source, found.backend, directory)
    parts = {**_fitting(base, found.beside), **found.above}
    url = _settled(_with_parts(base, parts), found)
    used = {setting.name for setting in (*parts.values(), found.url) if setting is not None}
    return Target(url, frozenset(used), _is_verbatim(url, found))


def _find(layers: Sequence[Layer], section: str) -> _Found:
    backend = _BACKENDS[section]
    above: dict[str, Setting] = {}
    for layer in layers:
        own = _parts(layer, section)
        url = layer.settings.get(f"{section}.url")
        if url is None:
            above = {**own, **above}
        elif not _is_embedded(url):
            above, beside = _users(layers, section, above, own)
            return _Found(backend, url, layer.kind, above, beside)
        elif not _LOCATING & above.keys():
            return _Found(backend, url, layer.kind, {}, {})
        else:
            break
    above, _ = _users(layers, section, above, {})
    return _Found(backend, None, "", above, {})


def _parts(layer: Layer, section: str) -> dict[str, Setting]:
    names = {part: f"{section}.{part}" for part in PARTS}
    return {part: layer.settings[name] for part, name in names.items() if name in layer.settings}


def _is_embedded(url: Setting) -> bool:
    return (url.value or "").partition("://")[0].lower().endswith("+embedded")


def _users(
    layers: Sequence[Layer], section: str, above: dict[str, Setting], beside: dict[str, Setting]
) -> tuple[dict[str, Setting], dict[str, Setting]]:
    """Give the settings for the user their special places."""
    if section == DATABASE:
        override = first(layers, f"{section}.username")
        return ({**above, "user": override[0]} if override else above), beside
    if "user" in beside:
        above = {"user": beside["user"], **above}
    elif lower := first(layers, f"{section}.user"):
        beside = {**beside, "user": lower[0]}
    return above, beside


def _fitting(base: DatabaseUrl, beside: Mapping[str, Setting]) -> dict[str, Setting]:
    """The parts that the URL leaves open."""
    no_host = not base.host and "host" not in base.query
    is_open = {
        "host": no_host,
        "port": no_host and base.port is None,
        "user": base.user is None,
        "password": base.password is None,
        "database": base.database is None,
        "ssl_mode": not {"ssl", "sslmode"} & base.query.keys(),
        "secure": "secure" not in base.query,
    }
    return {part: setting for part, setting in beside.items() if is_open[part]}


def _with_parts(url: DatabaseUrl, parts: Mapping[str, Setting]) -> DatabaseUrl:
    for part in PARTS:
        if part in parts:
            url = _with_part(url, part, parts[part])
    return url


def _with_part(url: DatabaseUrl, part: str, setting: Setting) -> DatabaseUrl:
    if setting.problem is not None:
        raise setting.problem
    value = setting.value or ""
    if part == "host":
        return with_host(url, value, setting.source)
    if part == "port":
        if "," in url.host:
            raise ConfigError(f"{setting.source}: each of several hosts has a port of its own")
        return replace(url, port=_port(value, setting.source))
    if part == "ssl_mode":
        name = "ssl" if url.driver == "asyncpg" else "sslmode"
        return replace(url, query={**url.query, name: value})
    if part == "secure":
        flag(value, setting.source)
        return replace(url, query={**url.query, "secure": value})
    changed: dict[str, str] = {part: value}
    return replace(url, **changed)  # type: ignore[arg-type]


def _port(text: str, source: str) -> int:
    if not text.isascii() or not text.isdigit() or not 0 < int(text) < 65536:
        raise ConfigError(f"{source}: {text!r} is not a port: a number from 1 to 65535")
    return int(text)


def _settled(url: DatabaseUrl, found: _Found) -> DatabaseUrl:
    """Fill in what follows; in Alembic's files a bare ``postgresql://`` means psycopg2."""
    alembics = found.kind in {INI, TOML} and importlib.util.find_spec("psycopg2") is not None
    return parse.settled(url, found.source, bare_driver="psycopg2" if alembics else "psycopg")


def _is_verbatim(url: DatabaseUrl, found: _Found) -> bool:
    if found.url is None or found.kind != INI:
        return False
    rendered = url.render()
    bare = rendered.replace("postgresql+psycopg2://", "postgresql://", 1)
    return found.url.value in {rendered, bare}
