"""The commands of an ALTER TABLE.

The grammar is that of ``ParserAlterQuery.cpp``
(https://github.com/ClickHouse/ClickHouse/tree/master/src/Parsers).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .creations import Column, column
from .deeds import Act
from .kinds import cluster
from .words import Words

if TYPE_CHECKING:
    from collections.abc import Iterator

_PARTS = ("COLUMN", "INDEX", "PROJECTION", "CONSTRAINT", "STATISTICS")
_VERBS = (
    *(f"{verb} {part}" for verb in ("ADD", "DROP", "CLEAR", "MATERIALIZE") for part in _PARTS),
    *(f"{verb} {part}" for verb in ("MODIFY", "RENAME", "COMMENT", "ALTER") for part in ["COLUMN"]),
    "MODIFY ORDER BY",
    "MODIFY SAMPLE BY",
    "MODIFY PRIMARY KEY",
    "MODIFY PARTITION BY",
    "MODIFY TTL",
    "MODIFY SETTING",
    "MODIFY QUERY",
    "MODIFY REFRESH",
    "MODIFY COMMENT",
    "MODIFY SQL SECURITY",
    "MODIFY DEFINER",
    "MODIFY STATISTICS",
    "MODIFY DATABASE",
    "REMOVE TTL",
    "REMOVE SAMPLE BY",
    "RESET SETTING",
    "MATERIALIZE TTL",
    "UPDATE",
    "DELETE",
    "DROP DETACHED PARTITION",
    "DROP DETACHED PART",
    *(
        f"{verb} {part}"
        for verb in ("DROP", "DETACH", "ATTACH", "REPLACE", "MOVE", "FETCH", "FORGET")
        for part in ("PARTITION", "PART")
    ),
    "FREEZE",
    "UNFREEZE",
    "APPLY DELETED MASK",
    "APPLY PATCHES",
    "REWRITE PARTS",
)
_BY_FIRST: dict[str, list[str]] = {}
for _verb in sorted(_VERBS, key=len, reverse=True):
    _BY_FIRST.setdefault(_verb.split()[0], []).append(_verb)
_NAMED = frozenset(f" {part}" for part in _PARTS)


@dataclass(frozen=True, slots=True)
class Command(Act):
    """One command of an ALTER TABLE.

    :ivar verb: in capitals, ``ADD COLUMN`` for instance; empty where it is not known.
    :ivar name: of the column, index, projection or constraint.
    :ivar conditional: whether IF EXISTS or IF NOT EXISTS is there.
    :ivar rest: the tokens behind that.
    :ivar settings: those behind the whole statement.
    """

    table: str
    verb: str
    name: str = ""
    conditional: bool = False
    rest: tuple[str, ...] = ()
    settings: tuple[str, ...] = ()

    @property
    def column(self) -> Column:
        """What it says of a column."""
        return column(self.name, Words(list(self.rest)))

    @property
    def new_name(self) -> str:
        """What RENAME COLUMN makes of the name."""
        words = Words(list(self.rest))
        return words.name() if words.take("TO") else ""


def commands(words: Words) -> Iterator[Command]:
    """Read what follows ALTER TABLE."""
    words.take("IF EXISTS")
    table = words.name()
    cluster(words)
    parts, settings = _separated(words)
    for part in parts:
        yield _command(table, part, settings)


def _separated(words: Words) -> tuple[list[list[str]], tuple[str, ...]]:
    """The tokens of each command, and the settings behind them.

    An UPDATE has commas of its own, so what does not begin with a verb belongs to what is before.
    """
    found: list[list[str]] = []
    part: list[str] = []
    while words.word:
        if words.word == "SETTINGS":
            words.next()
            settings = tuple(words.rest)
            break
        if words.take(","):
            _add(found, part)
            part = []
        else:
            part += words.group() or [words.next()]
    else:
        settings = ()
    _add(found, part)
    return found, settings


def _add(found: list[list[str]], part: list[str]) -> None:
    bare = part[1:-1] if part[:1] == ["("] and part[-1:] == [")"] else part
    if found and bare and bare[0].upper() not in _BY_FIRST:
        found[-1] += [",", *bare]
    elif bare:
        found.append(bare)


def _command(table: str, part: list[str], settings: tuple[str, ...]) -> Command:
    words = Words(part)
    verb = words.take_one(*_BY_FIRST.get(words.word, ()))
    if verb == "ALTER COLUMN":
        verb = "MODIFY COLUMN"
    if not any(verb.endswith(each) for each in _NAMED):
        return Command(table, verb, rest=tuple(words.rest), settings=settings)
    conditional = words.take("IF EXISTS") or words.take("IF NOT EXISTS")
    name = words.name()
    words.take("TYPE")
    return Command(table, verb, name, conditional, tuple(words.rest), settings)
