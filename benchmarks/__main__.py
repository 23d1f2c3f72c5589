"""``python -m benchmarks``: run the groups, print the table."""

from __future__ import annotations

import argparse
import os
import platform
import sys
import time
from importlib.metadata import version
from typing import TYPE_CHECKING

from . import table, tools
from .bench import Bench
from .groups import GROUPS
from .measure import Failed, Skipped
from .rows import Row, growth

if TYPE_CHECKING:
    from collections.abc import Iterator

PACKAGES = ("alembic", "SQLAlchemy", "psycopg", "clickhouse-driver", "clickhouse-sqlalchemy")


def main() -> int:
    """Run what was asked for."""
    options = _options()
    began = time.perf_counter()
    with Bench(
        quick=options.quick, sizes=options.sizes, native=options.clickhouse == "native"
    ) as bench:
        rows = [row for name in options.only or GROUPS for row in _rows(name, bench)]
        rows += growth(rows)
        heading = _heading(bench)
    print(f"{heading}\n\n{table.table(rows)}\n\n{time.perf_counter() - began:.0f} s")
    return int(any(row.reason.startswith("failed") for row in rows))


def _rows(name: str, bench: Bench) -> Iterator[Row]:
    """A group's rows; one that can't be run becomes a row that says why."""
    try:
        yield from GROUPS[name](bench)
    except Skipped as reason:
        yield Row(name, "", reason=f"skipped: {reason}")
    except Failed as reason:
        yield Row(name, "", reason=f"failed: {reason}")


def _heading(bench: Bench) -> str:
    packages = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    return "\n".join(
        [
            f"{os.cpu_count()} processors, Python {platform.python_version()}, {packages}",
            *(f"server: {label}" for label in bench.servers),
            "ours / theirs: medians of whole processes in turn; ratio: ours over theirs",
        ]
    )


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="Speed as ratios against peers and floors of the same run.",
        epilog=tools.HOW_TO_DBMATE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--quick", action="store_true", help="fewer rounds and sizes")
    parser.add_argument(
        "--only", nargs="+", choices=GROUPS, metavar="NAME", help=f"of {', '.join(GROUPS)}"
    )
    parser.add_argument(
        "--sizes",
        type=_sizes,
        default=(),
        metavar="N,N",
        help="revisions per database, such as 1000,5000 (minutes per group)",
    )
    parser.add_argument(
        "--clickhouse",
        choices=("native", "gateway"),
        default="native",
        help="native: an installed server, else the gateway; gateway: always the embedded engine",
    )
    return parser.parse_args()


def _sizes(text: str) -> tuple[int, ...]:
    return tuple(int(word) for word in text.split(","))


if __name__ == "__main__":
    sys.exit(main())
