"""Kinds of things that ClickHouse's statements name."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .words import Words

KINDS = (
    "MATERIALIZED VIEW",
    "LIVE VIEW",
    "WINDOW VIEW",
    "TABLE",
    "VIEW",
    "DICTIONARY",
    "DATABASE",
    "FUNCTION",
)
VIEWS = frozenset(("MATERIALIZED VIEW", "LIVE VIEW", "WINDOW VIEW", "VIEW"))
_FIRST = frozenset(kind.split()[0] for kind in KINDS)


def kind_of(words: Words) -> str:
    """Go past the kind that comes next; nothing where it is none of these."""
    return words.take_one(*KINDS) if words.word in _FIRST else ""


def cluster(words: Words) -> None:
    """Go past ON CLUSTER and its name."""
    if words.take("ON CLUSTER"):
        words.name() or words.next()
