"""The order of steps over both histories, and the links between them.  Pure.

Without links it is all of Postgres and then all of ClickHouse on the way up, and the reverse on
the way down.  A link moves only what it has to.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from .errors import LinkError
from .model import Action, Link

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from .history import History
    from .model import Revision, Step


def interleave(
    steps: Mapping[str, Sequence[Step]], histories: Mapping[str, History]
) -> tuple[Step, ...]:
    """One order over the steps of both environments.

    :param steps: each environment's steps in its own order, all in one direction; the mapping's
        order says which environment goes first.
    :param histories: what is applied in each environment; also of those that are not selected
        but that a link points to.
    :raises LinkError: a link points to nothing, is not met by this run, or is part of a cycle; or
        a rollback would take away what an applied revision requires.
    """
    state = {name: set(history.applied) for name, history in histories.items()}
    queues = {name: deque(queue) for name, queue in steps.items() if queue}
    ordered: list[Step] = []
    while queues:
        name = next((n for n in queues if _ready(queues[n][0], state, histories)), None)
        if name is None:
            raise _blocked([queue[0] for queue in queues.values()], steps, state, histories)
        step = queues[name].popleft()
        _record(step, state)
        ordered.append(step)
        if not queues[name]:
            del queues[name]
    return tuple(ordered)


def _record(step: Step, state: dict[str, set[str]]) -> None:
    if step.action is Action.UPGRADE:
        state[step.environment].add(step.revision)
    else:
        state[step.environment].discard(step.revision)


def _ready(step: Step, state: Mapping[str, set[str]], histories: Mapping[str, History]) -> bool:
    if step.action is Action.UPGRADE:
        return not _unmet(step, state, histories)
    return not _dependants(step, state, histories)


def _unmet(
    step: Step, state: Mapping[str, set[str]], histories: Mapping[str, History]
) -> list[Link]:
    revision = histories[step.environment].by_id[step.revision]
    return [
        link
        for link in revision.requires
        if _target(revision, link, histories) not in state[link.environment]
    ]


def _target(revision: Revision, link: Link, histories: Mapping[str, History]) -> str:
    """The id that a link points to.

    :raises LinkError: the other history is not configured or has no such revision.
    """
    if link.environment not in histories:
        raise LinkError(f"{revision} requires {link}, and {link.environment} is not configured")
    history = histories[link.environment]
    version = history.canonical(link.revision)
    if version not in history.by_id and version not in history.snapshot.recorded:
        raise LinkError(
            f"{revision} requires {link}, and {link.environment} has no such revision",
            hint=f"correct the link in {revision.path}",
        )
    return version


def _dependants(
    step: Step, state: Mapping[str, set[str]], histories: Mapping[str, History]
) -> list[Revision]:
    """Applied revisions of the other history that require what the step takes away."""
    return [
        revision
        for name, history in histories.items()
        if name != step.environment
        for revision in history.by_id.values()
        if _is_touched(revision, state[name], history) and _points_to(revision, step, histories)
    ]


def _is_touched(revision: Revision, applied: set[str], history: History) -> bool:
    """Whether a revision is applied, or was begun."""
    return revision.id in applied or revision.id in {i.version for i in history.snapshot.dirty}


def _points_to(revision: Revision, step: Step, histories: Mapping[str, History]) -> bool:
    return any(
        link.environment == step.environment
        and histories[step.environment].canonical(link.revision) == step.revision
        for link in revision.requires
    )


def _blocked(
    waiting: Sequence[Step],
    steps: Mapping[str, Sequence[Step]],
    state: Mapping[str, set[str]],
    histories: Mapping[str, History],
) -> LinkError:
    """Say why none of the waiting steps can run."""
    planned = {(s.environment, s.revision) for queue in steps.values() for s in queue}
    if waiting[0].action is Action.UPGRADE:
        return _missing(waiting, planned, lambda step: _unmet(step, state, histories))
    return _needed(waiting, planned, lambda step: _dependants(step, state, histories))


def _missing(
    waiting: Sequence[Step],
    planned: set[tuple[str, str]],
    unmet: Callable[[Step], list[Link]],
) -> LinkError:
    for step in waiting:
        for link in unmet(step):
            if (link.environment, link.revision.lstrip("0")) not in planned:
                return LinkError(
                    f"{step.environment} {step.revision} requires {link}, which is not applied "
                    "and not part of this run",
                    hint="apply both databases together: brokle-migrate up",
                )
    links = ", ".join(f"{s.environment}@{s.revision} requires {unmet(s)[0]}" for s in waiting)
    return LinkError(
        f"the two histories wait for each other: {links}",
        hint="remove one of these links, or move one of the revisions",
    )


def _needed(
    waiting: Sequence[Step],
    planned: set[tuple[str, str]],
    dependants: Callable[[Step], list[Revision]],
) -> LinkError:
    for step in waiting:
        for revision in dependants(step):
            if (revision.environment, revision.id) not in planned:
                return LinkError(
                    f"{step.environment} {step.revision} can't be rolled back: {revision} is "
                    f"applied and requires it ({revision.path})",
                    hint=f"roll back {revision} first, or both databases together",
                )
    held = ", ".join(f"{s.environment}@{s.revision} by {dependants(s)[0]}" for s in waiting)
    return LinkError(f"the two histories hold each other: {held}")
