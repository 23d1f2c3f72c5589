"""The lock file on disk: compared with the files, added to, and written anew."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .. import lockfile
from ..checks.files import INVALID
from ..checks.locked import UPDATE, locked_findings
from ..errors import ConfigError, InvalidScripts, UsageError
from ..lockfile import Flaw, LockFile, Sealed
from ..model import CLICKHOUSE, POSTGRES
from ..replacing import replace_file
from .lock_entries import history_files
from .sqlfiles import SqlScriptDirectory
from .surveys import Survey, survey

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from ..config import Config
    from ..lockfile import Entry
    from ..model import Finding


def lock_file_findings(config: Config, surveys: Mapping[str, Survey]) -> Iterator[Finding]:
    """Where the lock file does not fit the files; nothing where a project has none.

    :param surveys: of the selected histories, Postgres first.
    :raises ConfigError: it can't be read.
    """
    text = read(config.lock_file)
    if text is None:
        return
    histories = [history_files(name, found) for name, found in surveys.items()]
    if text != lockfile.render(entry for each in histories for entry in each.entries):
        yield from locked_findings(lockfile.parse(text), config.lock_file, histories)


def update(config: Config, names: Sequence[str], *, write: bool = True) -> Sealed:
    """Write what the files say now, which is how a change of them is accepted.

    :param names: the histories; the entries of another one are left as they are.
    :param write: False only tells what would change.
    :raises InvalidScripts: not all files are in order; nothing is written.
    :raises UsageError: the entries of a history that is not selected can't be told.
    :raises ConfigError: the lock file can't be read or written.
    """
    path = config.lock_file
    text = read(path)
    old = LockFile() if text is None else lockfile.parse(text)
    entries = _sorted(old, {name: _entries(config, name) for name in names})
    if not old.certain and any(entry.environment not in names for _, entry in old.entries):
        raise UsageError(
            f"{path} has to be written as a whole: {old.flaws[0].message}",
            hint=f"without --db: {UPDATE}",
        )
    new = lockfile.render(entries)
    if write and new != text:
        _write(path, new)
    found = lockfile.changes(old, entries)
    return Sealed(path, found, len(entries), old.flaws, new != text, write)


def add(config: Config, names: Sequence[str], version: str) -> Sealed | None:
    """Add a new revision, and leave every other line but the first as it is.

    Its files are there, whatever happens to the lock file, so nothing is raised.

    :param names: the histories that have it.
    :return: what became of the lock file: where it was not in order, or can't be read or written,
        it is left alone; None where the project has none.
    """
    try:
        text = read(config.lock_file)
        return None if text is None else _added(config, names, version, text)
    except ConfigError as error:
        return _left_alone(config, (Flaw(0, error.message),))


def _added(config: Config, names: Sequence[str], version: str, text: str) -> Sealed:
    old = lockfile.parse(text)
    if old.flaws:
        return _left_alone(config, old.flaws)
    entries = [entry for _, entry in old.entries]
    for name in names:
        _insert(entries, config, name, version)
    new = lockfile.render(entries)
    if new != text:
        _write(config.lock_file, new)
    changes = lockfile.changes(old, entries)
    return Sealed(config.lock_file, changes, len(entries), differs=new != text)


def _left_alone(config: Config, flaws: tuple[Flaw, ...]) -> Sealed:
    return Sealed(config.lock_file, (), 0, flaws, differs=False, written=False)


def read(path: Path) -> str | None:
    """The text of a lock file; None where there is none.

    :raises ConfigError: it can't be read.
    """
    try:
        return path.read_bytes().decode(errors="replace")
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ConfigError(f"{path} can't be read: {error.strerror}") from error


def _entries(config: Config, name: str) -> tuple[Entry, ...]:
    found = survey(config, name)
    invalid = [each for each in found.findings if each.id == INVALID.id]
    if invalid:
        places = [f"{each.location}: {each.message}" for each in invalid]
        raise InvalidScripts(
            "\n  ".join([f"the {name} files are not in order:", *places]),
            hint="nothing was written; correct them, then again",
        )
    return history_files(name, found).entries


def _sorted(old: LockFile, new: Mapping[str, tuple[Entry, ...]]) -> list[Entry]:
    found: list[Entry] = []
    for name in (POSTGRES, CLICKHOUSE):
        found += new[name] if name in new else (entry for _, entry in old.of(name))
    return found


def _insert(entries: list[Entry], config: Config, name: str, version: str) -> None:
    """Put a revision's entry behind the one that its history has before it."""
    files = history_files(name, _outline(config, name), version)
    before = list(files.paths)
    for entry in files.entries:
        known = set(before[: before.index(entry.id)])
        behind = [i for i, each in enumerate(entries, 1) if _precedes(each, entry, known)]
        entries.insert(max(behind, default=0), entry)


def _outline(config: Config, name: str) -> Survey:
    """A history without what stands in its statements."""
    if name == POSTGRES:
        return survey(config, name)
    scripts = SqlScriptDirectory(config.require_clickhouse().require_script_location())
    revisions, _ = scripts.survey()
    return Survey(revisions, (), scripts=scripts)


def _precedes(each: Entry, entry: Entry, known: set[str]) -> bool:
    if each.environment != entry.environment:
        return each.environment > entry.environment  # Postgres stands before ClickHouse
    return each.id in known


def _write(path: Path, text: str) -> None:
    try:
        replace_file(path, text.encode())
    except OSError as error:
        raise ConfigError(f"can't write {path}: {error.strerror}") from error
