"""Nothing to do: both databases are at head, and the command has to find that out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .. import tools
from ..rows import LARGE, Comparison, Unit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..bench import Bench
    from ..projects import History
    from ..rows import Row

UP, STATUS = "up, nothing to do, both", "status, both"
UPGRADE, CURRENT = "alembic upgrade head, Postgres only", "alembic current, Postgres only"


def rows(bench: Bench) -> Iterator[Row]:
    """``status`` and ``up``, both databases, against Alembic on the Postgres half of it."""
    for size in bench.sizes(100, 1_000):
        project = _at_head(bench, size)
        commands = {
            STATUS: tools.ours("status"),
            UP: tools.ours("up"),
            UPGRADE: tools.alembic("upgrade", "head"),
        }
        if size >= LARGE:
            commands[CURRENT] = tools.alembic("current")
        launcher, path = bench.launcher, project.path
        sides = {name: launcher.side(each, path) for name, each in commands.items()}
        yield from bench.run(sides, _comparisons(size), size)


def _at_head(bench: Bench, size: int) -> History:
    """A project whose databases have everything."""
    name = bench.name()
    bench.postgres.renew(name)
    bench.clickhouse.renew(name)
    project = bench.history(size, bench.postgres.url(name), bench.clickhouse.url(name))
    bench.launcher.run(tools.ours("up"), project.path)
    return project


def _comparisons(size: int) -> Iterator[Comparison]:
    for ours in (STATUS, UP):
        yield Comparison(ours, ours, UPGRADE, goal=1.15)
        yield Comparison(f"{ours}: peak memory", ours, UPGRADE, goal=1.4, unit=Unit.MEMORY)
        if size >= LARGE:
            yield Comparison(ours, ours, CURRENT, goal=0.25)
