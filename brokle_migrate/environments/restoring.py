"""Schema dumps, as ``brokle-migrate dump`` writes them, into engines that are thrown away."""

from __future__ import annotations

import re
import subprocess
from typing import TYPE_CHECKING

from ..errors import ConfigError
from ..model import CLICKHOUSE, POSTGRES
from .clickhouse_schema import unreplicated

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from pathlib import Path

    from ..config import DatabaseUrl

# The first line of a dump; see dump_text.
_HEADER = re.compile(
    r"-- The schema of the (Postgres|ClickHouse) database, as `brokle-migrate dump`"
)
_PSQL = ("--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1")


def database_of(path: Path) -> str:
    """Which database a dump is of.

    :raises ConfigError: it can't be read, or is no dump of ours: another one has no record of what
        is applied, and the history could not go on from there.
    """
    try:
        with path.open(encoding="utf-8") as file:
            first = file.readline()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} can't be read: {error}") from error
    found = _HEADER.match(first)
    if found is None:
        raise ConfigError(
            f"{path} is no schema that brokle-migrate dump wrote, so what is applied in it is not "
            "known",
            hint="write one from the live databases: brokle-migrate dump --out DIR",
        )
    return POSTGRES if found[1] == "Postgres" else CLICKHOUSE


def by_database(paths: Sequence[Path], names: Collection[str]) -> dict[str, Path]:
    """The dump of each database.

    :param names: the databases that are there to take one.
    :raises ConfigError: one can't be read, is no dump of ours, is of another database, or there
        are two of the same.
    """
    found: dict[str, Path] = {}
    for path in paths:
        name = database_of(path)
        if name not in names:
            raise ConfigError(
                f"{path} is a schema of {name}, which is not rehearsed",
                hint=f"leave it out, or have {name} rehearsed, too: --db",
            )
        if name in found:
            raise ConfigError(
                f"{found[name]} and {path} are both a schema of {name}",
                hint="a rehearsal begins with one for each database",
            )
        found[name] = path
    return found


def restore(path: Path, url: DatabaseUrl) -> None:
    """Load a dump into an empty embedded database.

    :raises ConfigError: a statement of it was refused.
    """
    if database_of(path) == POSTGRES:
        _into_postgres(path, url)
    else:
        _into_clickhouse(path, url)


def _into_postgres(path: Path, url: DatabaseUrl) -> None:
    from ..embedded.postgres import bin_path, start

    assert url.directory is not None
    command = [str(bin_path("psql")), *_PSQL, f"--dbname={start(url.directory)}", f"--file={path}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise _refused(path, done.stderr.strip())


def _into_clickhouse(path: Path, url: DatabaseUrl) -> None:
    from ..sqltext import split
    from .drivers import ServerError, connect

    driver = connect(url, {})
    try:
        for statement in split(path.read_text(encoding="utf-8"), path):
            try:
                driver.execute(unreplicated(statement.text))
            except ServerError as error:
                raise _refused(path, f"{statement.location}: {error.message}") from error
    finally:
        driver.close()


def _refused(path: Path, words: str) -> ConfigError:
    return ConfigError(
        f"{path} could not be loaded: {words}",
        hint="is there something in it that the embedded engine does not have?",
    )
