"""Rules about the SQL that Postgres revisions emit.  Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..model import POSTGRES, Finding, Level, Location
from .rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

OFFLINE = Rule("PG004", Level.INFO, "a revision that can't run offline")
UNREAD = Rule("PG009", Level.WARNING, "SQL that squawk can't read")
RULES = (OFFLINE, UNREAD)

TOOL = "squawk"
SYNTAX = "syntax-error"


@dataclass(frozen=True, slots=True)
class Emitted:
    """The SQL of one revision.

    :ivar path: of its module.
    :ivar statements: in order, without semicolons.
    :ivar lines: of the module, from which each was emitted.
    :ivar note: why there may be more.
    """

    path: Path
    statements: tuple[str, ...]
    lines: tuple[int, ...]
    note: str = ""

    def script(self) -> tuple[str, tuple[int, ...]]:
        """It as one text in a transaction, and the line of the module for each line of it."""
        text, lines = ["BEGIN;"], [1]
        for statement, line in zip(self.statements, self.lines, strict=True):
            written = [*statement.split("\n"), ";"]  # it may end in a comment
            text += written
            lines += [line] * len(written)
        return "\n".join((*text, "COMMIT;", "")), (*lines, 1)


@dataclass(frozen=True, slots=True)
class Complaint:
    """What squawk says of a line.

    :ivar path: of the module.
    :ivar line: of the module.
    """

    path: Path
    line: int
    rule: str
    message: str
    help: str = ""


def offline_findings(emitted: Iterable[Emitted]) -> Iterator[Finding]:
    """The revisions whose SQL is not known to its end."""
    for each in emitted:
        if each.note:
            yield OFFLINE.finding(POSTGRES, each.note, location=Location(each.path, 1, 1))


def squawk_findings(complaints: Iterable[Complaint]) -> Iterator[Finding]:
    """What squawk says as findings, once for each place."""
    seen: Mapping[tuple[Path, int, str], Complaint] = {
        (each.path, each.line, each.rule): each for each in complaints
    }
    for each in seen.values():
        place = Location(each.path, each.line, 1)
        if each.rule == SYNTAX:
            yield UNREAD.finding(POSTGRES, f"squawk can't read its SQL: {each.message}", "", place)
        else:
            rule = f"{TOOL}/{each.rule}"
            yield Finding(rule, Level.WARNING, POSTGRES, each.message, each.help, place)
