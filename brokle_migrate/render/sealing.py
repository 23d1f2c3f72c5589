"""What became of the lock file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .blocks import Line, Tone
from .words import number, path

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..lockfile import Change, Sealed

_SEAL = "brokle-migrate check --update-lock"


def sealed_page(sealed: Sealed) -> Iterator[Line]:
    """Each change that ``--update-lock`` makes, then what became of the file."""
    name = path(sealed.path)
    for flaw in sealed.repaired:
        yield Line(f"{name}:{flaw.line}: {flaw.message}", Tone.WARN)
    for change in sealed.changes:
        yield Line(_words(change), Tone.WARN if change.what in {"edited", "gone"} else Tone.PLAIN)
    entries = "1 entry" if sealed.entries == 1 else f"{number(sealed.entries)} entries"
    if not sealed.differs:
        yield Line(f"{name} fits the files: {entries}", Tone.GOOD)
    elif sealed.written:
        yield Line(f"{name} is written: {entries}", Tone.GOOD)
    else:
        yield Line(f"{name} would be written: {entries}", Tone.PLAIN)


def added_remarks(sealed: Sealed) -> Iterator[Line]:
    """What to know of the lock file after ``create``."""
    name = path(sealed.path)
    if sealed.repaired:
        flaw = sealed.repaired[0]
        line = f", line {flaw.line}" if flaw.line else ""
        yield Line(f"{name} was left alone{line}: {flaw.message}", Tone.WARN)
        yield Line(f"hint: put it in order, then: {_SEAL}", Tone.NEXT)
    elif not sealed.changes:
        yield Line(f"{name} does not have it: the files are not in order", Tone.WARN)
        yield Line(f"hint: brokle-migrate check, then: {_SEAL}", Tone.NEXT)
    else:
        yield Line(f"{name} has it; once you have written the SQL: {_SEAL}", Tone.QUIET)


def sealed_data(sealed: Sealed) -> dict[str, Any]:
    """What became of the lock file, for JSON."""
    return {
        "path": str(sealed.path),
        "written": sealed.written and sealed.differs,
        "differs": sealed.differs,
        "entries": sealed.entries,
        "changes": [
            {
                "what": change.what,
                "environment": change.entry.environment,
                "revision": change.entry.id,
                "files": list(change.files),
            }
            for change in sealed.changes
        ],
        "flaws": [{"line": flaw.line, "message": flaw.message} for flaw in sealed.repaired],
    }


def _words(change: Change) -> str:
    files = f" ({', '.join(change.files)})" if change.files else ""
    return f"{change.what:<6}  {change.entry.words}{files}"
