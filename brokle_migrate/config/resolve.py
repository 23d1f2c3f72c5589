"""From what the sources say to one :class:`Config`."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import ConfigError
from . import files, locations, target
from .headers import with_headers
from .levels import levels
from .schema import CLICKHOUSE, DATABASE, KEYS, duration, flag
from .secrets import public, secrets
from .sources import INI, TOML, first
from .values import ClickHouseConfig, Config, PostgresConfig, Setting
from .variables import placeholders

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from .schema import Key
    from .sources import Layer
    from .target import Target
    from .variables import Placeholders

_DEFAULTS = {key.name: key.default for key in KEYS}


def load(
    *,
    config_file: Path | None = None,
    x: Sequence[str] = (),
    directory: Path | None = None,
    environ: Mapping[str, str] | None = None,
    alembic_section: str = "alembic",
    alembic_files: Sequence[str] | None = None,
    files_only: bool = False,
) -> Config:
    """Read the whole configuration; nothing else in the product reads variables or these files.

    :param config_file: a config.yaml, alembic.ini or pyproject.toml to use, by its ending.
    :param x: Alembic's ``-x`` arguments, carried along.
    :param directory: where files are looked for, and what relative paths of the environment are
        relative to; the current directory when left out.
    :param environ: the environment variables, ``os.environ`` when left out.
    :param alembic_section: Alembic's section of alembic.ini.
    :param alembic_files: for Alembic's own command line: an alembic.ini and a pyproject.toml under
        any names, as its ``-c`` gives them. Then a file or a section that is not there counts as
        empty, and Alembic says what it lacks.
    :param files_only: no database is going to be asked, so one whose files are found counts as
        configured though nothing says where it is, or the password to it is elsewhere.
    :returns: the configuration; a database that nothing locates is None in it.
    :raises ConfigError: a file or a value is not valid, or a key is unknown.
    """
    environ = os.environ if environ is None else environ
    directory = (directory or Path.cwd()).absolute()
    found = files.find(directory, config_file, environ, alembic_files or ())
    found, layers = files.read(found, directory, environ, alembic_section)
    if alembic_files is None:
        files.require_section(found, directory, alembic_section)
    resolve = _resolved_or_not if files_only else target.resolve
    targets = {name: resolve(layers, name, directory) for name in (DATABASE, CLICKHOUSE)}
    postgres = _postgres(layers, targets[DATABASE], directory, files_only=files_only)
    values = placeholders(layers, environ, x, _value(layers, "clickhouse.cluster"))
    clickhouse = _clickhouse(layers, targets[CLICKHOUSE], directory, values, files_only=files_only)
    settings = (_shown(key, layers, targets.get(key.section)) for key in KEYS)
    return Config(
        directory=directory,
        config_file=found.yaml,
        ini_file=found.ini,
        toml_file=found.toml,
        alembic_section=alembic_section,
        postgres=postgres,
        clickhouse=clickhouse,
        auto_migrate=_auto_migrate(layers),
        health_cache=_duration(layers, "database.health_cache"),
        levels=levels(first(layers, "check.levels")),
        lock_file=_lock_file(layers, found, directory),
        x=tuple(x),
        settings=tuple(_with_location(one, postgres, clickhouse) for one in settings),
        searched=found.searched,
        secrets=secrets(layers, x, _told(environ) if values is None else environ),
        public=public(one.url for one in targets.values()),
    )


def _told(environ: Mapping[str, str]) -> Mapping[str, str]:
    """The variable with a password that libpq reads; no others are ours to look at."""
    return {name: value for name, value in environ.items() if name == "PGPASSWORD"}


def no_color(environ: Mapping[str, str] | None = None) -> bool:
    """Whether ``NO_COLOR`` asks for output without colours.

    :param environ: the environment variables, ``os.environ`` when left out.
    """
    return bool((os.environ if environ is None else environ).get("NO_COLOR"))


def _resolved_or_not(layers: Sequence[Layer], section: str, directory: Path) -> Target:
    """Where a database is, as far as one can tell that here."""
    try:
        return target.resolve(layers, section, directory)
    except ConfigError:
        return target.Target(None)


def _postgres(
    layers: Sequence[Layer], found: Target, directory: Path, *, files_only: bool
) -> PostgresConfig | None:
    own = first(layers, "database.migrations_path")
    other = first(layers, "clickhouse.migrations_path")
    location, problem = _deferred(lambda: locations.postgres(own, other))
    # Without a URL the team's env.py may still have one, if there is an Alembic project at all.
    is_alembics = own is not None and own[1].kind in {INI, TOML}
    has_files = files_only and (own is not None or location is not None)
    if found.url is None and not is_alembics and not has_files:
        return None
    return PostgresConfig(
        url=found.url,
        url_overridden=found.url is not None and not found.verbatim,
        version_table=_value(layers, "database.migrations_table"),
        lock_timeout=_duration(layers, "database.lock_timeout"),
        script_location=location,
        location_overridden=not locations.is_alembics(own, location, directory),
        schema_file=directory / (_value(layers, "database.schema_file") or ""),
        problem=problem,
    )


def _clickhouse(
    layers: Sequence[Layer],
    found: Target,
    directory: Path,
    values: Placeholders | None,
    *,
    files_only: bool,
) -> ClickHouseConfig | None:
    own = first(layers, "clickhouse.migrations_path")
    other = first(layers, "database.migrations_path")
    location, problem = _deferred(lambda: locations.clickhouse(own, other, directory))
    url = found.url
    if url is None and files_only and (own is not None or location is not None):
        url = target.NOWHERE
    if url is None:
        return None
    headers = first(layers, "clickhouse.headers")
    return ClickHouseConfig(
        url=with_headers(url, headers and headers[0]) if found.url else url,
        version_table=_value(layers, "clickhouse.migrations_table") or "",
        engine=_value(layers, "clickhouse.migrations_engine") or "",
        cluster=_value(layers, "clickhouse.cluster"),
        placeholders=values,
        hooks=next((layer.hooks for layer in layers if layer.hooks), ()),
        script_location=location,
        schema_file=directory / (_value(layers, "clickhouse.schema_file") or ""),
        problem=problem,
    )


def _lock_file(layers: Sequence[Layer], found: files.Files, directory: Path) -> Path:
    """The same file from wherever the configuration is named."""
    entry = first(layers, "check.lock_file")
    if entry is not None:
        return locations.find(entry)
    home = found.ini or found.toml or found.yaml
    return (directory if home is None else home.parent) / (_DEFAULTS["check.lock_file"] or "")


def _deferred(locate: Callable[[], Path]) -> tuple[Path | None, ConfigError | None]:
    """A directory, or the error to raise when somebody needs it."""
    try:
        return locate(), None
    except ConfigError as error:
        return None, error
    except OSError as error:
        return None, ConfigError(f"{error.filename} can't be read: {error.strerror}")


def _auto_migrate(layers: Sequence[Layer]) -> bool:
    found = first(layers, "database.auto_migrate")
    return found is not None and flag(found[0].value or "", found[0].source)


def _duration(layers: Sequence[Layer], name: str) -> float:
    found = first(layers, name)
    return duration(_value(layers, name) or "0", found[0].source if found else "default")


def _value(layers: Sequence[Layer], name: str) -> str | None:
    found = first(layers, name)
    return found[0].value if found else _DEFAULTS[name]


def _shown(key: Key, layers: Sequence[Layer], found: Target | None) -> Setting:
    """The setting as ``info`` shows it: what another one overruled has no value."""
    entry = first(layers, key.name)
    if entry is None:
        return Setting(key.name, key.default, "default", key.secret)
    setting, _ = entry
    if found is None:
        return setting
    part = key.name.partition(".")[2]
    locates = found.url is not None and part in {"url", "username", *target.PARTS}
    if (locates and key.name not in found.used) or _is_file_of_no_use(key, layers, found):
        return Setting(key.name, None, f"{setting.source} (not used)", key.secret)
    return setting


def _is_file_of_no_use(key: Key, layers: Sequence[Layer], found: Target) -> bool:
    """Whether it names a password file while another password counts, or none."""
    name = key.name.removesuffix("_file")
    if found.url is None or not key.name.endswith(".password_file"):
        return False
    password, file = first(layers, name), first(layers, key.name)
    return name not in found.used or password is None or file is None or password[1] is not file[1]


def _with_location(
    setting: Setting, postgres: PostgresConfig | None, clickhouse: ClickHouseConfig | None
) -> Setting:
    """A directory that no setting names, where one was found."""
    named = {"database.migrations_path": postgres, "clickhouse.migrations_path": clickhouse}
    found = named.get(setting.name)
    if setting.value is not None or found is None or found.script_location is None:
        return setting
    return replace(setting, value=str(found.script_location))
