"""A plan as the databases will see it: the SQL, what it destroys, how big what it touches is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .model import POSTGRES
from .sqltext import destroys, identifiers, records_version

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .environments.base import StepSql, TableSize
    from .model import Plan, Step
    from .sqltext import Destruction


@dataclass(frozen=True, slots=True)
class StepPreview:
    """One step of a plan.

    :ivar statements: the SQL, statement for statement.
    :ivar note: why the list may not be complete, empty when it is.
    :ivar destroys: what can't be brought back by running the step the other way.
    :ivar touches: the existing tables that the statements name.
    """

    step: Step
    statements: tuple[str, ...]
    note: str
    destroys: tuple[Destruction, ...]
    touches: tuple[TableSize, ...]


@dataclass(frozen=True, slots=True)
class Preview:
    """A plan with the preview of each of its steps."""

    plan: Plan
    steps: tuple[StepPreview, ...]

    @property
    def destroys(self) -> tuple[tuple[Step, Destruction], ...]:
        """What the whole plan destroys, in order."""
        return tuple((each.step, lost) for each in self.steps for lost in each.destroys)


def preview_of(
    plan: Plan, parts: Sequence[StepSql], sizes: Mapping[str, Sequence[TableSize]]
) -> Preview:
    """Put together what each environment said.

    :param parts: the SQL of each step, in the order of the plan.
    :param sizes: the tables of each database.
    """
    return Preview(
        plan, tuple(_preview(part, sizes.get(part.step.environment, ())) for part in parts)
    )


def _preview(part: StepSql, sizes: Sequence[TableSize]) -> StepPreview:
    is_alembics = part.step.environment == POSTGRES
    own = [s for s in part.statements if not (is_alembics and records_version(s))]
    words = {word for statement in own for word in identifiers(statement)}
    return StepPreview(
        step=part.step,
        statements=part.statements,
        note=part.note,
        destroys=tuple(lost for statement in own for lost in destroys(statement)),
        touches=tuple(size for size in sizes if size.name in words),
    )
