"""Passwords that stand in a file of their own, as containers get their secrets.

The file's content, without one newline at its end, is the password of the source that names it.
A file that can't be read is an error only where its password counts: a shared ``config.yaml`` may
name a file that exists on the server alone.
"""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import ConfigError
from .schema import SECTIONS
from .values import Setting

if TYPE_CHECKING:
    from .sources import Layer

LONGEST = 64 * 1024
"""Bytes of the longest password file; whoever names a longer one means something else."""


def with_passwords(layer: Layer) -> Layer:
    """The same source with the passwords of the files that it names.

    :returns: the layer; a password and a password file for one database are a problem of it.
    """
    for section in SECTIONS:
        named = layer.settings.get(f"{section}.password_file")
        if named is not None:
            layer = _with_password(layer, f"{section}.password", named)
    return layer


def _with_password(layer: Layer, name: str, named: Setting) -> Layer:
    if name in layer.settings:
        both = f"{layer.settings[name].source} and {named.source}"
        problem = f"{both}: a password and a file that holds one; take one of them away"
        return replace(layer, problems=(*layer.problems, problem))
    path = _path(layer, named.value or "")
    found = _setting(name, path, named.source)
    return replace(layer, settings={**layer.settings, name: found})


def _setting(name: str, path: Path, source: str) -> Setting:
    shown = f"{path} ({source})"
    try:
        return Setting(name, _password(path, source), shown, secret=True)
    except ConfigError as error:
        return Setting(name, None, shown, secret=True, problem=error)


def _path(layer: Layer, value: str) -> Path:
    candidates = [Path(os.path.normpath(base / value)) for base in layer.bases]
    return next((path for path in candidates if path.exists()), candidates[0])


def _password(path: Path, source: str) -> str:
    """What the file holds.

    :raises ConfigError: that is no password; nothing of it is repeated.
    """
    try:
        with path.open("rb") as stream:
            content = stream.read(LONGEST + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise _refused(path, source, f"can't be read: {reason}") from None
    if len(content) > LONGEST:
        raise _refused(path, source, f"is longer than {LONGEST} bytes, so it holds no password")
    return _decoded(content, path, source)


def _decoded(content: bytes, path: Path, source: str) -> str:
    try:
        text = content.decode()
    except UnicodeDecodeError:
        raise _refused(path, source, "is not UTF-8") from None
    if "\0" in text:
        raise _refused(path, source, "holds a null byte, which no password can have")
    password = text.removesuffix("\n").removesuffix("\r") if text.endswith("\n") else text
    if not password:
        raise _refused(path, source, "is empty")
    return password


def _refused(path: Path, source: str, why: str) -> ConfigError:
    return ConfigError(
        f"{source}: the password file {path} {why}",
        hint="the file has to hold the password and nothing else, and be readable for this user",
    )
