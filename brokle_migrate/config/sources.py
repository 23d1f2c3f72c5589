"""Where settings come from: the environment here, files in the modules beside."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ..errors import ConfigError
from .schema import KEYS
from .values import Setting

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from .hooks import Hook
    from .schema import Key

ENVIRONMENT, YAML, INI, TOML = "environment", "yaml", "ini", "toml"

# Kubernetes and Docker set CLICKHOUSE_PORT=tcp://10.0.0.11:9000 for a service of that name.
_SERVICE_LINK = re.compile(r"(?:tcp|udp)://[\d.:\[\]a-f]+")


@dataclass(frozen=True, slots=True)
class Layer:
    """What one source says.

    :ivar kind: ``environment``, ``yaml``, ``ini`` or ``toml``.
    :ivar settings: by name; what is empty is not there.
    :ivar bases: what a relative path may be relative to; the first that exists counts.
    :ivar problems: what is wrong with it, a sentence each.
    :ivar vars: values for placeholders by name; None without a section for them.
    :ivar hooks: what runs on new ClickHouse files.
    """

    kind: str
    settings: Mapping[str, Setting]
    bases: tuple[Path, ...]
    problems: tuple[str, ...] = ()
    vars: Mapping[str, str] | None = field(default=None, repr=False)
    hooks: tuple[Hook, ...] = ()


def environment(environ: Mapping[str, str], directory: Path) -> Layer:
    """The environment variables.

    :param directory: what relative paths are relative to.
    """
    settings = {}
    for key in KEYS:
        for name in key.env:
            if value := _variable(environ, name, key):
                settings[key.name] = setting(key, value, f"environment {name}")
                break
    return Layer(ENVIRONMENT, settings, (directory,))


def setting(key: Key, value: str, source: str) -> Setting:
    """A value for a row of the table."""
    return Setting(key.name, value, source, key.secret)


def first(layers: Iterable[Layer], name: str) -> tuple[Setting, Layer] | None:
    """The value that counts and where it was.

    :param layers: the highest precedence first.
    :param name: the setting.
    """
    for layer in layers:
        if found := layer.settings.get(name):
            return found, layer
    return None


def read_text(path: Path, shown: str) -> str:
    """A configuration file's text, without a byte order mark.

    :param shown: what to call it in messages.
    :raises ConfigError: it can't be read, or is not UTF-8.
    """
    try:
        return path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise ConfigError(f"{shown} can't be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise ConfigError(f"{shown}:{line}: this is not UTF-8") from None


def broken(shown: str, line: int | None, what: str) -> ConfigError:
    """The error for a file that does not parse; nothing of the file is repeated."""
    return ConfigError(f"{shown}:{line}: {what}" if line else f"{shown}: {what}")


def _variable(environ: Mapping[str, str], name: str, key: Key) -> str:
    value = environ.get(name, "")
    if key.name.endswith(".port") and _SERVICE_LINK.fullmatch(value):
        return ""
    # A password may begin or end with a space.
    return value if key.secret and value.strip() else value.strip()
