"""The schema of each database, and the file that keeps it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from .errors import ConfigError, MigrateError
from .replacing import replace_file

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from .config import Config
    from .environments import Environments


class FileState(StrEnum):
    """What the schema is to its file."""

    NEW = "new"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    ABSENT = "absent"  # there is no database yet, and no file is written
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class SchemaFile:
    """The schema of one database, and its file.

    :ivar path: None where it goes to standard output.
    :ivar text: the whole file; empty where there is no database, or no answer.
    :ivar warnings: what a person has to know before it is loaded.
    :ivar error: why there is none.
    """

    environment: str
    path: Path | None
    state: FileState
    text: str = ""
    warnings: tuple[str, ...] = ()
    error: MigrateError | None = None


@dataclass(frozen=True, slots=True)
class Dumped:
    """The schemas of all databases.

    :ivar written: whether files were written; False for a dry run, and for standard output.
    """

    files: tuple[SchemaFile, ...]
    written: bool

    @property
    def error(self) -> MigrateError | None:
        """The first of the errors."""
        return next((each.error for each in self.files if each.error is not None), None)


def schema_files(
    config: Config, names: Sequence[str], directory: Path | None = None
) -> dict[str, Path]:
    """Where each schema goes.

    :param directory: for all of them, in the place of what is configured.
    :raises ConfigError: two schemas would go into the same file.
    """
    if directory is not None:
        return {name: directory / f"{name}.sql" for name in names}
    found = {name: config.require(name).schema_file for name in names}
    if len({path.resolve() for path in found.values()}) < len(found):
        raise ConfigError(
            f"{' and '.join(found)} have the same schema file, {found[names[0]]}",
            hint="set DB_SCHEMA_FILE or CLICKHOUSE_SCHEMA_FILE to another file",
        )
    return found


def dump(
    environments: Environments, files: Mapping[str, Path | None], *, write: bool = True
) -> Dumped:
    """Read the schemas and write those that are not in their files yet.

    A database that can't be read, or a file that can't be written, keeps no other from it.

    :param files: by the name of the database; None for no file.
    :param write: False only says which files would be new or changed.
    """
    found = tuple(_dumped(environments, name, path, write=write) for name, path in files.items())
    return Dumped(found, written=write and None not in files.values())


def _dumped(environments: Environments, name: str, path: Path | None, *, write: bool) -> SchemaFile:
    try:
        schema = environments[name].dump()
        if schema is None:
            return SchemaFile(name, path, FileState.ABSENT)
        state = _compare(path, schema.text)
        if write and path is not None and state is not FileState.UNCHANGED:
            _write(path, schema.text)
    except MigrateError as error:
        return SchemaFile(name, path, FileState.FAILED, error=error)
    return SchemaFile(name, path, state, schema.text, schema.warnings)


def _compare(path: Path | None, text: str) -> FileState:
    """What a text is to a file."""
    if path is None:
        return FileState.NEW
    try:
        same = path.read_bytes() == _encoded(text)
    except FileNotFoundError:
        return FileState.NEW
    except OSError as error:
        raise ConfigError(f"can't read {path}: {error.strerror}") from error
    return FileState.UNCHANGED if same else FileState.CHANGED


def _write(path: Path, text: str) -> None:
    """Put a text in the place of a file; directories are made.

    :raises ConfigError: it can't be written; the file is what it was.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        replace_file(path, _encoded(text))
    except OSError as error:
        raise ConfigError(f"can't write {path}: {error.strerror}") from error


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
