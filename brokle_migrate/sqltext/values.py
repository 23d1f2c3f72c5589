"""What stands behind the name of a directive."""

from __future__ import annotations

import re

from ..model import CLICKHOUSE, POSTGRES, Link

_LINK = re.compile(r"(\w+)@([\w.]+)")
_SYMBOLS = frozenset(("head", "heads", "base", "current"))
_SETTING = re.compile(r"\s*([A-Za-z_]\w*)\s*=\s*(?:'((?:[^']|'')*)'|([^\s,']+))\s*(?:,|$)")
_DURATION = re.compile(r"(?=\d)(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?")
_REASON = re.compile(r"([\w./-]+)\s+because\s+(\S.*)", re.DOTALL)


def links(value: str) -> tuple[Link, ...]:
    """``postgres@1a2b, postgres@3c4d``.

    :raises ValueError: saying what is wrong.
    """
    return tuple(_link(part.strip()) for part in value.split(","))


def _link(text: str) -> Link:
    match = _LINK.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is not an environment, an @ and a revision")
    environment, revision = match.groups()
    if environment == CLICKHOUSE:
        raise ValueError(
            "a ClickHouse file follows the older ones anyway: only Postgres can be required"
        )
    if environment != POSTGRES:
        raise ValueError(f"there is no environment {environment!r}")
    if revision in _SYMBOLS:
        raise ValueError(f"{revision!r} means another revision every time: name one")
    return Link(environment, revision)


def setting_values(value: str) -> dict[str, str]:
    """``mutations_sync=2, log_comment='a, b'``: the values without their quotes.

    :raises ValueError: saying what is wrong.
    """
    found: dict[str, str] = {}
    position = 0
    while position < len(value) or not found:
        match = _SETTING.match(value, position)
        if match is None:
            raise ValueError(f"{value[position:].strip()!r} is not name=value")
        name, quoted, plain = match.groups()
        if name in found:
            raise ValueError(f"{name} is set twice")
        found[name] = plain if quoted is None else quoted.replace("''", "'")
        position = match.end()
    if value.endswith(","):
        raise ValueError("nothing follows the last comma")
    return found


def duration(value: str) -> float:
    """``90s``, ``5m``, ``1h30m`` in seconds.

    :raises ValueError: saying what is wrong.
    """
    match = _DURATION.fullmatch(value)
    if match is None:
        raise ValueError(f"{value!r} is not a duration")
    hours, minutes, seconds = (int(part or 0) for part in match.groups())
    total = hours * 3600 + minutes * 60 + seconds
    if total == 0:
        raise ValueError("no statement ends in no time")
    return float(total)


def waits(value: str) -> bool:
    """``mutations`` or ``none``.

    :raises ValueError: it is neither.
    """
    if value not in {"mutations", "none"}:
        raise ValueError(f"{value!r} is nothing to wait for")
    return value == "mutations"


def reason(value: str) -> str:
    """Any text.

    :raises ValueError: there is none.
    """
    if not value:
        raise ValueError("the reason is missing")
    return value


def allowance(value: str) -> tuple[str, str]:
    """``ID because REASON``: the two.

    :raises ValueError: it is not of that form.
    """
    found = _REASON.fullmatch(value)
    if found is None:
        raise ValueError(f"{value!r} is not an id, 'because' and a reason")
    return found[1], found[2]
