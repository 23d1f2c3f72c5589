"""HTTP headers for ClickHouse: what a proxy before it, or a login by token, asks for."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from ..errors import ConfigError
from .options import HEADER

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from .urls import DatabaseUrl
    from .values import Setting

# RFC 9110, 5.1 and 5.5; a client can't send more than Latin-1.
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VALUE = re.compile(r"[\t\x20-\x7e\xa0-\xff]*")


def with_headers(url: DatabaseUrl, setting: Setting | None) -> DatabaseUrl:
    """The URL with the headers of a setting as further options; its own stay.

    :param setting: ``Name: value``, a line each.
    :raises ConfigError: a line is not a header; the message never has a value.
    """
    if setting is None or url.embedded:
        return url
    found = _lines(setting.value or "", setting.source)
    own = {name.lower() for name in headers(url)}
    more = {f"{HEADER}{name}": value for name, value in found.items() if name.lower() not in own}
    return replace(url, query={**url.query, **more})


def headers(url: DatabaseUrl) -> dict[str, str]:
    """The headers that every request to a server has to have.

    :raises ConfigError: one can't be sent; the message never has a value.
    """
    pairs = url.query.items()
    found = {k.removeprefix(HEADER): v for k, v in pairs if k.startswith(HEADER)}
    for name, value in found.items():
        _require_header(name, value, f"ClickHouse URL {HEADER}")
    return found


def values(text: str) -> Iterator[str]:
    """Every value that must not be seen: of ``Bearer word`` the word, too."""
    for line in text.splitlines():
        value = line.partition(":")[2].strip()
        yield value
        yield value.rpartition(" ")[2]


def _lines(text: str, source: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for number, line in enumerate(text.strip().splitlines(), 1):
        name, colon, value = line.partition(":")
        if not colon:
            raise ConfigError(
                f"{source}: line {number} is no header", hint="write Name: value, a line for each"
            )
        _require_header(name.strip(), value.strip(), source)
        found[name.strip()] = value.strip()
    return found


def _require_header(name: str, value: str, source: str) -> None:
    if not _NAME.fullmatch(name):
        raise ConfigError(f"{source}: that is no name of a header", hint="write Name: value")
    if not _VALUE.fullmatch(value):
        raise ConfigError(f"{source}: the value of {name} has characters that no header can have")


def as_lines(pairs: Mapping[str, str]) -> str:
    """Headers as the text of a setting."""
    return "\n".join(f"{name}: {value}" for name, value in pairs.items())
