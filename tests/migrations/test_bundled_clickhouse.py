"""This repository's own ClickHouse pairs: their files, and every step there and back."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from brokle_migrate.sqltext import ServerSide, fill, split

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).resolve().parents[2]
VERSIONS = ROOT / "migrations_clickhouse" / "versions"
FILES = sorted(VERSIONS.iterdir())
UP_FILES = [path for path in FILES if path.name.endswith(".up.sql")]
POSTGRES_FILES = ROOT / "alembic" / "versions"
PROJECT = "11111111-1111-1111-1111-111111111111"

# A database is what the server says about its tables and columns.
TABLES = """
    SELECT name, engine_full, sorting_key, create_table_query
    FROM system.tables WHERE database = currentDatabase() ORDER BY name
"""
COLUMNS = """
    SELECT table, name, position, type, default_kind, default_expression, compression_codec, comment
    FROM system.columns WHERE database = currentDatabase() ORDER BY table, position
"""


@dataclass(frozen=True)
class Database:
    """The current database of a session."""

    session: Any
    name: str

    def rows(self, sql: str) -> list[str]:
        """What a query answers, one tab-separated line for each row."""
        return str(self.session.query(sql, "TabSeparated").data()).splitlines()

    def schema(self) -> list[str]:
        return self.rows(TABLES) + self.rows(COLUMNS)

    def run(self, path: Path) -> None:
        for statement in split(path.read_text(encoding="utf-8"), path):
            filled = fill(statement, lambda _: None, lambda: ServerSide(self.name))
            self._set(statement.settings)
            self.rows(filled.text)
            self._set(dict.fromkeys(statement.settings, "DEFAULT"))

    def _set(self, settings: Any) -> None:
        for name, value in settings.items():
            self.rows(f"SET {name} = {value}")

    def up(self, version: str) -> None:
        """Upgrade to this version from the one before it."""
        self.run(next(VERSIONS.glob(f"{version}_*.up.sql")))

    def down(self, version: str) -> None:
        """Downgrade from this version to the one before it."""
        self.run(next(VERSIONS.glob(f"{version}_*.down.sql")))

    def up_before(self, version: str) -> None:
        """Upgrade from nothing to the version before this one."""
        for path in UP_FILES:
            if version_of(path) < version:
                self.run(path)


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[], Any]]:
    """Opens sessions on one data directory: a process can have no second one."""
    chdb = pytest.importorskip("chdb.session", reason="needs the extra 'embedded'")
    location = f"{tmp_path_factory.mktemp('clickhouse')}?background_pool_size=16"
    with chdb.Session(location):
        yield lambda: chdb.Session(location)


@pytest.fixture
def database(engine: Callable[[], Any], request: pytest.FixtureRequest) -> Iterator[Database]:
    name = re.sub(r"\W+", "_", request.node.name)
    with engine() as session:
        session.query(f"CREATE DATABASE {name}")
        session.query(f"USE {name}")
        session.query("SET mutations_sync = 2")
        yield Database(session, name)
        session.query(f"DROP DATABASE {name}")


def version_of(path: Path) -> str:
    return path.name.partition("_")[0]


def down_file(up: Path) -> Path:
    return up.with_name(up.name.replace(".up.sql", ".down.sql"))


# The files


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_file_name_is_a_version_a_slug_and_a_direction(path: Path) -> None:
    assert re.fullmatch(r"2\d{13}_[a-z0-9]+(_[a-z0-9]+)*\.(up|down)\.sql", path.name)


def test_pairs_are_complete_and_unique() -> None:
    assert sorted([*UP_FILES, *map(down_file, UP_FILES)]) == FILES
    assert len({version_of(path) for path in UP_FILES}) == len(UP_FILES)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_file_has_statements(path: Path) -> None:
    assert split(path.read_text(encoding="utf-8"), path)


def test_links_point_to_older_postgres_revisions() -> None:
    links = [
        (path, revision)
        for path in UP_FILES
        for revision in re.findall(
            r"^-- migrate: requires postgres@(\w+)$", path.read_text(encoding="utf-8"), re.MULTILINE
        )
    ]
    assert links
    for path, revision in links:
        assert list(POSTGRES_FILES.glob(f"{revision}_*.py")), path
        assert revision < version_of(path)


# The steps


@pytest.mark.parametrize("path", UP_FILES, ids=version_of)
def test_step_up_down_up(database: Database, path: Path) -> None:
    database.up_before(version_of(path))
    before = database.schema()
    database.run(path)
    after = database.schema()
    assert after != before
    database.run(down_file(path))
    assert database.schema() == before
    database.run(path)
    assert database.schema() == after


def test_chain_up_down_up(database: Database) -> None:
    for path in UP_FILES:
        database.run(path)
    full = database.schema()
    for path in reversed(UP_FILES):
        database.run(down_file(path))
    assert database.schema() == []
    for path in UP_FILES:
        database.run(path)
    assert database.schema() == full


# The rows


def insert_spans(database: Database, columns: str, *rows: str) -> None:
    """Insert spans that have the same project and started in 2025, and these columns."""
    values = ", ".join(f"('{PROJECT}', '2025-04-01 00:00:00', {row})" for row in rows)
    database.rows(f"INSERT INTO spans (project_id, started_at, {columns}) VALUES {values}")


def test_usage_is_summed_by_hour(database: Database) -> None:
    database.up_before("20250224113000")
    for time in ("00:05:00", "00:55:00", "01:05:00"):
        database.rows(
            "INSERT INTO usage_events (project_id, model, prompt_tokens, cost_usd, at) "
            f"VALUES ('{PROJECT}', 'm', 10, 0.5, '2025-02-11 {time}')"
        )
    sums = database.rows(
        "SELECT toHour(hour), sum(requests), sum(prompt_tokens), sum(cost_usd) "
        "FROM usage_hourly GROUP BY hour ORDER BY hour"
    )
    assert sums == ["0\t2\t20\t1", "1\t1\t10\t0.5"]


def test_older_spans_are_counted_once_in_the_daily_latency(database: Database) -> None:
    database.up_before("20250224113000")
    for month in ("2024-12", "2025-01", "2025-02"):
        database.rows(
            "INSERT INTO spans (project_id, name, status, started_at, duration_us) "
            f"VALUES ('{PROJECT}', 'old', 'error', '{month}-28 23:59:59', 7)"
        )
    counts = (
        "SELECT name, countMerge(spans), countIfMerge(errors), maxMerge(longest_us) "
        "FROM span_latency_daily GROUP BY name ORDER BY name"
    )
    for _ in range(2):
        database.up("20250224113000")
        insert_spans(database, "name, duration_us", "'new', 9")
        assert database.rows(counts) == ["new\t1\t0\t9", "old\t3\t3\t7"]
        database.down("20250224113000")


def test_agent_spans_become_plain_spans_and_back(database: Database) -> None:
    database.up_before("20250407083000")
    database.up("20250407083000")
    insert_spans(database, "span_id, kind", "'a', 'agent'", "'b', 'llm'")
    kinds = "SELECT span_id, kind FROM spans ORDER BY span_id"
    assert database.rows(kinds) == ["a\tagent", "b\tllm"]
    for step in (database.down, database.up):
        step("20250407083000")
        assert database.rows(kinds) == ["a\tspan", "b\tllm"]


def test_estimated_costs_are_taken_back(database: Database) -> None:
    version = "20250527103000"
    database.up_before(version)
    insert_spans(
        database,
        "span_id, model, prompt_tokens, completion_tokens, cost_usd",
        "'estimated', 'gpt-large', 1000000, 500000, 0",
        "'free', '', 0, 0, 0",
        "'reported', 'gpt-mini', 1000, 1000, 0.25",
    )
    reported = ["estimated\t0", "free\t0", "reported\t0.25"]
    with_estimates = ["estimated\t12\testimated", "free\t0\treported", "reported\t0.25\treported"]
    for _ in range(2):
        database.up(version)
        costs = database.rows("SELECT span_id, cost_usd, cost_source FROM spans ORDER BY span_id")
        assert costs == with_estimates
        database.down(version)
        costs = database.rows("SELECT span_id, cost_usd FROM spans ORDER BY span_id")
        assert costs == reported


def test_views_answer(database: Database) -> None:
    for path in UP_FILES:
        database.run(path)
    insert_spans(
        database,
        "span_id, status, status_message, model, cost_usd",
        "'a', 'error', 'Read timeout', 'm', 0.5",
        "'b', 'error', 'Rate limit reached', 'm', 0.5",
        "'c', 'error', '', 'm', 0",
    )
    reasons = database.rows("SELECT reason FROM failed_spans ORDER BY span_id")
    assert reasons == ["timeout; it\\'s too late", "rate-limit; retry", "/* other */"]
    costs = database.rows(f"SELECT model, cost_usd FROM cost_by_day WHERE project_id = '{PROJECT}'")
    assert costs == ["m\t1"]
