"""``auto_migrate`` on databases that are at head, in process; and what a thousand calls leave."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .. import tools
from ..measure import Sample
from ..rows import Limit, Row, Unit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ..bench import Bench
    from ..projects import History

CURRENT = "alembic current in process, Postgres only"
FEW, MANY = 300, 1_000


def rows(bench: Bench) -> Iterator[Row]:
    """Seconds a call, without start-up and imports; peak memory after many of them."""
    for size in bench.sizes(100, 1_000, quick=(100,)):
        name = bench.name()
        project = bench.history(size, bench.postgres.url(name), bench.modern.url(name))
        bench.postgres.renew(name)
        bench.modern.renew(name)
        bench.launcher.run(tools.ours("up"), project.path)
        ours = "auto_migrate at head, both"
        sides = {
            ours: _side(bench, project, "ours", 20),
            CURRENT: _side(bench, project, "alembic", 20),
        }
        medians = bench.measure(sides, size)
        yield Row(
            ours, CURRENT, size, medians[ours].seconds, medians[CURRENT].seconds, goal=Limit(2)
        )
    yield _memory(bench, project)


def _memory(bench: Bench, project: History) -> Row:
    few, many = (_side(bench, project, "ours", calls)() for calls in (FEW, MANY))
    return Row(
        f"auto_migrate, {MANY:,} calls: memory",
        f"{FEW} calls",
        project.size,
        many.mebibytes,
        few.mebibytes,
        unit=Unit.MEMORY,
        goal=Limit(1.05),
    )


def _side(bench: Bench, project: History, which: str, calls: int) -> Callable[[], Sample]:
    command = tools.floor("at_start", which, str(calls))

    def run() -> Sample:
        whole = bench.launcher.run(command, project.path)
        return Sample(float(bench.launcher.output()), whole.mebibytes)

    return run
