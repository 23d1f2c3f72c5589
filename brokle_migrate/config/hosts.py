"""Hosts and ports: one, several, IPv6 addresses, and the directory of a socket."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ..errors import ConfigError
from ..model import POSTGRES
from . import url_text
from .urls import EXAMPLES, POSTGRES_PORT

if TYPE_CHECKING:
    from .urls import DatabaseUrl


def with_hosts(url: DatabaseUrl, text: str, source: str) -> DatabaseUrl:
    """The same database where a URL says.

    :param url: its query may hold hosts, too: libpq's lists, or SQLAlchemy's repeated ones.
    :param text: what stands between login and path.
    :param source: where it stands, for messages.
    :raises ConfigError: that is no host.
    """
    try:
        locate = _postgres if url.backend == POSTGRES else _clickhouse
        return locate(url, url_text.decoded(text))
    except ValueError as error:
        hint = f"the form is {EXAMPLES[url.backend]}"
        raise ConfigError(f"{source}: {error}", hint=hint) from None


def with_host(url: DatabaseUrl, text: str, source: str) -> DatabaseUrl:
    """The same database on another host.

    :param text: a host, several ones with commas, or the directory of Postgres's socket; one
        without a port leaves the port as it is.
    :raises ConfigError: that is no host.
    """
    rest = {k: v for k, v in url.query.items() if k not in {"host", "hostaddr", "alt_hosts"}}
    found = with_hosts(replace(url, query=rest), text, source)
    several = found.port is None and "," in found.host
    return found if several else replace(found, port=found.port or url.port)


def _postgres(url: DatabaseUrl, text: str) -> DatabaseUrl:
    query = dict(url.query)
    named = query.pop("host", "")
    if named and not named.startswith("/"):
        text = _from_lists(named, query.pop("port", ""))
    if text.startswith("/"):  # libpq's way to write the directory of a socket
        named, _, number = text.partition(":")
        text = f":{number}" if number else ""
    (host, port), *others = found = url_text.hosts(text)
    if others:
        host, port = ",".join(f"{_bracketed(h)}:{p or POSTGRES_PORT}" for h, p in found), None
    if named.startswith("/"):
        return replace(url, host="", port=port, query={**query, "host": named})
    return replace(url, host=host, port=port, query=query)


def _clickhouse(url: DatabaseUrl, text: str) -> DatabaseUrl:
    (host, port), *others = url_text.hosts(text)
    query = dict(url.query)
    if others:
        query["alt_hosts"] = text.partition(",")[2]
    return replace(url, host=host, port=port, query=query)


def _from_lists(hosts: str, ports: str) -> str:
    """``h1:p1,h2:p2`` from libpq's two lists; one port is meant for every host."""
    names = [_bracketed(name) for name in hosts.split(",")]
    numbers = ports.split(",")
    if len(numbers) == 1:
        numbers *= len(names)
    if len(numbers) != len(names):
        raise ValueError(f"{len(names)} hosts and {len(numbers)} ports")
    return ",".join(f"{n}:{p}" if p else n for n, p in zip(names, numbers, strict=True))


def _bracketed(name: str) -> str:
    is_address = name.count(":") > 1 and not name.startswith("[")
    return f"[{name}]" if is_address else name
