"""Through the whole history, statement by statement, with what was there before each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...sqltext.acts import Command, Removal, acts
from . import columns, form, keys, losing, mirrors, running, views
from .registry import CHANGES, EITHER_WAY, STATEMENTS, UPWARDS
from .scene import Change, Scene
from .schema import Schema

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from ...model import Finding, Statement
    from ...sqltext.acts import Act
    from ..pairs import Pair
    from ..rule import Rule

    Form = Callable[[Statement], str]

# Importing a module writes its rules down.
_MODULES = (losing, running, columns, keys, views, form, mirrors)

RULES: tuple[Rule, ...] = tuple(
    sorted(
        (*UPWARDS.rules, *EITHER_WAY.rules, *STATEMENTS.rules, *CHANGES.rules),
        key=lambda rule: rule.id,
    )
)


def statement_findings(pairs: Iterable[Pair], database: str, form: Form) -> Iterator[Finding]:
    """What the rules find in the files of a history.

    :param pairs: from the first to the last.
    :param database: the one that a name without a database belongs to.
    :param form: a statement as a parser has read it, or as it is written.
    """
    schema = Schema(database)
    for pair in pairs:
        schema.begin()
        ups: list[Scene[Act]] = []
        for scene in _scenes(pair.up.statements, schema, form):
            ups.append(scene)
            yield from UPWARDS.findings(scene)
            yield from EITHER_WAY.findings(scene)
            schema.apply(scene.act)
        downs = tuple(_scenes(pair.down.statements, schema, form))
        for scene in downs:
            yield from EITHER_WAY.findings(scene)
        for statement in pair.statements:
            yield from STATEMENTS.findings(statement)
        irreversible = pair.down.irreversible is not None
        yield from CHANGES.findings(Change(tuple(ups), downs, schema, irreversible))


def _scenes(statements: Sequence[Statement], schema: Schema, form: Form) -> Iterator[Scene[Act]]:
    read = [(statement, acts(form(statement))) for statement in statements]
    last = max(
        (index for index, (_, found) in enumerate(read) if not _only_removes(found)), default=-1
    )
    for index, (statement, found) in enumerate(read):
        for act in found:
            yield Scene(act, statement, schema, is_followed=index < last)


def _only_removes(found: Sequence[Act]) -> bool:
    return all(
        isinstance(act, Removal) or (isinstance(act, Command) and act.verb.startswith("DROP "))
        for act in found
    )
