"""pyproject.toml: Alembic's table in it, with a table of ours beside."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from ..errors import ConfigError
from . import hooks
from .alembic_files import bases, clickhouse_options, options, put
from .schema import DATABASE, HOOKS, INI_HOOKS, INI_SECTION, INI_VARS, TOML_TABLE, VARS, unknown
from .sources import TOML, Layer, broken, read_text
from .variables import problems as wrong_names

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from .values import Setting

_AT_LINE = re.compile(r"at line (\d+)")
_TOKEN = re.compile(r"%\((\w+)\)s|%%")


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
    for key, option in options():
        name, table = tables["alembic" if key.section == DATABASE else INI_SECTION]
        if option in table:
            place = f"{shown} [{name}] {option}"
            value = _toml_value(table[option], path, place, problems)
            put(settings, key, value, place)
    own = _toml_vars(tool, path, shown, problems)
    run = _toml_hooks(tool, path, shown, problems)
    return Layer(TOML, settings, bases(path, directory), tuple(problems), own, run)


def _toml_hooks(
    tool: Mapping[str, Any], path: Path, shown: str, problems: list[str]
) -> tuple[hooks.Hook, ...]:
    place = f"{shown} [[tool.{TOML_TABLE}.{INI_HOOKS}]]"
    tables = _own_table(tool).get(HOOKS, [])
    if not isinstance(tables, list) or not all(isinstance(each, dict) for each in tables):
        problems.append(f"{place} has to be an array of tables")
        return ()
    found = []
    for table in tables:
        values = {n: _toml_value(v, path, f"{place} {n}", problems) for n, v in table.items()}
        given = {name: value or "" for name, value in values.items()}
        found.append(hooks.Hook(given.pop("name", ""), given))
    problems += hooks.incomplete(tuple(found), place)
    return tuple(found)


def _own_table(tool: Mapping[str, Any]) -> Mapping[str, Any]:
    section = tool.get(TOML_TABLE, {})
    section = section.get(INI_SECTION, {}) if isinstance(section, dict) else {}
    return section if isinstance(section, dict) else {}


def _toml_vars(
    tool: Mapping[str, Any], path: Path, shown: str, problems: list[str]
) -> dict[str, str] | None:
    section = _own_table(tool)
    if VARS not in section:
        return None
    place = f"{shown} [tool.{TOML_TABLE}.{INI_VARS}]"
    table = _table(section, VARS, place, problems)
    problems += wrong_names(table, place)
    values = {n: _toml_value(v, path, f"{place} {n}", problems) for n, v in table.items()}
    return {name: value for name, value in values.items() if value is not None}


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
    """Name and content of the two tables by what they are in alembic.ini."""
    own_name, name = f"tool.{TOML_TABLE}", f"tool.{TOML_TABLE}.{INI_SECTION}"
    own = _table(tool, TOML_TABLE, f"{shown} [{own_name}]", problems)
    clickhouse = _flat(_table(own, INI_SECTION, f"{shown} [{name}]", problems))
    known = clickhouse_options()
    problems += [
        unknown(key, [INI_SECTION], f"{shown} [{own_name}]") for key in own if key != INI_SECTION
    ]
    problems += [
        unknown(key, known, f"{shown} [{name}]")
        for key in clickhouse
        if key not in known and key.partition(".")[0] not in {VARS, HOOKS}
    ]
    alembic = _flat(_table(tool, "alembic", f"{shown} [tool.alembic]", problems))
    return {"alembic": ("tool.alembic", alembic), INI_SECTION: (name, clickhouse)}


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
