"""Where the history of each database is on disk."""

from __future__ import annotations

import os
import re
import sys
from importlib.machinery import PathFinder
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import ConfigError, NoEnvPy
from ..model import CLICKHOUSE, POSTGRES
from .sources import INI, TOML

if TYPE_CHECKING:
    from .sources import Layer
    from .values import Setting

    Entry = tuple[Setting, Layer]

CLICKHOUSE_DEFAULT = "migrations_clickhouse"

_PAIR = re.compile(r"\d+_.*\.(?:up|down)\.sql")
_MAKE_ENV_PY = (
    "`alembic init alembic` makes a directory with one; then set database.migrations_path"
    " or script_location in the [alembic] section of alembic.ini to it"
)
_ADOPT = (
    "to take over what golang-migrate ran: brokle-migrate adopt golang-migrate DIR; or keep the"
    f" pairs elsewhere: {_MAKE_ENV_PY}"
)
_NO_POSTGRES = (
    "set database.migrations_path or DB_MIGRATIONS_PATH, or script_location in the [alembic]"
    " section of alembic.ini, to the directory that holds env.py"
)
_NO_CLICKHOUSE = (
    "set clickhouse.migrations_path or CLICKHOUSE_MIGRATIONS_PATH, or script_location in the"
    " [clickhouse] section of alembic.ini, to the directory that holds the pairs"
)


def postgres(own: Entry | None, other: Entry | None) -> Path:
    """Alembic's script location.

    :param own: ``database.migrations_path`` and where it was.
    :param other: ``clickhouse.migrations_path``, which may stand for both databases.
    :raises ConfigError: there is none, or it has no ``env.py``.
    """
    if own is None:
        return _with_env_py(_shared(other, POSTGRES, _NO_POSTGRES), other)
    path = _directory(own)
    if not (path / "env.py").is_file() and (path / POSTGRES).is_dir():
        path /= POSTGRES
    return _with_env_py(path, own)


def clickhouse(own: Entry | None, other: Entry | None, directory: Path) -> Path:
    """The directory of the ClickHouse pairs.

    :param own: ``clickhouse.migrations_path`` and where it was.
    :param other: ``database.migrations_path``, which may stand for both databases.
    :param directory: where the default is looked for.
    :raises ConfigError: there is none.
    """
    if own is not None:
        path = _directory(own)
        return path / CLICKHOUSE if stands_for_both(path) else path
    default = directory / CLICKHOUSE_DEFAULT
    try:
        return _shared(other, CLICKHOUSE, _NO_CLICKHOUSE)
    except ConfigError:
        if default.is_dir():
            return default
        raise


def is_alembics(own: Entry | None, found: Path | None, directory: Path) -> bool:
    """Whether Alembic itself comes to the same script location, or to the same problem with it.

    :param own: ``database.migrations_path`` and where it was.
    :param found: the script location, None when there is a problem with it.
    :param directory: what Alembic takes relative paths to be relative to.
    """
    if own is None:
        return found is None
    if own[1].kind not in {INI, TOML}:
        return False
    value = own[0].value or ""
    is_resource = ":" in value and not value.startswith("/")
    return found is None or is_resource or Path(os.path.normpath(directory / value)) == found


def _shared(entry: Entry | None, name: str, hint: str) -> Path:
    """The part of a directory that stands for both databases."""
    if entry is not None and stands_for_both(path := find(entry)):
        return path / name
    raise ConfigError(f"nothing says where the revisions for {name} are", hint=hint)


def stands_for_both(path: Path) -> bool:
    """Whether it has the layout of the tool that this one replaces."""
    return not (path / "env.py").exists() and all(
        (path / name).is_dir() for name in (POSTGRES, CLICKHOUSE)
    )


def _directory(entry: Entry) -> Path:
    path = find(entry)
    setting, _ = entry
    if not path.exists():
        raise ConfigError(
            f"{setting.source}: there is no directory {path}",
            hint=f"make it, or change {setting.name}",
        )
    if not path.is_dir():
        raise ConfigError(f"{setting.source}: {path} is not a directory")
    return path


def _with_env_py(path: Path, entry: Entry | None) -> Path:
    if (path / "env.py").is_file():
        return path
    source = f"{entry[0].source}: " if entry else ""
    if any(_PAIR.fullmatch(name) for name in os.listdir(path)):  # noqa: PTH208 - names alone
        message = f"{source}{path} holds .sql pairs but no env.py, which Alembic needs there"
        raise NoEnvPy(message, path, hint=_ADOPT)
    message = f"{source}{path} has no env.py, which Alembic needs there"
    raise NoEnvPy(message, path, hint=_MAKE_ENV_PY)


def find(entry: Entry) -> Path:
    """The path that a setting means, absolute."""
    setting, layer = entry
    value = setting.value or ""
    if layer.kind in {INI, TOML} and ":" in value and not value.startswith("/"):
        return _resource(value, layer.bases[0], setting.source)
    candidates = [Path(os.path.normpath(base / value)) for base in layer.bases]
    return next((path for path in candidates if path.exists()), candidates[0])


def _resource(value: str, directory: Path, source: str) -> Path:
    """Alembic's ``package:directory``, found without importing the package."""
    package, *inner = value.split(":")
    search: list[str] | None = [str(directory), *sys.path]
    for name in package.split("."):
        spec = PathFinder.find_spec(name, search)
        search = None if spec is None else list(spec.submodule_search_locations or ()) or None
        if search is None:
            raise ConfigError(f"{source}: there is no package {package}")
    assert search is not None
    return Path(search[0], *inner)
