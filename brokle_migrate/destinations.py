"""Where each history goes for one version that was given for both.  Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from .errors import UnknownRevision, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .history import History
    from .model import Request

_TIMESTAMP = re.compile(r"\d{14}$")
_SYMBOLIC = re.compile(r"(heads?|base|0|[+-]\d+)$")
_OF_ONE_BRANCH = re.compile(r".+@(base|[+-]\d+)$")


def destinations(request: Request, selected: Mapping[str, History]) -> dict[str, str]:
    """Where each history goes for one version that was given for both.

    A version names a revision in at least one history.  In the other one, the newest revision
    that is not newer is meant, when both use 14-digit versions.

    :raises UnknownRevision: neither history has it.
    :raises UsageError: it can't be carried over to the other history.
    """
    given, wanted = request.destination, dict(request.destinations)
    rest = {name: history for name, history in selected.items() if name not in wanted}
    if not rest:
        return wanted
    if given is None:
        missing = " and ".join(f"--{name} REVISION" for name in rest)
        raise UsageError(f"where should it go? Give --version V, or {missing}")
    if _SYMBOLIC.match(given):
        return wanted | dict.fromkeys(rest, given)
    return wanted | _carried_over(given, rest)


def _carried_over(given: str, histories: Mapping[str, History]) -> dict[str, str]:
    if "@" in given:
        return _along_a_branch(given, histories)
    found: dict[str, str] = {}
    unknown: dict[str, UnknownRevision] = {}
    for name, history in histories.items():
        try:
            found[name] = history.resolve(given)
        except UnknownRevision as error:
            unknown[name] = error
    if not found:
        raise _nowhere(given, unknown)
    version = next(iter(found.values()))
    return found | {name: _counterpart(version, histories[name]) for name in unknown}


def _along_a_branch(given: str, histories: Mapping[str, History]) -> dict[str, str]:
    """A destination in one of Alembic's branches stays as it is: it depends on what is applied."""
    branching = {name: given for name, history in histories.items() if not history.snapshot.linear}
    others = [history for name, history in histories.items() if name not in branching]
    if not branching:
        raise UsageError(f"{given} names a branch, and only Postgres can have those")
    if not others:
        return branching
    if _OF_ONE_BRANCH.match(given):
        raise _say_where(f"{given} says nothing about {others[0].environment}")
    (version,) = {histories[name].resolve(given) for name in branching}
    return branching | {one.environment: _counterpart(version, one) for one in others}


def _nowhere(given: str, unknown: Mapping[str, UnknownRevision]) -> UnknownRevision:
    first = next(iter(unknown.values()))
    if len(unknown) == 1:
        return first
    hint = next((e.hint for e in unknown.values() if e.hint and "did you mean" in e.hint), None)
    return UnknownRevision(
        f"no revision {given!r} in {' or '.join(unknown)}", hint=hint or first.hint
    )


def _counterpart(version: str, history: History) -> str:
    if all(_TIMESTAMP.match(revision) for revision in (version, *history.by_id)):
        return history.newest_up_to(version)
    raise _say_where(
        f"{history.environment} has no revision {version}, and its revisions are not all 14-digit "
        "versions that could be compared with it"
    )


def _say_where(why: str) -> UsageError:
    return UsageError(why, hint="say where each goes: --postgres REVISION --clickhouse VERSION")
