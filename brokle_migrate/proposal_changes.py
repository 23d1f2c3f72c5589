"""How what a run would do now differs from what was approved.  Pure."""

from __future__ import annotations

from dataclasses import replace
from itertools import zip_longest
from pathlib import PurePath
from typing import TYPE_CHECKING

from .history import History

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from .proposal import Directive, Proposal, ProposedDatabase, ProposedStep

    Key = tuple[str, str]

_WIDTH = 160  # characters of a statement that show where two differ
_BEFORE = 60  # of these, in front of the difference


def state_changes(approved: Proposal, histories: Mapping[str, History]) -> tuple[str, ...]:
    """What became of the databases since, a sentence each; nothing when they stand where they did.

    :param histories: of every database of the proposal, as it is now.
    """
    return tuple(
        sentence
        for database in approved.databases
        for sentence in _moved(database, approved, histories[database.environment])
    )


def _moved(database: ProposedDatabase, approved: Proposal, history: History) -> Iterator[str]:
    if history.snapshot.fingerprint == database.fingerprint:
        return
    name, recorded = database.environment, history.snapshot.recorded
    there = history.applied.union(recorded)
    steps = [step for step in approved.steps if step.environment == name]
    found = [f"{_named(step)} is applied by now" for step in steps if step.revision in there]
    found += [f"{name} {v} was rolled back" for v in database.recorded if v not in there]
    before = History(replace(history.snapshot, recorded=database.recorded))
    expected = before.applied.union(database.recorded, (step.revision for step in steps))
    found += [
        f"{name} {version} was applied, and is not in the plan"
        for version in recorded
        if version not in expected
    ]
    found += [f"{name}: {each}" for each in map(str, history.snapshot.dirty) if each not in found]
    yield from found or [f"{name}: the step that was interrupted is settled"]


def plan_changes(approved: Proposal, now: Proposal, on_disk: Collection[Key]) -> tuple[str, ...]:
    """What a run would do otherwise than approved, a sentence each; nothing when it is the same.

    :param now: planned from the same state, for the same request.
    :param on_disk: environment and revision of every file that there is now.
    """
    before, after = _by_key(approved.steps), _by_key(now.steps)
    found = [_gone(step, key in on_disk) for key, step in before.items() if key not in after]
    for key, step in after.items():
        found += _changes(before[key], step) if key in before else [_new(step)]
    if before.keys() == after.keys():
        found += _reordered(list(before.values()), list(after.values()))
    return tuple(found)


def _by_key(steps: Sequence[ProposedStep]) -> dict[Key, ProposedStep]:
    return {(step.environment, step.revision): step for step in steps}


def _named(step: ProposedStep) -> str:
    return f"{step} ({step.message})" if step.message else str(step)


def _gone(step: ProposedStep, is_there: bool) -> str:
    if is_there:
        return f"{_named(step)} would not run: another revision is in its place"
    return f"{_named(step)} would not run: its file is gone"


def _new(step: ProposedStep) -> str:
    return f"{_named(step)} would run, too: new file {step.path}"


def _reordered(before: Sequence[ProposedStep], after: Sequence[ProposedStep]) -> Iterator[str]:
    for number, (was, now) in enumerate(zip(before, after, strict=True), start=1):
        if str(was) != str(now):
            yield f"the order is another: step {number} was {was}, and is {now}"
            return


def _changes(was: ProposedStep, now: ProposedStep) -> Iterator[str]:
    yield from _files(was, now)
    yield from _statements(was, now)
    yield from _directives(was, now)
    if bool(was.note) is not bool(now.note):
        # The note itself has a library's words in it, and they may be others each time.
        how = f"not all of it is known: it {now.note}" if now.note else "all of it is known now"
        yield f"{now}: {how}"
    if was.requires != now.requires:
        yield f"{now} requires {_listed(now.requires)}, and required {_listed(was.requires)}"
    if bool(was.no_way_back) is not bool(now.no_way_back):
        why = now.no_way_back
        yield f"{now} can't be rolled back now: {why}" if why else f"{now} can be rolled back now"
    if was.action != now.action:
        yield f"{now}: {now.action} instead of {was.action}"


def _files(was: ProposedStep, now: ProposedStep) -> Iterator[str]:
    """By their names: a checkout may be anywhere."""
    before = {PurePath(each.path).name: each.sha256 for each in was.files}
    after = {PurePath(each.path).name: each for each in now.files}
    for name, file in after.items():
        if name not in before:
            yield f"{now}: new file {file.path}"
        elif before[name] != file.sha256:
            yield f"{now}: {file.path} was edited"
    yield from (f"{now}: {name} is gone" for name in before if name not in after)


def _statements(was: ProposedStep, now: ProposedStep) -> Iterator[str]:
    pairs = zip_longest(was.statements, now.statements)
    for number, (before, after) in enumerate(pairs, start=1):
        if before is None:
            yield f"{now} statement {number} is new:\n    + {_excerpt(after, 0)}"
        elif after is None:
            yield f"{now} statement {number} is gone:\n    - {_excerpt(before, 0)}"
        elif before != after:
            yield f"{now} statement {number} differs:\n{_difference(before, after)}"


def _difference(before: str, after: str) -> str:
    """The first lines that differ, one above the other."""
    old, new = next(
        pair
        for pair in zip_longest(before.split("\n"), after.split("\n"), fillvalue="")
        if pair[0] != pair[1]
    )
    same = next((i for i, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), None)
    at = min(len(old), len(new)) if same is None else same
    return f"    - {_excerpt(old, at)}\n    + {_excerpt(new, at)}"


def _excerpt(line: str, at: int) -> str:
    """A line around a character, on one line."""
    start = max(0, at - _BEFORE) if len(line) > _WIDTH else 0
    text = " ".join(line[start : start + _WIDTH].split())
    return f"{'… ' if start else ''}{text}{' …' if start + _WIDTH < len(line) else ''}"


def _directives(was: ProposedStep, now: ProposedStep) -> Iterator[str]:
    before = {each.statement: each for each in was.directives}
    after = {each.statement: each for each in now.directives}
    for number in sorted(before.keys() | after.keys()):
        if before.get(number) != after.get(number):
            yield (
                f"{now} statement {number} would run {_how(after.get(number))}, "
                f"and was to run {_how(before.get(number))}"
            )


def _how(directive: Directive | None) -> str:
    if directive is None:
        return "without directives"
    parts = [*directive.settings]
    if directive.timeout is not None:
        parts.append(f"timeout {directive.timeout:g} s")
    if not directive.wait:
        parts.append("wait none")
    return f"with {', '.join(parts)}"


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names) or "nothing"
