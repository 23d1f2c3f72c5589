"""Every rule about ClickHouse statements over the files of a history."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..aside import aside
from ..checks.clickhouse.walk import statement_findings
from ..checks.clustered import CLUSTERED
from ..checks.parsing import REFUSED, parse_findings
from .parsers import parse

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ..checks.pairs import Pair
    from ..model import Finding, Statement
    from .parsers import Parsed


@dataclass(frozen=True, slots=True)
class Looked:
    """What the rules found, and what they could not look at.

    :ivar unverified: a sentence each.
    """

    findings: tuple[Finding, ...]
    unverified: tuple[str, ...] = ()


def look(pairs: Sequence[Pair], database: str) -> Callable[[], Looked]:
    """Read every statement with a parser, and hold every rule to it.

    :param database: the one that a name without a database belongs to.
    :return: waits for the parser, which is at work meanwhile, and gives what was found.
    """
    statements = [statement for pair in pairs for statement in pair.statements]
    parsing = aside(lambda: parse([statement.text for statement in statements]))
    return lambda: _judged(pairs, database, statements, parsing.result())


def _judged(
    pairs: Sequence[Pair], database: str, statements: Sequence[Statement], parsed: Parsed
) -> Looked:
    read = zip(statements, parsed.forms, strict=True)
    forms = {id(statement): form for statement, form in read if form is not None}

    def form(statement: Statement) -> str:
        """What its own parser refuses, ClickHouse will not run: there is nothing to warn about.

        Unless a file says that it is meant for a server of another version.
        """
        allowed = any(each.id == REFUSED.id for each in statement.allowed)
        return forms.get(id(statement), "" if parsed.own and not allowed else statement.text)

    found = [*parse_findings(statements, parsed.forms, own=parsed.own)]
    found += statement_findings(pairs, database, form)
    for pair in pairs:
        if pair.clustered:
            for statement in pair.statements:
                found += CLUSTERED.findings(statement)
    return Looked(tuple(found), (parsed.missing,) if parsed.missing else ())
