"""Texts that nobody expects: markup, control characters, secrets, alien encodings."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import pytest

from brokle_migrate.authoring import Created
from brokle_migrate.checked import Checked, Silenced, Since
from brokle_migrate.environments.base import DatabaseObject, TableSize
from brokle_migrate.errors import MigrateError, StepFailed
from brokle_migrate.events import StepFinished, StepStarted
from brokle_migrate.interruption import Interruption
from brokle_migrate.lockfile import Change, Entry, Flaw, Sealed
from brokle_migrate.model import (
    CLICKHOUSE,
    POSTGRES,
    Action,
    Finding,
    Level,
    Location,
    Step,
    StepResult,
    StepState,
)
from brokle_migrate.preview import Preview, StepPreview
from brokle_migrate.proposal import Made
from brokle_migrate.render import choose
from brokle_migrate.render.check_forms import CheckForm
from brokle_migrate.render.files import OutFile
from brokle_migrate.render.pictures import Form
from brokle_migrate.render.proposals import PlanForm
from brokle_migrate.status import DatabaseInfo, DatabaseStatus, Info, SettingView
from brokle_migrate.vitals import Vitals

from . import plans, values
from .pictures import secret
from .support import SECRET, envelope, plain, terminal

HOSTILE = (
    "[red]not markup[/red] [/] :smile:",
    "\x1b[31mred\x1b[0m\x07\x00",
    "one\ntwo\r\nthree\rfour",
    "\udcff\u202e数据🙂",
    "long" * 500,
    "",
)


def everything(text: str):
    """A call for each method, with ``text`` in every place that is not ours."""
    step = Step(POSTGRES, Action.UPGRADE, text, text, Path(text or "x"))
    finding = Finding("changed", Level.WARNING, text, text, text, Location(Path(text or "x"), 1, 1))
    failed = StepFailed(
        text, step=step, statement=1, location=finding.location, sql=text, hint=text
    )
    failed.message = text
    size = TableSize(text, 1, 1)
    plan = values.plan(step, findings=(finding,))
    revision = replace(values.revisions(POSTGRES)[0], id=text, message=text)
    status = DatabaseStatus(
        POSTGRES,
        text,
        (text,),
        (text,),
        pending=(revision,),
        findings=(finding,),
        dirty=(Interruption(text, Action.UPGRADE, 1, 1, error=text),),
    )
    info = Info(
        text,
        (
            DatabaseInfo(status, values.INFO.databases[0].facts, Vitals((size,))),
            DatabaseInfo(replace(status, error=failed)),
        ),
        (SettingView(text, text, text),),
    )
    after = {POSTGRES: replace(values.snapshot(POSTGRES), recorded=(text,), revisions=(revision,))}
    report = replace(
        values.DONE,
        plan=plan,
        results=(StepResult(step, StepState.FAILED, 1),),
        after=after,
        error=failed,
    )
    objects = {CLICKHOUSE: (DatabaseObject(text, text, 1, text),)}
    preview = Preview(
        plan, (StepPreview(step, (text,), text, (values.Lost(text, text),), (size,)),)
    )

    found = Finding(text, Level.ERROR, CLICKHOUSE, text, text, Location(Path(text), 1, 1))
    checked = Checked((found,), (Silenced(found, text),), {text: 1}, (text,), Since(text, 1))
    sealed = Sealed(
        Path(text or "x"), (Change("new", Entry(text, text, {})),), 1, (Flaw(1, text, text),)
    )
    proposed = plans.proposal(
        plans.step(POSTGRES, text, text, message=text, note=text, no_way_back=text, path=text),
        made=Made(text, text, text),
    )

    def say(renderer):
        renderer.info(info)
        renderer.preview(preview)
        renderer.plan(preview)
        for form in PlanForm:
            renderer.proposal(proposed, form)
        renderer.proposed(proposed, [OutFile(Path(text or "x"), 1, written=True)])
        renderer.event(StepStarted(step, 1, 1))
        renderer.event(StepFinished(step, 2))
        renderer.report(report)
        renderer.created(Created(text, (Path(text or "x"),)))
        renderer.checked(checked)
        for form in CheckForm:
            renderer.check_document(checked, form)
        renderer.sealed(sealed)
        renderer.inventory(objects)
        renderer.inventory(objects, dry_run=True)
        renderer.dropped(objects)
        renderer.message(text)
        renderer.error(failed)

    return say


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_nothing_crashes_and_nothing_is_taken_for_markup(text: str) -> None:
    plain_text = "".join(plain(everything(text), verbose=True))
    for width in (20, 80, 140):
        shown = "".join(terminal(everything(text), width=width))
        assert "\x07" not in shown
        assert "\x1b[31m" not in shown
    envelope(everything(text))
    if text.startswith("[red]"):
        assert f"error: {text}" in plain_text
        assert text in shown


def test_a_message_can_not_forge_lines_of_a_log() -> None:
    step = replace(values.STEPS[0], message="x\n[2/2] upgrade postgres 1 forged")
    _, err = plain(lambda r: r.event(StepStarted(step, 1, 2)))
    assert err.count("\n") == 1


def test_sql_in_a_pipe_is_what_would_run_to_the_letter() -> None:
    sql = "INSERT INTO t VALUES ('\x1b\t\u202e\r\n')"
    step = replace(values.DRY_RUN.steps[0], statements=(sql,))
    out, _ = plain(lambda r: r.preview(replace(values.DRY_RUN, steps=(step,))))
    assert f"{sql};\n" in out


def test_a_secret_is_nowhere() -> None:
    say = everything(f"before {SECRET} after")
    for shown in (plain(say), terminal(say, width=9), terminal(say), terminal(say, width=140)):
        assert SECRET not in "".join(shown)
        assert "***" in "".join(shown)
    found, err = envelope(say)
    assert SECRET not in str(found) + err
    assert "***" in str(found)


def test_a_secret_is_hidden_before_a_text_is_shortened() -> None:
    sql = "x" * 3996 + SECRET
    error = StepFailed("no", step=values.STEPS[0], sql=sql)
    out, _ = plain(lambda r: r.report(replace(values.FAILED, error=error)))
    assert SECRET[:4] not in out


def test_a_secret_with_characters_that_json_escapes() -> None:
    out = io.StringIO()
    secret = 'p"\\ß'
    renderer = choose(json=True, out=out, err=out, hide=lambda text: text.replace(secret, "***"))
    renderer.error(MigrateError(f"password {secret}"))
    renderer.finish("up", 1)
    assert '"message": "password ***"' in out.getvalue()


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
@pytest.mark.parametrize("tty", [True, False])
def test_an_encoding_that_lacks_characters(encoding: str, tty: bool) -> None:
    class Stream(io.TextIOWrapper):
        def isatty(self) -> bool:
            return tty

    raw = io.BytesIO()
    stream = Stream(raw, encoding=encoding)
    renderer = choose(color=False, out=stream, err=stream)
    everything("\udcff größe 数据🙂")(renderer)
    renderer.finish("up", 0)
    stream.flush()
    assert raw.getvalue().decode(encoding)


@pytest.mark.parametrize("form", Form)
def test_a_picture_hides_secrets_before_it_cuts_and_escapes_them(form: Form) -> None:
    graph = secret(SECRET)
    out, err = plain(lambda r: r.graph(graph, form))
    assert SECRET not in out + err
    assert "***" in out or "#42;#42;#42;" in out
    found, err = envelope(lambda r: r.graph(graph, form))
    assert SECRET not in str(found) + err
