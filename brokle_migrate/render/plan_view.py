"""What a reviewer asks of a plan first: how much it is, and what is for good."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from . import words
from .plan_deeds import known_as, overwritten, owner, sized

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ..proposal import Proposal, ProposedDatabase, ProposedStep


@dataclass(frozen=True, slots=True)
class Forever:
    """Something that can't be undone.

    :ivar number: of its step, from 1.
    :ivar table: with its size; empty where no one table is meant.
    """

    number: int
    step: ProposedStep
    what: str
    table: str = ""


def forever(proposal: Proposal) -> list[Forever]:
    """What can't be undone: what is destroyed or overwritten, and what has no way back."""
    return [
        found
        for number, step in enumerate(proposal.steps, start=1)
        for found in of_step(number, step)
    ]


def of_step(number: int, step: ProposedStep) -> Iterator[Forever]:
    """The same of one step."""
    for lost in step.destroys:
        yield Forever(number, step, lost.message, _how_big(owner(lost), step))
    for table in overwritten(step):
        yield Forever(number, step, f"overwrites values in {table}", _how_big(table, step))
    if step.no_way_back:
        yield Forever(number, step, f"can't be rolled back: {step.no_way_back}")


def _how_big(table: str, step: ProposedStep) -> str:
    sizes = {size.name: size for size in step.touches}
    size = sizes.get(known_as(table, sizes))
    return "" if size is None else sized(size)


def nothing_forever(proposal: Proposal) -> str:
    """That everything can be undone, as far as that is known."""
    if unknown(proposal):
        return "Nothing that is known beforehand."
    return "Nothing: no step destroys or overwrites anything, and each can be rolled back."


def unknown(proposal: Proposal) -> list[tuple[int, str]]:
    """What is known only when it runs: the number of the step, and a sentence."""
    return [
        (number, f"{step}: not all of it is known: it {step.note}")
        for number, step in enumerate(proposal.steps, start=1)
        if step.note
    ]


def title(proposal: Proposal) -> str:
    """``29 steps (postgres 12, clickhouse 17)``."""
    counts = Counter(step.environment for step in proposal.steps)
    each = ", ".join(f"{name} {words.number(count)}" for name, count in counts.items())
    return f"{words.counted(len(proposal.steps), 'step')}{f' ({each})' if each else ''}"


def verdict(proposal: Proposal) -> str:
    """The one sentence for somebody who reads no other."""
    lost, one_way = len(proposal.destroys), len(proposal.one_way)
    changed = sum(len(overwritten(step)) for step in proposal.steps)
    said = []
    if not proposal.steps:
        return "There is nothing to do."
    if lost:
        said.append(f"destroys {words.counted(lost, 'thing')}")
    if changed:
        said.append(f"overwrites values in {words.counted(changed, 'table')}")
    if one_way:
        said.append(f"has {words.counted(one_way, 'step')} without a way back")
    if not said:
        said.append("destroys nothing, and each step can be rolled back")
    if unknown(proposal):
        said.append(f"{words.counted(len(unknown(proposal)), 'step')} can't be told in full")
    return f"It {'; '.join(said)}."


def after(database: ProposedDatabase, steps: Sequence[ProposedStep]) -> str:
    """Where a database stands once the plan has run."""
    mine = [step.revision for step in steps if step.environment == database.environment]
    return mine[-1] if mine else standing(database)


def standing(database: ProposedDatabase) -> str:
    """Where a database stood when the plan was made."""
    return ", ".join(database.current) or "nothing applied"


def linked(proposal: Proposal, requirement: str) -> int | None:
    """The number of the step that a link points to, None where that is applied already."""
    for number, step in enumerate(proposal.steps, start=1):
        if f"{step.environment}@{step.revision}" == requirement:
            return number
    return None


def how(proposal: Proposal) -> list[str]:
    """What a run does apart from its steps, a sentence each."""
    asked, said = proposal.asked, []
    if asked.steps is not None:
        said.append(f"at most {words.counted(asked.steps, 'step')} in each database")
    if asked.allow_out_of_order:
        said.append("files that are older than the newest applied version run, too")
    if asked.atomic:
        said.append("atomic: Postgres is committed once ClickHouse is done; a failure undoes both")
    elif asked.on_failure == "rollback":
        said.append("a step that fails takes the steps before it back")
    return said
