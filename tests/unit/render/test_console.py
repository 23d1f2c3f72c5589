"""What a terminal gets: width, colour, and the line that moves."""

from __future__ import annotations

from dataclasses import replace

import pytest

from brokle_migrate.events import StatementDone, StepFinished, StepRetried, StepStarted
from brokle_migrate.model import POSTGRES
from brokle_migrate.status import Status

from . import values
from .support import SECRET, lines, terminal, visible

STATUS_80 = """\
database    state            current         head            applied  pending
──────────────────────────────────────────────────────────────────────────────
postgres    pending          20250106091500  20250707100000        1        2
clickhouse  not created yet  base            20250715080000        0        3

postgres  localhost:5432/brokle
  pending  20250113083000  create projects
           20250707100000  create audit log

clickhouse  localhost:9000/brokle
  pending  20250108100000  create traces
           20250210104500  create hourly usage
           20250715080000  add metadata

next: brokle-migrate up
"""
FAILED_80 = """\
failed: upgrade clickhouse 20250210104500 create hourly usage
statement 2 of 3 at
migrations_clickhouse/versions/20250210104500_create_hourly_usage.up.sql:4:1

CREATE TABLE usage (id UInt64) ENGINE = MergeTree;

Code: 57. DB::Exception: Table brokle.usage already exists.
(TABLE_ALREADY_EXISTS)

postgres  2 applied, now at 20250707100000 (head)
  applied  20250113083000  create projects (12 ms)
           20250707100000  create audit log (3.4 s)

clickhouse  1 failed, 1 not run, now at 20250108100000, dirty
  failed   20250210104500  create hourly usage
  not run  20250715080000  add metadata

hint: look at the database, put it right, then:
brokle-migrate --db clickhouse force --version V
next: brokle-migrate resume
"""
PREVIEW_140 = """\
downgrade clickhouse 20250715080000 add metadata \
(migrations_clickhouse/versions/20250715080000_add_metadata.up.sql)
destroys: drops column traces.metadata
destroys: drops table spans
touches: traces (1,000,000 rows, 50.0 MiB), spans (1 row, 812 B)
ALTER TABLE traces
    DROP COLUMN metadata;
DROP TABLE spans -- for good
;

downgrade postgres 20250707100000 create audit log \
(alembic/versions/20250707100000_create_audit_log.py)
DROP INDEX ix_audit_log;
note: reads data while it runs, so the statements from here on are known only then
"""
EVERYTHING = {
    "status": lambda r: r.status(values.PENDING),
    "unwell": lambda r: r.status(values.UNWELL),
    "info": lambda r: r.info(values.INFO),
    "preview": lambda r: r.preview(values.DRY_RUN),
    "plan": lambda r: r.plan(values.DRY_RUN),
    "report": lambda r: r.report(values.FAILED),
    "created": lambda r: r.created(values.CREATED),
    "inventory": lambda r: r.inventory(values.OBJECTS),
    "drop script": lambda r: r.inventory(values.OBJECTS, dry_run=True),
    "dropped": lambda r: r.dropped(values.OBJECTS),
    "error": lambda r: r.error(values.REFUSED),
}


@pytest.mark.parametrize("width", [80, 140])
def test_status_fits(width: int) -> None:
    out, err = terminal(lambda r: r.status(values.PENDING), width=width)
    assert lines(out) == lines(STATUS_80)
    assert err == ""


def test_report_of_a_failure_at_80() -> None:
    out, _ = terminal(lambda r: r.report(values.FAILED))
    assert lines(out) == lines(FAILED_80)


def test_preview_at_140() -> None:
    out, _ = terminal(lambda r: r.preview(values.DRY_RUN), width=140)
    assert out.startswith(PREVIEW_140)


@pytest.mark.parametrize("name", EVERYTHING)
@pytest.mark.parametrize("width", [80, 140])
def test_only_a_word_that_does_not_break_is_longer_than_a_line(name: str, width: int) -> None:
    shown = "\n".join(terminal(EVERYTHING[name], width=width))
    too_long = [line.strip() for line in visible(shown) if len(line) > width]
    assert not [line for line in too_long if " " in line]


@pytest.mark.parametrize("name", EVERYTHING)
def test_without_colour_there_is_no_escape_sequence(name: str) -> None:
    assert "\x1b" not in "".join(terminal(EVERYTHING[name], color=False))


@pytest.mark.parametrize("name", ["status", "plan", "report", "error"])
def test_colour_changes_nothing_else(name: str) -> None:
    coloured = "".join(terminal(EVERYTHING[name], color=True))
    assert "\x1b[" in coloured
    assert visible(coloured) == visible("".join(terminal(EVERYTHING[name])))


def test_long_lists_are_cut_to_a_screenful() -> None:
    many = replace(values.PENDING.databases[0], pending=values.revisions(POSTGRES) * 200)
    found = lines(terminal(lambda r: r.status(Status((many,))))[0])
    assert len(found) < 20
    assert "           … and 590 more" in found


def test_long_tables_are_cut_to_a_screenful() -> None:
    long = replace(values.DRY_RUN, plan=values.plan(*values.STEPS * 50))
    found = lines(terminal(lambda r: r.plan(long))[1])
    assert "200 steps (postgres 100, clickhouse 100)" in found
    assert "… and 190 more" in found


def test_a_very_narrow_terminal() -> None:
    for say in EVERYTHING.values():
        terminal(say, width=12)


def _run(total: int, verbose: bool = False):
    step = values.STEPS[2]

    def say(renderer):
        for number in range(1, total + 1):
            renderer.event(StepStarted(step, number, total))
            renderer.event(StatementDone(step, 1, 3))
            renderer.event(StepFinished(step, 0.012))
        renderer.message("done")

    _, err = terminal(say, width=80, verbose=verbose)
    return err


def test_steps_stay_on_the_screen() -> None:
    line = "upgrade clickhouse 20250210104500 create hourly usage"
    shown = visible(_run(2))
    for number in (1, 2):
        assert f"[{number}/2] {line}".ljust(75) + "12 ms" in [text[-80:] for text in shown]
    assert shown[-2:] == ["done", ""]


def test_another_attempt_stays_on_the_screen() -> None:
    def say(renderer):
        renderer.event(StepStarted(values.STEPS[2], 1, 1))
        renderer.event(StepRetried(values.STEPS[2], 2, 5, 1.0, f"no lock ({SECRET})"))
        renderer.message("done")

    shown = "\n".join(visible(terminal(say, width=200)[1]))
    assert "create hourly usage: no lock (***); trying again in 1 s (2 of 5)" in shown


def test_a_long_run_only_moves() -> None:
    assert _run(1000).count("\n") < 5


def test_a_terminal_that_can_not_move_keeps_every_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "dumb")
    assert _run(100).count("12 ms\n") == 100


def test_verbose_tells_of_every_statement() -> None:
    shown = "\n".join(visible(_run(1, verbose=True)))
    assert "create hourly usage: statement 1 of 3 done" in shown


def test_the_cursor_is_left_visible_while_something_runs() -> None:
    err = _run(1)
    assert err.index("\x1b[?25h") < err.index("[1/1] upgrade", err.index("\x1b[?25h"))
    assert err.rindex("\x1b[?25h") > err.rindex("\x1b[?25l")


def test_the_moving_line_is_gone_before_data_and_errors() -> None:
    def say(renderer):
        renderer.event(StepStarted(values.STEPS[0], 1, 2))
        renderer.error(values.REFUSED)

    _, err = terminal(say)
    assert "\x1b[2K" in err[: err.index("error: ")]
    assert "upgrade" not in err[err.index("error: ") :]


def test_finish_ends_the_moving_line() -> None:
    def say(renderer):
        renderer.event(StepStarted(values.STEPS[0], 1, 2))
        renderer.finish("up", 0)

    assert terminal(say)[1].endswith("\x1b[2K")
