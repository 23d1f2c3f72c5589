"""The commands that compete: ours, the peers, and the bare loops."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from .measure import Skipped

HERE = Path(__file__).parent
DBMATE = "BENCH_DBMATE"

HOW_TO_DBMATE = f"""\
dbmate is a native binary that npm delivers.  It is taken from the file that {DBMATE} names, from
benchmarks/.peers or from PATH; without it, its rows are skipped:

  npm install --prefix benchmarks/.peers dbmate
"""


def script(name: str) -> str:
    """A console script that is installed beside this Python."""
    path = Path(sys.executable).with_name(name)
    if not path.exists():
        raise Skipped(f"{path} is not installed")
    return str(path)


def ours(*words: str) -> list[str]:
    """Our command."""
    return [script("brokle-migrate"), *words]


def alembic(*words: str) -> list[str]:
    """Alembic's."""
    return [script("alembic"), *words]


def floor(name: str, *words: str) -> list[str]:
    """A bare script of ``benchmarks/floors``."""
    return [sys.executable, str(HERE / "floors" / f"{name}.py"), *words]


def dbmate(*words: str) -> list[str]:
    """dbmate's command, with its schema dump off.

    :raises Skipped: it is not installed.
    """
    named = os.environ.get(DBMATE)
    packaged = sorted((HERE / ".peers" / "node_modules" / "@dbmate").glob("*/bin/dbmate"))
    found = named or next(map(str, packaged), None) or shutil.which("dbmate")
    if found is None:
        raise Skipped("dbmate is not installed (see --help)")
    return [found, "--no-dump-schema", "--env-file", os.devnull, *words]
