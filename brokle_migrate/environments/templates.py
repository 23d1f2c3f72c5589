"""New ClickHouse pairs from the project's own Mako templates, named as Alembic names files."""

from __future__ import annotations

import datetime
import re
from typing import TYPE_CHECKING

from ..errors import ConfigError, UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from .sqlfiles import SqlScriptDirectory

_WORDS = re.compile(r"\w+")
_LONGEST_SLUG = 40
_UNSAFE = re.compile(r'["\\\x00-\x1f\x7f]')
_DIRECTIONS = ("up", "down")
_FOR_THE_FILE = "what is to stand in the file as ${name} is written ${'${name}'} in a template"
_PLAIN = "-- ClickHouse ${version} (${direction}): ${message}\n-- created ${create_date}\n\n"


def slug(name: str) -> str:
    """The part of a file name that says what a revision does, as Alembic builds it.

    :raises UsageError: nothing would be left, or the name can't stand in a file's header.
    """
    if _UNSAFE.search(name):
        raise UsageError(
            "a name can't hold double quotes, backslashes or control characters: "
            f"{_UNSAFE.sub('?', name)}",
            hint='choose plain words, such as --name "add_users_table"',
        )
    words = "_".join(_WORDS.findall(name)).lower()
    if not words:
        raise UsageError(f"no letter or digit in the name {name!r}", hint="choose plain words")
    return _cut(words)


def _cut(words: str) -> str:
    """At most forty characters, cut at a word where there is one."""
    if len(words) <= _LONGEST_SLUG:
        return words
    return words[:_LONGEST_SLUG].rpartition("_")[0] or words[:_LONGEST_SLUG]


def new_pair(
    scripts: SqlScriptDirectory, version: str, message: str, *, write: bool
) -> tuple[Path, ...]:
    """Write both files of a new pair; nothing is overwritten.

    :param write: False only says which files there would be.
    :return: the ``.up.sql`` and the ``.down.sql``.
    """
    stem = f"{version}_{slug(message)}"
    paths = {each: scripts.versions / f"{stem}.{each}.sql" for each in _DIRECTIONS}
    texts = {
        path: _render(scripts.directory / f"script.{each}.sql.mako", each, version, message)
        for each, path in paths.items()
    }
    for path, text in texts.items() if write else ():
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    return tuple(texts)


def _render(template: Path, direction: str, version: str, message: str) -> str:
    from mako.template import Template

    source = template.read_text(encoding="utf-8") if template.is_file() else _PLAIN
    values = {
        "message": message,
        "slug": slug(message),
        "version": version,
        "direction": direction,
        "create_date": datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d %H:%M:%S UTC"),
    }
    try:
        return str(Template(source, strict_undefined=True).render(**values))
    except NameError as error:
        raise ConfigError(f"{template}: {error}", hint=_FOR_THE_FILE) from error
    except Exception as error:  # the template is the team's own code
        raise ConfigError(f"{template}: {error}", hint="correct the template") from error
