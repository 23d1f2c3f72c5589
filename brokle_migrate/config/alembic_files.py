"""alembic.ini: Alembic's file, with sections of ours beside its own."""

from __future__ import annotations

import configparser
from difflib import get_close_matches
from typing import TYPE_CHECKING

from ..errors import ConfigError
from . import hooks
from .schema import (
    CLICKHOUSE,
    DATABASE,
    INI_HOOKS,
    INI_VARS,
    KEYS,
    OWN_SECTIONS,
    unknown,
)
from .sources import INI, Layer, broken, read_text, setting
from .variables import problems as wrong_names

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from .schema import Key
    from .values import Setting

# Alembic writes this into a new alembic.ini; teams whose env.py knows the URL leave it there.
TEMPLATE_URL = "driver://user:pass@localhost/dbname"

_URL = "sqlalchemy.url"
_BELOW = (INI_VARS, INI_HOOKS)
_DOUBLE = "a % has to be written as %%"


def read_ini(path: Path, shown: str, directory: Path, alembic_section: str) -> Layer:
    """Read an alembic.ini as Alembic does.

    :param path: the file; ``%(here)s`` is its directory.
    :param shown: what to call it in messages.
    :param directory: what Alembic takes relative paths to be relative to.
    :param alembic_section: Alembic's section.
    :raises ConfigError: it can't be read, or a value can't be interpolated.
    """
    parser = _parse_ini(path, shown)
    settings: dict[str, Setting] = {}
    for key, option in options():
        section = alembic_section if key.section == DATABASE else key.section
        if parser.has_option(section, option):
            place = f"{shown} [{section}] {option}"
            value = _interpolated(parser, section, option, place)
            put(settings, key, value, place)
    problems = list(_ini_problems(parser, shown))
    own = _ini_vars(path, shown, problems) if parser.has_section(INI_VARS) else None
    run = _ini_hooks(parser, shown, problems) if parser.has_section(INI_HOOKS) else ()
    return Layer(INI, settings, bases(path, directory), tuple(problems), own, run)


def has_ini_section(path: Path) -> bool:
    """Whether an alembic.ini has our section, if only an empty one.

    :raises ConfigError: it can't be read.
    """
    return _parse_ini(path, path.name).has_section(CLICKHOUSE)


def sections(path: Path, shown: str) -> list[str]:
    """The sections of an alembic.ini.

    :param shown: what to call it in messages.
    """
    return _parse_ini(path, shown).sections()


def options() -> Iterator[tuple[Key, str]]:
    """Every setting that Alembic's files can hold, with its name there."""
    return ((key, key.ini) for key in KEYS if key.ini is not None)


def names(section: str) -> list[str]:
    """The names in one of our sections."""
    return [option for key, option in options() if key.section == section]


def bases(path: Path, directory: Path) -> tuple[Path, ...]:
    """Alembic's rule first, then the directory of the file."""
    return (directory, path.parent)


def put(settings: dict[str, Setting], key: Key, value: str | None, place: str) -> None:
    """Keep a value that says something.

    :param place: the file, its section, and the option.
    """
    if value and value.strip() and not (key.ini == _URL and value == TEMPLATE_URL):
        settings[key.name] = setting(key, value.strip(), place)


def _ini_vars(path: Path, shown: str, problems: list[str]) -> dict[str, str]:
    """The values for placeholders; unlike options, their names keep their case."""
    parser = _parse_ini(path, shown, as_written=True)
    inherited = parser.defaults()
    own = [
        name
        for name, value in parser.items(INI_VARS, raw=True)
        if name not in inherited or value != inherited[name]
    ]
    place = f"{shown} [{INI_VARS}]"
    problems += wrong_names(own, place)
    return {n: _interpolated(parser, INI_VARS, n, f"{place} {n}") or "" for n in own}


def _ini_hooks(
    parser: configparser.ConfigParser, shown: str, problems: list[str]
) -> tuple[hooks.Hook, ...]:
    place = f"{shown} [{INI_HOOKS}]"
    names = parser.options(INI_HOOKS)
    found = hooks.from_ini(
        {n: _interpolated(parser, INI_HOOKS, n, f"{place} {n}") or "" for n in names}
    )
    problems += hooks.incomplete(found, place)
    return found


def _parse_ini(path: Path, shown: str, *, as_written: bool = False) -> configparser.ConfigParser:
    """Parse an alembic.ini.

    :param as_written: names of options keep their case; in Alembic's own reading they don't.
    """
    parser = configparser.ConfigParser({"here": path.parent.as_posix()})
    if as_written:
        parser.optionxform = str  # type: ignore[assignment,method-assign]
    try:
        parser.read_string(read_text(path, shown), shown)
    except configparser.DuplicateSectionError as error:
        raise broken(shown, error.lineno, f"a second section [{error.section}]") from None
    except configparser.DuplicateOptionError as error:
        what = f"a second {error.option} in [{error.section}]"
        raise broken(shown, error.lineno, what) from None
    except configparser.MissingSectionHeaderError as error:
        raise broken(shown, error.lineno, "a [section] has to come first") from None
    except configparser.ParsingError as error:
        line = error.errors[0][0] if error.errors else None
        raise broken(shown, line, "neither a [section] nor key = value") from None
    return parser


def _interpolated(
    parser: configparser.ConfigParser, section: str, option: str, place: str
) -> str | None:
    try:
        return parser.get(section, option)
    except configparser.InterpolationMissingOptionError:
        if option == _URL and section != CLICKHOUSE:
            return None  # env.py sets the missing parts before it reads the URL
        raise ConfigError(f"{place}: a %(name)s that the file does not define") from None
    except configparser.InterpolationError:
        raise ConfigError(f"{place}: {_DOUBLE}") from None


def _ini_problems(parser: configparser.ConfigParser, shown: str) -> Iterator[str]:
    inherited = parser.defaults()
    for section in parser.sections():
        if section in OWN_SECTIONS:
            known = names(section)
            own = [option for option in parser.options(section) if option not in inherited]
            place = f"{shown} [{section}]"
            yield from (unknown(option, known, place) for option in own if option not in known)
        elif _is_meant_as_ours(section):
            ours = [f"[{one}]" for one in (CLICKHOUSE, *_BELOW)]
            yield unknown(f"[{section}]", ours, shown)


def _is_meant_as_ours(section: str) -> bool:
    """A section that would silently leave ClickHouse out, if it were passed over."""
    first = section.lower().partition(".")[0]
    return section not in _BELOW and bool(get_close_matches(first, [CLICKHOUSE], cutoff=0.8))
