"""Rules about how a statement is written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...model import Level
from ...sqltext.acts import Command, Creation, Removal, SessionSettings
from ...sqltext.words import Words, sentences
from ..rule import Hit
from .registry import EITHER_WAY, STATEMENTS
from .scene import place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ...model import Statement
    from .scene import Scene

_CONDITIONS = {"ADD": "IF NOT EXISTS", "DROP": "IF EXISTS", "CLEAR": "IF EXISTS"}
_EXPERIMENTAL = "allow_experimental_"
_DEPRECATED = "allow_deprecated_"
_GONE_INDEXES = frozenset(("annoy", "usearch", "inverted", "full_text"))


@EITHER_WAY.rule("CH019", Level.INFO, "no IF [NOT] EXISTS", Creation, Removal, Command)
def has_no_condition(scene: Scene[Creation | Removal | Command]) -> Iterator[Hit]:
    """A statement that was half done, on some servers of a cluster say, can't be run again.

    https://clickhouse.com/docs/sql-reference/distributed-ddl: a statement with ON CLUSTER may be
    done on one server and not on the next; the second time those that have it refuse.
    """
    act = scene.act
    if act.conditional:
        return
    if isinstance(act, Command):
        condition = _CONDITIONS.get(act.verb.partition(" ")[0], "") if act.name else ""
        words: tuple[str, ...] = (act.verb, act.name)
    elif isinstance(act, Creation):
        condition = "" if act.replaces or act.temporary else "IF NOT EXISTS"
        words = (act.kind, act.name)
    else:
        condition = "IF EXISTS" if act.verb == "DROP" and not act.temporary else ""
        words = (act.verb, act.kind, act.name)
    if condition:
        name = f"{act.table}.{act.name}" if isinstance(act, Command) else act.name
        message = f"{name} without {condition}: it can't be run again after it was interrupted"
        yield scene.hit(words, message, f"write {condition} before the name")


@EITHER_WAY.rule("CH026", Level.WARNING, "syntax that newer servers refuse", Creation, Command)
def is_deprecated(scene: Scene[Creation | Command]) -> Iterator[Hit]:
    """What servers still read for the sake of old statements, some only when a setting allows it.

    MergeTree(date, (key), 8192) since 20.x, behind allow_deprecated_syntax_for_merge_tree; the
    Ordinary database engine, behind allow_deprecated_database_ordinary
    (https://clickhouse.com/docs/operations/settings/settings); LIVE VIEW, Object('json') and the
    indexes annoy, usearch and inverted, which are gone since 25
    (https://clickhouse.com/docs/whats-new/changelog).
    """
    act = scene.act
    if isinstance(act, Creation):
        if act.kind == "LIVE VIEW":
            yield scene.hit(("LIVE VIEW",), "live views are gone", "make a refreshable view")
        if act.kind == "DATABASE" and act.engine == "Ordinary":
            message = "the Ordinary engine has no atomic RENAME, DROP and EXCHANGE"
            yield scene.hit(("ENGINE", "Ordinary"), message, "leave the engine out")
        if _has_old_arguments(act):
            message = f"keys and granularity as arguments of {act.engine}"
            hint = "write PARTITION BY, ORDER BY and SETTINGS index_granularity"
            yield scene.hit(("ENGINE", act.engine), message, hint)
        tokens = act.inside
    else:
        tokens = act.rest if act.verb.startswith(("ADD", "MODIFY")) else ()
    yield from _gone_types(scene, tokens)


def _has_old_arguments(act: Creation) -> bool:
    """Whether granularity is an argument, and no clause has the key."""
    if not act.engine.endswith("MergeTree") or {"ORDER BY", "PRIMARY KEY"} & act.clauses.keys():
        return False
    words = Words(act.clauses.get("ENGINE", []))
    words.take("=")
    words.next()
    inside = Words(words.group()[1:-1])
    return sum(1 for part in inside.parts() if part.tokens) >= 3


def _gone_types(scene: Scene[Creation | Command], tokens: tuple[str, ...]) -> Iterator[Hit]:
    for before, token in zip(("", *tokens), tokens, strict=False):
        if token == "Object":
            yield scene.hit(("Object",), "the type Object is gone", "use JSON, from 24.8 on")
        elif before.upper() == "TYPE" and token in _GONE_INDEXES:
            message = f"indexes of type {token} are gone"
            yield scene.hit(("TYPE", token), message, "use vector_similarity or text")


@EITHER_WAY.rule("CH029", Level.WARNING, "SET as a statement", SessionSettings)
def sets_for_a_session(scene: Scene[SessionSettings]) -> Iterator[Hit]:
    """It holds for a session, and over HTTP each statement has one of its own.

    https://clickhouse.com/docs/interfaces/http#http-sessions; a run that is resumed has another one
    in any case.
    """
    names = ", ".join(filter(None, scene.act.names))
    message = f"what SET says of {names} may not hold for the statements below"
    yield scene.hit(("SET",), message, "write above each of them: -- migrate: settings NAME=VALUE")


@STATEMENTS.rule("CH023", Level.WARNING, "a setting that allows what is experimental or deprecated")
def allows_experiments(statement: Statement) -> Iterator[Hit]:
    """What is experimental may change its format on disk or go away with the next release.

    https://clickhouse.com/docs/beta-and-experimental-features; what needs allow_deprecated_ is
    about to.  The setting counts wherever it stands: in SETTINGS, in SET, or in a directive.
    """
    hint = "wait until it is ready, or say why it is worth it: -- migrate: allow CH023 because …"
    for name in statement.settings:
        if name.lower().startswith((_EXPERIMENTAL, _DEPRECATED)):
            yield Hit(statement.location, f"{name} is set", hint)
    text = statement.text.lower()
    if _EXPERIMENTAL not in text and _DEPRECATED not in text:
        return
    for words in sentences(statement.text):
        for name, following in zip(words.tokens, words.tokens[1:], strict=False):
            if following == "=" and name.lower().startswith((_EXPERIMENTAL, _DEPRECATED)):
                yield Hit(place(statement, name), f"{name} is set", hint)
