"""From what the sources say to one :class:`Config`."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import ConfigError
from . import files, locations, target
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
) -> Config:
    """Read the whole configuration; nothing else in the product reads variables or these files.

    :param config_file: a config.yaml, alembic.ini or pyproject.toml to use, by its ending.
    :param x: Alembic's ``-x`` arguments, carried along.
    :param directory: where files are looked for, and what relative paths of the environment are
        relative to; the current directory when left out.
    :param environ: the environment variables, ``os.environ`` when left out.
    :param alembic_section: Alembic's section of alembic.ini.
    :returns: the configuration; a database that nothing locates is None in it.
    :raises ConfigError: a file or a value is not valid, or a key is unknown.
    """
    environ = os.environ if environ is None else environ
    directory = (directory or Path.cwd()).absolute()
    found = files.find(directory, config_file, environ)
    found, layers = files.read(found, directory, environ, alembic_section)
    targets = {name: target.resolve(layers, name, directory) for name in (DATABASE, CLICKHOUSE)}
    postgres = _postgres(layers, targets[DATABASE], directory)
    values = placeholders(layers, environ, x, _value(layers, "clickhouse.cluster"))
    clickhouse = _clickhouse(layers, targets[CLICKHOUSE], directory, values)
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
        lock_file=directory / (_value(layers, "check.lock_file") or ""),
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


def _postgres(layers: Sequence[Layer], found: Target, directory: Path) -> PostgresConfig | None:
    own = first(layers, "database.migrations_path")
    # Without a URL the team's env.py may still have one, if there is an Alembic project at all.
    if found.url is None and (own is None or own[1].kind not in {INI, TOML}):
        return None
    other = first(layers, "clickhouse.migrations_path")
    location, problem = _deferred(lambda: locations.postgres(own, other))
    return PostgresConfig(
        url=found.url,
        url_overridden=found.url is not None and not found.verbatim,
        version_table=_value(layers, "database.migrations_table"),
        lock_timeout=_duration(layers, "database.lock_timeout"),
        script_location=location,
        schema_file=directory / (_value(layers, "database.schema_file") or ""),
        problem=problem,
    )


def _clickhouse(
    layers: Sequence[Layer], found: Target, directory: Path, values: Placeholders | None
) -> ClickHouseConfig | None:
    if found.url is None:
        return None
    own = first(layers, "clickhouse.migrations_path")
    other = first(layers, "database.migrations_path")
    location, problem = _deferred(lambda: locations.clickhouse(own, other, directory))
    return ClickHouseConfig(
        url=found.url,
        version_table=_value(layers, "clickhouse.migrations_table") or "",
        engine=_value(layers, "clickhouse.migrations_engine") or "",
        cluster=_value(layers, "clickhouse.cluster"),
        placeholders=values,
        hooks=next((layer.hooks for layer in layers if layer.hooks), ()),
        script_location=location,
        schema_file=directory / (_value(layers, "clickhouse.schema_file") or ""),
        problem=problem,
    )


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
