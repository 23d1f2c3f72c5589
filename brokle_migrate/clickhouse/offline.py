"""``--sql``: steps as a script, laid out as Alembic lays out its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import RevisionError
from ..model import CLICKHOUSE, Action, Step

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from alembic.runtime.migration import RevisionStep

    from .project import Project


def split_range(given: str) -> tuple[str | None, str]:
    """``FROM:TO`` in its two parts; without a colon there is no start.

    :raises RevisionError: one of the two is missing.
    """
    start, colon, destination = given.partition(":")
    if not colon:
        return None, given
    if not start or not destination:
        raise RevisionError(f"{given}: a range with --sql has a start and an end: FROM:TO")
    return start, destination


def print_steps(project: Project, steps: Sequence[RevisionStep]) -> None:
    """Print what steps execute and record, without asking a database."""
    writer = project.environments.offline
    planned = [_step(project, step) for step in steps]
    written = writer.sql(planned)
    blocks = [_statements(writer.preamble())] if steps else []
    for step, sql in zip(steps, written, strict=True):
        links = project.on_disk[sql.step.revision].requires
        after = [f"-- Run first: {link}\n" for link in links if step.is_upgrade]
        blocks.append(f"-- Running {step.short_log}\n" + "".join(after))
        blocks.append(_statements(sql.statements))
    _print(project, blocks)


def print_stamp(project: Project, start: Sequence[str], end: Sequence[str]) -> None:
    """Print what records that a database stands at ``end`` instead of ``start``."""
    versions = list(project.on_disk)
    first = versions.index(start[0]) + 1 if start else 0
    last = versions.index(end[0]) + 1 if end else 0
    writer = project.environments.offline
    stamps = writer.stamps(versions[min(first, last) : max(first, last)], applied=last > first)
    heading = f"-- Running stamp_revision {' '.join(start)} -> {' '.join(end)}\n"
    _print(project, [_statements(writer.preamble()), heading, _statements(stamps)])


def print_ledger(project: Project) -> None:
    """Print what makes the ledger, unless it is there."""
    _print(project, [_statements([project.environments.offline.ledger()])])


def _print(project: Project, blocks: Iterable[str]) -> None:
    for block in blocks:
        project.config.print_sql(block)


def _statements(statements: Iterable[str]) -> str:
    return "\n".join(_ended(statements))


def _ended(statements: Iterable[str]) -> Iterator[str]:
    """Each with its semicolon, on a line of its own where a comment ends the statement."""
    for statement in statements:
        last = statement.rpartition("\n")[2]
        yield f"{statement}\n;\n" if "--" in last or "#" in last else f"{statement};\n"


def _step(project: Project, step: RevisionStep) -> Step:
    version = step.revision.revision
    action = Action.UPGRADE if step.is_upgrade else Action.DOWNGRADE
    return Step(CLICKHOUSE, action, version, project.on_disk[version].message)
