"""What a real parser makes of ClickHouse statements: the server's own, or sqlglot's."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING

from ..embedded.formatting import NotAnswered, formatted, is_available

if TYPE_CHECKING:
    from collections.abc import Sequence

_INSTALL = "pip install 'brokle-migrate[embedded]'"


@dataclass(frozen=True, slots=True)
class Parsed:
    """What a parser made of statements.

    :ivar forms: each as the parser has read it; None where it could not.
    :ivar own: whether it was ClickHouse's own.
    :ivar missing: why there was none, a sentence; empty where there was.
    """

    forms: tuple[str | None, ...]
    own: bool = False
    missing: str = ""


def parse(statements: Sequence[str]) -> Parsed:
    """Have statements read by the best parser that is installed."""
    if not statements:
        return Parsed((), own=True)
    reason = "ClickHouse statements were not parsed, only read by their words"
    if is_available():
        try:
            return Parsed(tuple(formatted(statements)), own=True)
        except NotAnswered as error:
            return Parsed(tuple(statements), missing=f"{reason}: chDB failed: {error}")
    if find_spec("sqlglot") is not None:
        return Parsed(tuple(map(_understood, statements)))
    return Parsed(tuple(statements), missing=f"{reason}: {_INSTALL}")


def _understood(statement: str) -> str | None:
    """The statement, if sqlglot's ClickHouse dialect has a type for it."""
    import logging

    import sqlglot
    from sqlglot import expressions
    from sqlglot.errors import SqlglotError

    logging.getLogger("sqlglot").setLevel(logging.ERROR)  # it warns of what it leaves unread
    try:
        found = sqlglot.parse_one(statement, read="clickhouse")
    except (SqlglotError, RecursionError):
        return None
    return None if isinstance(found, expressions.Command) else statement
