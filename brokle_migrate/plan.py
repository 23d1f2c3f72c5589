"""Planning: a request and what was read become an ordered list of steps.  Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from .checks.state import state_findings
from .destinations import destinations
from .errors import Ahead, OutOfOrder, RevisionError, UsageError
from .history import BASE
from .links import interleave
from .model import Action, Operation, Plan, Step
from .resumption import dirty, fits, resumptions, step_of
from .undo import applied_by, undoing

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from .environments.base import LastRun
    from .history import History
    from .model import Request, Revision


_FROM_HERE = re.compile(r"(?:.+@)?(?P<sign>[+-])(?P<steps>\d+)$")


def build(
    request: Request, histories: Mapping[str, History], last_run: LastRun | None = None
) -> Plan:
    """Decide what to run, in which order.

    :param request: what was asked for.
    :param histories: every environment that the request selects, and those that links may point
        to, Postgres before ClickHouse.
    :param last_run: what the last run upwards applied, where the request is about that.
    :return: the plan, its steps without their statements yet.
    :raises RevisionError: the destination or the number of steps does not fit the histories.
    :raises LinkError: the links between the histories can't be honoured.
    :raises StateError: a selected database is dirty or ahead of the files.
    """
    selected = {name: histories[name] for name in request.environments}
    if request.operation is Operation.FORCE:
        steps = _stamps(request, selected)
    elif request.operation is Operation.RESUME:
        steps = resumptions(request, selected)
    else:
        for history in selected.values():
            _require_clean(history, request)
        steps = _moves(request, selected, histories, last_run)
        _require_resumed(steps, selected.values())
    return Plan(
        request=request,
        steps=steps,
        fingerprints={name: h.snapshot.fingerprint for name, h in selected.items()},
        findings=tuple(
            found
            for found in state_findings(selected.values())
            if not (found.id == "out_of_order" and request.allow_out_of_order)
        ),
        marks={name: history.snapshot.mark for name, history in histories.items()},
        undo=undoing(request, steps),
    )


def _require_clean(history: History, request: Request) -> None:
    """Refuse to build on a step that stands half done, unless it can go on, or back, from there."""
    for interruption in history.snapshot.dirty:
        if not fits(interruption, request):
            raise dirty(history, interruption)


def _require_resumed(steps: Sequence[Step], histories: Iterable[History]) -> None:
    """Refuse to leave behind a step that stands half done."""
    planned = {(step.environment, step.revision) for step in steps}
    for history in histories:
        for interruption in history.snapshot.dirty:
            if (history.environment, interruption.version) not in planned:
                raise dirty(history, interruption)


def _moves(
    request: Request,
    selected: Mapping[str, History],
    histories: Mapping[str, History],
    last_run: LastRun | None,
) -> tuple[Step, ...]:
    """The steps of everything but ``force``: what goes down first, then what goes up."""
    down: dict[str, list[Step]] = {}
    up: dict[str, list[Step]] = {}
    paths = _paths(request, selected)
    if request.last_run:
        paths = {n: (Action.DOWNGRADE, applied_by(last_run, h)) for n, h in selected.items()}
    for name, (action, revisions) in paths.items():
        queue = up if action is Action.UPGRADE else down
        queue[name] = [step_of(action, revision, selected[name]) for revision in revisions]
    backwards = {name: down[name] for name in reversed(list(down))}
    first = interleave(backwards, histories)
    return first + interleave(up, _after(first, histories))


def _after(steps: Sequence[Step], histories: Mapping[str, History]) -> Mapping[str, History]:
    """The histories as they will be once ``steps`` were rolled back."""
    gone = {(step.environment, step.revision) for step in steps}
    return {
        name: history.without({revision for where, revision in gone if where == name})
        for name, history in histories.items()
    }


def _require_known(history: History) -> None:
    """Refuse to move a database whose position the files don't tell.

    :raises Ahead: naming what it records.
    """
    if history.is_lost:
        raise Ahead(
            f"{history.environment} is ahead of the files: it records "
            f"{', '.join(history.ahead)}, and no file here has that version",
            hint="update your checkout to the version that made it; "
            f"or record another: brokle-migrate --db {history.environment} force --version V",
        )


def _paths(
    request: Request, selected: Mapping[str, History]
) -> dict[str, tuple[Action, tuple[Revision, ...]]]:
    if request.operation is Operation.GOTO:
        wanted = destinations(request, selected)
        return {name: _toward(wanted[name], request, selected[name]) for name in selected}
    steps = request.steps
    if request.operation is Operation.STEPS and not steps:
        raise UsageError("--steps 0 moves nothing", hint="give a number: --steps 1, --steps -1")
    if request.may_go_down:
        count = abs(steps) if steps is not None else None
        return {n: (Action.DOWNGRADE, _last(h, count, request)) for n, h in selected.items()}
    return {n: (Action.UPGRADE, _first(h, steps, request)) for n, h in selected.items()}


def _first(history: History, steps: int | None, request: Request) -> tuple[Revision, ...]:
    """The next ``steps`` pending revisions, all of them for None."""
    if history.is_behind:
        _require_known(history)
        history.require_one_head()
    pending = _with_gaps(history, history.pending, request)
    return pending if steps is None else _exactly(steps, pending, history, "pending")


def _with_gaps(
    history: History, pending: tuple[Revision, ...], request: Request
) -> tuple[Revision, ...]:
    """Pending revisions and, where allowed, those that are out of order before them.

    :raises OutOfOrder: there are some and they were not allowed.
    """
    gaps = tuple(
        r for r in history.out_of_order if request.allow_out_of_order or not _is_begun(r, history)
    )
    if gaps and not request.allow_out_of_order:
        names = ", ".join(str(revision.path.name) for revision in gaps)
        raise OutOfOrder(
            f"{history.environment} has files that are older than the newest applied version "
            f"{max(history.snapshot.recorded, key=int)} and were never applied: {names}",
            hint="give them a newer version, or run them: brokle-migrate up --allow-out-of-order",
        )
    begun = history.out_of_order
    return begun + tuple(revision for revision in pending if revision not in begun)


def _is_begun(revision: Revision, history: History) -> bool:
    """Whether an earlier run, which allowed it, has broken off in it."""
    return history.interruption(revision.id) is not None


def _last(history: History, steps: int | None, request: Request) -> tuple[Revision, ...]:
    """The newest ``steps`` applied revisions, newest first; all of them for None.

    A plain ``down`` takes back one step, and nothing from a database at its base.
    """
    _require_known(history)
    applied = history.undoable
    if steps is None:
        return applied
    if request.operation is Operation.DOWN and steps == 1 and not applied:
        return ()
    return _exactly(steps, applied, history, "applied")


def _exactly(
    steps: int, revisions: tuple[Revision, ...], history: History, what: str
) -> tuple[Revision, ...]:
    if steps > len(revisions):
        raise RevisionError(
            f"{history.environment} has {len(revisions)} {what} "
            f"{'step' if len(revisions) == 1 else 'steps'}, and {steps} were asked for; "
            "nothing was run",
            hint=f"choose at most {len(revisions)}, or one database with --db"
            if revisions
            else f"leave {history.environment} out: --db says which database",
        )
    return revisions[:steps]


def _toward(
    destination: str, request: Request, history: History
) -> tuple[Action, tuple[Revision, ...]]:
    """The way to a destination, forward or back."""
    _require_known(history)
    destination = history.canonical(destination)
    relative = _FROM_HERE.match(destination)
    if history.snapshot.linear:
        return _along_the_chain(destination, relative, request, history)
    if relative["sign"] == "-" if relative else _is_behind_us(destination, history):
        return Action.DOWNGRADE, history.downgrade_path(destination)
    return Action.UPGRADE, history.upgrade_path(destination)


def _along_the_chain(
    destination: str, relative: re.Match[str] | None, request: Request, history: History
) -> tuple[Action, tuple[Revision, ...]]:
    """The way along a chain, by the set of applied versions."""
    if relative:
        steps = int(relative["steps"])
        if relative["sign"] == "-":
            return Action.DOWNGRADE, _last(history, steps, request)
        return Action.UPGRADE, _first(history, steps, request)
    target = history.resolve(destination)
    limit = -1 if target == BASE else int(target)
    gaps = [int(gap.id) for gap in history.out_of_order]
    newer = tuple(r for r in history.newest_first if int(r.id) > limit and r.id in history.applied)
    if newer and limit not in gaps:
        return Action.DOWNGRADE, newer
    if any(gap <= limit for gap in gaps):
        pending = _with_gaps(history, history.pending, request)
        return Action.UPGRADE, tuple(r for r in pending if int(r.id) <= limit)
    return Action.UPGRADE, tuple(r for r in history.pending if int(r.id) <= limit)


def _is_behind_us(destination: str, history: History) -> bool:
    if destination == "heads":
        return False
    target = history.resolve(destination)
    return target == BASE or target in history.applied


def _stamps(request: Request, selected: Mapping[str, History]) -> tuple[Step, ...]:
    wanted = destinations(request, selected)
    return tuple(_stamp(wanted[name], history) for name, history in selected.items())


def _stamp(destination: str, history: History) -> Step:
    if _FROM_HERE.match(destination):
        raise UsageError(f"force records a revision, and {destination} is a number of steps")
    target = history.resolve(destination)
    return Step(
        history.environment,
        Action.STAMP,
        target,
        message="record only",
        records=_recorded_by(target, history),
    )


def _recorded_by(target: str, history: History) -> tuple[str, ...]:
    """What the database records once ``target`` is stamped."""
    if target == BASE:
        return ()
    if not history.snapshot.linear:
        return (target,)
    return tuple(r.id for r in history.snapshot.revisions if int(r.id) <= int(target))
