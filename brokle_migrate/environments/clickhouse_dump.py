"""The schema of a ClickHouse database: what ``SHOW CREATE`` says of everything in it."""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from ..errors import StateError
from ..sqltext import hide_secrets, laid_out, portable
from ..sqltext.lexer import LexError
from .attempts import STAMPED
from .base import HIDDEN, Dump
from .clickhouse_lease import lock_table
from .clickhouse_objects import kind_of
from .drivers import ServerError
from .drivers.base import UNKNOWN_COLUMN, UNKNOWN_IDENTIFIER_OLD, UNKNOWN_TABLE, quoted

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from .attempts import Content
    from .drivers import Driver, Row
    from .ledger import Ledger, LedgerState

_HEADER = """\
-- The schema of the ClickHouse database, as `brokle-migrate dump` wrote it.
-- Into an empty database: clickhouse-client --database NAME --multiquery < FILE

"""
_INNER = ".inner."
# Later ones read from earlier ones, as a rule; the names of the ledger are of another table.
_ORDER = ("table", "distributed table", "dictionary", "view", "materialized view")
_OBJECTS = """
SELECT name, engine, {0} FROM system.tables
WHERE database = currentDatabase() AND name NOT LIKE '.inner%' ORDER BY name
"""
# Servers from 21.11 on know what a table needs before it can be made, also from within strings.
_NEEDS = (
    "arrayStringConcat(arrayFilter((name, place) -> place = currentDatabase(), "
    "loading_dependencies_table, loading_dependencies_database), '\\n')"
)
_DATABASE = """
SELECT currentDatabase(), count() FROM system.columns
WHERE database = currentDatabase() AND name = currentDatabase()
"""
_AT_ONCE = 500  # rows in one INSERT: a statement may have 256 KiB (max_query_size)


class _Object(NamedTuple):
    name: str
    kind: str
    needs: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Statement:
    """What makes an object.

    :ivar needs: the objects that have to be made before.
    :ivar warnings: what a person has to know of it.
    """

    name: str
    kind: str
    text: str
    needs: frozenset[str]
    warnings: tuple[str, ...] = ()

    @property
    def rank(self) -> tuple[int, str]:
        """Where it goes among those that can be made."""
        return _ORDER.index(self.kind), self.name


def dump(driver: Driver, ledger: Ledger, known: Collection[str]) -> Dump:
    """Everything in the current database, and what is applied.

    :param known: strings that are secrets wherever they stand.
    :raises ForeignLedger: another tool made the ledger's table.
    :raises StateError: somebody migrated meanwhile.
    :raises ServerError: the server refused to answer.
    """
    state = ledger.read()
    statements = _statements(driver, {lock_table(ledger.name)}, known)
    if ledger.read() != state:
        raise StateError("the schema was being migrated while it was read", hint="dump it again")
    own = [each for each in statements if each.name == ledger.name]
    ordered = [*_in_order([each for each in statements if each not in own]), *own]
    texts = [_with_remarks(each) for each in ordered]
    texts += _rows(ledger.table, state.applied)
    warnings = [*(f"{s.name}: {w}" for s in ordered for w in s.warnings), *_unfinished(state)]
    return Dump(_HEADER + "\n".join(f"{text};\n" for text in texts), tuple(warnings))


def _statements(
    driver: Driver, without: Collection[str], known: Collection[str]
) -> list[_Statement]:
    ((database, columns),) = driver.query(_DATABASE)
    objects = _objects(driver)
    names = {each.name for each in objects}
    found = []
    for each in objects:
        text = None if each.name in without else _shown(driver, each)
        if text is not None:
            found.append(_statement(each, text, database, names, known, is_column=columns != "0"))
    return found


def _objects(driver: Driver) -> list[_Object]:
    try:
        rows = driver.query(_OBJECTS.format(_NEEDS))
    except ServerError as error:
        if error.code not in {UNKNOWN_COLUMN, UNKNOWN_IDENTIFIER_OLD}:
            raise
        rows = driver.query(_OBJECTS.format("''"))
    return [_object(row) for row in rows]


def _object(row: Row) -> _Object:
    name, engine, needs = row
    return _Object(name, kind_of(engine), frozenset(needs.split("\n") if needs else ()))


def _shown(driver: Driver, each: _Object) -> str | None:
    """The statement as the server shows it; None for what is gone meanwhile."""
    word = "DICTIONARY" if each.kind == "dictionary" else "TABLE"
    name = each.name.replace("\\", "\\\\").replace("`", "\\`")
    try:
        ((text,),) = driver.query(f"SHOW CREATE {word} `{name}`")
    except ServerError as error:
        if error.code == UNKNOWN_TABLE:
            return None
        raise
    return text


def _statement(
    each: _Object,
    text: str,
    database: str,
    names: Collection[str],
    known: Collection[str],
    *,
    is_column: bool,
) -> _Statement:
    try:
        found = portable(laid_out(text), database, names, is_column=is_column)
        shown = hide_secrets(found.text, known)
    except LexError as error:
        raise StateError(
            f"what the server shows of {each.name} can't be read: {error.message}"
        ) from error
    warnings = [f"still names the database {database}: {left}" for left in found.left]
    if HIDDEN in shown:
        warnings.append(f"a secret is hidden; put it in the place of {HIDDEN} before loading")
    needs = {name.removeprefix(_INNER) for name in found.reads | each.needs} - {each.name}
    return _Statement(each.name, each.kind, shown, frozenset(needs), tuple(warnings))


def _in_order(statements: Iterable[_Statement]) -> Iterator[_Statement]:
    """Each after what it needs; among those that could come next by kind, then by name."""
    waiting = {each.name: each for each in statements}
    missing = {name: set(each.needs & waiting.keys()) for name, each in waiting.items()}
    ready = [waiting[name].rank for name, needs in missing.items() if not needs]
    heapq.heapify(ready)
    while waiting:
        # Nothing is ready only where tables need each other, which no order can help.
        name = heapq.heappop(ready)[1] if ready else min(waiting)
        yield waiting.pop(name)
        for other, each in waiting.items():
            if name in missing[other]:
                missing[other].discard(name)
                if not missing[other]:
                    heapq.heappush(ready, each.rank)


def _with_remarks(each: _Statement) -> str:
    return "".join(f"-- {_one_line(text)}\n" for text in each.warnings) + each.text


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _rows(table: str, applied: Mapping[str, Content]) -> Iterator[str]:
    """What records the applied versions, as after ``force``: the numbers are the same everywhere.

    A SELECT, for servers before 20 take VALUES over HTTP only.
    """
    rows = [
        f"    ({seq}, {version}, '{quoted(content.checksum)}', '{quoted(content.digest)}')"
        for seq, (version, content) in enumerate(sorted(applied.items(), key=_by_number), 1)
    ]
    for start in range(0, len(rows), _AT_ONCE):
        yield _insert(table, rows[start : start + _AT_ONCE])


def _insert(table: str, rows: Sequence[str]) -> str:
    lines = ",\n".join(rows)
    return (
        f"INSERT INTO {table} (seq, version, action, event, checksum, digest)\n"
        f"SELECT row.1, row.2, 'stamp', '{STAMPED}', row.3, row.4 FROM (SELECT arrayJoin([\n"
        f"{lines}\n]) AS row)"
    )


def _by_number(item: tuple[str, Content]) -> int:
    return int(item[0])


def _unfinished(state: LedgerState) -> Iterator[str]:
    for each in state.dirty:
        yield f"{each.version} is not finished, and is not recorded in the dump"
