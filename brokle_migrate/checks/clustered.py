"""Rules for a database on a cluster.  Pure.

What the author wrote counts, not what was filled in for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..model import CLICKHOUSE, Action, Level
from ..sqltext.acts import Creation, Removal, Renaming, acts
from ..sqltext.words import sentences
from .rule import Hit, Rules

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ..model import Finding, Statement, Step

CLUSTERED: Rules[Statement] = Rules(CLICKHOUSE)


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
        for found in CLUSTERED.findings(statement)
    )


def _written(statement: Statement) -> str:
    return statement.text if statement.written is None else statement.written


@CLUSTERED.rule("CH016", Level.WARNING, "ON CLUSTER written out, where a cluster is configured")
def hard_coded_cluster(statement: Statement) -> Iterator[Hit]:
    """The file fits this one cluster: not a laptop, nor a cluster of another name.

    https://clickhouse.com/docs/sql-reference/distributed-ddl
    """
    if any(words.seek("ON CLUSTER") for words in sentences(_written(statement))):
        message = "ON CLUSTER is written out, so the file fits this one cluster alone"
        yield Hit(statement.location, message, "write ${on_cluster}")


@CLUSTERED.rule("CH017", Level.WARNING, "no ON CLUSTER, where a cluster is configured")
def no_cluster(statement: Statement) -> Iterator[Hit]:
    """What is created, dropped or renamed is so on one server only, and the others differ.

    https://clickhouse.com/docs/sql-reference/distributed-ddl.  An ALTER of a replicated table
    reaches its replicas by itself, and a ``Replicated`` database carries everything.
    """
    written = _written(statement)
    if "on_cluster" in written or any(words.seek("ON CLUSTER") for words in sentences(written)):
        return
    for act in acts(written):
        if isinstance(act, Creation | Removal) and not act.temporary:
            hint = "write ${on_cluster} behind the name, unless the database is a Replicated one"
            yield Hit(statement.location, f"{act.name} is touched on one server only", hint)
        elif isinstance(act, Renaming):
            hint = "write ${on_cluster} at the end, unless the database is a Replicated one"
            yield Hit(statement.location, "names change on one server only", hint)


@CLUSTERED.rule("CH018", Level.WARNING, "a table that does not replicate, on a cluster")
def not_replicated(statement: Statement) -> Iterator[Hit]:
    """Each server keeps rows of its own, and what one of them loses is lost.

    https://clickhouse.com/docs/engines/table-engines/mergetree-family/replication
    """
    for act in acts(_written(statement)):
        if not isinstance(act, Creation) or act.kind != "TABLE":
            continue
        engine = act.engine
        if engine.endswith("MergeTree") and not engine.startswith(("Replicated", "Shared", "$")):
            message = f"the table's engine is {engine}: each server keeps rows of its own"
            hint = f"write ENGINE = ${{replicated}}{engine}"
            yield Hit(statement.location, message, hint)
