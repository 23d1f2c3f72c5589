"""Plain facts about a statement, read from its tokens."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from .inserts import VALUES, inline_rows
from .lexer import Heredocs, LexError, skip
from .tokens import unquoted
from .words import sentences

if TYPE_CHECKING:
    from .words import Words

_NAME = re.compile(r"[A-Za-z_$\"`\u201c]")
_ALWAYS = frozenset(
    ("UPDATE", "DELETE", "MATERIALIZE", "ALTER", "CLEAR", "RENAME", "APPLY", "REWRITE")
)
# What these verbs do without a mutation; with anything else they may start one.
_AT_ONCE = {
    "DROP": frozenset(("PARTITION", "PART", "DETACHED", "CONSTRAINT")),
    "MODIFY": frozenset(("SETTING", "ORDER", "SAMPLE", "QUERY", "COMMENT", "REFRESH", "SQL")),
}
_RECORDING = frozenset(("CREATE", "INSERT", "UPDATE", "DELETE"))
_COLUMN = "version_num"


def has_one_effect(text: str) -> bool:
    """Whether a ClickHouse statement does one thing or nothing, on one server.

    CREATE … AS SELECT makes a table and then fills it; a list of commands, and ON CLUSTER, can
    stop half-way.  It is no for what is not known here.
    """
    found = list(sentences(text))
    return len(found) == 1 and _has_one_effect(found[0])


def _has_one_effect(words: Words) -> bool:
    upper = {word.upper() for word in words.rest}
    if "CLUSTER" in upper or "CLONE" in upper:
        return False
    if words.take("ALTER TABLE"):
        words.name()
        return len(list(words.parts())) == 1
    if words.take("CREATE"):
        return "SELECT" not in upper or ("VIEW" in upper and "POPULATE" not in upper)
    return (words.take("DROP") or words.take("RENAME")) and "," not in upper


def on_cluster(text: str) -> bool:
    """Whether a ClickHouse statement runs on every server of a cluster."""
    return any("ON CLUSTER" in " ".join(words.rest).upper() for words in sentences(text))


def may_mutate(text: str) -> bool:
    """Whether a row may appear in ``system.mutations`` when this ClickHouse statement runs.

    It is yes where it depends on the table: MODIFY COLUMN rewrites data only if the type changes.
    MODIFY TTL counts, for it materialises the new rule.  ADD never starts a mutation.
    """
    return any(map(_mutates, sentences(text)))


def alters_table(text: str) -> bool:
    """Whether a ClickHouse statement is an ``ALTER TABLE``, or has one in it."""
    return any(
        words.take("ALTER TABLE") or words.take("ALTER TEMPORARY TABLE")
        for words in sentences(text)
    )


def _mutates(words: Words) -> bool:
    if words.take("DELETE FROM") or words.take("DROP INDEX"):
        return True
    if words.take("UPDATE"):
        words.name()
        return words.seek("SET")
    if not (words.take("ALTER TABLE") or words.take("ALTER TEMPORARY TABLE")):
        return False
    words.take("IF EXISTS")
    words.name()
    if words.take("ON CLUSTER"):
        words.name() or words.next()
    return any(_command_mutates(command) for command in words.parts())


def _command_mutates(command: Words) -> bool:
    verb = command.next().upper()
    return verb in _ALWAYS or (verb in _AT_ONCE and command.word not in _AT_ONCE[verb])


def has_inline_values(text: str) -> bool:
    """Whether this is an INSERT … VALUES: old servers take its rows over HTTP only."""
    try:
        rows = inline_rows(text, skip(text, 0), Heredocs(text))
    except LexError:
        return False
    return rows is not None and rows.format == VALUES


def identifiers(text: str) -> frozenset[str]:
    """Every word and every name in quotes, keywords too, the parts of ``a.b`` each by itself."""
    return frozenset(
        unquoted(token) for words in sentences(text) for token in words.tokens if _NAME.match(token)
    )


def records_version(text: str) -> bool:
    """Whether a statement is Alembic's record of a version, which says nothing of a revision.

    The column is Alembic's own, whatever the table is called (``alembic.runtime.migration``).
    """
    found = list(sentences(text))
    return len(found) == 1 and found[0].word in _RECORDING and _COLUMN in identifiers(text)
