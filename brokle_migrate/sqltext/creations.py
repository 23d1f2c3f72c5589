"""What a ClickHouse statement creates.

The grammar is that of ``ParserCreateQuery.cpp`` and ``ParserStorage``
(https://github.com/ClickHouse/ClickHouse/tree/master/src/Parsers).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .deeds import Act
from .kinds import VIEWS, cluster, kind_of
from .words import Words

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_CLAUSES = (
    "TO",
    "ENGINE",
    "ORDER BY",
    "PARTITION BY",
    "PRIMARY KEY",
    "SAMPLE BY",
    "TTL",
    "SETTINGS",
    "COMMENT",
    "POPULATE",
    "REFRESH",
    "CLONE AS",
    "AS",
)
_FIRST = frozenset(clause.split()[0] for clause in _CLAUSES)
_NO_COLUMNS = frozenset(("INDEX", "CONSTRAINT", "PROJECTION", "PRIMARY"))
_AFTER_TYPE = frozenset(
    (
        "DEFAULT",
        "MATERIALIZED",
        "ALIAS",
        "EPHEMERAL",
        "CODEC",
        "TTL",
        "COMMENT",
        "STATISTICS",
        "COLLATE",
        "PRIMARY",
        "SETTINGS",
        "AFTER",
        "FIRST",
        "REMOVE",
        "MODIFY",
        "RESET",
        "ADD",
        "NOT",
        "NULL",
    )
)
_DEFAULTS = frozenset(("DEFAULT", "MATERIALIZED", "ALIAS", "EPHEMERAL"))


@dataclass(frozen=True, slots=True)
class Column:
    """A column as it is declared.

    :ivar type: its tokens; none where only something else is said of the column.
    :ivar has_default: whether it says what is in it where nothing was inserted.
    :ivar rest: the tokens behind the type.
    """

    name: str
    type: tuple[str, ...]
    has_default: bool = False
    rest: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Creation(Act):
    """CREATE, ATTACH or REPLACE.

    :ivar kind: in capitals.
    :ivar conditional: whether IF NOT EXISTS is there.
    :ivar replaces: whether it takes the place of what has that name.
    :ivar inside: the tokens in brackets behind the name: columns, indexes and so on.
    :ivar clauses: tokens by keyword: ENGINE, ORDER BY and so on.
    :ivar target: the table that a materialized view writes to; empty for one of its own.
    :ivar query: the tokens of the query that it has, or that it is filled from.
    :ivar populates: whether POPULATE is there.
    """

    kind: str
    name: str
    conditional: bool = False
    replaces: bool = False
    temporary: bool = False
    inside: tuple[str, ...] = ()
    clauses: Mapping[str, list[str]] = field(default_factory=dict)
    target: str = ""
    query: tuple[str, ...] = ()
    populates: bool = False

    @property
    def is_view(self) -> bool:
        """Whether it is a view of any kind."""
        return self.kind in VIEWS

    @property
    def columns(self) -> Iterator[Column]:
        """Those that are declared, read anew each time."""
        for part in Words(list(self.inside)).parts():
            if part.word and part.word not in _NO_COLUMNS:
                yield column(part.name(), part)

    @property
    def engine(self) -> str:
        """The engine's name as it is written."""
        words = Words(self.clauses.get("ENGINE", []))
        words.take("=")
        return words.next()


def creation(words: Words, *, replaces: bool = False) -> Creation | None:
    """Read what follows the first word.

    :return: None for users, roles and the like.
    """
    replaces = words.take("OR REPLACE") or replaces
    temporary = words.take("TEMPORARY")
    kind = kind_of(words)
    if not kind:
        return None
    conditional = words.take("IF NOT EXISTS")
    name = words.name()
    if words.take("UUID"):
        words.next()
    cluster(words)
    inside = words.group()
    clauses, target, query = _clauses(words)
    return Creation(
        kind,
        name,
        conditional,
        replaces,
        temporary,
        tuple(inside[1:-1]),
        clauses,
        target,
        tuple(query),
        "POPULATE" in clauses,
    )


def _clauses(words: Words) -> tuple[dict[str, list[str]], str, list[str]]:
    """Clauses by keyword, the target, and the query."""
    found: dict[str, list[str]] = {}
    target = ""
    current: list[str] = []
    while words.word:
        clause = words.take_one(*_CLAUSES) if words.word in _FIRST else ""
        if clause in {"AS", "CLONE AS"}:
            return found, target, words.rest
        if clause == "TO" and not target:
            target = words.name()
            current = []
        elif clause:
            current = found.setdefault(clause, [])
        else:
            current += words.group() or [words.next()]
    return found, target, []


def column(name: str, words: Words) -> Column:
    """Read a declaration, or what MODIFY COLUMN says, behind the name."""
    type_: list[str] = []
    while words.word and words.word not in _AFTER_TYPE:
        type_ += words.group() or [words.next()]
    rest = tuple(words.rest)
    words.take("NOT NULL")
    if words.take("NULL"):
        type_ = ["Nullable", "(", *type_, ")"]
    return Column(name, tuple(type_), words.word in _DEFAULTS, rest)
