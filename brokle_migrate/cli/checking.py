"""``check``: the gate that CI puts in front of a change."""

from __future__ import annotations

import gc
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from .commands import execute, group
from .options import Common, common

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..checked import Checked
    from ..render.check_forms import CheckForm
    from .session import Session

_FORMS = ("text", "json", "github", "sarif", "junit")


@group.command()
@common
@click.option(
    "--update-lock",
    is_flag=True,
    help="Write what the files say now into the lock file, and show what changed.",
)
@click.option(
    "--changed-since",
    metavar="REF",
    help="What a file says counts only where the branch adds or edits it.",
)
@click.option(
    "--rehearse",
    is_flag=True,
    help="Run everything up, down and up again on embedded engines that are thrown away.",
)
@click.option(
    "--from-dump",
    "dumps",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Let --rehearse begin with a schema that dump wrote; one for each database.",
)
@click.option(
    "--live",
    is_flag=True,
    help="Compare the databases, too, with what their history makes.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(_FORMS),
    help="The form of the findings; json is what --json prints.  [default: text]",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write them to a file in that form, and print them as text.",
)
def check(
    options: Common,
    update_lock: bool,
    changed_since: str | None,
    rehearse: bool,
    dumps: tuple[Path, ...],
    live: bool,
    form: str | None,
    out: Path | None,
) -> int:
    """Check the files of both histories, without a database of yours."""
    _require_sense(options, form, out)
    if update_lock and (changed_since or rehearse or live or form not in {None, "text", "json"}):
        raise click.UsageError("--update-lock checks nothing: it goes with --json and --db alone")
    if dumps and not rehearse:
        raise click.UsageError("--from-dump is what --rehearse begins with: give that, too")
    if form == "json":
        options = replace(options, json=True)

    def work(session: Session) -> int:
        if update_lock:
            return _update_lock(session)
        checked = _check(session, changed_since, rehearse=rehearse, dumps=dumps, live=live)
        _show(session, checked, form, out)
        return checked.exit_code

    return execute(options, "check", work, opens=live, files_only=not live)


def _require_sense(options: Common, form: str | None, out: Path | None) -> None:
    """Refuse options that contradict each other."""
    if options.json and form not in {None, "json"}:
        raise click.UsageError(f"--json and --format {form} exclude each other")
    if out is not None and form in {None, "text", "json"}:
        raise click.UsageError(
            f"--out {out} needs --format sarif, junit or github; text and JSON are printed"
        )


def _check(
    session: Session,
    since: str | None,
    *,
    rehearse: bool,
    dumps: tuple[Path, ...],
    live: bool,
) -> Checked:
    from .. import checking, migrating

    tell = session.renderer.message if session.options.verbose else migrating.nobody
    with _without_collecting():
        return checking.check(
            session.config,
            session.names,
            since=since,
            rehearse=rehearse,
            dumps=dumps,
            live=session.environments if live else None,
            tell=tell,
            limits=session.options.limits(),
        )


@contextmanager
def _without_collecting() -> Iterator[None]:
    """What is read is there to the end: to look for garbage in it takes a tenth of the time."""
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collects:
            gc.enable()


def _show(session: Session, checked: Checked, form: str | None, out: Path | None) -> None:
    chosen = _chosen(form)
    if chosen is None or out is None:
        session.renderer.checked(checked, chosen)
        return
    from .files import replace_file

    if not session.options.dry_run:
        replace_file(out, session.renderer.check_document(checked, chosen).encode())
    session.renderer.checked(checked)


def _chosen(form: str | None) -> CheckForm | None:
    """None for what is printed for people, or as the envelope."""
    from ..render.check_forms import CheckForm

    return None if form in {None, "text", "json"} else CheckForm(form)


def _update_lock(session: Session) -> int:
    from ..environments import sealing

    write = not session.options.dry_run
    session.renderer.sealed(sealing.update(session.config, session.names, write=write))
    return 0
