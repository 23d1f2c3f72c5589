"""Start-up: nothing but the command line itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .. import tools
from ..rows import Comparison

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..bench import Bench
    from ..rows import Row

FLOOR = "bare click script --help"
PEER = "alembic --help"
COMPARISONS = (
    Comparison("--help", "--help", FLOOR, goal=1.4),
    Comparison("--version", "--version", FLOOR, goal=1.4),
    Comparison("--help", "--help", PEER),
)


def rows(bench: Bench) -> Iterator[Row]:
    """``--help`` and ``--version``."""
    commands = {
        "--help": tools.ours("--help"),
        "--version": tools.ours("--version"),
        FLOOR: tools.floor("bare_click", "--help"),
        PEER: tools.alembic("--help"),
    }
    sides = {name: bench.launcher.side(each, bench.scratch) for name, each in commands.items()}
    yield from bench.run(sides, COMPARISONS)
