"""How grave a state is, and what to type about it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from brokle_migrate.conditions import Condition, DatabaseHealth, Health
from brokle_migrate.errors import Busy, DatabaseUnreachable, LockHeld, MigrateError, RevisionError
from brokle_migrate.interruption import Interruption, Outcome
from brokle_migrate.locks import Holder, LockState
from brokle_migrate.locks.base import Kind
from brokle_migrate.metrics import metrics
from brokle_migrate.model import Action
from brokle_migrate.status import DatabaseStatus, describe

from .scenarios import clickhouse, postgres


def _health(*statuses: DatabaseStatus, lock: LockState | None = None) -> Health:
    return Health(tuple(DatabaseHealth(each, 0.25) for each in statuses), 1000.0, lock)


def _unread(error: MigrateError) -> DatabaseStatus:
    return DatabaseStatus("postgres", "postgres://test", error=error)


def _half_done(outcome: Outcome) -> Interruption:
    return Interruption(
        version="2",
        action=Action.UPGRADE,
        statement=1,
        statements=2,
        outcome=outcome,
    )


AT_HEAD = describe(clickhouse("1 2", applied="1 2"))
PENDING = describe(clickhouse("1 2", applied="1"))
AHEAD = describe(postgres("a b", applied="c"))
GAP = describe(clickhouse("1 2 3", applied="1 3"))


@pytest.mark.parametrize(
    ("status", "condition", "ready", "command"),
    [
        (AT_HEAD, Condition.HEALTHY, True, None),
        (PENDING, Condition.DEGRADED, False, "brokle-migrate up"),
        (AHEAD, Condition.DEGRADED, True, "git pull"),
        (GAP, Condition.DEGRADED, False, "brokle-migrate --db clickhouse up --allow-out-of-order"),
        (_unread(Busy()), Condition.DEGRADED, False, "brokle-migrate lock"),
        (_unread(LockHeld()), Condition.DEGRADED, False, "brokle-migrate lock"),
        (
            _unread(DatabaseUnreachable()),
            Condition.UNHEALTHY,
            False,
            "brokle-migrate --db postgres wait",
        ),
        (
            _unread(DatabaseUnreachable(refused=True)),
            Condition.UNHEALTHY,
            False,
            "brokle-migrate --db postgres info",
        ),
        (
            _unread(RevisionError("bad")),
            Condition.UNHEALTHY,
            False,
            "brokle-migrate --db postgres info",
        ),
    ],
)
def test_a_database(
    status: DatabaseStatus, condition: Condition, ready: bool, command: str | None
) -> None:
    health = _health(status)
    assert health.condition is condition
    assert health.is_ready is ready
    assert [each.command for each in health.recommendations] == [command] * (command is not None)


@pytest.mark.parametrize(("files", "ready"), [("1", True), ("1 2", False)])
@pytest.mark.parametrize("running", ["", "somebody"])
def test_a_half_done_step_of_newer_code_keeps_nobody_from_serving(
    files: str, running: str, ready: bool
) -> None:
    history = clickhouse(files, applied="1", dirty=(_half_done(Outcome.UNKNOWN),))
    assert describe(history, running=running).is_ready is ready


@pytest.mark.parametrize(
    ("outcome", "command"),
    [
        (Outcome.UNKNOWN, "brokle-migrate resume"),
        (Outcome.DONE, "brokle-migrate up"),
    ],
)
def test_a_half_done_step_needs_a_person_or_an_up(outcome: Outcome, command: str) -> None:
    history = clickhouse("1 2", applied="1", dirty=(_half_done(outcome),))
    health = _health(describe(history))
    assert health.condition is Condition.UNHEALTHY
    assert [each.command for each in health.recommendations] == [command]


def test_a_step_that_somebody_runs_is_nothing_to_settle() -> None:
    history = clickhouse("1 2", applied="1", dirty=(_half_done(Outcome.UNKNOWN),))
    health = _health(describe(history, running="somebody"))
    assert health.condition is Condition.DEGRADED
    assert health.recommendations == ()


def test_what_newer_code_left_half_done_is_for_newer_code() -> None:
    history = clickhouse("1", applied="1", dirty=(_half_done(Outcome.UNKNOWN),))
    health = _health(describe(history))
    assert health.condition is Condition.DEGRADED
    assert health.is_ready
    assert [each.command for each in health.recommendations] == ["git pull"]


def test_several_heads_are_to_be_merged() -> None:
    health = _health(describe(postgres("a b<a c<a", applied="a")))
    assert [each.command for each in health.recommendations] == ["alembic merge b c"]


def test_the_worst_counts() -> None:
    assert _health(AT_HEAD, PENDING).condition is Condition.DEGRADED
    assert _health(_unread(DatabaseUnreachable()), AT_HEAD).condition is Condition.UNHEALTHY
    assert _health().condition is Condition.HEALTHY


def test_a_dead_holder_can_be_relieved() -> None:
    holder = Holder("who", Kind.LEASE, "k", age=90.0, beat=60.0, ttl=12.0)
    assert _commands(holder) == ["brokle-migrate lock --break"]
    assert _commands(replace(holder, beat=1.0)) == []


def _commands(holder: Holder) -> list[str]:
    health = _health(AT_HEAD, lock=LockState("here", holder))
    return [each.command for each in health.recommendations]


def test_metrics_are_prometheus_text() -> None:
    from prometheus_client.parser import text_string_to_metric_families

    holder = Holder("who", Kind.SESSION, "17", age=90.0)
    health = _health(PENDING, _unread(DatabaseUnreachable()), lock=LockState("here", holder))
    text = metrics(health).decode()
    found = {
        (sample.name, *sorted(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }
    assert found["brokle_migrate_pending_revisions", "clickhouse"] == 1
    assert found["brokle_migrate_database_latency_seconds", "clickhouse"] == 0.25
    assert ("brokle_migrate_pending_revisions", "postgres") not in found
    assert found["brokle_migrate_status", "unhealthy"] == 1
    assert found["brokle_migrate_status", "healthy"] == 0
    assert found["brokle_migrate_ready",] == 0
    assert found["brokle_migrate_lock_held",] == 1
    assert found["brokle_migrate_lock_age_seconds",] == 90
