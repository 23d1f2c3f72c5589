"""Every command starts with the configuration, so it imports next to nothing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
SLOW = ("alembic", "click", "psycopg", "rich", "sqlalchemy", "yaml")

PROGRAM = """
import sys
from pathlib import Path
from brokle_migrate.config import load
load(directory=Path(sys.argv[1]), environ={"DATABASE_URL": "postgres://h/db"})
print(*sorted({name.partition(".")[0] for name in sys.modules}))
"""


def imported(directory: Path) -> set[str]:
    command = [sys.executable, "-c", PROGRAM, str(directory)]
    out = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT).stdout
    return set(out.split())


@pytest.mark.parametrize("ini", [False, True])
def test_nothing_slow_is_imported(tmp_path: Path, ini: bool) -> None:
    if ini:
        (tmp_path / "alembic.ini").write_text("[alembic]\nscript_location = alembic\n")
    assert not imported(tmp_path) & set(SLOW)


def test_parsers_are_imported_where_there_is_something_to_parse(tmp_path: Path) -> None:
    assert not imported(tmp_path) & {"configparser", "tomllib"}
    (tmp_path / "config.yaml").write_text("database: {host: h}\n")
    assert imported(tmp_path) & set(SLOW) == {"yaml"}
