"""Which steps of a plan can't be rolled back once they are applied, and why."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from .errors import Irreversible, MigrateError, RevisionError
from .model import CLICKHOUSE, POSTGRES, Action

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from .environments import Environments
    from .model import Step


_AROUND = ("BEGIN", "COMMIT")


def no_ways_back(steps: Sequence[Step], environments: Environments) -> list[str]:
    """For each step why it can't be rolled back, empty where it can."""
    found: Mapping[tuple[str, str], str] = {
        (name, step.revision): way
        for name, look in ((POSTGRES, _postgres_ways), (CLICKHOUSE, _clickhouse_ways))
        for step, way in _looked(look, [s for s in steps if s.environment == name], environments)
    }
    return [found[step.environment, step.revision] for step in steps]


def _looked(
    look: Callable[[Sequence[Step], Environments], Sequence[str]],
    steps: Sequence[Step],
    environments: Environments,
) -> Iterable[tuple[Step, str]]:
    return zip(steps, look(steps, environments) if steps else (), strict=True)


def _back(step: Step) -> Step:
    return replace(step, action=Action.DOWNGRADE, done=(), settlement=None)


def _clickhouse_ways(steps: Sequence[Step], environments: Environments) -> Sequence[str]:
    """All at once, and in halves where one of them has no way back."""
    try:
        environments[CLICKHOUSE].load([_back(step) for step in steps])
    except RevisionError as error:
        if len(steps) == 1:
            return [error.reason if isinstance(error, Irreversible) else error.message]
        half = len(steps) // 2
        return [
            *_clickhouse_ways(steps[:half], environments),
            *_clickhouse_ways(steps[half:], environments),
        ]
    return [""] * len(steps)


def _postgres_ways(steps: Sequence[Step], environments: Environments) -> Sequence[str]:
    """What the downgrades would execute, found out offline and in one go with the upgrades."""
    from .sqltext import records_version

    def does_something(statements: Iterable[str]) -> bool:
        # Neither a transaction nor the version's record, is an effect.
        return any(text not in _AROUND and not records_version(text) for text in statements)

    try:
        backwards = [_back(step) for step in reversed(steps)]
        parts = environments[POSTGRES].sql([*steps, *backwards])
    except MigrateError as error:
        return [f"its downgrade can't be told: {error.message}"] * len(steps)
    ways = []
    for up, down in zip(parts[: len(steps)], reversed(parts[len(steps) :]), strict=True):
        if down.note:
            ways.append(f"its downgrade can't be told: it {down.note}")
        elif does_something(up.statements) and not does_something(down.statements):
            ways.append("its downgrade does nothing")
        else:
            ways.append("")
    return ways
