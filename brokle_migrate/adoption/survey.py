"""What taking over golang-migrate's history would do; reads files and databases alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from ..errors import ConfigError, Dirty, ForeignLedger, NoEnvPy, RevisionError, StateError
from ..model import CLICKHOUSE, POSTGRES
from .alembic_files import alembic_files
from .pairs import read_pairs
from .revisions import changes_search_path, clickhouse_halves, postgres_revisions
from .values import Adoption, Takeover

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from ..config import Config
    from ..environments import Environments
    from ..environments.clickhouse import ClickHouseEnvironment
    from ..environments.old_record import OldRecord
    from ..environments.postgres import PostgresEnvironment
    from ..model import Revision
    from .pairs import Pair
    from .revisions import NewFile

    Part = tuple[Takeover, tuple[NewFile, ...]]


def survey(
    config: Config, environments: Environments, directories: Mapping[str, Path], table: str
) -> Adoption:
    """Read golang-migrate's files and version tables, and decide what is left to do.

    :param directories: where its files are, by environment, Postgres first.
    :param table: the name of its version table.
    :raises InvalidScripts: the files can't be taken over.
    :raises Dirty: golang-migrate was interrupted; somebody has to look at that first.
    :raises MigrateError: files, tables and configuration do not fit together.
    """
    parts = {POSTGRES: _postgres, CLICKHOUSE: _clickhouse}
    pairs = {name: read_pairs(path) for name, path in directories.items()}
    found = [
        parts[name](config, environments, path, pairs[name], table)
        for name, path in directories.items()
    ]
    return Adoption(
        table,
        tuple(takeover for takeover, _ in found),
        tuple(file for _, files in found for file in files),
    )


def _postgres(
    config: Config, environments: Environments, directory: Path, pairs: Sequence[Pair], table: str
) -> Part:
    from ..environments.postgres_predecessor import old_record

    settings = config.require_postgres()
    bare = settings.problem.directory if isinstance(settings.problem, NoEnvPy) else None
    if bare is None:
        environment = cast("PostgresEnvironment", environments[POSTGRES])
        url, label, versions = environment.url, environment.label, environment.versions
    else:
        url = settings.url.render() if settings.url is not None else None
        label, versions = environments.label(POSTGRES), bare / "versions"
    old, schema = (None, "public") if url is None else old_record(url, label, table)
    if old is not None and settings.version_table == table:
        raise _same_table(config, table)
    recorded = None if bare is not None else environment.recorded()
    record, adopted = _to_record(POSTGRES, old, recorded, pairs, directory)
    files = tuple(postgres_revisions(pairs, versions))
    known = environment.revisions() if bare is None else ()
    revisions = tuple(_unwritten(zip(pairs, files, strict=True), known))
    project = alembic_files(bare, schema if changes_search_path(pairs) else None) if bare else ()
    takeover = Takeover(POSTGRES, label, directory, _versions(pairs), old, record, adopted=adopted)
    return takeover, (*project, *revisions)


def _clickhouse(
    config: Config, environments: Environments, directory: Path, pairs: Sequence[Pair], table: str
) -> Part:
    from ..environments.clickhouse_predecessor import aside

    settings = config.require_clickhouse()
    _require_pointed_at(settings.require_script_location(), directory)
    environment = cast("ClickHouseEnvironment", environments[CLICKHOUSE])
    predecessor = environment.predecessor()
    old = recorded = None
    if predecessor is not None:
        old, recorded = predecessor.read(table), predecessor.recorded()
    record, adopted = _to_record(CLICKHOUSE, old, recorded, pairs, directory)
    in_the_way = old is not None and old.table == settings.version_table
    takeover = Takeover(
        CLICKHOUSE,
        environment.label,
        directory,
        _versions(pairs),
        old,
        record,
        (table, aside(table)) if in_the_way else None,
        adopted,
    )
    return takeover, tuple(clickhouse_halves(pairs))


def _versions(pairs: Iterable[Pair]) -> tuple[int, ...]:
    return tuple(pair.version for pair in pairs)


def _to_record(
    name: str,
    old: OldRecord | None,
    recorded: Collection[str] | None,
    pairs: Sequence[Pair],
    directory: Path,
) -> tuple[str | None, bool]:
    """The version that is to be recorded, and whether it is already.

    :param recorded: what our own record has; None where there is none yet.
    """
    if old is not None and old.dirty:
        raise _dirty(name, old, pairs, directory)
    if old is None or old.version is None:
        return None, bool(recorded)
    version = str(old.version)
    if recorded is not None and version in recorded:
        return None, True
    if recorded is not None:
        raise StateError(
            f"{name} has a record of brokle-migrate already, in which version {version} is not "
            f"applied, and golang-migrate's table {old.table} says that it is; nothing was changed",
            hint="if golang-migrate's table is right: "
            f"brokle-migrate --db {name} force --version {version}",
        )
    if old.version not in _versions(pairs):
        raise RevisionError(
            f"{name} is at version {version}, as golang-migrate's table {old.table} says, and no "
            f"file in {directory} has that version; nothing was changed",
            hint="update your checkout, or give the directory that golang-migrate was pointed at",
        )
    return version, False


def _dirty(name: str, old: OldRecord, pairs: Sequence[Pair], directory: Path) -> Dirty:
    """golang-migrate writes where it is going, and that it is under way, before it goes."""
    at = "nothing" if old.version is None else f"version {old.version}"
    up = next((p.up.name for p in pairs if p.version == old.version and p.up), None)
    newer = (p for p in pairs if old.version is None or p.version > old.version)
    down = next((p.down.name for p in newer if p.down), None)
    files = " or ".join(filter(None, [up, down]))
    force = -1 if old.version is None else old.version
    return Dirty(
        f"golang-migrate's table {old.table} in {name} is dirty at {at}: it was interrupted, or a "
        f"statement failed, in {files or 'a file that is gone'}; nothing was changed",
        hint="look at what that file has done, and finish or undo it by hand; then say where the "
        f"database stands: migrate -path {directory} -database URL force {force} (or the version "
        "before it), and adopt again",
    )


def _same_table(config: Config, table: str) -> ForeignLedger:
    source = next(s.source for s in config.settings if s.name == "database.migrations_table")
    return ForeignLedger(
        f"{source}: Alembic's version table would be {table}, which is golang-migrate's own; "
        "nothing was changed",
        hint=f"remove that setting, or name another table: DB_MIGRATIONS_TABLE=alembic_version; "
        f"{table} is left as it is",
    )


def _require_pointed_at(location: Path, directory: Path) -> None:
    """Refuse to take over files that nobody would look at afterwards."""
    if directory.resolve() not in {location.resolve(), (location / "versions").resolve()}:
        raise ConfigError(
            f"the ClickHouse pairs stay where they are, in {directory}, and the configuration "
            f"names {location}; nothing was changed",
            hint="point it at the pairs: clickhouse.migrations_path, CLICKHOUSE_MIGRATIONS_PATH, "
            f"or [clickhouse] script_location in alembic.ini: {directory}",
        )


def _unwritten(
    files: Iterable[tuple[Pair, NewFile]], known: Iterable[Revision]
) -> Iterator[NewFile]:
    """The revisions that are not there yet; one that is may have been edited since.

    :param known: the Alembic history.
    :raises RevisionError: it is another one than golang-migrate's.
    """
    found = {revision.id: revision for revision in known}
    others = dict(found)
    down: tuple[str, ...] = ()
    missing = []
    for pair, file in files:
        revision = found.get(str(pair.version))
        others.pop(str(pair.version), None)
        if revision is None:
            missing.append(file)
        elif revision.down != down:
            raise _elsewhere(revision, down)
        down = (str(pair.version),)
    if missing and others:
        raise _another_history(missing, list(others.values()))
    for file in missing:
        if file.path.exists() and file.path.read_text(encoding="utf-8") != file.text:
            raise RevisionError(
                f"{file.path} is there already, and is something else; nothing was changed",
                hint="move it, and adopt again",
            )
    yield from missing


def _elsewhere(revision: Revision, down: tuple[str, ...]) -> RevisionError:
    return RevisionError(
        f"{revision.path}: revision {revision.id} builds on {', '.join(revision.down) or 'nothing'}"
        f", and in golang-migrate's order on {', '.join(down) or 'nothing'}; nothing was changed",
        hint="correct its down_revision, or adopt into an empty history",
    )


def _another_history(missing: Sequence[NewFile], others: Sequence[Revision]) -> RevisionError:
    """golang-migrate's history can't be put beside another one."""
    return RevisionError(
        f"the Alembic history has revisions of its own ({others[0].path.name}, {len(others)} in "
        f"all), and of golang-migrate's it lacks {len(missing)} ({missing[0].path.name}, …); "
        "nothing was changed",
        hint="adopt into an empty history; what comes after that is made with "
        "brokle-migrate create",
    )
