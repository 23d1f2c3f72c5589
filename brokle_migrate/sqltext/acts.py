"""What a ClickHouse statement does, as values that rules can look at.

The grammar is that of the parsers in https://github.com/ClickHouse/ClickHouse/tree/master/src/Parsers,
as far as a rule needs it.  Both what people write and what ``formatQuery`` makes of it can be read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .alterations import Command, commands
from .creations import Creation, creation
from .deeds import (
    Act,
    Insertion,
    Optimization,
    Removal,
    Renaming,
    RowChange,
    SessionSettings,
    Unread,
)
from .kinds import cluster, kind_of
from .words import sentences

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from .words import Words

__all__ = [
    "Act",
    "Command",
    "Creation",
    "Insertion",
    "Optimization",
    "Removal",
    "Renaming",
    "RowChange",
    "SessionSettings",
    "Unread",
    "acts",
]


def acts(text: str) -> tuple[Act, ...]:
    """Everything that a statement does, in order.

    :param text: one statement, or several that PARALLEL WITH joins.
    :return: for an ALTER one act for each of its commands; nothing for what only reads.
    """
    return tuple(act for words in sentences(text) for act in _acts(words))


def _acts(words: Words) -> Iterator[Act]:
    read = _READERS.get(words.word)
    if read is not None:
        words.next()
        yield from read(words)
    elif words.word not in _READS:
        yield Unread(words.word)


def _create(words: Words) -> Iterator[Act]:
    found = creation(words)
    if found is not None:
        yield found


def _replace(words: Words) -> Iterator[Act]:
    found = creation(words, replaces=True)
    if found is not None:
        yield found


def _drop(words: Words) -> Iterator[Act]:
    yield from _removals("DROP", words)


def _detach(words: Words) -> Iterator[Act]:
    yield from _removals("DETACH", words)


def _removals(verb: str, words: Words) -> Iterator[Removal]:
    temporary = words.take("TEMPORARY")
    kind = kind_of(words)
    if not kind:
        return
    conditional = words.take("IF EXISTS")
    words.take("IF EMPTY")
    names = [words.name()]
    while words.take(","):
        names.append(words.name())
    permanently = words.seek("PERMANENTLY") if verb == "DETACH" else True
    for name in filter(None, names):
        yield Removal(verb, kind, name, conditional, permanently, temporary)


def _truncate(words: Words) -> Iterator[Act]:
    temporary = words.take("TEMPORARY")
    if words.take("ALL TABLES FROM") or words.take("TABLES FROM"):
        kind = "DATABASE"
    else:
        kind = words.take_one("TABLE", "DATABASE") or "TABLE"
    conditional = words.take("IF EXISTS")
    name = words.name()
    if name:
        yield Removal("TRUNCATE", kind, name, conditional, temporary=temporary)


def _rename(words: Words) -> Iterator[Act]:
    yield from _renaming("RENAME", "TO", words)


def _exchange(words: Words) -> Iterator[Act]:
    yield from _renaming("EXCHANGE", "AND", words)


def _renaming(verb: str, joint: str, words: Words) -> Iterator[Renaming]:
    kind = words.take_one("TABLES", "DICTIONARIES", "TABLE", "DICTIONARY", "DATABASE")
    pairs = []
    for pair in words.parts():
        pair.take("IF EXISTS")
        first = pair.name()
        if first and pair.take(joint):
            pairs.append((first, pair.name()))
    if pairs:
        yield Renaming(verb, kind or "TABLE", tuple(pairs))


def _alter(words: Words) -> Iterator[Act]:
    words.take("TEMPORARY")
    if words.take("TABLE"):
        yield from commands(words)


def _insert(words: Words) -> Iterator[Act]:
    words.take("INTO")
    words.take("TABLE")
    if words.take("FUNCTION"):
        table = ""
        words.next()
        words.group()
    else:
        table = words.name()
    cluster(words)
    words.group()
    query = words.rest if words.word in {"SELECT", "WITH", "(", "FROM", "SETTINGS"} else []
    yield Insertion(table, tuple(query))


def _delete(words: Words) -> Iterator[Act]:
    if words.take("FROM"):
        yield RowChange("DELETE", words.name())


def _update(words: Words) -> Iterator[Act]:
    yield RowChange("UPDATE", words.name())


def _optimize(words: Words) -> Iterator[Act]:
    words.take("TABLE")
    table = words.name()
    yield Optimization(table, final="FINAL" in {token.upper() for token in words.rest})


def _set(words: Words) -> Iterator[Act]:
    yield SessionSettings(tuple(part.name() for part in words.parts()))


_READERS: dict[str, Callable[[Words], Iterator[Act]]] = {
    "CREATE": _create,
    "ATTACH": _create,
    "REPLACE": _replace,
    "DROP": _drop,
    "DETACH": _detach,
    "TRUNCATE": _truncate,
    "RENAME": _rename,
    "EXCHANGE": _exchange,
    "ALTER": _alter,
    "INSERT": _insert,
    "DELETE": _delete,
    "UPDATE": _update,
    "OPTIMIZE": _optimize,
    "SET": _set,
}
_READS = frozenset(("", "SELECT", "WITH", "(", "SHOW", "EXPLAIN", "EXISTS", "DESCRIBE", "DESC"))
