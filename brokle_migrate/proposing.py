"""Writes a plan down: what it runs, where the databases stand, and what a reviewer asks."""

from __future__ import annotations

import hashlib
import time
from pathlib import Path
from typing import TYPE_CHECKING

from . import __version__
from .author import author
from .errors import RevisionError, StalePlan
from .history import History
from .proposal import (
    Asked,
    Directive,
    Loss,
    Made,
    Proposal,
    ProposedDatabase,
    ProposedFinding,
    ProposedStep,
    ScriptFile,
    Size,
)
from .ways_back import no_ways_back

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from .environments import Environments
    from .model import Finding, Plan, Request, Snapshot, Step
    from .preview import Preview, StepPreview


def propose(
    preview: Preview, environments: Environments, checked: Iterable[Finding] = ()
) -> Proposal:
    """Write a plan down; reads the files of its steps and both states once more.

    :param checked: what ``check`` has found; that of the plan's files becomes part of it.
    :return: with secrets in it; :func:`.proposal_file.hidden` takes them out.
    :raises StalePlan: a database changed while the plan was made.
    """
    plan = preview.plan
    histories = {name: _history(name, plan, environments) for name in plan.fingerprints}
    ways = no_ways_back(plan.steps, environments)
    steps = tuple(
        _step(each, histories[each.step.environment], way)
        for each, way in zip(preview.steps, ways, strict=True)
    )
    return Proposal(
        made=Made(time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), author(), __version__),
        asked=_asked(plan.request),
        databases=tuple(_database(history) for history in histories.values()),
        steps=steps,
        findings=tuple(map(_finding, (*plan.findings, *_about(steps, checked)))),
    )


def _about(steps: Sequence[ProposedStep], checked: Iterable[Finding]) -> Iterable[Finding]:
    """Those findings that stand in a file of a step."""
    files = {file.path for step in steps for file in step.files}
    return [
        found
        for found in checked
        if found.location is not None and _shown(found.location.path) in files
    ]


def _history(name: str, plan: Plan, environments: Environments) -> History:
    snapshot = environments[name].snapshot(prove=True)
    if snapshot.fingerprint != plan.fingerprints[name]:
        raise StalePlan(f"{name} changed while the plan was made", hint="make it again")
    return History(snapshot)


def _asked(request: Request) -> Asked:
    return Asked(
        request.operation.value,
        request.environments,
        request.steps,
        request.allow_out_of_order,
        request.on_failure.value,
        request.atomic,
    )


def _database(history: History) -> ProposedDatabase:
    snapshot: Snapshot = history.snapshot
    return ProposedDatabase(
        environment=snapshot.environment,
        label=snapshot.label,
        fingerprint=snapshot.fingerprint,
        recorded=snapshot.recorded,
        current=history.current,
        interrupted=tuple(map(str, snapshot.dirty)),
    )


def _step(each: StepPreview, history: History, no_way_back: str) -> ProposedStep:
    step, revision = each.step, history.by_id[each.step.revision]
    return ProposedStep(
        environment=step.environment,
        action=step.action.value,
        revision=step.revision,
        message=step.message,
        path=_shown(revision.path),
        files=tuple(_file(path) for path in _files(revision.path)),
        requires=tuple(map(str, revision.requires)),
        statements=each.statements,
        directives=tuple(_directives(step, each.statements)),
        note=each.note,
        destroys=tuple(Loss(lost.kind, lost.name, str(lost)) for lost in each.destroys),
        touches=tuple(Size(size.name, size.rows, size.bytes) for size in each.touches),
        no_way_back=no_way_back,
    )


def _files(path: Path) -> Iterable[Path]:
    """The file of a revision, and those beside it that belong to it."""
    stem = path.name.removesuffix(path.suffix).removesuffix(".up")
    beside = (path.with_name(f"{stem}.{way}.sql") for way in ("up", "down"))
    return dict.fromkeys([path, *(each for each in beside if each.exists())])


def _file(path: Path) -> ScriptFile:
    try:
        return ScriptFile(_shown(path), hashlib.sha256(path.read_bytes()).hexdigest())
    except OSError as error:
        raise RevisionError(f"can't read {path}: {error.strerror}") from error


def _shown(path: Path) -> str:
    try:
        return str(path.relative_to(Path.cwd()))
    except (ValueError, OSError):  # elsewhere; or the working directory is gone
        return str(path)


def _directives(step: Step, statements: Sequence[str]) -> Iterable[Directive]:
    """What the file says about the statements that are to run."""
    left = step.remaining
    for number, (text, statement) in enumerate(zip(statements, left, strict=False), start=1):
        says = statement.settings or statement.timeout is not None or not statement.wait
        if says and statement.text == text:
            settings = tuple(f"{name} = {value}" for name, value in statement.settings.items())
            yield Directive(number, settings, statement.timeout, statement.wait)


def _finding(found: Finding) -> ProposedFinding:
    place = found.location
    where = "" if place is None else f"{_shown(place.path)}:{place.line}:{place.column}"
    return ProposedFinding(
        found.id, found.level.value, found.environment, found.message, found.hint, where
    )
