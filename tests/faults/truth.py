"""What the databases hold after a fault, found without the product, and reports held against it.

The history was run statement by statement before, without the product, and what the databases held
was noted each time.  A database that a fault has struck has to hold one of these states: its number
says how many statements, or Postgres revisions, were executed.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import psycopg

from tests.support.postgres import libpq_url
from tests.support.query import QueryFailed, http_query
from tests.support.schema import clickhouse_schema

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .history import History, Unit

    State = tuple[Any, ...]

POSTGRES, CLICKHOUSE = "postgres", "clickhouse"
LEDGER, VERSION_TABLE = "schema_migrations", "alembic_version"
UNKNOWN_TABLE = 60
UNCHANGED_CODES = {1, 2, 4}

# Everything that a revision of the history makes, apart from Alembic's table.
_CATALOGUE = f"""
SELECT 'column', table_name, column_name, data_type, ordinal_position::text
FROM information_schema.columns
WHERE table_schema = 'public' AND table_name <> '{VERSION_TABLE}'
UNION ALL SELECT 'index', tablename, indexname, indexdef, '' FROM pg_indexes
WHERE schemaname = 'public' AND tablename <> '{VERSION_TABLE}'
UNION ALL SELECT 'view', viewname, definition, '', '' FROM pg_views WHERE schemaname = 'public'
ORDER BY 1, 2, 5, 3
"""
_TABLES = (
    "SELECT tablename FROM pg_tables "
    f"WHERE schemaname = 'public' AND tablename <> '{VERSION_TABLE}' ORDER BY 1"
)


@dataclass(frozen=True)
class Reference:
    """What each database holds after so many revisions, or statements, from none on."""

    history: History
    postgres: tuple[State, ...]
    clickhouse: tuple[State, ...]


@dataclass(frozen=True)
class Truth:
    """Where both databases stand.

    :ivar revisions: how many Postgres revisions are in effect.
    :ivar heads: what Alembic's table says.
    :ivar statements: how many ClickHouse statements were executed.
    :ivar recorded: the versions that the ledger says are applied.
    """

    revisions: int
    heads: tuple[str, ...]
    statements: int
    recorded: frozenset[str]


def build_reference(history: History, postgres_url: str, clickhouse_url: str) -> Reference:
    """Run the history in two empty databases, and look after every statement."""
    postgres = [postgres_state(postgres_url)]
    with psycopg.connect(libpq_url(postgres_url), autocommit=True) as connection:
        for unit in history.postgres:
            for statement in unit.up:
                connection.execute(statement.encode())
            postgres.append(postgres_state(postgres_url))
    clickhouse = [clickhouse_state(clickhouse_url)]
    for statement in history.statements:
        http_query(clickhouse_url, statement, mutations_sync=2)
        clickhouse.append(clickhouse_state(clickhouse_url))
    for states in (postgres, clickhouse):
        assert all(state not in states[:number] for number, state in enumerate(states))
    return Reference(history, tuple(postgres), tuple(clickhouse))


def postgres_state(url: str) -> State:
    """Every object and every row of a Postgres database."""
    with psycopg.connect(libpq_url(url), autocommit=True) as connection:
        objects = connection.execute(_CATALOGUE).fetchall()
        tables = [name for (name,) in connection.execute(_TABLES).fetchall()]
        rows = {
            name: sorted(map(repr, connection.execute(f"SELECT * FROM {name}".encode()).fetchall()))
            for name in tables
        }
    return objects, rows


def clickhouse_state(url: str) -> State:
    """Every object and every row of a ClickHouse database, the ledger apart."""
    schema = [row for row in clickhouse_schema(url) if row[1] != LEDGER]
    digests = [
        f"SELECT '{row[1]}', count(), sum(cityHash64(toString(tuple(*)))) FROM `{row[1]}`"
        for row in schema
        if row[0] == "table" and row[2].endswith("MergeTree")
    ]
    data = sorted(http_query(url, " UNION ALL ".join(digests))) if digests else []
    return schema, data


def observe(reference: Reference, postgres_url: str, clickhouse_url: str) -> Truth:
    """Where both databases stand; they have to stand somewhere."""
    postgres, clickhouse = postgres_state(postgres_url), clickhouse_state(clickhouse_url)
    assert postgres in reference.postgres, f"a torn Postgres: {postgres}"
    assert clickhouse in reference.clickhouse, f"a torn ClickHouse: {clickhouse}"
    truth = Truth(
        reference.postgres.index(postgres),
        _heads(postgres_url),
        reference.clickhouse.index(clickhouse),
        _recorded(clickhouse_url),
    )
    revisions = reference.history.postgres[: truth.revisions]
    assert truth.heads == tuple(unit.version for unit in revisions[-1:])
    executed = {unit.version for unit, done in _progress(reference.history, truth) if done == 1}
    assert truth.recorded <= executed, "the ledger says more than was executed"
    return truth


def _heads(url: str) -> tuple[str, ...]:
    with psycopg.connect(libpq_url(url), autocommit=True) as connection:
        try:
            rows = connection.execute(f"SELECT version_num FROM {VERSION_TABLE}".encode())
        except psycopg.errors.UndefinedTable:
            return ()
        return tuple(version for (version,) in rows)


def _recorded(url: str) -> frozenset[str]:
    """The versions whose newest row is the outcome of their last statement on the way up."""
    try:
        rows = http_query(
            url,
            "SELECT toString(version), argMax((action, event, statement = statements), seq) "
            f"FROM {LEDGER} WHERE version > 0 GROUP BY version",
        )
    except QueryFailed as error:
        if error.code == UNKNOWN_TABLE:
            return frozenset()
        raise
    return frozenset(version for version, last in rows if tuple(last) == ("upgrade", "done", 1))


def _progress(history: History, truth: Truth) -> Iterator[tuple[Unit, float]]:
    """Each ClickHouse unit, and which part of its statements was executed."""
    left = truth.statements
    for unit in history.clickhouse:
        done = max(0, min(left, len(unit.up)))
        yield unit, done / len(unit.up)
        left -= len(unit.up)


def assert_report_is_true(
    said: str, code: int, reference: Reference, before: Truth, now: Truth
) -> None:
    """Hold what ``up --json`` said against what the databases hold.

    :param said: its standard output.
    :param before: where the databases stood when it started.
    """
    envelope = json.loads(said)
    assert envelope["exit_code"] == code
    assert envelope["ok"] is (code == 0)
    complete = is_complete(reference, now)
    assert complete or code != 0, (code, now)
    if code in UNCHANGED_CODES:
        assert _effects(now) == _effects(before), f"{code} says that nothing was changed"
    data = envelope["data"]
    if not data or "steps" not in data:
        return
    facts = _Facts(reference, before, now)
    unread = {each["environment"] for each in data["databases"] if each["current"] is None}
    for step in data["steps"]:
        if step["state"] != "unknown" or step["environment"] not in unread:
            facts.check_step(step)
    for database in data["databases"]:
        if database["current"] is not None:
            facts.check_current(database)
            facts.check_dirty(database)
    if data["failure"]:
        facts.check_failure(data["failure"])


def assert_status_is_true(said: str, reference: Reference, now: Truth) -> None:
    """Hold what ``status --json`` said against what the databases hold."""
    data = json.loads(said)["data"]
    assert data["at_head"] is False or is_complete(reference, now)
    facts = _Facts(reference, now, now)
    for database in data["databases"]:
        assert database["error"] is None, database["error"]
        facts.check_current(database)
        facts.check_dirty(database)
        facts.check_pending(database)


def is_complete(reference: Reference, truth: Truth) -> bool:
    """Whether the whole history is in effect."""
    everything = len(reference.postgres) - 1, len(reference.clickhouse) - 1
    return _effects(truth) == everything


def _effects(truth: Truth) -> tuple[int, int]:
    return truth.revisions, truth.statements


class _Facts:
    """The questions that a report answers, answered by the databases."""

    def __init__(self, reference: Reference, before: Truth, now: Truth) -> None:
        history = reference.history
        self._now = now
        self._sizes = {unit.version: len(unit.up) for unit in history.clickhouse}
        self._versions = {
            POSTGRES: [unit.version for unit in history.postgres],
            CLICKHOUSE: [unit.version for unit in history.clickhouse],
        }
        self._executed = self._parts(history, now)
        self._before = self._parts(history, before)

    @staticmethod
    def _parts(history: History, truth: Truth) -> dict[tuple[str, str], float]:
        """Which part of each revision is in effect."""
        parts = {
            (POSTGRES, unit.version): float(number < truth.revisions)
            for number, unit in enumerate(history.postgres)
        }
        for unit, part in _progress(history, truth):
            parts[CLICKHOUSE, unit.version] = part
        return parts

    def _is_recorded(self, environment: str, version: str) -> bool:
        if environment == CLICKHOUSE:
            return version in self._now.recorded
        return self._executed[environment, version] == 1

    def check_step(self, step: dict[str, Any]) -> None:
        """What the report says of a step is so."""
        key = step["environment"], step["revision"]
        state, part, before = step["state"], self._executed[key], self._before[key]
        if step["action"] == "upgrade":
            assert (state == "applied") >= self._is_recorded(*key), step
            assert state != "applied" or part == 1, step
        if state in {"not_run", "rolled_back"}:
            assert part == before, (step, part, before)
        assert state != "failed" or not self._is_recorded(*key), step

    def check_current(self, database: dict[str, Any]) -> None:
        """What the database is said to be at, it is at."""
        name, current = database["environment"], database["current"]
        if name == POSTGRES:
            assert tuple(current) == self._now.heads, database
            return
        newest = max(self._now.recorded, default=None)
        assert len(current) <= 1
        for version in current:
            assert self._executed[name, version] == 1, database
        assert newest is None or (current and current[0] >= newest), (database, newest)

    def check_dirty(self, database: dict[str, Any]) -> None:
        """What stands half done is said to, and nothing else."""
        name = database["environment"]
        named = {each["revision"]: each for each in database["dirty"]}
        for version in self._versions[name]:
            if 0 < self._executed[name, version] < 1:
                assert version in named, (version, database)
        for version, each in named.items():
            assert not self._is_recorded(name, version), each
            executed = round(self._executed[name, version] * self._sizes[version])
            assert executed in _possible(each), (each, executed)

    def check_pending(self, database: dict[str, Any]) -> None:
        """What is said to be pending is not applied, and nothing that isn't is left out."""
        name = database["environment"]
        pending = {each["revision"] for each in database["pending"]}
        dirty = {each["revision"] for each in database["dirty"]}
        for version in self._versions[name]:
            if self._is_recorded(name, version):
                assert version not in pending | dirty, (version, database)
            elif self._executed[name, version] < 1:
                assert version in pending | dirty, (version, database)

    def check_failure(self, failure: dict[str, Any]) -> None:
        """The statement that failed is the one at which its file stands."""
        if failure["environment"] != CLICKHOUSE or failure["statement"] is None:
            return
        version = failure["revision"]
        executed = round(self._executed[CLICKHOUSE, version] * self._sizes[version])
        rolled_back = executed == 0
        assert rolled_back or executed in _around(failure["statement"]), (failure, executed)


def _possible(dirty: dict[str, Any]) -> tuple[int, ...]:
    """How many statements of a file may have been executed, given what is said of its last one."""
    before, after = _around(dirty["statement"])
    return {"done": (after,), "no_effect": (before,)}.get(dirty["outcome"], (before, after))


def _around(statement: int) -> tuple[int, int]:
    """How many may have been executed when it is not known whether this one was."""
    return statement - 1, statement
