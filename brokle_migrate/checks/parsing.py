"""Rules about what a parser makes of a statement.  Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..model import CLICKHOUSE, Level
from .rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ..model import Finding, Statement

REFUSED = Rule("CH001", Level.ERROR, "a statement that ClickHouse's own parser refuses")
NOT_UNDERSTOOD = Rule("CH002", Level.WARNING, "a statement that no parser here understands")
RULES = (REFUSED, NOT_UNDERSTOOD)


def parse_findings(
    statements: Sequence[Statement], forms: Sequence[str | None], *, own: bool
) -> Iterator[Finding]:
    """The statements that could not be read.

    :param forms: what the parser made of each; None where it failed.
    :param own: whether it was ClickHouse's own.
    """
    for statement, form in zip(statements, forms, strict=True):
        if form is not None:
            continue
        if own:
            message = "ClickHouse's parser can't read this"
            hint = "for syntax of another version: -- migrate: allow CH001 because …"
            yield REFUSED.finding(CLICKHOUSE, message, hint, statement.location)
        else:
            message = "sqlglot can't read this, so the rules had to do with its words"
            hint = "with ClickHouse's own parser: pip install 'brokle-migrate[embedded]'"
            yield NOT_UNDERSTOOD.finding(CLICKHOUSE, message, hint, statement.location)
