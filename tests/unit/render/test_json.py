"""The JSON contract: one versioned envelope, whatever happens."""

from __future__ import annotations

import io
import json

import pytest

from brokle_migrate.errors import LockHeld, UsageError
from brokle_migrate.events import StepStarted
from brokle_migrate.render import choose
from brokle_migrate.render.pictures import Form

from . import values
from .pictures import branches
from .support import envelope

FIELDS = ["schema", "command", "ok", "exit_code", "data", "error"]
STEP = {
    "environment": "clickhouse",
    "action": "upgrade",
    "revision": "20250210104500",
    "message": "create hourly usage",
    "path": "migrations_clickhouse/versions/20250210104500_create_hourly_usage.up.sql",
}
VALUES = {
    "status": (lambda r: r.status(values.PENDING), ["at_head", "databases"]),
    "info": (
        lambda r: r.info(values.INFO),
        ["version", "checked", "databases", "lock", "runs", "missing", "settings"],
    ),
    "preview": (lambda r: r.preview(values.DRY_RUN), ["digest", "steps", "findings"]),
    "nothing": (
        lambda r: r.nothing_to_do(values.plan()),
        ["changed", "steps", "databases", "failure", "undo_error", "next", "findings"],
    ),
    "report": (
        lambda r: r.report(values.DONE),
        ["changed", "steps", "databases", "failure", "undo_error", "next", "findings"],
    ),
    "created": (lambda r: r.created(values.CREATED), ["version", "paths", "hooks", "lock_file"]),
    "checked": (
        lambda r: r.checked(values.CHECKED),
        ["findings", "allowed", "revisions", "not_checked", "since", "live", "rehearsed"],
    ),
    "sealed": (
        lambda r: r.sealed(values.SEALED),
        ["path", "written", "differs", "entries", "changes", "flaws"],
    ),
    "dumped": (lambda r: r.dumped(values.PRINTED), ["written", "files"]),
    "inventory": (lambda r: r.inventory(values.OBJECTS, dry_run=True), ["databases"]),
    "dropped": (lambda r: r.dropped(values.OBJECTS), ["databases"]),
    "graph": (
        lambda r: r.graph(branches(), Form.SVG),
        ["databases", "nodes", "edges", "file"],
    ),
    "lock": (lambda r: r.lock(values.HELD), ["database", "held", "holder", "removed"]),
}


@pytest.mark.parametrize("name", VALUES)
def test_every_command_prints_one_envelope(name: str) -> None:
    say, fields = VALUES[name]
    found, err = envelope(say, command=name)
    assert list(found) == FIELDS
    assert found["schema"] == 1
    assert found["command"] == name
    assert found["ok"] is True
    assert found["exit_code"] == 0
    assert found["error"] is None
    assert list(found["data"]) == fields
    assert err == ""


def test_an_error_before_any_data() -> None:
    error = UsageError("no such option: --dri-run", hint="did you mean --dry-run?")
    found, err = envelope(lambda r: r.error(error), command="", exit_code=2)
    assert found == {
        "schema": 1,
        "command": "",
        "ok": False,
        "exit_code": 2,
        "data": None,
        "error": {
            "code": "usage",
            "message": "no such option: --dri-run",
            "hint": "did you mean --dry-run?",
        },
    }
    assert err == ""


def test_an_error_after_data_keeps_both() -> None:
    def say(renderer):
        renderer.inventory(values.OBJECTS, dry_run=True)
        renderer.error(LockHeld())

    found, _ = envelope(say, exit_code=4)
    assert found["data"] is not None
    assert found["error"] == {
        "code": "lock_held",
        "message": "Somebody else is migrating.",
        "hint": None,
    }


def test_nothing_said_is_an_envelope_too() -> None:
    found, _ = envelope(lambda _: None, exit_code=130)
    assert (found["data"], found["error"], found["ok"]) == (None, None, False)


def test_finish_prints_once() -> None:
    out = io.StringIO()
    renderer = choose(json=True, out=out, err=io.StringIO())
    renderer.finish("up", 0)
    renderer.finish("up", 1)
    assert json.loads(out.getvalue())["exit_code"] == 0


def test_status() -> None:
    found, _ = envelope(lambda r: r.status(values.UNWELL), exit_code=5)
    postgres, clickhouse = found["data"]["databases"]
    assert found["error"]["code"] == postgres["error"]["code"] == "unreachable"
    assert clickhouse["environment"] == "clickhouse"
    assert clickhouse["label"] == "localhost:9000/brokle"
    assert clickhouse["current"] == ["20250210104500"]
    assert clickhouse["heads"] == ["20250715080000"]
    assert clickhouse["ahead"] == ["20990101000000"]
    assert clickhouse["changed"] == ["20250210104500"]
    assert [each["revision"] for each in clickhouse["out_of_order"]] == [
        "20250108100000",
        "20250715080000",
    ]
    assert clickhouse["dirty"] == [
        {
            "revision": "20250715080000",
            "action": "upgrade",
            "statement": 2,
            "statements": 3,
            "error": "Code: 60. Table default.spans does not exist",
            "outcome": "unknown",
            "evidence": None,
            "next_statement": None,
        }
    ]
    assert {finding["id"] for finding in clickhouse["findings"]} == {
        "dirty",
        "ahead",
        "out_of_order",
        "changed",
    }


def test_pending_revisions_have_their_files() -> None:
    found, _ = envelope(lambda r: r.status(values.PENDING))
    postgres, clickhouse = found["data"]["databases"]
    assert postgres["pending"][0] == {
        "revision": "20250113083000",
        "message": "create projects",
        "path": "alembic/versions/20250113083000_create_projects.py",
        "requires": [],
    }
    assert (postgres["applied"], postgres["exists"], postgres["at_head"]) == (1, True, False)
    assert (clickhouse["applied"], clickhouse["exists"]) == (0, False)


def test_info() -> None:
    found, _ = envelope(lambda r: r.info(values.INFO))
    postgres = found["data"]["databases"][0]
    assert postgres["server"] == {
        "version": "PostgreSQL 15.1",
        "database": "brokle",
        "latency": 0.00042,
    }
    assert postgres["tables"][0] == {"name": "users", "rows": 1204, "bytes": 98304}
    assert found["data"]["settings"][1] == {
        "name": "clickhouse.migrations_table",
        "value": "schema_migrations",
        "source": "default",
    }


def test_preview_has_every_statement() -> None:
    found, _ = envelope(lambda r: r.preview(values.DRY_RUN))
    first, second = found["data"]["steps"]
    assert first["statements"] == list(values.DRY_RUN.steps[0].statements)
    assert first["destroys"][1] == {
        "kind": "table",
        "name": "spans",
        "message": "drops table spans",
    }
    assert first["touches"][1] == {"name": "spans", "rows": 1, "bytes": 812}
    assert second["note"].startswith("reads data")
    assert found["data"]["digest"] == values.DOWN.digest


def test_report_of_a_failure() -> None:
    found, _ = envelope(lambda r: r.report(values.FAILED), exit_code=6)
    data = found["data"]
    assert data["changed"] is True
    assert [step["state"] for step in data["steps"]] == ["applied", "applied", "failed", "not_run"]
    assert data["steps"][2] == {**STEP, "state": "failed", "duration": None}
    assert data["databases"][0] == {
        "environment": "postgres",
        "current": ["20250707100000"],
        "heads": ["20250707100000"],
        "dirty": [],
    }
    assert data["failure"] == {
        **STEP,
        "statement": 2,
        "location": {"path": STEP["path"], "line": 4, "column": 1},
        "sql": "CREATE TABLE usage (id UInt64) ENGINE = MergeTree",
        "offset": None,
        "error": values.BROKEN.message,
        "hint": values.BROKEN.hint,
    }
    assert found["error"] == {
        "code": "step_failed",
        "message": values.BROKEN.message,
        "hint": values.BROKEN.hint,
    }


def test_report_of_a_database_that_does_not_answer_any_more() -> None:
    found, _ = envelope(lambda r: r.report(values.LOST), exit_code=6)
    assert found["data"]["databases"][1] == {
        "environment": "clickhouse",
        "current": None,
        "heads": None,
        "dirty": None,
    }
    assert found["data"]["failure"] is None


def test_dumped_alone_and_after_a_run() -> None:
    found, _ = envelope(lambda r: r.dumped(values.DUMPED))
    changed, absent, failed = found["data"]["files"]
    assert changed == {
        "environment": "postgres",
        "path": "schema/postgres.sql",
        "state": "changed",
        "changed": True,
        "sql": None,
        "warnings": ["t: a secret is hidden"],
        "error": None,
    }
    assert (absent["state"], absent["changed"]) == ("absent", False)
    assert failed["error"]["code"] == found["error"]["code"] == "unreachable"

    after, _ = envelope(lambda r: (r.report(values.DONE), r.dumped(values.DUMPED)))
    assert after["data"]["changed"] is True
    assert after["data"]["dump"] == found["data"]


def test_created_and_dropped() -> None:
    found, _ = envelope(lambda r: r.created(values.CREATED))
    assert found["data"]["version"] == "20250801120000"
    assert all(isinstance(path, str) for path in found["data"]["paths"])
    found, _ = envelope(lambda r: r.dropped(values.OBJECTS))
    assert found["data"]["databases"][0]["objects"][0] == {
        "kind": "view",
        "name": "hourly",
        "rows": None,
        "sql": "DROP VIEW hourly",
    }


def test_messages_progress_and_questions_go_to_standard_error() -> None:
    def say(renderer):
        renderer.message("waiting for the lock")
        renderer.plan(values.DRY_RUN)
        renderer.findings((values.FINDING,))
        renderer.inventory(values.OBJECTS)
        renderer.event(StepStarted(values.STEPS[0], 1, 4))

    _, err = envelope(say)
    found = err.splitlines()
    assert found[:2] == ["waiting for the lock", "2 steps (clickhouse 1, postgres 1)"]
    assert "2 objects with 1,000,000 rows to drop" in found
    assert found[-1] == "[1/4] upgrade postgres 20250113083000 create projects"


def test_the_holder_of_a_lock() -> None:
    found, _ = envelope(lambda r: r.lock(values.HELD), command="lock")
    assert found["data"] == {
        "database": "db.example:5432/app",
        "held": True,
        "holder": {
            "name": "brokle-migrate ann@build-7 pid 4711",
            "process": 4711,
            "kind": "session",
            "session": 20210,
            "address": "10.0.0.3",
            "age": 72.4,
            "heartbeat": None,
            "ttl": None,
            "expired": False,
        },
        "removed": None,
    }


def test_a_lease_that_is_over_is_not_held() -> None:
    found, _ = envelope(lambda r: r.lock(values.LEFT), command="lock")
    assert found["data"]["held"] is False
    assert found["data"]["holder"]["expired"] is True
    assert found["data"]["holder"]["heartbeat"] == 60
    assert found["data"]["holder"]["session"] is None
