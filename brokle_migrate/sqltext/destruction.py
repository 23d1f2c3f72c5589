"""What a statement destroys, of ClickHouse's SQL and of Postgres's.

The grammar is that of ClickHouse's parsers (``ParserDropQuery``, ``ParserAlterQuery`` and others in
https://github.com/ClickHouse/ClickHouse/tree/master/src/Parsers) and of
https://www.postgresql.org/docs/current/sql-commands.html.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .tokens import unquoted
from .words import sentences

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from .words import Words

_VERBS = ("DROP", "TRUNCATE", "DELETE", "DETACH", "REPLACE", "CLEAR", "DEDUPLICATE")
_HARMLESS = ("INDEX", "CONSTRAINT", "PROJECTION", "STATISTICS")  # no data is lost with these
_LONG_KINDS = (
    "MATERIALIZED VIEW",
    "FOREIGN TABLE",
    "FOREIGN DATA WRAPPER",
    "EVENT TRIGGER",
    "ACCESS METHOD",
    "NAMED COLLECTION",
    "ROW POLICY",
    "SETTINGS PROFILE",
    "OPERATOR CLASS",
    "OPERATOR FAMILY",
    "USER MAPPING",
    "OWNED BY",
)
_AFTER_NAME = frozenset(("", "CASCADE", "RESTRICT"))


@dataclass(frozen=True, slots=True)
class Destruction:
    """One thing that is gone for good afterwards.

    :ivar kind: ``table``, ``column``, ``partition``, ``rows`` and so on.
    :ivar name: as it is written, without quotes; a column with its table before it.
    """

    kind: str
    name: str
    verb: str = "drops"

    def __str__(self) -> str:
        if self.kind == "rows":
            return f"{self.verb} rows of {self.name}"
        return f"{self.verb} {self.kind} {self.name}"


def destroys(text: str) -> tuple[Destruction, ...]:
    """What a statement destroys if it succeeds.

    An index, a projection or a constraint holds no data: dropping it destroys nothing.  Neither do
    EXCHANGE, RENAME, and DETACH without PERMANENTLY.

    :param text: one statement; several are taken together.
    """
    capitals = text.upper()
    if not any(verb in capitals for verb in _VERBS):
        return ()
    return tuple(lost for words in sentences(text) for lost in _of(words) if lost.name)


def _of(words: Words) -> Iterator[Destruction]:
    if words.word == "WITH":
        yield from _deletes_inside(words)
        return
    read = _READERS.get(words.next().upper())
    if read is not None:
        yield from read(words)


def _drop(words: Words) -> Iterator[Destruction]:
    words.take("TEMPORARY")
    if words.word in _HARMLESS:
        return
    kind = (words.take_one(*_LONG_KINDS) or words.next()).lower()
    while True:
        _skip_conditions(words)
        name = words.name()
        words.group()  # the parameters of a function
        if name:
            yield Destruction(kind, name)
        if not words.take(","):
            return


def _skip_conditions(words: Words) -> None:
    words.take("IF EXISTS")
    words.take("IF EMPTY")


def _truncate(words: Words) -> Iterator[Destruction]:
    words.take("TEMPORARY")
    if words.take("ALL TABLES FROM") or words.take("TABLES FROM"):
        kind = "tables of database"
    else:
        kind = (words.take_one("TABLE", "DATABASE") or "table").lower()
    while True:
        _skip_conditions(words)
        words.take("ONLY")
        name = words.name()
        words.take("*")
        yield Destruction(kind, name, "truncates")
        if not words.take(","):
            return


def _delete(words: Words) -> Iterator[Destruction]:
    if words.take("FROM"):
        words.take("ONLY")
        yield Destruction("rows", words.name(), "deletes")


def _deletes_inside(words: Words) -> Iterator[Destruction]:
    """Postgres deletes in a WITH too."""
    while words.seek("DELETE FROM"):
        words.take("ONLY")
        yield Destruction("rows", words.name(), "deletes")


def _detach(words: Words) -> Iterator[Destruction]:
    words.take("TEMPORARY")
    kind = words.next().lower()
    _skip_conditions(words)
    name = words.name()
    if words.seek("PERMANENTLY"):
        yield Destruction(kind, name, "permanently detaches")


def _create(words: Words) -> Iterator[Destruction]:
    if words.take("OR REPLACE"):
        yield from _replace(words)


def _replace(words: Words) -> Iterator[Destruction]:
    """A table loses its rows; a plain view, a function or a dictionary is only defined anew."""
    words.take("TEMPORARY")
    kind = words.take_one("TABLE", "MATERIALIZED VIEW").lower()
    if kind:
        words.take("IF NOT EXISTS")
        yield Destruction(kind, words.name(), "replaces")


def _optimize(words: Words) -> Iterator[Destruction]:
    words.take("TABLE")
    name = words.name()
    if words.seek("DEDUPLICATE"):
        yield Destruction("rows", name, "deletes duplicate")


def _alter(words: Words) -> Iterator[Destruction]:
    words.take_one("TEMPORARY", "FOREIGN")
    if not words.take_one("TABLE", "TYPE"):
        return
    words.take("IF EXISTS")
    words.take("ONLY")
    table = words.name()
    words.take("*")
    if words.take("ON CLUSTER"):
        words.name() or words.next()
    for command in words.parts():
        yield from _of_command(table, command)


def _of_command(table: str, command: Words) -> Iterator[Destruction]:
    if command.take("DROP"):
        yield from _drop_part(table, command)
    elif command.take("CLEAR COLUMN"):
        _skip_conditions(command)
        yield Destruction("column", f"{table}.{command.name()}", "clears")
    elif command.take("REPLACE PARTITION"):
        yield Destruction("partition", f"{table}.{_partition(command)}", "replaces")
    elif command.take("DELETE WHERE") or command.take("DELETE IN"):
        yield Destruction("rows", table, "deletes")


def _drop_part(table: str, command: Words) -> Iterator[Destruction]:
    """What follows ALTER TABLE … DROP; Postgres may leave the word COLUMN out."""
    following = command.rest[1:2]
    if not command.word:
        return
    if not following or following[0].upper() in _AFTER_NAME:
        yield Destruction("column", f"{table}.{command.name()}")
    elif command.take("DETACHED"):
        command.next()
        yield Destruction("detached partition", f"{table}.{_partition(command)}")
    elif command.take_one("PARTITION", "PART"):
        yield Destruction("partition", f"{table}.{_partition(command)}")
    elif command.word not in _HARMLESS:
        kind = (command.take_one("COLUMN", "ATTRIBUTE") or "column").lower()
        _skip_conditions(command)
        name = command.name()
        if command.word in _AFTER_NAME:
            yield Destruction(kind, f"{table}.{name}")


def _partition(command: Words) -> str:
    command.take("ID")
    expression = command.group() or [command.next(), *command.group()]
    return "".join(", " if token == "," else unquoted(token) for token in expression)


_READERS: dict[str, Callable[[Words], Iterator[Destruction]]] = {
    "DROP": _drop,
    "TRUNCATE": _truncate,
    "DELETE": _delete,
    "DETACH": _detach,
    "CREATE": _create,
    "REPLACE": _replace,
    "OPTIMIZE": _optimize,
    "ALTER": _alter,
}
