"""Database URLs as text: where the parts of one stand, and how it may be shown."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote, unquote_plus

from ..redact import HIDDEN, SECRET_NAME

if TYPE_CHECKING:
    from collections.abc import Iterator

BAD_PORT = "the port is not a number from 1 to 65535"

_HOST = r"(?:\[[0-9A-Fa-f:.%]+\]|[^\s:/?#@\[\],]+)"
_HOST_PORT = rf"(?:{_HOST}(?::\d+)?)"
_HOSTS = rf"(?P<hosts>(?:{_HOST_PORT}(?:,{_HOST_PORT})*)?(?::\d+)?)"
_PAIR = r"[\w.-]+=[^&#\s]*"
_PAIRS = rf"(?:{_PAIR}(?:&{_PAIR})*&?)?"

# What nobody could mean otherwise, then whatever SQLAlchemy would still take.
_CLEAR = re.compile(rf"{_HOSTS}(?P<path>/[^/?#@\s]*)?/?(?:\?(?P<query>{_PAIRS}))?")
_LOOSE = re.compile(rf"{_HOSTS}(?P<path>/[^?]*)?(?:\?(?P<query>.*))?", re.DOTALL)
_USER = re.compile(r"[^/?#:]*:")
_ONE_HOST = re.compile(rf"(?P<host>{_HOST})?(?::(?P<port>\d+))?")


@dataclass(frozen=True, slots=True, repr=False)
class UrlText:
    """The parts of a URL as they are written, nothing decoded."""

    scheme: str
    userinfo: str | None
    hosts: str
    path: str | None
    query: str | None

    @property
    def password(self) -> str | None:
        """The password as written."""
        if self.userinfo is None or ":" not in self.userinfo:
            return None
        return self.userinfo.partition(":")[2]

    def pairs(self) -> Iterator[tuple[str, str]]:
        """Keys and values of the query as written."""
        for pair in (self.query or "").split("&"):
            key, _, value = pair.partition("=")
            yield key, value


def split(text: str) -> UrlText | None:
    """Find the parts of a URL, also when its password holds ``@ : / ? #`` unencoded.

    A URL that is right by the rules keeps its meaning.  Otherwise the password ends at the last
    ``@`` after which host, port, database and query can follow.

    :param text: the URL.
    :returns: its parts, or None when no reading of it makes sense.
    """
    scheme, _, rest = text.partition("://")
    end = len(re.split(r"[/?]", rest, maxsplit=1)[0])
    by_rule = rest.rfind("@", 0, end)
    readings = [(_CLEAR, by_rule), *((_CLEAR, at) for at in _other_ends(rest)), (_LOOSE, by_rule)]
    for pattern, at in readings:
        if found := pattern.fullmatch(rest, at + 1):
            userinfo = rest[:at] if at >= 0 else None
            return UrlText(scheme, userinfo, found["hosts"], found["path"], found["query"])
    return None


def hosts(text: str) -> list[tuple[str, int | None]]:
    """Hosts with their ports.

    :param text: ``h1:5432,h2``, IPv6 addresses in brackets.
    :returns: names or addresses without brackets; a port that isn't there is None.
    :raises ValueError: that is no list of hosts, or a port is out of range.
    """
    return [_host(one) for one in text.split(",")]


def decoded(text: str) -> str:
    """Percent sequences replaced; what is not a valid one stays as it is."""
    try:
        return unquote(text, errors="strict")
    except UnicodeDecodeError:
        return text


def mask(text: str) -> str:
    """The URL as it may be shown: the password and secret options are ``***``."""
    parts = split(text)
    if parts is None:
        return HIDDEN
    user = "" if parts.userinfo is None else parts.userinfo.partition(":")[0]
    user += "" if parts.password is None else f":{HIDDEN}"
    at = "" if parts.userinfo is None else "@"
    query = "" if parts.query is None else "?" + "&".join(map(_shown, parts.query.split("&")))
    return f"{parts.scheme}://{user}{at}{parts.hosts}{parts.path or ''}{query}"


def passwords(text: str) -> Iterator[str]:
    """Every secret in a URL, as written and decoded."""
    parts = split(text)
    if parts is None:
        return
    if parts.password:
        yield from (parts.password, decoded(parts.password))
    for key, value in parts.pairs():
        if value and SECRET_NAME.search(key):
            yield from (value, unquote_plus(value))


def _other_ends(rest: str) -> Iterator[int]:
    """Every ``@`` with a host behind it that may end a password, from the right."""
    if _USER.match(rest):
        yield from (found.start() for found in reversed([*re.finditer(r"@(?=[^:/?])", rest)]))


def _host(text: str) -> tuple[str, int | None]:
    found = _ONE_HOST.fullmatch(text)
    if found is None:
        raise ValueError("that is no host")
    port = None if found["port"] is None else int(found["port"])
    if port is not None and not 0 < port < 65536:
        raise ValueError(BAD_PORT)
    return (found["host"] or "").strip("[]"), port


def _shown(pair: str) -> str:
    key, _, value = pair.partition("=")
    return f"{key}={HIDDEN}" if value and SECRET_NAME.search(key) else pair
