"""The splitter: speed against sqlglot's tokenizer, growth of time and memory with the text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .. import tools
from ..measure import Sample
from ..rows import Limit, Row, Unit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ..bench import Bench

SQLGLOT = "sqlglot's tokenizer in Python, a MB"
SMALL, LARGE = 1, 20


def rows(bench: Bench) -> Iterator[Row]:
    """Seconds inside one process, without start-up and imports."""
    medians = bench.measure(
        {
            "ours": _side(bench, "ours", SMALL),
            "large": _side(bench, "ours", LARGE),
            SQLGLOT: _side(bench, "sqlglot", SMALL),
        }
    )
    small, large = medians["ours"], medians["large"]
    yield Row(
        "splitting, a MB",
        SQLGLOT,
        ours=small.seconds,
        peer=medians[SQLGLOT].seconds,
        goal=Limit(25, at_least=True),
    )
    yield Row(
        f"splitting, {LARGE} MB",
        "itself with 1 MB",
        ours=large.seconds,
        peer=small.seconds,
        goal=Limit(LARGE * 1.1),
    )
    yield Row(
        f"splitting, {LARGE} MB: memory above 1 MB's",
        f"the text, {LARGE - SMALL} MB",
        ours=large.mebibytes - small.mebibytes,
        peer=(LARGE - SMALL) * 1e6 / 2**20,
        unit=Unit.MEMORY,
        goal=Limit(6),
    )


def _side(bench: Bench, splitter: str, megabytes: int) -> Callable[[], Sample]:
    command = tools.floor("split", splitter, str(megabytes))

    def run() -> Sample:
        whole = bench.launcher.run(command, bench.scratch)
        return Sample(float(bench.launcher.output()), whole.mebibytes)

    return run
