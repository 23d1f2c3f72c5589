"""What ``check`` has found, for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..model import Level
from .blocks import Line, Tone
from .states import finding_tone
from .words import duration, path

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ..checked import Checked, Rehearsed
    from ..model import Finding


def checked_page(checked: Checked, *, verbose: bool = False) -> Iterator[Line]:
    """Every finding with its place first, as compilers print them; then how many there are.

    :param verbose: show what is allowed, too.
    """
    for finding in checked.findings:
        yield from _finding(finding)
    for each in checked.silenced if verbose else ():
        yield Line(f"{_where(each.finding)}{each.finding.id} is allowed: {each.reason}", Tone.QUIET)
    for sentence in checked.unverified:
        yield Line(f"not checked: {sentence}", Tone.WARN)
    if checked.rehearsed is not None:
        yield Line(_rehearsal(checked.rehearsed))
    if checked.live is not None:
        names = " and ".join(checked.live) or "no database"
        yield Line(f"compared {names} with what the history makes")
    yield Line(summary(checked), Tone.BAD if checked.exit_code else Tone.GOOD)


def summary(checked: Checked) -> str:
    """``12 postgres revisions, 17 clickhouse revisions: 2 errors, 1 warning``."""
    looked_at = ", ".join(
        _count(number, f"{name} revision") for name, number in checked.revisions.items()
    )
    if checked.since is not None:
        looked_at += f", {_count(checked.since.files, 'file')} changed since {checked.since.ref}"
    counts = {level: sum(f.level is level for f in checked.findings) for level in reversed(Level)}
    found = ", ".join(_count(n, _words(level)) for level, n in counts.items() if n)
    allowed = f", {len(checked.silenced)} allowed" if checked.silenced else ""
    return f"{looked_at}: {found or 'nothing found'}{allowed}"


def _rehearsal(steps: Sequence[Rehearsed]) -> str:
    """``rehearsed 87 steps in 6.1 s, the slowest postgres 20250101 (upgrade) in 0.4 s``."""
    taken = duration(sum(step.duration for step in steps))
    slowest = max(steps, key=lambda step: step.duration, default=None)
    if slowest is None:
        return "rehearsed nothing"
    which = f"{slowest.environment} {slowest.revision} ({slowest.action})"
    longest = duration(slowest.duration)
    return f"rehearsed {_count(len(steps), 'step')} in {taken}, the slowest {which} in {longest}"


def _words(level: Level) -> str:
    return "note" if level is Level.INFO else level.value


def _finding(finding: Finding) -> Iterator[Line]:
    words = f"{_words(finding.level)} {finding.id}: {finding.message}"
    yield Line(f"{_where(finding)}{words}", finding_tone(finding))
    if finding.hint:
        yield Line(f"  hint: {finding.hint}", Tone.NEXT)


def _where(finding: Finding) -> str:
    place = finding.location
    if place is None:
        return f"{finding.environment}: "
    return f"{path(place.path)}:{place.line}:{place.column}: "


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
