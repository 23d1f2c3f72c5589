"""Secrets that can be recognised wherever they turn up, whatever was made of them."""

from __future__ import annotations

import base64
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

MARK = "Zq7mark"
# What URLs, shells, JSON, SQL, YAML, configparser and regular expressions have a meaning for.
SPECIAL = "'\"%\\@:/#?&=+ ${x}%(y)s;ü"

_AROUND = 60


def _encoded() -> Iterator[str]:
    """What stands in base64 wherever the mark does: at each of three offsets, with what follows."""
    for before in range(3):
        first, whole = (before * 8 + 5) // 6, (before + len(MARK)) * 8 // 6
        yield base64.b64encode(bytes(before) + MARK.encode()).decode()[first:whole]


_SEEN = re.compile("|".join([f"(?i:{MARK})", *_encoded()]).encode())


def secret(name: str, special: str = SPECIAL) -> str:
    """A secret with a mark at both ends, so that a part of it is recognised, too."""
    return f"{MARK}{name}{special}{name}{MARK}"


def marks(text: str | bytes) -> list[str]:
    """Every place where a marked secret stands: as it is, escaped, quoted, in parts, in base64."""
    raw = text.encode(errors="surrogateescape") if isinstance(text, str) else text
    return [_context(raw, at.start()) for at in _SEEN.finditer(raw)]


def _context(raw: bytes, at: int) -> str:
    return raw[max(at - _AROUND, 0) : at + _AROUND].decode(errors="replace")
