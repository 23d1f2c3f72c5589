"""The whole plan around one Postgres transaction: what ``--atomic`` is built on."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import psycopg
import pytest

from brokle_migrate.config import load
from brokle_migrate.environments.postgres import PostgresEnvironment
from brokle_migrate.errors import LockLost, MigrateError, StateError, StepFailed, TimedOut
from brokle_migrate.events import StepStarted
from brokle_migrate.model import Action, Limits, Step
from tests.support.postgres import libpq_url

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from brokle_migrate.events import Event
    from tests.support.project import Project

FIRST, SECOND = "20250101000000", "20250102000000"
BEGIN = "        with context.begin_transaction():\n            context.run_migrations()"
CONFIGURE = "connection=connection, target_metadata"


class Plan:
    """Two steps of Postgres with one of another database between them, and one after them."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.environment = PostgresEnvironment(load(directory=project.path, environ={}))
        self.environment.snapshot()
        self.steps = [self._own(FIRST), other("a"), self._own(SECOND), other("b")]
        self.inside: list[str] = []
        self.seen_by_others: list[set[str]] = []
        self.events: list[Event] = []
        self.failing = ""

    def _own(self, revision: str) -> Step:
        path = next(self.project.postgres_versions.glob(f"{revision}*"))
        return Step("postgres", Action.UPGRADE, revision, path=path)

    def run(self, limits: Limits | None = None) -> None:
        self.environment.apply_around(
            self.steps, self._run_inside, self.events.append, limits or Limits()
        )

    def _run_inside(self, stretch: Sequence[Step]) -> None:
        self.seen_by_others.append(self.tables())
        for step in stretch:
            if step.revision == self.failing:
                raise StepFailed("ClickHouse said no", step=step)
            self.inside.append(step.revision)

    def tables(self) -> set[str]:
        query = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
        url = libpq_url(self.project.postgres_url or "")
        with psycopg.connect(url, options="-c lock_timeout=5s") as connection:
            return {name for (name,) in connection.execute(query)} - {"alembic_version"}

    @property
    def current(self) -> tuple[str, ...]:
        return self.environment.snapshot().recorded


def other(revision: str) -> Step:
    return Step("clickhouse", Action.UPGRADE, revision)


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def env_py(project: Project) -> Path:
    return project.path / "alembic" / "env.py"


@pytest.fixture
def two(project: Project) -> Project:
    project.add_revision(FIRST, "CREATE TABLE one (id int)", "DROP TABLE one")
    project.add_revision(SECOND, "CREATE TABLE two (id int)", "DROP TABLE two")
    return project


@pytest.mark.parametrize("per_migration", [False, True])
def test_nobody_sees_anything_before_all_is_done(two: Project, per_migration: bool) -> None:
    if per_migration:
        edit(env_py(two), CONFIGURE, f"transaction_per_migration=True, {CONFIGURE}")
    plan = Plan(two)
    plan.run()
    assert plan.inside == ["a", "b"]
    assert plan.seen_by_others == [set(), set()]
    assert plan.tables() == {"one", "two"}
    assert plan.current == (SECOND,)
    started = [event.step.revision for event in plan.events if isinstance(event, StepStarted)]
    assert started == [FIRST, SECOND]


def test_what_fails_inside_takes_everything_back(two: Project) -> None:
    plan = Plan(two)
    plan.failing = "b"
    with pytest.raises(StepFailed, match="ClickHouse said no") as caught:
        plan.run()
    assert caught.value.step.revision == "b"
    assert plan.inside == ["a"]
    assert plan.tables() == set()
    assert plan.current == ()


def test_what_fails_in_postgres_takes_everything_back(two: Project) -> None:
    two.add_revision("20250103000000", "SELECT * FROM nothing", "")
    plan = Plan(two)
    plan.steps[3] = plan._own("20250103000000")
    with pytest.raises(StepFailed, match="does not exist") as caught:
        plan.run()
    assert caught.value.step.revision == "20250103000000"
    assert not caught.value.partial
    assert plan.tables() == set()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (BEGIN, "        context.run_migrations()\n        connection.commit()"),
        ("poolclass=pool.NullPool", "poolclass=pool.NullPool, isolation_level='AUTOCOMMIT'"),
    ],
    ids=["none", "autocommit"],
)
def test_without_a_transaction_nothing_is_run(two: Project, old: str, new: str) -> None:
    edit(env_py(two), old, new)
    plan = Plan(two)
    with pytest.raises(StateError, match="needs a transaction"):
        plan.run()
    assert plan.inside == []
    assert plan.events == []
    assert plan.tables() == set()


def test_a_transaction_around_env_py_will_do(two: Project) -> None:
    edit(env_py(two), "connectable.connect()", "connectable.begin()")
    plan = Plan(two)
    plan.run()
    assert plan.tables() == {"one", "two"}


@pytest.mark.parametrize(
    ("code", "words", "partial"),
    [
        ("with op.get_context().autocommit_block(): pass", "autocommit block", False),
        ("op.get_bind().commit()", "commits by itself", False),
        ("op.get_bind().get_transaction().commit()", "commits by itself", False),
        ("op.execute('COMMIT')", "ended the transaction", True),
    ],
)
def test_a_revision_that_commits_is_an_error(
    two: Project, code: str, words: str, partial: bool
) -> None:
    path = two.add_revision("20250103000000", "SELECT 1", "")
    edit(path, "    op.execute('SELECT 1')", f"    {code}")
    plan = Plan(two)
    plan.steps[2] = plan._own("20250103000000")
    plan.steps[1:1] = [plan._own(SECOND)]
    with pytest.raises(StepFailed, match=words) as caught:
        plan.run()
    assert caught.value.partial is partial
    assert "without --atomic" in (caught.value.hint or "")
    assert plan.inside == ["a"]
    assert plan.tables() == ({"one", "two"} if partial else set())


def test_an_env_py_that_does_not_commit_is_an_error(two: Project) -> None:
    edit(
        env_py(two),
        "            context.run_migrations()",
        "            context.run_migrations()\n            connection.get_transaction().rollback()",
    )
    plan = Plan(two)
    with pytest.raises(MigrateError):
        plan.run()
    assert plan.tables() == set()


def test_the_time_of_the_others_counts_too(two: Project) -> None:
    plan = Plan(two)
    with pytest.raises(TimedOut):
        plan.environment.apply_around(
            plan.steps,
            lambda _: time.sleep(0.7),
            plan.events.append,
            Limits(deadline=time.monotonic() + 1),
        )
    assert plan.tables() == set()


def test_another_thread_can_interrupt(two: Project) -> None:
    two.add_revision("20250103000000", "SELECT pg_sleep(20)", "")
    plan = Plan(two)
    plan.steps.append(plan._own("20250103000000"))
    timer = threading.Timer(1, plan.environment.interrupt, [LockLost("gone")])
    timer.start()
    started = time.monotonic()
    with pytest.raises(LockLost, match="gone"):
        plan.run()
    assert time.monotonic() - started < 10
    assert plan.tables() == set()
    plan.environment.interrupt(LockLost("nothing runs"))
    assert plan.current == ()


def test_what_needs_autocommit_is_known_before(two: Project) -> None:
    third = two.add_revision("20250103000000", "SELECT 1", "SELECT 1")
    block = "    with op.get_context().autocommit_block():\n        op.execute('VACUUM')"
    edit(
        third,
        "def upgrade() -> None:\n    op.execute('SELECT 1')",
        f"def upgrade() -> None:\n{block}",
    )
    two.add_revision("20250104000000", "create  unique index concurrently u on one (id)", "")
    two.add_revision("20250105000000", "COMMENT ON TABLE one IS 'VACUUM me'", "")
    plan = Plan(two)
    steps = [plan._own(f"2025010{day}000000") for day in (1, 2, 3, 4, 5)]
    assert plan.environment.needs_autocommit(steps) == (
        "20250103000000 commits by itself, or has an autocommit block",
        "20250104000000: create unique index concurrently can't run in a transaction",
    )
    assert plan.environment.needs_autocommit([*steps[:2], other("a")]) == ()
