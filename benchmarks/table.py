"""The one table."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from .rows import Unit

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from .rows import Row

HEADINGS = ("operation", "size", "ours", "against", "theirs", "ratio", "goal", "verdict")
TO_THE_RIGHT = {"size", "ours", "theirs", "ratio", "goal"}


def table(rows: Sequence[Row]) -> str:
    """All rows, in columns."""
    lines = [HEADINGS, *map(_cells, rows)]
    widths = [max(len(line[n]) for line in lines) for n in range(len(HEADINGS))]
    rule = tuple("-" * width for width in widths)
    return "\n".join(_line(line, widths) for line in [lines[0], rule, *lines[1:]])


def _line(cells: Iterable[str], widths: Sequence[int]) -> str:
    padded = (
        cell.rjust(width) if heading in TO_THE_RIGHT else cell.ljust(width)
        for heading, cell, width in zip(HEADINGS, cells, widths, strict=True)
    )
    return "  ".join(padded).rstrip()


def _cells(row: Row) -> tuple[str, ...]:
    return (
        row.operation,
        f"{row.size:,}" if row.size else "",
        _number(row.ours, row.unit),
        row.against,
        _number(row.peer, row.unit),
        "" if math.isnan(row.ratio) else f"{row.ratio:.2f}",
        str(row.goal or ""),
        row.verdict,
    )


def _number(value: float, unit: Unit) -> str:
    if math.isnan(value):
        return ""
    if unit is Unit.MEMORY:
        return f"{value:.0f} MiB"
    return f"{value:.2f} s" if value >= 1 else f"{1000 * value:.0f} ms"
