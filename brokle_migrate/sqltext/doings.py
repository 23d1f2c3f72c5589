"""What a statement does to which table, in the few words of its beginning.

For people who read a plan.  Of a statement that is not known here, the first words say it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .words import sentences

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from .words import Words

_LONG_KINDS = ("MATERIALIZED VIEW", "FOREIGN TABLE", "EVENT TRIGGER", "ROW POLICY")
_BEFORE_KIND = ("OR REPLACE", "UNIQUE", "TEMPORARY", "TEMP", "UNLOGGED", "RECURSIVE", "GLOBAL")
_BEFORE_NAME = ("CONCURRENTLY", "IF NOT EXISTS", "IF EXISTS", "IF EMPTY", "ONLY")
_COMMANDS = (
    *("ADD", "DROP", "MODIFY", "ALTER", "RENAME", "CLEAR", "MATERIALIZE", "COMMENT", "ATTACH"),
    *("DETACH", "FREEZE", "FETCH", "MOVE", "REPLACE", "RESET", "VALIDATE", "ENABLE", "DISABLE"),
)
_PARTS = (
    *("COLUMN", "CONSTRAINT", "INDEX", "PROJECTION", "STATISTICS", "PARTITION", "PART", "VALUE"),
    "TRIGGER",
)
_OF_COMMAND = frozenset((*_COMMANDS, *_PARTS))
_CLAUSES = frozenset(("ORDER BY", "SAMPLE BY", "TTL", "SETTING", "QUERY", "REFRESH", "OWNER"))
_WORDS = 6  # of a statement that is not known here


@dataclass(frozen=True, slots=True)
class Doing:
    """One thing that a statement does.

    :ivar subject: the table, view or other object, as it is written, without quotes; empty where
        that is not known.
    :ivar what: such as ``CREATE TABLE``, ``ADD COLUMN kind``, ``INSERT``.
    :ivar makes: whether the subject is new afterwards.
    """

    subject: str
    what: str
    makes: bool = False


def doings(text: str) -> tuple[Doing, ...]:
    """What a statement of either database does; several are taken together."""
    return tuple(found for words in sentences(text) if words.word for found in _of(words))


def _of(words: Words) -> Iterator[Doing]:
    read = _READERS.get(words.word)
    if read is None:
        yield _unknown(words)
        return
    words.next()
    yield from read(words)


def _unknown(words: Words) -> Doing:
    found = words.rest
    more = " …" if len(found) > _WORDS else ""
    said = " ".join(found[:_WORDS]).replace(" ,", ",").replace(" . ", ".")
    return Doing("", said + more)


def _before_name(words: Words) -> None:
    while words.take_one(*_BEFORE_NAME):
        pass


def _create(words: Words) -> Iterator[Doing]:
    verb = "CREATE"
    while skipped := words.take_one(*_BEFORE_KIND):
        verb += f" {skipped}" if skipped in {"OR REPLACE", "UNIQUE"} else ""
    kind = words.take_one(*_LONG_KINDS) or words.next().upper()
    _before_name(words)
    if kind in {"INDEX", "TRIGGER", "POLICY", "RULE"}:
        name = "" if words.word == "ON" else words.name()
        words.seek("ON")
        _before_name(words)
        yield Doing(words.name(), f"{verb} {kind} {name}".rstrip())
    else:
        yield Doing(words.name(), f"{verb} {kind}", makes="REPLACE" not in verb)


def _drop(words: Words) -> Iterator[Doing]:
    words.take_one("TEMPORARY", "TEMP")
    kind = words.take_one(*_LONG_KINDS) or words.next().upper()
    _before_name(words)
    while True:
        name = words.name()
        words.group()
        yield Doing(name, f"DROP {kind}")
        if not words.take(","):
            return


def _alter(words: Words) -> Iterator[Doing]:
    kind = words.take_one(*_LONG_KINDS) or words.next().upper()
    _before_name(words)
    name = words.name()
    words.take("*")
    if words.take("ON CLUSTER"):
        _ = words.name() or words.next()
    if kind != "TABLE":
        yield Doing(name, f"ALTER {kind}")
        return
    before = ""
    for command in words.parts():
        if command.word:
            before = _command(command, before)
            yield Doing(name, before)


def _command(command: Words, before: str) -> str:
    """``ADD COLUMN kind``, ``UPDATE kind``, ``MODIFY ORDER BY``.

    :param before: the one before: what UPDATE sets is separated by commas, too.
    """
    if command.take_one("DELETE WHERE", "DELETE IN"):
        return "DELETE rows"
    updates = before.startswith("UPDATE") and command.word not in _OF_COMMAND
    if command.take("UPDATE") or updates:
        return f"UPDATE {command.name()}".rstrip()
    if command.take("RENAME TO"):
        return f"RENAME TO {command.name()}"
    said: list[str] = []
    while command.word in _OF_COMMAND:
        said.append(command.next().upper())
        _before_name(command)
    clause = command.take_one(*_CLAUSES)
    rest = clause or command.name() or command.next()
    if said[:1] == ["RENAME"] and command.take("TO"):
        rest += f" TO {command.name()}"
    return " ".join([*said, rest]) if said else f"{rest} …"


def _insert(words: Words) -> Iterator[Doing]:
    words.take("INTO")
    words.take("TABLE")
    words.take("FUNCTION")
    subject = words.name()
    words.group()
    yield Doing(subject, "INSERT … SELECT" if words.word in {"SELECT", "WITH"} else "INSERT")


def _update(words: Words) -> Iterator[Doing]:
    _before_name(words)
    subject = words.name()
    where = "" if words.seek("WHERE") else " every row"
    yield Doing(subject, f"UPDATE{where}")


def _delete(words: Words) -> Iterator[Doing]:
    words.take("FROM")
    _before_name(words)
    yield Doing(words.name(), "DELETE rows")


def _truncate(words: Words) -> Iterator[Doing]:
    words.take("TABLE")
    while True:
        _before_name(words)
        yield Doing(words.name(), "TRUNCATE")
        if not words.take(","):
            return


def _rename(words: Words) -> Iterator[Doing]:
    words.take_one("TABLE", "DICTIONARY")
    while True:
        _before_name(words)
        subject = words.name()
        words.take("TO")
        yield Doing(subject, f"RENAME TO {words.name()}")
        if not words.take(","):
            return


def _exchange(words: Words) -> Iterator[Doing]:
    words.next()
    subject = words.name()
    words.take("AND")
    yield Doing(subject, f"EXCHANGE with {words.name()}")


def _comment(words: Words) -> Iterator[Doing]:
    words.take("ON")
    kind = words.take_one(*_LONG_KINDS) or words.next().upper()
    name = words.name()
    if kind == "COLUMN" and "." in name:
        table, _, column = name.rpartition(".")
        yield Doing(table, f"COMMENT ON COLUMN {column}")
    else:
        yield Doing(name, f"COMMENT ON {kind}")


def _optimize(words: Words) -> Iterator[Doing]:
    words.take("TABLE")
    subject = words.name()
    yield Doing(subject, "OPTIMIZE DEDUPLICATE" if words.seek("DEDUPLICATE") else "OPTIMIZE")


_READERS: dict[str, Callable[[Words], Iterator[Doing]]] = {
    "CREATE": _create,
    "DROP": _drop,
    "ALTER": _alter,
    "INSERT": _insert,
    "UPDATE": _update,
    "DELETE": _delete,
    "TRUNCATE": _truncate,
    "RENAME": _rename,
    "EXCHANGE": _exchange,
    "COMMENT": _comment,
    "OPTIMIZE": _optimize,
}
