"""What must not be seen in any output, and names that may."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ..redact import SECRET_NAME
from ..spellings import percent
from . import url_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from .sources import Layer
    from .urls import DatabaseUrl
    from .values import Setting


_NONE: Mapping[str, str] = {}
# Such a variable holds a path, of a secret or of the working directory: hiding that would garble
# every message with a place in it.
_POINTS = re.compile(r"^(?:old)?pwd$|(?:askpass|_?file|_dir|_path)$", re.IGNORECASE)


def secrets(
    layers: Sequence[Layer], x: Sequence[str], environ: Mapping[str, str] = _NONE
) -> frozenset[str]:
    """Every secret that a source holds, used or not, in every spelling.

    :param x: the ``-x`` arguments, which may hold secrets, too.
    :param environ: environment variables that a placeholder may name.
    """
    found = [one for layer in layers for s in layer.settings.values() for one in _of_setting(s)]
    found += [one for argument in x for one in _of_argument(argument)]
    values = [*environ.items(), *(pair for one in layers for pair in (one.vars or {}).items())]
    for name, value in values:
        if not _POINTS.search(name):
            found += _of_argument(f"{name}={value}")
    return frozenset(spelled for one in found for spelled in _spellings(one) if spelled)


def public(urls: Iterable[DatabaseUrl | None]) -> frozenset[str]:
    """Users, hosts and databases: no secrets, even where a password is the same word."""
    names = (name for url in urls if url for name in (url.user, url.host, url.database))
    return frozenset(name for name in names if name)


def _of_setting(setting: Setting) -> Iterator[str]:
    value = setting.value or ""
    if setting.name.endswith(".url"):
        yield from url_text.passwords(value)
    elif setting.secret:
        yield value


def _of_argument(argument: str) -> Iterator[str]:
    name, _, value = argument.partition("=")
    if "://" in value:
        yield from url_text.passwords(value)
    if SECRET_NAME.search(name):
        yield value


def _spellings(secret: str) -> Iterator[str]:
    """As it is, percent-encoded, and as Python would quote it."""
    yield from percent(secret)
    yield repr(secret)[1:-1]
