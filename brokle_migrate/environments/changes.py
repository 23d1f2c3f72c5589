"""What became of the files of a history since a branch began."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..checks.changed import TOUCHED, Changes
from ..model import POSTGRES, Location
from .git import Git, NoRepository
from .lock_entries import checksum

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from ..config import Config
    from ..model import Finding
    from .git import Base


def changes_since(config: Config, environment: str, ref: str) -> Changes:
    """Ask git.

    A directory in no repository, such as one of an installed package, has no changes.

    :param ref: a branch, tag or commit; what counts is where the current branch left it.
    :raises UsageError: git can't tell, or none of the history's directories is in a repository.
    """
    directories, is_ours = _places(config, environment)
    found, outside = [], []
    for directory in directories:
        try:
            git = Git(_existing(directory))
        except NoRepository as error:
            outside.append(error)
            continue
        found.append(_changes(git, git.base(ref), environment, is_ours))
    if outside and not found:
        raise outside[0]
    return Changes(
        environment,
        ref,
        *(
            frozenset().union(*(getattr(each, name) for each in found))
            for name in ("new", "edited", "removed", "there", "added")
        ),
    )


def _existing(directory: Path) -> Path:
    """The directory or what is left of the way there: git keeps no empty directories."""
    return next(each for each in (directory, *directory.parents) if each.is_dir())


def lost_lock_file(config: Config, ref: str) -> Iterator[Finding]:
    """A finding where the lock file was there when the branch began, and is not now."""
    path = config.lock_file
    if path.exists() or not path.parent.is_dir():
        return
    try:
        git = Git(path.parent)
    except NoRepository:
        return
    if git.has(git.base(ref).commit, path):
        message = f"{path.name} was there before, and was removed since {ref}"
        yield TOUCHED.finding("", message, "restore it", Location(path, 1, 1))


def _places(config: Config, environment: str) -> tuple[Sequence[Path], Callable[[Path], bool]]:
    """The directories of a history, and what tells its files from others below them."""
    if environment == POSTGRES:
        from .alembic_project import AlembicProject
        from .revision_files import is_revision, locations

        script = AlembicProject(config).script
        found = locations(script)
        anywhere = script.recursive_version_locations
        return found, lambda p: (anywhere or p.parent in found) and is_revision(p)
    from .sqlfiles import SqlScriptDirectory

    scripts = SqlScriptDirectory(config.require_clickhouse().require_script_location())
    homes = {scripts.directory, scripts.versions}
    return [scripts.directory], lambda p: p.suffix == ".sql" and p.parent in homes


def _changes(git: Git, base: Base, environment: str, is_ours: Callable[[Path], bool]) -> Changes:
    then = frozenset(filter(is_ours, git.files(base.commit)))
    there = then if base.tip == base.commit else frozenset(filter(is_ours, git.files(base.tip)))
    changed = frozenset(filter(is_ours, git.changed(base.commit)))
    removed = frozenset(path for path in changed & then if not path.exists())
    edited = frozenset(_edited(git, base, environment, (changed & then) - removed))
    new = frozenset(path for path in changed - then if path.exists())
    return Changes(environment, base.ref, new, edited, removed, there, there - then)


def _edited(git: Git, base: Base, environment: str, paths: frozenset[Path]) -> Iterator[Path]:
    """Those that say something else."""
    for path in paths:
        contents = git.content(base.commit, path), path.read_bytes()
        before, now = (checksum(environment, path, each) for each in contents)
        if before != now:
            yield path
