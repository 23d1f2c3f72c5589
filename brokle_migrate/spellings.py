"""The forms in which a secret can turn up in somebody else's text."""

from __future__ import annotations

import json
from base64 import b64encode
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import quote, quote_plus

if TYPE_CHECKING:
    from collections.abc import Iterator

_SHORTEST = 8  # characters of base64: fewer would be found in what is no secret


def percent(secret: str) -> Iterator[str]:
    """As it is, and percent-encoded by each library's rules."""
    yield secret
    yield quote(secret)
    yield quote(secret, safe="")
    yield quote(secret, safe=" +")
    yield quote_plus(secret)


@lru_cache(maxsize=1024)
def disguises(secret: str) -> frozenset[str]:
    """A secret, and what JSON, Python, SQL, configparser and basic authentication make of it."""
    found = {secret, _lower_case(secret)}
    for form in (secret, secret.replace("'", "''")):
        found |= {form, form.replace("\\", "\\\\")}
    backslashed = secret.replace("\\", "\\\\")
    found |= {backslashed.replace("'", "\\'"), backslashed.replace('"', '\\"')}
    found |= {repr(secret)[1:-1], ascii(secret)[1:-1]}
    found |= {json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]}
    found |= {form.replace("%", "%%") for form in found}
    return frozenset({*found, *_base64(secret.encode())})


def _lower_case(secret: str) -> str:
    """Percent sequences with small letters, as some libraries write them."""
    head, *rest = secret.split("%")
    return head + "".join(f"%{part[:2].lower()}{part[2:]}" for part in rest)


def _base64(secret: bytes) -> Iterator[str]:
    """What is the same of it in base64, whatever stands before and after: a user and a colon."""
    for before in range(3):
        first = (before * 8 + 5) // 6
        whole = (before + len(secret)) * 8 // 6
        text = b64encode(bytes(before) + secret).decode()[first:whole]
        if len(text) >= _SHORTEST:
            yield text
