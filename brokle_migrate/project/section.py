"""Our section, put at the end of the file that configures Alembic."""

from __future__ import annotations

import json
import os
from pathlib import PurePath
from typing import TYPE_CHECKING

from ..config.schema import INI_SECTION, TOML_TABLE
from ..errors import ConfigError
from . import texts

if TYPE_CHECKING:
    from pathlib import Path

_EMBEDDED_URL = "clickhouse+embedded:///%(here)s/.data/clickhouse"


def appended(before: bytes, path: Path, pairs: Path, *, embedded: bool) -> bytes:
    """The content of a file with our section at its end; everything before stays, to the byte.

    :param before: what it holds.
    :param path: alembic.ini, or pyproject.toml.
    :param pairs: the directory that the section names.
    :param embedded: with the URL of an embedded ClickHouse.
    :raises ConfigError: the file would not be valid any more.
    """
    kind = "toml" if path.suffix == ".toml" else "ini"
    location = here(pairs, path.parent)
    quoted = json.dumps(location, ensure_ascii=False) if kind == "toml" else location
    text = texts.clickhouse_section(kind, quoted, _EMBEDDED_URL if embedded else None)
    after = before + _ended(before) + text.replace("\n", _newline(before)).encode()
    if not _is_valid(after, kind):
        raise ConfigError(
            f"{path}: our section can't be put at the end of this file",
            hint=f"write it where it fits:\n{text}",
        )
    return after


def here(path: Path, base: Path) -> str:
    """A path as Alembic's files write it: ``%(here)s`` is the directory of the file.

    :param base: that directory.
    """
    relative = PurePath(os.path.relpath(path, base)).as_posix()
    return f"%(here)s/{relative}".replace("%", "%%").replace("%%(here)s", "%(here)s", 1)


def _newline(text: bytes) -> str:
    return "\r\n" if b"\r\n" in text else "\n"


def _ended(text: bytes) -> bytes:
    """What has to follow a text so that an empty line comes before the next."""
    newline = _newline(text).encode()
    if not text.strip():
        return b""
    if not text.endswith(b"\n"):
        return newline * 2
    return b"" if text.endswith(newline * 2) else newline


def _is_valid(content: bytes, kind: str) -> bool:
    import configparser
    import tomllib

    text = content.decode("utf-8-sig")
    try:
        if kind == "toml":
            table = tomllib.loads(text)["tool"][TOML_TABLE][INI_SECTION]
            return "script_location" in table
        parser = configparser.ConfigParser(interpolation=None)
        parser.read_string(text)
    except (configparser.Error, tomllib.TOMLDecodeError):
        return False
    return parser.has_option(INI_SECTION, "script_location")
