"""The rows of the table, group by group; a group is a generator of rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import at_start, files, from_empty, nothing, splitter, startup

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ..bench import Bench
    from ..rows import Row

GROUPS: dict[str, Callable[[Bench], Iterator[Row]]] = {
    "startup": startup.rows,
    "nothing": nothing.rows,
    "at-start": at_start.rows,
    "postgres": from_empty.postgres,
    "clickhouse": from_empty.clickhouse,
    "both": from_empty.both,
    "create": files.create,
    "dry-run": files.dry_run,
    "check": files.check,
    "splitter": splitter.rows,
}
