"""What a plan is made from: both states, and every file that will run, read and checked."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from .environments import ORDER
from .errors import RevisionError, UsageError
from .history import History
from .interruption import Outcome
from .model import CLICKHOUSE, POSTGRES
from .plan import build

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from .environments import Environments
    from .environments.base import LastRun
    from .model import Finding, Plan, Request, Step


def is_open(history: History) -> bool:
    """Whether a step is unfinished, and the record does not tell what became of its statement."""
    return any(d.outcome is Outcome.UNKNOWN for d in history.snapshot.dirty)


def prove(histories: Iterable[str], environments: Environments) -> dict[str, History]:
    """Read again, and ask the servers about what their records don't tell."""
    return {name: History(environments[name].snapshot(prove=True)) for name in histories}


def plan(request: Request, environments: Environments, histories: Mapping[str, History]) -> Plan:
    """Decide what to run, and load it.

    :raises MigrateError: the request can't be planned.
    """
    draft = build(request, histories, _last_run(request, environments))
    steps = _loaded(draft.steps, environments)
    if request.atomic:
        _require_transactional(steps, environments)
    found = _on_a_cluster(steps) if environments.clustered else ()
    undo = _loaded(draft.undo, environments)
    return replace(draft, steps=steps, findings=draft.findings + found, undo=undo)


def _on_a_cluster(steps: Sequence[Step]) -> tuple[Finding, ...]:
    from .checks.clustered import cluster_findings  # reads SQL, which few plans need here

    return cluster_findings(steps)


def _require_transactional(steps: Sequence[Step], environments: Environments) -> None:
    """Refuse a plan whose Postgres part can't be committed at once."""
    if not any(step.environment == POSTGRES for step in steps):
        return
    reasons = environments.transactional.needs_autocommit(steps)
    if reasons:
        raise RevisionError(
            f"--atomic can't hold what commits by itself: {'; '.join(reasons)}",
            hint="leave --atomic out, or run that revision before: brokle-migrate up --steps N",
        )


def _loaded(steps: Sequence[Step], environments: Environments) -> tuple[Step, ...]:
    """The steps with what they will run, every file read and checked."""
    loaded = {
        name: iter(environments[name].load([s for s in steps if s.environment == name]))
        for name in {step.environment for step in steps}
    }
    return tuple(next(loaded[step.environment]) for step in steps)


def _last_run(request: Request, environments: Environments) -> LastRun | None:
    """What the last run upwards applied, if that is asked for; ClickHouse's ledger records it."""
    if not request.last_run:
        return None
    if not environments.configured(CLICKHOUSE):
        raise UsageError(
            "the record of runs is kept in ClickHouse, and none is configured",
            hint="brokle-migrate down --steps N takes back N steps",
        )
    return environments[CLICKHOUSE].last_run()


def read(request: Request, environments: Environments) -> dict[str, History]:
    """The selected histories, and those that a link makes part of the question."""
    found = {name: History(environments[name].snapshot()) for name in request.environments}
    for name in ORDER:
        if name in found or not environments.configured(name):
            continue
        if _is_linked(name, request, found.values(), environments):
            found[name] = History(environments[name].snapshot())
    return {name: found[name] for name in ORDER if name in found}


def _is_linked(
    name: str, request: Request, selected: Iterable[History], environments: Environments
) -> bool:
    """Whether a link could reach from or to the environment ``name``.

    Only a link makes the database that was not selected worth asking, and only what is rolled
    back makes its files worth reading.
    """
    pending = (r for h in selected for r in h.by_id.values() if r.id not in h.applied)
    if request.may_go_up and any(revision.requires for revision in pending):
        return True
    return request.may_go_down and any(r.requires for r in environments[name].revisions())
