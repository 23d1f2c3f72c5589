"""What shows that a statement has had its effect, and what running it again would do.

Only statements that do one thing are judged; of everything else nothing is known.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .destruction import destroys
from .facts import has_one_effect
from .words import sentences

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from .words import Words

_HARMLESS = frozenset(
    ("SELECT", "SHOW", "SET", "SYSTEM", "EXPLAIN", "EXISTS", "DESCRIBE", "DESC", "CHECK", "USE")
)
_TIDY = frozenset(("OPTIMIZE", "GRANT", "REVOKE"))
_TABLES = ("MATERIALIZED VIEW", "LIVE VIEW", "WINDOW VIEW", "TABLE", "VIEW", "DICTIONARY")
_KINDS = (*_TABLES, "DATABASE", "FUNCTION")
# What only says how things are to be, however often it is said.
_SETS = ("COMMENT", "MODIFY", "MATERIALIZE", "RESET")


@dataclass(frozen=True, slots=True)
class Trace:
    """Something that is there, or is not there, once a statement has had its effect.

    :ivar kind: table (views and dictionaries, too), column, database or function.
    :ivar name: as it is written, without quotes; for a column that of its table.
    :ivar column: the column's name.
    :ivar present: whether it is there afterwards.
    """

    kind: str
    name: str
    column: str = ""
    present: bool = True


def traces(text: str) -> tuple[Trace, ...]:
    """What tells whether a statement has had its effect; nothing where that is not known.

    :param text: one ClickHouse statement.
    :return: all of them hold after it, and none of them before.
    """
    found = list(sentences(text))
    if len(found) != 1 or not has_one_effect(text) or not _is_plain(found[0]):
        return ()
    words = found[0]
    read = _READERS.get(words.next().upper())
    return tuple(read(words)) if read is not None else ()


def _is_plain(words: Words) -> bool:
    """Whether the names of a statement can be told apart, and mean what they seem to mean.

    A dot inside of quotes is no separator, a Nested column is several columns, and CLONE copies
    data.
    """
    upper = {token.upper() for token in words.tokens}
    quoted = any(token[0] in '`"' and "." in token for token in words.tokens)
    return not quoted and upper.isdisjoint({"NESTED", "CLONE"})


def is_repeatable(text: str) -> bool:
    """Whether a ClickHouse statement does no harm when it runs a second time.

    A mutation does, and so does whatever adds rows.
    """
    found = list(sentences(text))
    return bool(found) and all(map(_is_repeatable, found))


def moves(text: str) -> frozenset[str]:
    """The names of the tables that a ClickHouse statement moves away: RENAME and EXCHANGE do."""
    return frozenset(name for words in sentences(text) for name in _moves(words))


@dataclass(frozen=True, slots=True)
class Change:
    """Rows that a statement adds to a table, or values that it gives to rows.

    :ivar adds: whether it adds rows.
    """

    table: str
    adds: bool

    def makes_up_for(self, text: str) -> bool:
        """Whether a statement does what this undoes: takes rows away, or changes values."""
        if self.adds:
            return any(lost.name == self.table for lost in destroys(text))
        return changes(text) == self


def changes(text: str) -> Change | None:
    """How a ClickHouse statement changes data; None where it does not."""
    return next((found for words in sentences(text) if (found := _change(words))), None)


def makes(text: str) -> frozenset[str]:
    """The names of what a ClickHouse statement makes, fills or puts in place, without quotes.

    A table has its name as it is written, a column is ``table.column``, what a table is filled
    with ``rows of table``, and where something was moved from or to ``place of table``.
    """
    return frozenset(name for words in sentences(text) for name in _makes(words))


def _create(words: Words) -> Iterator[Trace]:
    if words.take("OR REPLACE"):
        return
    words.take("TEMPORARY")
    kind = words.take_one(*_KINDS)
    words.take("IF NOT EXISTS")
    yield from _there(kind, words.name(), present=True)


def _drop(words: Words) -> Iterator[Trace]:
    kind = words.take_one(*_KINDS)
    words.take("IF EXISTS")
    yield from _there(kind, words.name(), present=False)


def _there(kind: str, name: str, *, present: bool) -> Iterator[Trace]:
    if kind and name:
        yield Trace("table" if kind in _TABLES else kind.lower(), name, present=present)


def _rename(words: Words) -> Iterator[Trace]:
    if words.take("TABLE") or words.take("DICTIONARY"):
        words.take("IF EXISTS")
        old = words.name()
        if old and words.take("TO"):
            yield Trace("table", old, present=False)
            yield Trace("table", words.name())


def _alter(words: Words) -> Iterator[Trace]:
    if not words.take("TABLE"):
        return
    table = words.name()
    (command,) = words.parts()
    if command.take("ADD COLUMN"):
        command.take("IF NOT EXISTS")
        yield Trace("column", table, command.name())
    elif command.take("DROP COLUMN"):
        command.take("IF EXISTS")
        yield Trace("column", table, command.name(), present=False)
    elif command.take("RENAME COLUMN"):
        old = command.name()
        if command.take("TO"):
            yield Trace("column", table, old, present=False)
            yield Trace("column", table, command.name())


_READERS: dict[str, Callable[[Words], Iterator[Trace]]] = {
    "CREATE": _create,
    "DROP": _drop,
    "RENAME": _rename,
    "ALTER": _alter,
}


def _is_repeatable(words: Words) -> bool:
    upper = [token.upper() for token in words.tokens]
    verb = words.next().upper()
    if not verb or verb in _HARMLESS | _TIDY:
        return True
    if verb == "CREATE":
        # CREATE … AS SELECT fills what it makes, and may have stopped half-way.
        fills = "SELECT" in upper and ("VIEW" not in upper or "POPULATE" in upper)
        fills = fills or "CLONE" in upper
        return _has(upper, "IF", "NOT", "EXISTS") and not fills
    if verb == "DROP":
        return _has(upper, "IF", "EXISTS")
    if verb == "ALTER" and words.take("TABLE"):
        words.name()
        if words.take("ON CLUSTER"):
            words.name() or words.next()
        return all(map(_command_is_repeatable, words.parts()))
    return False


def _command_is_repeatable(command: Words) -> bool:
    if command.take_one(*_SETS):
        return True
    upper = [token.upper() for token in command.tokens]
    return (command.take("ADD") and _has(upper, "IF", "NOT", "EXISTS")) or (
        command.take("DROP") and _has(upper, "IF", "EXISTS")
    )


def _has(words: list[str], *wanted: str) -> bool:
    length = len(wanted)
    return any(tuple(words[at : at + length]) == wanted for at in range(len(words)))


def _makes(words: Words) -> Iterator[str]:
    verb = words.next().upper()
    if verb in {"CREATE", "ATTACH"}:
        words.take("OR REPLACE")
        words.take("TEMPORARY")
        words.take_one(*_KINDS)
        words.take("IF NOT EXISTS")
        yield words.name()
    elif verb == "INSERT":
        words.take("INTO")
        words.take("TABLE")
        yield f"rows of {words.name()}"
    elif verb in {"RENAME", "EXCHANGE"}:
        for first, second in _pairs(words):
            yield from (first, second) if verb == "EXCHANGE" else (second,)
            yield from (f"place of {first}", f"place of {second}")
    elif verb == "ALTER" and words.take("TABLE"):
        yield from _made_of(words)


def _pairs(words: Words) -> Iterator[tuple[str, str]]:
    """The names that a RENAME or an EXCHANGE names together."""
    words.take_one("TABLES", *_KINDS)
    words.take("IF EXISTS")
    for pair in words.parts():
        first = pair.name()
        if pair.take_one("TO", "AND"):
            yield first, pair.name()


def _moves(words: Words) -> Iterator[str]:
    verb = words.next().upper()
    if verb in {"RENAME", "EXCHANGE"}:
        for first, second in _pairs(words):
            yield from (first, second) if verb == "EXCHANGE" else (first,)


def _change(words: Words) -> Change | None:
    verb = words.next().upper()
    if verb == "INSERT":
        words.take("INTO")
        words.take("TABLE")
        return Change(words.name(), adds=True)
    if verb == "UPDATE":
        return Change(words.name(), adds=False)
    if verb == "ALTER" and words.take("TABLE"):
        table = words.name()
        if words.take("ON CLUSTER"):
            words.name() or words.next()
        if any(command.take("UPDATE") for command in words.parts()):
            return Change(table, adds=False)
    return None


def _made_of(words: Words) -> Iterator[str]:
    table = words.name()
    if words.take("ON CLUSTER"):
        words.name() or words.next()
    for command in words.parts():
        if command.take("ADD COLUMN"):
            command.take("IF NOT EXISTS")
            yield f"{table}.{command.name()}"
        elif command.take("RENAME COLUMN") and command.seek("TO"):
            yield f"{table}.{command.name()}"
