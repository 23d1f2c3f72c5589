"""The history that the faults strike: both databases, everything that a fault can tear apart.

Each statement changes what its database holds, so that the state after every one of them is another
one, and what ran twice shows.  Nothing depends on the time or on chance.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.project import Project

MERGE_TREE = "ENGINE = MergeTree ORDER BY id"
# What a down file removes is a partition: that is done at once, where a mutation takes its time.
BY_KIND = "ENGINE = MergeTree PARTITION BY kind ORDER BY id"
KINDS = """CREATE MATERIALIZED VIEW kinds_mv TO kinds AS
SELECT max(events.id) AS id, kind, count() AS n FROM events GROUP BY kind"""

# What a second execution leaves as it is; everything else must run once.
_IDEMPOTENT = re.compile(r"\bIF (?:NOT )?EXISTS\b")


@dataclass(frozen=True)
class Unit:
    """One revision, or one pair.

    :ivar requires: the revision of the other history that has to be applied before.
    """

    version: str
    slug: str
    up: tuple[str, ...]
    down: tuple[str, ...]
    requires: str | None = None


@dataclass(frozen=True)
class History:
    """Both histories, in the order in which each is applied."""

    postgres: tuple[Unit, ...]
    clickhouse: tuple[Unit, ...]

    @property
    def statements(self) -> tuple[str, ...]:
        """Every ClickHouse statement of the way up."""
        return tuple(statement for unit in self.clickhouse for statement in unit.up)

    def places(self) -> Iterator[tuple[Unit, int]]:
        """The pair of each of these statements, and its number in it."""
        for unit in self.clickhouse:
            for number in range(1, len(unit.up) + 1):
                yield unit, number

    def write(self, project: Project, *, per_migration: bool = False) -> None:
        """Write the files of the history.

        :param per_migration: commit each Postgres revision by itself.
        """
        for unit in self.postgres:
            links = {"clickhouse_requires": unit.requires} if unit.requires else {}
            project.add_revision(unit.version, unit.up, unit.down, message=unit.slug, **links)
        for unit in self.clickhouse:
            head = f"-- migrate: requires postgres@{unit.requires}\n\n" if unit.requires else ""
            project.add_pair(unit.version, unit.slug, head + _file(unit.up), _file(unit.down))
        if per_migration:
            _commit_each(project.path / "alembic" / "env.py")


def is_repeatable(statement: str) -> bool:
    """Whether executing it a second time changes nothing."""
    return bool(_IDEMPOTENT.search(statement))


def _file(statements: tuple[str, ...]) -> str:
    return "".join(f"{statement};\n" for statement in statements)


def _commit_each(env_py: Path) -> None:
    text = env_py.read_text()
    changed = text.replace(
        "connection=connection, target_metadata",
        "connection=connection, transaction_per_migration=True, target_metadata",
    )
    assert changed != text
    env_py.write_text(changed)


POSTGRES_UNITS = (
    Unit(
        "20250101000000",
        "create_users",
        (
            "CREATE TABLE users (id int PRIMARY KEY, name text NOT NULL)",
            "INSERT INTO users SELECT n, 'user ' || n FROM generate_series(1, 5) AS n",
        ),
        ("DROP TABLE users",),
    ),
    Unit(
        "20250102000000",
        "create_plans",
        (
            "CREATE TABLE plans (id int PRIMARY KEY, price int NOT NULL)",
            "INSERT INTO plans VALUES (1, 0), (2, 20)",
        ),
        ("DROP TABLE plans",),
    ),
    Unit(
        "20250103000000",
        "give_users_plans",
        (
            "ALTER TABLE users ADD COLUMN plan int REFERENCES plans",
            "UPDATE users SET plan = 1 + id % 2",
        ),
        ("ALTER TABLE users DROP COLUMN plan",),
    ),
    Unit(
        "20250104000000",
        "count_usage",
        (
            "CREATE TABLE usage (user_id int REFERENCES users, used int)",
            "INSERT INTO usage SELECT id, id * 10 FROM users",
        ),
        ("DROP TABLE usage",),
        requires="20250204000000",
    ),
    Unit(
        "20250105000000",
        "show_usage",
        (
            "CREATE VIEW heavy AS SELECT user_id FROM usage WHERE used > 20",
            "CREATE INDEX usage_by_user ON usage (user_id)",
        ),
        ("DROP INDEX usage_by_user", "DROP VIEW heavy"),
    ),
    Unit(
        "20250106000000",
        "raise_prices",
        (
            "UPDATE plans SET price = price * 2 + 1",
            "INSERT INTO plans SELECT 3, max(price) FROM plans",
        ),
        ("DELETE FROM plans WHERE id = 3", "UPDATE plans SET price = (price - 1) / 2"),
        requires="20250208000000",
    ),
)

CLICKHOUSE_UNITS = (
    Unit(
        "20250201000000",
        "create_events",
        (
            f"CREATE TABLE IF NOT EXISTS events (id UInt64, kind String, value Int64) {BY_KIND}",
            "INSERT INTO events VALUES (1, 'first', 10), (2, 'second; or not', 20)",
            "INSERT INTO events SELECT number + 10, 'counted', number FROM numbers(20)",
        ),
        ("DROP TABLE events",),
    ),
    Unit(
        "20250202000000",
        "count_by_kind",
        (
            f"CREATE TABLE kinds (id UInt64, kind String, n UInt64) {BY_KIND}",
            KINDS,
            "INSERT INTO events SELECT number + 100, 'flowing', number FROM numbers(5)",
        ),
        (
            "ALTER TABLE events DROP PARTITION 'flowing'",
            "DROP TABLE kinds_mv",
            "DROP TABLE kinds",
        ),
        requires="20250102000000",
    ),
    Unit(
        "20250203000000",
        "add_source",
        (
            "ALTER TABLE events ADD COLUMN source String DEFAULT 'web'",
            "ALTER TABLE events ADD COLUMN IF NOT EXISTS cost Int64 DEFAULT 1",
            "INSERT INTO events (id, kind, value, source) VALUES (200, 'sourced', 1, 'app')",
        ),
        (
            "ALTER TABLE kinds DROP PARTITION 'sourced'",
            "ALTER TABLE events DROP PARTITION 'sourced'",
            "ALTER TABLE events DROP COLUMN cost",
            "ALTER TABLE events DROP COLUMN source",
        ),
    ),
    Unit(
        "20250204000000",
        "double_values",
        (
            "ALTER TABLE events UPDATE value = value * 2 + 1 WHERE id < 15",
            "INSERT INTO events SELECT id + 1000, 'copied', value, '', 2 FROM events WHERE id < 13",
        ),
        (
            "ALTER TABLE kinds DROP PARTITION 'copied'",
            "ALTER TABLE events DROP PARTITION 'copied'",
            "ALTER TABLE events UPDATE value = intDiv(value - 1, 2) WHERE id < 15",
        ),
    ),
    Unit(
        "20250205000000",
        "collect_errors",
        (
            f"CREATE TABLE errors (id UInt64, kind String) {BY_KIND}",
            "INSERT INTO errors SELECT id, concat('bad ', kind) FROM events WHERE value > 10",
            "ALTER TABLE errors ADD COLUMN level UInt8 DEFAULT 3",
        ),
        ("DROP TABLE errors",),
    ),
    Unit(
        "20250206000000",
        "call_them_failures",
        (
            "RENAME TABLE errors TO failures",
            "CREATE VIEW severe AS SELECT id, kind FROM failures WHERE level > 2",
            "INSERT INTO failures SELECT number, 'known', 1 FROM numbers(3)",
        ),
        (
            "ALTER TABLE failures DROP PARTITION 'known'",
            "DROP VIEW severe",
            "RENAME TABLE failures TO errors",
        ),
    ),
    Unit(
        "20250207000000",
        "forget_some",
        (
            "ALTER TABLE failures DELETE WHERE id = 2",
            f"CREATE TABLE totals (id UInt64, n UInt64) {MERGE_TREE}",
            "INSERT INTO totals SELECT 1, count() FROM failures",
        ),
        (
            "DROP TABLE totals",
            "INSERT INTO failures VALUES (2, 'known', 1), (2, 'bad second; or not', 3)",
        ),
    ),
    Unit(
        "20250208000000",
        "archive_events",
        (
            "CREATE TABLE archive AS events",
            "INSERT INTO archive SELECT * FROM events WHERE id < 100",
            "ALTER TABLE archive DROP COLUMN cost",
            "ALTER TABLE archive MODIFY COLUMN value Int32",
        ),
        ("DROP TABLE archive",),
    ),
    Unit(
        "20250209000000",
        "through_a_table_that_goes",
        (
            f"CREATE TABLE passing (id UInt64, kind String) {MERGE_TREE}",
            "INSERT INTO passing VALUES (500, 'passing'), (501, 'passing')",
            "INSERT INTO archive SELECT id, kind, 0, 'passing' FROM passing",
            "DROP TABLE passing",
        ),
        ("ALTER TABLE archive DROP PARTITION 'passing'", "DROP TABLE IF EXISTS passing"),
        requires="20250105000000",
    ),
    Unit(
        "20250210000000",
        "rename_a_column",
        (
            "ALTER TABLE archive RENAME COLUMN source TO origin",
            "INSERT INTO archive (id, kind, origin) VALUES (600, 'last', 'end')",
            "DROP VIEW severe",
        ),
        (
            "CREATE VIEW severe AS SELECT id, kind FROM failures WHERE level > 2",
            "ALTER TABLE archive DROP PARTITION 'last'",
            "ALTER TABLE archive RENAME COLUMN origin TO source",
        ),
    ),
)

HISTORY = History(POSTGRES_UNITS, CLICKHOUSE_UNITS)
