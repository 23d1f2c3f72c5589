"""``CREATE`` statements as the server shows them, made to fit a database of another name.

The server writes the name of its database before every table that a statement names.  Where a
name can be nothing but a table's, the database is taken out again: the server puts in that of the
session which loads the statement.  A column, an alias or a string that happens to be called like
the database stays.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .editing import Tokens, edited, literal

if TYPE_CHECKING:
    from collections.abc import Collection

    from .editing import Bracket

_OBJECTS = frozenset(("TABLE", "VIEW", "DICTIONARY"))
# Behind these words commas don't separate tables any more.
_END_OF_TABLES = frozenset(
    (
        "ARRAY",
        "EXCEPT",
        "GROUP",
        "HAVING",
        "INTERSECT",
        "LIMIT",
        "ORDER",
        "PREWHERE",
        "QUALIFY",
        "SELECT",
        "SETTINGS",
        "UNION",
        "WHERE",
        "WINDOW",
    )
)
# The argument that holds the database; constants are allowed there:
# https://clickhouse.com/docs/engines/table-engines/special (Buffer, Distributed, Merge).
_ENGINES = {"BUFFER": 0, "DISTRIBUTED": 1, "MERGE": 0}
_DICTIONARY = re.compile(r"DICT(?:GET|HAS|IS)\w*$")
# They name tables, and the server leaves what they are given as it is written.
_FUNCTIONS = re.compile(
    r"(?:CLUSTER|CLUSTERALLREPLICAS|DICTIONARY|HASCOLUMNINTABLE|JOINGET\w*|LOOP|MERGE|REMOTE\w*)$"
)
_QUOTES = frozenset("'`\"")
_HERE = frozenset(("localhost", "127.0.0.1", "::1"))


@dataclass(frozen=True, slots=True)
class Portable:
    """A statement for a database of any name.

    :ivar reads: the tables, views and dictionaries of the same database that it names.
    :ivar left: what still names the database, as it is written.
    """

    text: str
    reads: frozenset[str]
    left: tuple[str, ...]


def portable(
    text: str, database: str, objects: Collection[str], *, is_column: bool = False
) -> Portable:
    """Take the name of its database out of a statement.

    :param text: a ``CREATE`` statement as ``SHOW CREATE`` prints it.
    :param objects: the names of everything in the database.
    :param is_column: whether some column is called like the database.
    :raises LexError: the text can't be read.
    """
    return _Reading(text, database, objects, is_column=is_column).result()


class _Reading:
    """One statement, read from its first token to its last."""

    def __init__(
        self, text: str, database: str, objects: Collection[str], *, is_column: bool
    ) -> None:
        self._text = text
        self._tokens = Tokens(text)
        self._database = database
        self._objects = objects
        self._is_column = is_column
        self._edits: list[tuple[int, int, str]] = []
        self._own = ""
        self._reads: set[str] = set()
        self._tables: set[str] = set()
        self._columns: list[int] = []
        self._left: list[str] = []
        self._named = re.compile(
            rf"(?<![\w.])[`\"]?{re.escape(database)}[`\"]?\.[`\"]?(?:{_either(objects)})(?!\w)"
        )

    def result(self) -> Portable:
        """Read it."""
        position, in_header = -1, True
        for index, around in self._tokens.walk():
            token, inner = self._tokens.at(index), around[-1]
            if index <= position:
                continue
            in_header = in_header and not (len(around) == 1 and token.word in {"SELECT", "WITH"})
            if self._is_qualifier(index) and self._tokens.at(index - 1).text != ".":
                position = self._qualified(index, inner, in_header=in_header)
            elif token.text[:1] in _QUOTES or (inner.is_engine and token.name == self._database):
                self._constant(index, inner)
            elif in_header and token.word == "DEFINER" and self._tokens.at(index + 1).text == "=":
                position = index + 2
                self._cut(index, position + 1)
            self._note_clause(index, inner)
        self._qualified_columns()
        reads = frozenset(self._reads - {self._own})
        return Portable(edited(self._text, self._edits), reads, tuple(self._left))

    def _is_qualifier(self, index: int) -> bool:
        """Whether the database and a dot stand here, and a name behind them."""
        at = self._tokens.at
        named = at(index).is_name and at(index).name == self._database
        return named and at(index + 1).text == "." and at(index + 2).is_name

    def _qualified(self, index: int, inner: Bracket, *, in_header: bool) -> int:
        """A name behind the database's: of a table, or of a column of something called like it.

        :returns: the number of the last token that was read.
        """
        name = self._tokens.at(index + 2).name
        if self._is_new(index):
            self._own = name
        elif self._is_table(index, inner, in_header=in_header) or self._is_set(index):
            self._tables.add(name)
        elif not (_DICTIONARY.match(inner.call) and inner.argument == 0):
            self._columns.append(index)
            return index
        self._reads.add(name)
        self._cut(index, index + 2)
        return index + 2

    def _is_new(self, index: int) -> bool:
        """Whether this is the name of what the statement creates."""
        before = self._tokens.at(index - 1).word
        if before == "EXISTS":
            before = self._tokens.at(index - 4).word
        return not self._own and before in _OBJECTS

    def _is_table(self, index: int, inner: Bracket, *, in_header: bool) -> bool:
        before, earlier = self._tokens.at(index - 1).word, self._tokens.at(index - 2).word
        if before == "FROM" or (before == "JOIN" and earlier != "ARRAY"):
            return True
        if before == ",":
            return inner.lists_tables
        return in_header and (before == "TO" or (before == "ON" and earlier == "DEPENDS"))

    def _is_set(self, index: int) -> bool:
        """Whether a table stands at the right of IN, alone, with brackets around it or without."""
        at = self._tokens.at
        if at(index + 2).name not in self._objects or at(index + 3).text == ".":
            return False
        if at(index - 1).text == "(" and at(index + 3).text == ")":
            return at(index - 2).word == "IN"
        return at(index - 1).word == "IN"

    def _constant(self, index: int, inner: Bracket) -> None:
        """A string, or a name that an engine takes for one."""
        token = self._tokens.at(index)
        prefix = f"{self._database}."
        if token.is_literal and _DICTIONARY.match(inner.call) and inner.argument == 0:
            name = token.name.removeprefix(prefix)
            if token.name.startswith(prefix) and name in self._objects:
                self._reads.add(name)
                self._edits.append((token.start, token.end, literal(name)))
        elif inner.is_engine and _ENGINES.get(inner.call) == inner.argument:
            self._engine_database(index, inner)
        elif inner.call == "CLICKHOUSE":
            self._source(index)
        elif _FUNCTIONS.match(inner.call) and self._database in {token.name, *_first(token.name)}:
            self._left.append(f"{inner.call.lower()}({token.text})")
        elif self._tokens.at(index - 1).word != "COMMENT" and self._named.search(token.name):
            self._left.append(token.text)

    def _engine_database(self, index: int, inner: Bracket) -> None:
        """The database that an engine reads from, given as a constant."""
        token, table = self._tokens.at(index), self._tokens.at(index + 2)
        if token.name != self._database or self._tokens.at(index + 1).text not in {",", ")"}:
            return
        if inner.call != "MERGE" and table.name not in self._objects:
            self._left.append(token.text)
            return
        self._edits.append((token.start, token.end, "currentDatabase()"))
        if inner.call != "MERGE":
            self._reads.add(table.name)

    def _source(self, index: int) -> None:
        """The parts of a dictionary's source: without a database it is the dictionary's own."""
        token, key = self._tokens.at(index), self._tokens.at(index - 1).word
        if not self._is_source_here(index):
            return
        if key == "TABLE" and token.name in self._objects:
            self._reads.add(token.name)
        elif key == "DB" and token.name == self._database:
            self._cut_pair(index)
        elif self._named.search(token.name):
            self._left.append(token.text)

    def _is_source_here(self, index: int) -> bool:
        """Whether the source of a dictionary is the same server."""
        first = index
        while first > 0 and self._tokens.at(first).text != "(":
            first -= 1
        at = self._tokens.at
        while at(first).text not in {")", ""}:
            if at(first).word == "HOST":
                return at(first + 1).name in _HERE
            first += 1
        return True

    def _note_clause(self, index: int, inner: Bracket) -> None:
        """Keep in mind whether commas separate tables."""
        at = self._tokens.at
        if "." in {at(index - 1).text, at(index + 1).text}:
            return  # a column may have any name
        word, before = at(index).word, at(index - 1).word
        if word == "FROM" or (word, before) == ("ON", "DEPENDS"):
            inner.lists_tables = True
        elif word == "JOIN":
            inner.lists_tables = before != "ARRAY"
        elif word in _END_OF_TABLES or (word == "USING" and at(index + 1).text != "("):
            inner.lists_tables = False

    def _qualified_columns(self) -> None:
        """``database.table.column``, unless something else in the statement has that name."""
        at = self._tokens.at
        is_clear = not self._is_column and not self._has_alias()
        for index in self._columns:
            name = at(index + 2).name
            qualifies = at(index + 3).text == "." and name in self._tables
            if qualifies and is_clear:
                self._cut(index, index + 2)
            elif name in self._objects and (qualifies or is_clear):
                self._left.append(f"{at(index).text}.{at(index + 2).text}")

    def _has_alias(self) -> bool:
        at = self._tokens.at
        return any(
            token.is_name
            and token.name == self._database
            and "AS" in {at(index - 1).word, at(index + 1).word}
            for index, token in enumerate(self._tokens.all)
        )

    def _cut(self, first: int, end: int) -> None:
        """Take out tokens, and the spacing behind them."""
        self._edits.append((self._tokens.at(first).start, self._tokens.at(end).start, ""))

    def _cut_pair(self, index: int) -> None:
        """Take out a key and its value, and the spacing between them and what follows."""
        at = self._tokens.at
        if at(index + 1).text == ")":
            self._edits.append((at(index - 2).end, at(index).end, ""))
        else:
            self._cut(index - 1, index + 1)


def _first(name: str) -> tuple[str, ...]:
    """What stands before the first dot, if there is one."""
    head, dot, _ = name.partition(".")
    return (head,) if dot else ()


def _either(names: Collection[str]) -> str:
    return "|".join(map(re.escape, sorted(names, key=len, reverse=True))) or "(?!)"
