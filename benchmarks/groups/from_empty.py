"""From empty databases to head."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from .. import tools
from ..measure import Skipped, after, one_after_the_other
from ..rows import Comparison, Row

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ..bench import Bench
    from ..measure import Sample
    from ..projects import History
    from ..servers import ClickHouse

ALEMBIC, DBMATE = "alembic upgrade head", "dbmate up"
PAIR = "alembic upgrade head, then dbmate up"
POSTGRES_FLOOR = "bare psycopg loop, one transaction, version rows"
CLICKHOUSE_FLOOR = "bare loop, same driver: DDL and one MergeTree row each"


def postgres(bench: Bench) -> Iterator[Row]:
    """Postgres alone, against Alembic and a bare loop."""
    for size in bench.sizes(200, 1_000):
        name = bench.name()
        url = bench.postgres.url(name)
        project = bench.history(size, url)
        ours = "up from empty, Postgres"
        commands = {
            ours: tools.ours("up"),
            ALEMBIC: tools.alembic("upgrade", "head"),
            POSTGRES_FLOOR: tools.floor("postgres_loop", url, str(size)),
        }
        comparisons = [
            Comparison(ours, ours, ALEMBIC, goal=1.05),
            Comparison(ours, ours, POSTGRES_FLOOR),
        ]
        sides = _sides(bench, project, commands, partial(bench.postgres.renew, name))
        yield from bench.run(sides, comparisons, size)


def clickhouse(bench: Bench) -> Iterator[Row]:
    """ClickHouse alone, on every kind of server, against dbmate and a bare loop."""
    for server in bench.clickhouses:
        for size in bench.sizes(200, 1_000, quick=(200,)):
            yield from _clickhouse(bench, server, size)


def _clickhouse(bench: Bench, server: ClickHouse, size: int) -> Iterator[Row]:
    name = bench.name()
    project = bench.history(size, clickhouse_url=server.url(name))
    ours = f"up from empty, {server.label}"
    commands = {
        ours: tools.ours("up"),
        CLICKHOUSE_FLOOR: tools.floor("clickhouse_loop", server.url(name), str(size)),
    }
    comparisons = [Comparison(ours, ours, CLICKHOUSE_FLOOR)]
    try:
        commands[DBMATE] = _dbmate(server, name)
        comparisons.insert(0, Comparison(ours, ours, DBMATE, goal=1.0))
    except Skipped as reason:
        yield Row(ours, DBMATE, size, reason=f"skipped: {reason}")
    sides = _sides(bench, project, commands, partial(server.renew, name))
    yield from bench.run(sides, comparisons, size)


def both(bench: Bench) -> Iterator[Row]:
    """Both databases, against the two tools that would do it one after the other."""
    server = bench.modern
    for size in bench.sizes(1_000, quick=(200,)):
        name = bench.name()
        project = bench.history(size, bench.postgres.url(name), server.url(name))
        ours = "up from empty, both"
        run = _runner(bench, project, partial(_renew_both, bench, server, name))
        pair = one_after_the_other(
            run(tools.alembic("upgrade", "head")),
            bench.launcher.side(_dbmate(server, name), project.path),
        )
        sides = {ours: run(tools.ours("up")), PAIR: pair}
        yield from bench.run(sides, [Comparison(ours, ours, PAIR, goal=1.0)], size)


def _dbmate(server: ClickHouse, name: str) -> list[str]:
    return tools.dbmate("--migrations-dir", "dbmate", "--url", server.dbmate_url(name), "up")


def _renew_both(bench: Bench, server: ClickHouse, name: str) -> None:
    bench.postgres.renew(name)
    server.renew(name)


def _sides(
    bench: Bench, project: History, commands: dict[str, list[str]], renew: Callable[[], None]
) -> dict[str, Callable[[], Sample]]:
    run = _runner(bench, project, renew)
    return {name: run(command) for name, command in commands.items()}


def _runner(
    bench: Bench, project: History, renew: Callable[[], None]
) -> Callable[[list[str]], Callable[[], Sample]]:
    """What makes a side of a command: renew the databases, then run it."""
    return lambda command: after(renew, bench.launcher.side(command, project.path))
