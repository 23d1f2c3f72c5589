"""alembic.ini and pyproject.toml: Alembic's files, with a section of ours beside its own."""

from __future__ import annotations

import configparser
import re
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from ..errors import ConfigError
from .schema import (
    CLICKHOUSE,
    DATABASE,
    INI_VARS,
    KEYS,
    OWN_SECTIONS,
    TOML_TABLE,
    VARS,
    unknown,
)
from .sources import INI, TOML, Layer, broken, read_text, setting
from .variables import problems as wrong_names

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from .schema import Key
    from .values import Setting

# Alembic writes this into a new alembic.ini; teams whose env.py knows the URL leave it there.
TEMPLATE_URL = "driver://user:pass@localhost/dbname"

_URL = "sqlalchemy.url"
_AT_LINE = re.compile(r"at line (\d+)")
_TOKEN = re.compile(r"%\((\w+)\)s|%%")
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
    for key, option in _ini_keys():
        section = alembic_section if key.section == DATABASE else key.section
        if parser.has_option(section, option):
            place = f"{shown} [{section}] {option}"
            value = _interpolated(parser, section, option, place)
            _put(settings, key, value, place)
    problems = list(_ini_problems(parser, shown))
    own = _ini_vars(path, shown, problems) if parser.has_section(INI_VARS) else None
    return Layer(INI, settings, _bases(path, directory), tuple(problems), own)


def read_toml(path: Path, shown: str, directory: Path) -> Layer | None:
    """Read ``[tool.alembic]`` and ``[tool.brokle-migrate.clickhouse]`` of a pyproject.toml.

    :param path: the file; ``%(here)s`` is its directory.
    :param shown: what to call it in messages.
    :param directory: what Alembic takes relative paths to be relative to.
    :returns: None when the file has neither table.
    :raises ConfigError: it can't be read, or is not TOML.
    """
    tool = _parse_toml(path, shown).get("tool", {})
    if not isinstance(tool, dict) or not {"alembic", TOML_TABLE} & tool.keys():
        return None
    settings: dict[str, Setting] = {}
    problems: list[str] = []
    tables = _toml_tables(tool, shown, problems)
    for key, option in _ini_keys():
        name, table = tables[key.section]
        if option in table:
            place = f"{shown} [{name}] {option}"
            value = _toml_value(table[option], path, place, problems)
            _put(settings, key, value, place)
    own = _toml_vars(tool, path, shown, problems)
    return Layer(TOML, settings, _bases(path, directory), tuple(problems), own)


def _ini_keys() -> Iterator[tuple[Key, str]]:
    return ((key, key.ini) for key in KEYS if key.ini is not None)


def _options(section: str) -> list[str]:
    return [option for key, option in _ini_keys() if key.section == section]


def _bases(path: Path, directory: Path) -> tuple[Path, ...]:
    """Alembic's rule first, then the directory of the file."""
    return (directory, path.parent)


def _put(settings: dict[str, Setting], key: Key, value: str | None, place: str) -> None:
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


def _toml_vars(
    tool: Mapping[str, Any], path: Path, shown: str, problems: list[str]
) -> dict[str, str] | None:
    section = tool.get(TOML_TABLE, {})
    section = section.get(CLICKHOUSE, {}) if isinstance(section, dict) else {}
    if not isinstance(section, dict) or VARS not in section:
        return None
    place = f"{shown} [tool.{TOML_TABLE}.{INI_VARS}]"
    table = _table(section, VARS, place, problems)
    problems += wrong_names(table, place)
    values = {n: _toml_value(v, path, f"{place} {n}", problems) for n, v in table.items()}
    return {name: value for name, value in values.items() if value is not None}


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
            known = _options(section)
            own = [option for option in parser.options(section) if option not in inherited]
            place = f"{shown} [{section}]"
            yield from (unknown(option, known, place) for option in own if option not in known)
        elif _is_meant_as_ours(section):
            yield unknown(f"[{section}]", [f"[{CLICKHOUSE}]", f"[{INI_VARS}]"], shown)


def _is_meant_as_ours(section: str) -> bool:
    """A section that would silently leave ClickHouse out, if it were passed over."""
    first = section.lower().partition(".")[0]
    return section != INI_VARS and bool(get_close_matches(first, [CLICKHOUSE], cutoff=0.8))


def _parse_toml(path: Path, shown: str) -> dict[str, Any]:
    import tomllib

    text = read_text(path, shown)
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = _AT_LINE.search(str(error))
        line = int(found[1]) if found else text.count("\n") + 1
        raise broken(shown, line, "this is not valid TOML") from None


def _toml_tables(
    tool: Mapping[str, Any], shown: str, problems: list[str]
) -> dict[str, tuple[str, dict[str, Any]]]:
    """Name and content of each table by the section of its settings."""
    own_name = f"tool.{TOML_TABLE}"
    own = _table(tool, TOML_TABLE, f"{shown} [{own_name}]", problems)
    problems += [
        unknown(key, OWN_SECTIONS, f"{shown} [{own_name}]")
        for key in own
        if key not in OWN_SECTIONS
    ]
    alembic = _flat(_table(tool, "alembic", f"{shown} [tool.alembic]", problems))
    found = {DATABASE: ("tool.alembic", alembic)}
    for section in OWN_SECTIONS:
        name = f"{own_name}.{section}"
        table = _flat(_table(own, section, f"{shown} [{name}]", problems))
        found[section] = name, table
        known = _options(section)
        problems += [
            unknown(key, known, f"{shown} [{name}]")
            for key in table
            if key not in known and not (section == CLICKHOUSE and key.partition(".")[0] == VARS)
        ]
    return found


def _table(parent: Mapping[str, Any], key: str, place: str, problems: list[str]) -> dict[str, Any]:
    table = parent.get(key, {})
    if isinstance(table, dict):
        return table
    problems.append(f"{place} has to be a table")
    return {}


def _flat(table: dict[str, Any]) -> dict[str, Any]:
    """A table whose dotted keys (``sqlalchemy.url = …``) are one word again."""
    flat: dict[str, Any] = {}
    for key, value in table.items():
        inner = value.items() if isinstance(value, dict) else ()
        flat |= {f"{key}.{name}": one for name, one in inner} or {key: value}
    return flat


def _toml_value(value: Any, path: Path, place: str, problems: list[str]) -> str | None:
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        problems.append(f"{place} has to be a single value")
        return None
    names = {None: "%", "here": path.parent.as_posix()}
    try:
        return _TOKEN.sub(lambda token: names[token[1]], str(value))
    except KeyError:
        raise ConfigError(f"{place}: a %(name)s that is not %(here)s") from None
