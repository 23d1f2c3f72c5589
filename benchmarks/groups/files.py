"""Commands that read a long history and change no database."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .. import tools
from ..measure import after
from ..rows import Comparison

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..bench import Bench
    from ..projects import History
    from ..rows import Row

HEADS = "alembic heads, Postgres only"
NOWHERE_POSTGRES = "postgresql+psycopg://nobody@127.0.0.1:1/x"
NOWHERE_CLICKHOUSE = "clickhouse://nobody@127.0.0.1:1/x"
REVISION, SQL = "alembic revision", "alembic upgrade head --sql, Postgres only"


def create(bench: Bench) -> Iterator[Row]:
    """Both new files, against Alembic's one; what was created is removed before the next."""
    for size in bench.sizes(1_000):
        project = _empty(bench, size)
        ours = "create, both files"
        commands = {
            ours: tools.ours("create", "--name", "add things"),
            REVISION: tools.alembic("revision", "-m", "add things"),
        }
        sides = {
            name: after(project.restore, bench.launcher.side(command, project.path))
            for name, command in commands.items()
        }
        yield from bench.run(sides, [Comparison(ours, ours, REVISION, goal=1.0)], size)


def dry_run(bench: Bench) -> Iterator[Row]:
    """All statements of both histories, against Alembic's offline mode for one."""
    for size in bench.sizes(1_000):
        project = _empty(bench, size)
        ours = "up --dry-run from empty, both"
        commands = {
            ours: tools.ours("up", "--dry-run"),
            SQL: tools.alembic("upgrade", "head", "--sql"),
        }
        launcher, path = bench.launcher, project.path
        sides = {name: launcher.side(command, path) for name, command in commands.items()}
        yield from bench.run(sides, [Comparison(ours, ours, SQL, goal=1.5)], size)


def check(bench: Bench) -> Iterator[Row]:
    """Every rule but those of squawk, another program, against reading one history."""
    for size in bench.sizes(5_000, quick=(1_000,)):
        project = bench.history(size, NOWHERE_POSTGRES, NOWHERE_CLICKHOUSE)
        ours = "check, both, without squawk"
        commands = {
            ours: tools.floor("check_without_squawk"),
            HEADS: tools.alembic("heads"),
        }
        sides = {name: bench.launcher.side(each, project.path) for name, each in commands.items()}
        yield from bench.run(sides, [Comparison(ours, ours, HEADS, goal=1.5)], size)


def _empty(bench: Bench, size: int) -> History:
    """A project over databases that have nothing."""
    name = bench.name()
    bench.postgres.renew(name)
    bench.clickhouse.renew(name)
    return bench.history(size, bench.postgres.url(name), bench.clickhouse.url(name))
