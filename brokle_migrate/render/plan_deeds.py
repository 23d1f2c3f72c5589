"""What the SQL of a planned step does, without what only surrounds a revision."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..model import POSTGRES
from ..sqltext import Doing, doings, records_version
from . import words

if TYPE_CHECKING:
    from ..proposal import Directive, Loss, ProposedStep, Size

_AROUND = frozenset(("BEGIN", "COMMIT"))
OVERWRITES = "UPDATE"
"""What begins so changes values, and no way back knows the old ones."""


def is_bookkeeping(step: ProposedStep, text: str) -> bool:
    """Whether a statement opens or ends a transaction, or records the version."""
    return step.environment == POSTGRES and (text in _AROUND or records_version(text))


def statement_doings(step: ProposedStep, text: str) -> tuple[Doing, ...]:
    """What a statement does, leaving out what only surrounds a revision."""
    if is_bookkeeping(step, text):
        return ()
    return doings(text)


def summary(step: ProposedStep, text: str) -> str:
    """What a statement does, on one line: ``users: DROP COLUMN note``."""
    if text in _AROUND:
        return "transaction"
    found = statement_doings(step, text)
    if not found:
        return "record of the version"
    return ", ".join(
        f"{each.subject}: {each.what}" if each.subject else each.what for each in found
    )


def overwritten(step: ProposedStep) -> list[str]:
    """The tables whose values a step changes, which no way back brings back."""
    subjects = (
        doing.subject
        for text in step.statements
        for doing in statement_doings(step, text)
        if doing.what.startswith(OVERWRITES)
    )
    return list(dict.fromkeys(subjects))


def known_as(subject: str, sizes: dict[str, Size]) -> str:
    """The name under which the size of a table is known."""
    bare = subject.rpartition(".")[2]
    return next((name for name in (subject, bare) if name in sizes), subject)


def owner(lost: Loss) -> str:
    """The table of something that is destroyed."""
    inside = lost.kind in {"column", "attribute", "partition", "detached partition"}
    return lost.name.rpartition(".")[0] if inside and "." in lost.name else lost.name


def sized(size: Size) -> str:
    """A table with its size."""
    return f"{size.name} ({words.counted(size.rows, 'row')}, {words.size(size.bytes)})"


def directive(each: Directive) -> str:
    """What a file says about how a statement runs."""
    parts = [*each.settings]
    if each.timeout is not None:
        parts.append(f"timeout {words.duration(each.timeout)}")
    if not each.wait:
        parts.append("its mutation is not waited for")
    return ", ".join(parts)
