"""Histories of a given length, for every tool that competes."""

from __future__ import annotations

import compileall
import datetime
import shutil
from typing import TYPE_CHECKING

from tests.support.process import ROOT
from tests.support.project import Project

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

START = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)
DBMATE_FILE = "-- migrate:up\n{up};\n\n-- migrate:down\n{down};\n"


def versions(size: int) -> Iterator[str]:
    """As many 14-digit versions, an hour apart."""
    for number in range(size):
        yield (START + datetime.timedelta(hours=number)).strftime("%Y%m%d%H%M%S")


def postgres_statement(number: int) -> str:
    """What a Postgres revision runs."""
    return f"CREATE TABLE table_{number} (id bigint)"


def clickhouse_statement(number: int) -> str:
    """What a ClickHouse pair runs; nothing that ``check`` would print ten thousand notes of."""
    table = f"table_{number} (id UInt64)"
    return f"CREATE TABLE IF NOT EXISTS {table} ENGINE = MergeTree ORDER BY id"


class History(Project):
    """A project with so many one-statement revisions in each configured database.

    :ivar size: how many.
    """

    def __init__(
        self,
        path: Path,
        size: int,
        postgres_url: str | None = None,
        clickhouse_url: str | None = None,
    ) -> None:
        super().__init__(path, postgres_url, clickhouse_url)
        self.size = size
        if postgres_url is not None:
            self._add_revisions()
        if clickhouse_url is not None:
            self._add_pairs()
        self._files = self._written()

    def _add_revisions(self) -> None:
        for number, version in enumerate(versions(self.size)):
            up, down = postgres_statement(number), f"DROP TABLE table_{number}"
            self.add_revision(version, up, down, message=f"create table {number}")
        compileall.compile_dir(self.path / "alembic", quiet=1)

    def _add_pairs(self) -> None:
        for name in ("env.py", "script.up.sql.mako", "script.down.sql.mako"):
            origin = ROOT / "migrations_clickhouse" / name
            shutil.copy(origin, self.path / "migrations_clickhouse" / name)
        for number, version in enumerate(versions(self.size)):
            up, down = clickhouse_statement(number), f"DROP TABLE IF EXISTS table_{number}"
            self.add_pair(version, f"create_table_{number}", f"{up};\n", f"{down};\n")
            text = DBMATE_FILE.format(up=up, down=down)
            self.write(f"dbmate/{version}_create_table_{number}.sql", text)

    def restore(self) -> None:
        """Remove what was created since."""
        for path in self._written() - self._files:
            path.unlink()

    def _written(self) -> set[Path]:
        return {*self.postgres_versions.glob("*.py"), *self.clickhouse_versions.glob("*.sql")}
