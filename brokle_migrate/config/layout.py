"""What the configuration files of a project say about its layout, whether it exists or not."""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import ConfigError
from ..model import CLICKHOUSE as CLICKHOUSE_NAME
from ..model import POSTGRES
from . import files, locations, target
from .schema import CLICKHOUSE, DATABASE
from .secrets import public, secrets
from .sources import first

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .sources import Layer

_INI_ENDINGS = (".ini", ".cfg")
_OTHER = {DATABASE: CLICKHOUSE, CLICKHOUSE: DATABASE}
_PARTS = {DATABASE: POSTGRES, CLICKHOUSE: CLICKHOUSE_NAME}


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """A project as its files describe it; environment variables are passed over.

    :ivar directory: the project's directory, absolute.
    :ivar yaml: the config.yaml, if there is one.
    :ivar ini: the alembic.ini, if there is one or a name for it was given.
    :ivar toml: the pyproject.toml, if it has a table for Alembic or for us.
    :ivar revisions: Alembic's script location, None when no file names one.
    :ivar pairs: the directory of the ClickHouse files, likewise.
    :ivar problem: why a script location that a file names can't be told.
    :ivar locates_postgres: whether a file says where Postgres is.
    :ivar locates_clickhouse: whether a file says where ClickHouse is.
    :ivar has_section: whether a file has our section for ClickHouse, even an empty one.
    :ivar secrets: every password in the files.
    :ivar public: names of users, hosts and databases.
    """

    directory: Path
    yaml: Path | None = None
    ini: Path | None = None
    toml: Path | None = None
    revisions: Path | None = None
    pairs: Path | None = None
    problem: ConfigError | None = field(default=None, compare=False)
    locates_postgres: bool = False
    locates_clickhouse: bool = False
    has_section: bool = False
    secrets: frozenset[str] = field(default=frozenset(), repr=False)
    public: frozenset[str] = frozenset()


def read_layout(
    directory: Path, named: Path | None = None, environ: Mapping[str, str] | None = None
) -> Layout:
    """Read what the files of a project say.

    :param directory: the project's; it need not exist.
    :param named: a configuration file; an alembic.ini need not exist.
    :param environ: where Alembic's ``ALEMBIC_CONFIG`` is looked for; ``os.environ`` when left out.
    :raises ConfigError: a file or a value in it is not valid.
    """
    environ = os.environ if environ is None else environ
    try:
        base = Path(os.path.abspath(directory))  # noqa: PTH100 - without its `..`
        file = None if named is None else Path(os.path.abspath(named))  # noqa: PTH100 - likewise
        return _read(base, file, environ)
    except OSError as error:
        raise ConfigError(f"{error.filename or directory}: {error.strerror}") from error


def _read(directory: Path, named: Path | None, environ: Mapping[str, str]) -> Layout:
    found = _find(directory, named, environ)
    existing = replace(found, ini=found.ini if found.ini and found.ini.exists() else None)
    existing, layers = files.read(existing, directory, {}, "alembic")
    urls = {name: target.resolve(layers, name, directory).url for name in (DATABASE, CLICKHOUSE)}
    revisions, problem = _place(layers, DATABASE)
    pairs, other_problem = _place(layers, CLICKHOUSE)
    return Layout(
        directory=directory,
        yaml=existing.yaml,
        ini=found.ini,
        toml=existing.toml,
        revisions=revisions,
        pairs=pairs,
        problem=problem or other_problem,
        locates_postgres=urls[DATABASE] is not None,
        locates_clickhouse=urls[CLICKHOUSE] is not None,
        has_section=_has_section(existing, layers),
        secrets=secrets(layers, ()),
        public=public(urls.values()),
    )


def _find(directory: Path, named: Path | None, environ: Mapping[str, str]) -> files.Files:
    """Like any command, except that an alembic.ini may be named that is yet to be made."""
    if named is None or named.suffix.lower() not in _INI_ENDINGS or named.exists():
        return files.find(directory, named, environ)
    return replace(files.find(directory, None, environ), ini=named)


def _has_section(found: files.Files, layers: Sequence[Layer]) -> bool:
    from .alembic_files import has_ini_section

    named = any(name.startswith(f"{CLICKHOUSE}.") for one in layers for name in one.settings)
    return named or (found.ini is not None and has_ini_section(found.ini))


def _place(layers: Sequence[Layer], section: str) -> tuple[Path | None, ConfigError | None]:
    """Where a history is meant to be; None when no file says so, or it can't be told."""
    own, other = (first(layers, f"{name}.migrations_path") for name in (section, _OTHER[section]))
    try:
        if own is not None:
            path = locations.find(own)
            return _part(path, section) or path, None
        return None if other is None else _part(locations.find(other), section), None
    except ConfigError as error:
        return None, error


def _part(path: Path, section: str) -> Path | None:
    """What a directory that stands for both databases has for one of them."""
    return path / _PARTS[section] if locations.stands_for_both(path) else None
