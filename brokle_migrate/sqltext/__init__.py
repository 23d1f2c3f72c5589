"""ClickHouse SQL as text: statements with their places, directives, checksums, plain facts.

Nothing here does I/O or knows a server.  Each module stands on those after it::

    split                          the statements of a file
    placeholders                   what is filled in where a statement runs
    directives, inserts, places    what surrounds and what may follow them
    portable, hiding, layout       statements of the server, made fit for a file
    destruction, doings, effects, facts, words   what one statement does
    tokens, lexer, grammar         where things end
"""

from __future__ import annotations

from .destruction import Destruction, destroys
from .doings import Doing, doings
from .effects import Change, Trace, changes, is_repeatable, makes, moves, traces
from .facts import (
    alters_table,
    has_inline_values,
    has_one_effect,
    identifiers,
    may_mutate,
    on_cluster,
    records_version,
)
from .hiding import hide_secrets
from .layout import laid_out
from .placeholders import ServerSide, Unfilled, fill
from .portable import Portable, portable
from .split import Script, header, parse, split
from .tokens import checksum

__all__ = [
    "Change",
    "Destruction",
    "Doing",
    "Portable",
    "Script",
    "ServerSide",
    "Trace",
    "Unfilled",
    "alters_table",
    "changes",
    "checksum",
    "destroys",
    "doings",
    "fill",
    "has_inline_values",
    "has_one_effect",
    "header",
    "hide_secrets",
    "identifiers",
    "is_repeatable",
    "laid_out",
    "makes",
    "may_mutate",
    "moves",
    "on_cluster",
    "parse",
    "portable",
    "records_version",
    "split",
    "traces",
]
