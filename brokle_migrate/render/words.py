"""Values as words: sizes, durations, counts, and text that is safe to print."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..environments.base import TableSize
    from ..model import Step

# Everything that moves the cursor, changes colours, reorders a line, or can't be encoded.
_UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
_UNITS = ("B", "KiB", "MiB", "GiB", "TiB", "PiB")
_MAY_BE_COMMENT = re.compile("--|//|#")
_SENTENCE = 240  # characters of a server's words that say enough
_LONG = 4000  # characters of SQL in a message; the file has the rest


def printable(text: str) -> str:
    """Text with control characters as escapes; line ends and tabs stay."""
    text = text.replace("\r\n", "\n")
    return _UNPRINTABLE.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


def one_line(text: str) -> str:
    """Text of several lines as one."""
    return " ".join(text.split())


def in_short(text: str) -> str:
    """The beginning of what a server said, on one line."""
    line = one_line(text)
    return line if len(line) <= _SENTENCE else f"{line[:_SENTENCE]}…"


def size(count: int) -> str:
    """Bytes in the largest fitting unit: ``1.2 MiB``."""
    value, units = float(count), iter(_UNITS)
    unit = next(units)
    while value >= 1000 and unit != _UNITS[-1]:
        value, unit = value / 1024, next(units)
    return f"{count} B" if unit == "B" else f"{value:.{0 if value >= 99.95 else 1}f} {unit}"


def duration(seconds: float) -> str:
    """A duration: ``12 ms``, ``3.4 s``, ``2 m 05 s``, ``1 h 02 m``."""
    if seconds < 0.00995:
        return f"{seconds * 1000:.1f} ms"
    if seconds < 0.9995:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} m {rest:02} s"
    return f"{minutes // 60} h {minutes % 60:02} m"


_AGES = ((86400, "days"), (3600, "h"), (60, "min"), (1, "s"))


def age(seconds: float) -> str:
    """How long ago, or for how long, in one unit: ``12 s``, ``4 min``, ``3 h``, ``2 days``."""
    for size, unit in _AGES:
        count = int(seconds // size)
        if count:
            return f"{count} {'day' if unit == 'days' and count == 1 else unit}"
    return "0 s"


def number(value: int) -> str:
    """A number with its thousands apart."""
    return f"{value:,}"


def counted(value: int, noun: str) -> str:
    """``1 step``, ``1,204 steps``."""
    return f"{number(value)} {noun}{'' if value == 1 else 's'}"


def more(count: int) -> str:
    """What a shortened list ends with."""
    return f"… and {number(count)} more"


def step(value: Step) -> str:
    """A step on one line: action, database, revision, message."""
    return f"{value} {one_line(value.message)}".rstrip()


def table(value: TableSize) -> str:
    """A table with its size."""
    return f"{one_line(value.name)} ({counted(value.rows, 'row')}, {size(value.bytes)})"


def path(value: Path) -> str:
    """A path as one would type it here."""
    try:
        return str(value.relative_to(Path.cwd()))
    except (ValueError, OSError):  # elsewhere; or the working directory is gone
        return str(value)


def terminated(sql: str) -> str:
    """A statement with the semicolon that ends it."""
    sql = sql.rstrip()
    if _MAY_BE_COMMENT.search(sql, sql.rfind("\n") + 1):
        return f"{sql}\n;"  # on the last line it might become part of a comment
    return sql if sql.endswith(";") else f"{sql};"


def shortened(sql: str, lines: int) -> str:
    """The first lines of a statement, and how much was left out."""
    kept = sql[:_LONG].split("\n")[:lines]
    text = "\n".join(kept)
    left = len(sql) - len(text)
    return f"{text}\n… and {counted(left, 'character')} more" if left > 0 else text
