"""What a planned file says that does not fit a cluster.  Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..model import CLICKHOUSE, Action, Finding, Level
from ..sqltext.words import sentences

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ..model import Statement, Step
    from ..sqltext.words import Words


def cluster_findings(steps: Iterable[Step]) -> tuple[Finding, ...]:
    """Warnings about statements that are still to run, for a database on a cluster.

    :param steps: with their statements.
    :return: one for each rule that a statement breaks, in the order of the statements.
    """
    return tuple(
        found
        for step in steps
        if step.environment == CLICKHOUSE and step.action is Action.UPGRADE
        for statement in step.remaining
        for found in _findings(statement)
    )


def _findings(statement: Statement) -> Iterator[Finding]:
    """What the author wrote counts, not what was filled in for it."""
    written = statement.text if statement.written is None else statement.written
    if any(words.seek("ON CLUSTER") for words in sentences(written)):
        message = "ON CLUSTER is written out, so the file fits this one cluster alone"
        yield _warning("hard_coded_cluster", statement, message, "write ${on_cluster}")
    for engine in filter(None, map(_unreplicated, sentences(written))):
        message = f"the table's engine is {engine}: each server keeps rows of its own"
        hint = f"write ENGINE = ${{replicated}}{engine}"
        yield _warning("not_replicated", statement, message, hint)


def _unreplicated(words: Words) -> str:
    """The engine of the MergeTree family that a CREATE TABLE names, if it does not replicate."""
    if not words.take_one("CREATE TABLE", "CREATE OR REPLACE TABLE"):
        return ""
    while words.word and not words.take("ENGINE"):
        _ = words.group() or words.next()  # a column may have that name
    words.take("=")
    engine = words.next()
    replicates = engine.startswith(("Replicated", "Shared"))
    return engine if engine.endswith("MergeTree") and not replicates else ""


def _warning(rule: str, statement: Statement, message: str, hint: str) -> Finding:
    return Finding(rule, Level.WARNING, CLICKHOUSE, message, hint, statement.location)
