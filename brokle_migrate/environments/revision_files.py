"""What Alembic's revision files say about themselves, without running them.

Importing a thousand revision modules is most of what Alembic does when there is nothing to do.
The few names that say where a revision stands are plain literals at the left margin in every file
that Alembic's templates make, so they are read as text.  A file that has them in any other form is
loaded through Alembic instead: it is the authority, this is the short cut.
"""

from __future__ import annotations

import ast
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import InvalidScripts, Problem
from ..model import CLICKHOUSE, POSTGRES, Allowance, Link, Location, Revision

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from alembic.script import Script, ScriptDirectory

_FILE = re.compile(r"(?!\.#|__init__)(.*\.py)$")  # what Alembic takes for a revision
_NAMES = ("revision", "down_revision", "branch_labels", "depends_on", "clickhouse_requires")
_ASSIGNMENT = re.compile(
    rf"^(?P<name>{'|'.join(_NAMES)})\b[ \t]*(?::[^=\n]*)?=[ \t]*(?P<value>[^\n]*)$", re.MULTILINE
)
_PLAIN = re.compile(r"""(?:(?P<quote>["'])(?P<text>\w*)(?P=quote)|None)[ \t]*(?:#.*)?$""")
_DOCSTRING = re.compile(r'(?:#[^\n]*\n|\s)*"""(?P<message>.*?)(?:\n[ \t]*\n|""")', re.DOTALL)

# An autocommit block, a connection that is told to, or one that is committed.
_COMMITS = re.compile(r"autocommit_block|AUTOCOMMIT|\.commit\(|^\s*[\"']*COMMIT\b", re.MULTILINE)

# In the place of a directive of a .sql file; a module is one piece, so it speaks for the whole.
_ALLOW = re.compile(
    r"^[ \t]*#[ \t]*migrate:[ \t]*allow[ \t]+(\S+)[ \t]+because[ \t]+(\S.*)$", re.MULTILINE
)

Names = dict[str, object]


def read_revisions(script: ScriptDirectory) -> tuple[Revision, ...]:
    """Every revision of a script directory, in the order of its files.

    :raises InvalidScripts: a file can't be loaded, an id stands twice, or a revision builds on
        one that is not there.
    """
    found = None if script.sourceless else _read_all(_paths(script))
    if found is None:
        found = tuple(_loaded(module) for module in _load_all(script))
    _require_consistent(found)
    return found


def locations(script: ScriptDirectory) -> list[Path]:
    """The directories of the revisions."""
    return [Path(each) for each in script._version_locations]  # noqa: SLF001 - has no public name


def is_revision(path: Path) -> bool:
    """Whether a file of such a directory is a revision, or the SQL of one."""
    return _FILE.match(path.name) is not None or path.suffix == ".sql"


def source(path: Path) -> str:
    """The text of a module; nothing where it has none, or none that can be read."""
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def allowances(path: Path, text: str) -> Iterator[Allowance]:
    """What a module allows: ``# migrate: allow ID because REASON``.

    :param text: the module's.
    """
    if "migrate:" not in text:
        return
    for found in _ALLOW.finditer(text):
        line = text.count("\n", 0, found.start()) + 1
        yield Allowance(found[1], found[2].strip(), Location(path, line, 1))


def _read_all(paths: Iterable[Path]) -> tuple[Revision, ...] | None:
    """All files as text; None as soon as one needs Alembic."""
    found = []
    for path in paths:
        revision = _read(path)
        if revision is None:
            return None
        found.append(revision)
    return tuple(found)


def _paths(script: ScriptDirectory) -> Iterator[Path]:
    if script.sourceless:
        yield from _with_compiled(script)
        return
    for location in script._version_locations:  # noqa: SLF001 - has no public name
        if script.recursive_version_locations:
            names = (Path(root) / name for root, _, files in os.walk(location) for name in files)
        else:
            names = (location / name for name in _names(location))
        yield from sorted(p for p in names if _FILE.match(p.name) and "__pycache__" not in p.parts)


def _with_compiled(script: ScriptDirectory) -> Iterator[Path]:
    """Every file that Alembic looks at where modules may lack their source."""
    from alembic.script import Script

    for location in filter(Path.exists, map(Path, script._version_locations)):  # noqa: SLF001 - as above
        yield from Script._list_py_dir(script, location)  # noqa: SLF001 - likewise


def _names(location: Path) -> list[str]:
    return os.listdir(location) if location.is_dir() else []  # noqa: PTH208 - half the time


def _read(path: Path) -> Revision | None:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return None
    names: Names = {}
    for match in _ASSIGNMENT.finditer(text):
        if match["name"] in names:
            return None
        try:
            names[match["name"]] = _literal(match["value"])
        except (ValueError, SyntaxError):
            return None
    if not isinstance(names.get("revision"), str) or "down_revision" not in names:
        return None
    message = _DOCSTRING.match(text)
    commits = _COMMITS.search(text) is not None
    return _revision(names, message["message"] if message else path.stem, path, commits)


def _literal(source: str) -> object:
    plain = _PLAIN.match(source)
    return plain["text"] if plain else ast.literal_eval(source)


def _revision(names: Names, message: str, path: Path, commits: bool) -> Revision:
    requires = _words(names.get("clickhouse_requires"))
    return Revision(
        environment=POSTGRES,
        id=str(names["revision"]),
        down=_words(names.get("down_revision")),
        message=" ".join(message.split()),
        path=path,
        requires=tuple(Link(CLICKHOUSE, version) for version in requires),
        depends_on=_words(names.get("depends_on")),
        branch_labels=_words(names.get("branch_labels")),
        commits=commits,
    )


def _words(value: object) -> tuple[str, ...]:
    """None, one string or several, as Alembic accepts them."""
    if value is None:
        return ()
    if isinstance(value, str):
        return (value,)
    if isinstance(value, (tuple, list, set, frozenset)):
        return tuple(str(word) for word in value)
    return (str(value),)


def _loaded(script: Script) -> Revision:
    names = {name: getattr(script.module, name, None) for name in _NAMES}
    names["revision"] = script.revision
    path = Path(script.path)
    return _revision(names, script.doc, path, _seems_to_commit(path))


def _seems_to_commit(path: Path) -> bool:
    try:
        return _COMMITS.search(path.read_bytes().decode(errors="replace")) is not None
    except OSError:  # a module without its source
        return False


def _load_all(script: ScriptDirectory) -> list[Script]:
    """Load every module through Alembic.

    :raises InvalidScripts: one of them can't be loaded.
    """
    from alembic.script import Script
    from alembic.util import CommandError

    loaded = []
    for path in _paths(script):
        try:
            found = Script._from_path(script, path)  # noqa: SLF001 - has no public name
        except SyntaxError as error:
            raise _invalid(Problem(path, error.msg, error.lineno)) from error
        except CommandError as error:
            raise _invalid(Problem(path, str(error))) from error
        except Exception as error:
            raise _invalid(Problem(path, f"{type(error).__name__}: {error}")) from error
        if found is not None:
            loaded.append(found)
    return loaded


def _invalid(problem: Problem) -> InvalidScripts:
    return InvalidScripts(problem, problems=(problem,))


def _require_consistent(revisions: Iterable[Revision]) -> None:
    by_id: dict[str, Revision] = {}
    problems = []
    for revision in revisions:
        other = by_id.setdefault(revision.id, revision)
        if other is not revision:
            also = f"revision {revision.id} is also in {other.path}"
            problems.append(Problem(revision.path, also))
    for revision in by_id.values():
        problems.extend(
            Problem(revision.path, f"builds on {parent}, which no file has")
            for parent in revision.down
            if parent not in by_id
        )
    if problems:
        lines = "\n".join(f"  {problem}" for problem in problems)
        raise InvalidScripts(
            f"the Postgres revisions don't fit together:\n{lines}", problems=tuple(problems)
        )
