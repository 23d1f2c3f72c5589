"""What a pipe gets: exact text for each value."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from brokle_migrate.errors import DatabaseUnreachable, InvalidScripts
from brokle_migrate.events import StatementDone, StepFinished, StepRetried, StepStarted
from brokle_migrate.model import POSTGRES, Operation, Request
from brokle_migrate.status import DatabaseStatus, Status

from . import values
from .support import lines, plain

if TYPE_CHECKING:
    from brokle_migrate.locks import LockState

STATUS = """\
database    state            current         head            applied  pending
postgres    pending          20250106091500  20250707100000        1        2
clickhouse  not created yet  base            20250715080000        0        3

postgres: localhost:5432/brokle
postgres: pending 20250113083000  create projects
postgres: pending 20250707100000  create audit log

clickhouse: localhost:9000/brokle
clickhouse: pending 20250108100000  create traces
clickhouse: pending 20250210104500  create hourly usage
clickhouse: pending 20250715080000  add metadata

next: brokle-migrate up
"""
AT_HEAD = """\
database    state    current         head            applied  pending
postgres    at head  20250707100000  20250707100000        3        0
clickhouse  at head  20250715080000  20250715080000        3        0

postgres: localhost:5432/brokle
clickhouse: localhost:9000/brokle

nothing to do
"""
UNWELL = """\
database    state        current         head            applied  pending
postgres    unreachable  -               -                     -        -
clickhouse  dirty        20250210104500  20250715080000        1        0

postgres: localhost:5432/brokle
postgres: error Postgres at localhost:5432/brokle does not answer: connection refused

clickhouse: localhost:9000/brokle
"""
PREVIEW = """\
-- downgrade clickhouse 20250715080000 add metadata \
(migrations_clickhouse/versions/20250715080000_add_metadata.up.sql)
-- destroys: drops column traces.metadata
-- destroys: drops table spans
-- touches: traces (1,000,000 rows, 50.0 MiB), spans (1 row, 812 B)
ALTER TABLE traces
    DROP COLUMN metadata;
DROP TABLE spans -- for good
;

-- downgrade postgres 20250707100000 create audit log \
(alembic/versions/20250707100000_create_audit_log.py)
DROP INDEX ix_audit_log;
-- note: reads data while it runs, so the statements from here on are known only then

-- warning: clickhouse: 20250108100000 was edited after it was applied: \
migrations_clickhouse/versions/20250108100000_create_traces.up.sql
-- hint: restore the file, and put the edit into a new revision
-- nothing was changed; a run would take 2 steps (clickhouse 1, postgres 1) and destroy 2 things
"""
PLAN = """\
2 steps (clickhouse 1, postgres 1)
action     database    revision        message
downgrade  clickhouse  20250715080000  add metadata
downgrade  postgres    20250707100000  create audit log

database    revision        destroys
clickhouse  20250715080000  drops column traces.metadata
clickhouse  20250715080000  drops table spans

database    touches       rows      size
clickhouse  traces   1,000,000  50.0 MiB
clickhouse  spans            1     812 B

warning: clickhouse: 20250108100000 was edited after it was applied: \
migrations_clickhouse/versions/20250108100000_create_traces.up.sql
hint: restore the file, and put the edit into a new revision

"""
FAILED = """\
failed: upgrade clickhouse 20250210104500 create hourly usage
statement 2 of 3 at \
migrations_clickhouse/versions/20250210104500_create_hourly_usage.up.sql:4:1

CREATE TABLE usage (id UInt64) ENGINE = MergeTree;

Code: 57. DB::Exception: Table brokle.usage already exists. (TABLE_ALREADY_EXISTS)

postgres: 2 applied, now at 20250707100000 (head)
postgres: applied 20250113083000  create projects (12 ms)
postgres: applied 20250707100000  create audit log (3.4 s)

clickhouse: 1 failed, 1 not run, now at 20250108100000, dirty
clickhouse: failed 20250210104500  create hourly usage
clickhouse: not run 20250715080000  add metadata

hint: look at the database, put it right, then: brokle-migrate --db clickhouse force --version V
next: brokle-migrate resume
"""
LOST = """\
failed: Postgres at localhost:5432/brokle does not answer: connection refused

postgres: 1 rolled back, 1 not run, now at 20250106091500
postgres: rolled back 20250113083000  create projects (12 ms)
postgres: not run 20250707100000  create audit log

clickhouse: 1 unknown, 1 not run, where it stands could not be read
clickhouse: unknown 20250210104500  create hourly usage
clickhouse: not run 20250715080000  add metadata

hint: is the server running, and are host, port, database, user and password right?
next: brokle-migrate status
"""
INFO = """\
brokle-migrate 0.1.0

database    state    current         head            applied  pending
postgres    at head  20250707100000  20250707100000        3        0
clickhouse  at head  20250715080000  20250715080000        3        0

postgres: localhost:5432/brokle
postgres: connections 12 of 97, 12% used
postgres: server PostgreSQL 15.1, database brokle, 0.4 ms away

clickhouse: localhost:9000/brokle
clickhouse: disk default: 74.6 GiB free of 252 GiB, 70% used
clickhouse: server ClickHouse 26.9.1.1, database brokle, 2.1 ms away

database    table           rows      size
postgres    audit_log  1,234,567   3.2 GiB
postgres    users          1,204  96.0 KiB
clickhouse  traces     1,000,000  50.0 MiB

setting                      value                                          from
database.url                 postgresql://brokle:***@localhost:5432/brokle  DATABASE_URL
clickhouse.migrations_table  schema_migrations                              default

nothing to do
"""


def test_status() -> None:
    assert plain(lambda r: r.status(values.PENDING)) == (STATUS, "")


def test_status_at_head() -> None:
    assert plain(lambda r: r.status(values.AT_HEAD)) == (AT_HEAD, "")


def test_status_of_databases_that_need_somebody() -> None:
    out, _ = plain(lambda r: r.status(values.UNWELL))
    assert out.startswith(UNWELL)
    found = lines(out)
    assert "clickhouse: ahead the database records 20990101000000, which no file here has" in found
    assert [line.split()[1] for line in found if line.startswith("clickhouse: ")] == [
        "localhost:9000/brokle",
        "dirty",
        "ahead",
        "out",
        "out",
        "changed",
    ]
    hints = [line for line in found if line.startswith("hint: ")]
    assert len(hints) == len(set(hints)) == 5


def test_status_of_a_history_without_revisions() -> None:
    out, _ = plain(lambda r: r.status(Status((DatabaseStatus(POSTGRES, "localhost/db"),))))
    assert lines(out)[1] == "postgres  no revisions  base     none        0        0"


def test_status_of_a_branched_history() -> None:
    branched = DatabaseStatus(POSTGRES, "localhost/db", ("a1", "b1"), ("a2", "b1"), applied=2)
    out, _ = plain(lambda r: r.status(Status((branched,))))
    assert lines(out)[1] == "postgres  at head  a1 b1    a2 b1        2        0"


def test_a_pipe_gets_the_whole_list() -> None:
    pending = values.revisions(POSTGRES) * 200
    many = replace(values.PENDING.databases[0], pending=pending)
    out, _ = plain(lambda r: r.status(Status((many,))))
    assert out.count("postgres: pending ") == 600


def test_info() -> None:
    assert plain(lambda r: r.info(values.INFO)) == (INFO, "")


def test_preview_is_a_script() -> None:
    assert plain(lambda r: r.preview(values.DRY_RUN)) == (PREVIEW, "")


def test_plan_goes_to_standard_error() -> None:
    assert plain(lambda r: r.plan(values.DRY_RUN)) == ("", PLAN)


def test_plan_is_shown_when_quiet_because_a_question_follows() -> None:
    assert plain(lambda r: r.plan(values.DRY_RUN), quiet=True) == ("", PLAN)


def test_a_harmless_plan_says_so() -> None:
    harmless = replace(values.DRY_RUN, steps=())
    assert "destroys nothing" in lines(plain(lambda r: r.plan(harmless))[1])


@pytest.mark.parametrize(
    ("operation", "text"),
    [
        (Operation.UP, "nothing to do: postgres and clickhouse are at head\n"),
        (Operation.DOWN, "nothing to do: nothing is applied in postgres and clickhouse\n"),
        (Operation.GOTO, "nothing to do: postgres and clickhouse are there already\n"),
    ],
)
def test_nothing_to_do(operation: Operation, text: str) -> None:
    assert plain(lambda r: r.nothing_to_do(values.plan(operation=operation))) == (text, "")


def test_nothing_to_do_in_one_database_with_a_warning() -> None:
    plan = replace(
        values.plan(findings=(values.FINDING,)), request=Request(Operation.UP, (POSTGRES,))
    )
    out, err = plain(lambda r: r.nothing_to_do(plan))
    assert out == "nothing to do: postgres is at head\n"
    assert err.startswith("warning: clickhouse: 20250108100000 was edited")


def test_report() -> None:
    assert plain(lambda r: r.report(values.DONE)) == (
        (
            "postgres: 2 applied, now at 20250707100000 (head)\n"
            "clickhouse: 2 applied, now at 20250715080000 (head)\n"
        ),
        "",
    )


def test_report_of_a_failed_statement() -> None:
    assert plain(lambda r: r.report(values.FAILED)) == (FAILED, "")


def test_report_of_a_lost_database() -> None:
    assert plain(lambda r: r.report(values.LOST)) == (LOST, "")


def test_report_of_a_run_that_changed_nothing_says_so() -> None:
    out, _ = plain(lambda r: r.report(values.UNTOUCHED))
    assert lines(out)[-3:] == [
        "nothing was changed: every database is as it was before the run",
        "next: brokle-migrate up",
        "",
    ]


def test_report_of_a_rollback_to_base() -> None:
    down = replace(
        values.DONE,
        plan=values.DOWN,
        results=tuple(replace(values.DONE.results[0], step=step) for step in values.DOWN.steps),
        after={POSTGRES: values.snapshot(POSTGRES)},
    )
    assert lines(plain(lambda r: r.report(down))[0])[0] == "postgres: 1 downgraded, now at base"


def test_created_prints_paths_alone_to_standard_output() -> None:
    assert plain(lambda r: r.created(values.CREATED)) == (
        (
            "alembic/versions/20250707100000_create_audit_log.py\n"
            "migrations_clickhouse/versions/20250715080000_add_metadata.up.sql\n"
        ),
        "revision 20250801120000\n",
    )


def test_dumped_says_what_became_of_each_file() -> None:
    out, err = plain(lambda r: r.dumped(values.DUMPED))
    assert out == "postgres: wrote schema/postgres.sql (changed)\n"
    assert err.splitlines() == [
        "warning: postgres: t: a secret is hidden",
        "clickhouse: there is no database yet, and no schema",
        "error: The database does not answer.",
    ]


def test_dumped_prints_a_schema_without_a_file() -> None:
    out, err = plain(lambda r: r.dumped(values.PRINTED))
    assert (out, err) == ("CREATE TABLE t (a int);\n", "")


def test_inventory_before_a_question() -> None:
    assert plain(lambda r: r.inventory(values.OBJECTS)) == (
        "",
        (
            "postgres: nothing to drop\n"
            "database    kind   name         rows\n"
            "clickhouse  view   hourly\n"
            "clickhouse  table  traces  1,000,000\n"
            "\n"
            "2 objects with 1,000,000 rows to drop\n"
        ),
    )


def test_inventory_of_a_dry_run_is_a_script() -> None:
    assert plain(lambda r: r.inventory(values.OBJECTS, dry_run=True)) == (
        (
            "-- drop clickhouse view hourly\n"
            "DROP VIEW hourly;\n"
            "-- drop clickhouse table traces (1,000,000 rows)\n"
            "DROP TABLE traces;\n"
            "\n"
            "-- postgres: nothing to drop\n"
            "\n"
            "-- nothing was changed; a run would drop 2 objects with 1,000,000 rows\n"
        ),
        "",
    )


def test_dropped() -> None:
    assert plain(lambda r: r.dropped(values.OBJECTS)) == (
        "clickhouse: 2 objects dropped\npostgres: nothing to drop\n",
        "",
    )


def test_error_keeps_its_lines() -> None:
    error = InvalidScripts("2 files are not valid:\n  a.sql: empty\n  b.sql: misnamed", hint="fix")
    assert plain(lambda r: r.error(error), quiet=True) == (
        "",
        "error: 2 files are not valid:\n  a.sql: empty\n  b.sql: misnamed\nhint: fix\n",
    )


def test_error_without_hint() -> None:
    assert plain(lambda r: r.error(DatabaseUnreachable()))[1] == (
        "error: The database does not answer.\n"
    )


def test_message_is_silent_when_quiet() -> None:
    assert plain(lambda r: r.message("waiting")) == ("", "waiting\n")
    assert plain(lambda r: r.message("waiting"), quiet=True) == ("", "")


STARTED = StepStarted(values.STEPS[2], 3, 12)
STATEMENT = StatementDone(values.STEPS[2], 1, 3)


@pytest.mark.parametrize(
    ("duration", "verbose", "expected"),
    [
        (0.2, False, ["[ 3/12] upgrade clickhouse 20250210104500 create hourly usage"]),
        (
            62,
            False,
            [
                "[ 3/12] upgrade clickhouse 20250210104500 create hourly usage",
                "[ 3/12] took 1 m 02 s",
            ],
        ),
        (
            0.2,
            True,
            [
                "[ 3/12] upgrade clickhouse 20250210104500 create hourly usage",
                "[ 3/12] statement 1 of 3 done",
                "[ 3/12] took 200 ms",
            ],
        ),
    ],
)
def test_progress_is_a_line_per_step(duration: float, verbose: bool, expected: list[str]) -> None:
    def say(renderer):
        for event in (STARTED, STATEMENT, StepFinished(values.STEPS[2], duration)):
            renderer.event(event)

    assert plain(say, verbose=verbose) == ("", "\n".join([*expected, ""]))
    assert plain(say, verbose=verbose, quiet=True) == ("", "")


def test_a_pipe_does_not_wait_for_rich() -> None:
    code = (
        "import io, sys\n"
        "from brokle_migrate.errors import UsageError\n"
        "from brokle_migrate.render import choose\n"
        "for as_json in (False, True):\n"
        "    r = choose(json=as_json, out=io.StringIO(), err=io.StringIO())\n"
        "    r.error(UsageError('x'))\n"
        "    r.finish('up', 2)\n"
        "print([n for n in ('rich', 'click', 'alembic', 'sqlalchemy') if n in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_another_attempt_is_a_line() -> None:
    def say(renderer):
        renderer.event(STARTED)
        renderer.event(StepRetried(STARTED.step, 2, 5, 1.0, "could not get a lock within 5s"))

    _, err = plain(say)
    retried = "[ 3/12] could not get a lock within 5s; trying again in 1 s (2 of 5)"
    assert err.splitlines()[1:] == [retried]


LOCK_HELD = """\
lock: held in db.example:5432/app
lock: holder brokle-migrate ann@build-7 pid 4711
lock: from 10.0.0.3
lock: how session lock of server process 20210
lock: connected for 1 m 12 s
hint: if the holder is dead: brokle-migrate lock --break
"""
LOCK_LEASED = """\
lock: held in ch.example:9000/app
lock: holder brokle-migrate ann@build-7 pid 4711
lock: how lease of 15.0 s
lock: taken 1 h 02 m ago
lock: last heartbeat 3.0 s ago
hint: if the holder is dead: brokle-migrate lock --break
"""
LOCK_LEFT = """\
lock: left in ch.example:9000/app, and over
lock: holder brokle-migrate ann@build-7 pid 4711
lock: how lease of 15.0 s
lock: taken 1 h 02 m ago
lock: last heartbeat 1 m 00 s ago
hint: the next run takes it over
"""
LOCK_BROKEN = """\
the lock of brokle-migrate ann@build-7 pid 4711 from 10.0.0.3, connected for 72 s was broken
the lock in db.example:5432/app is free
"""


@pytest.mark.parametrize(
    ("state", "text"),
    [
        (values.HELD, LOCK_HELD),
        (values.LEASED, LOCK_LEASED),
        (values.LEFT, LOCK_LEFT),
        (values.FREE, "the lock in db.example:5432/app is free\n"),
        (values.BROKEN_LOCK, LOCK_BROKEN),
        (
            values.NO_LOCK,
            "no lock is needed: one process at a time can open the embedded engine\n",
        ),
    ],
)
def test_lock(state: LockState, text: str) -> None:
    assert plain(lambda r: r.lock(state)) == (text, "")
