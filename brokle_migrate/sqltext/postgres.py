"""Where the statements of a Postgres script end, by the rules of psql's own reader.

Postgres's lexical structure (https://www.postgresql.org/docs/current/sql-syntax-lexical.html), and
what psql adds to it (src/fe_utils/psqlscan.l): a semicolon ends nothing inside of parentheses, nor
inside of the ``BEGIN ATOMIC … END`` of a function.  ClickHouse's rules are in :mod:`.lexer`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_TOKEN = re.compile(
    r"""
      (?P<space>(?:\s+|--[^\n]*)+)
    | (?P<comment>/\*)
    | [eE]'[^'\\]*(?:(?:\\.|'')[^'\\]*)*(?:'|\\?\Z)
    | '[^']*(?:''[^']*)*(?:'|\Z)
    | "[^"]*(?:""[^"]*)*(?:"|\Z)
    | (?P<dollar>\$(?:[^\W\d]\w*)?\$)
    | (?P<word>[^\W\d][\w$]*)
    | [\d.][\w.]*
    | (?P<sign>.)
    """,
    re.VERBOSE | re.DOTALL,
)
_COMMENT_EDGE = re.compile(r"/\*|\*/")
_DEPTH = {"(": 1, ")": -1}
_ROUTINES = {"FUNCTION", "PROCEDURE"}
_ALONE = {"BEGIN", "COMMIT", "END", "ROLLBACK", "ABORT", "SAVEPOINT", "RELEASE", "VACUUM"}
_ALONE_PAIRS = {
    (verb, kind)
    for verb in ("CREATE", "DROP", "ALTER")
    for kind in ("DATABASE", "TABLESPACE", "SYSTEM", "SUBSCRIPTION")
}
_COMMITS_INSIDE = re.compile(r"\b(?:COMMIT|ROLLBACK)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class PostgresStatement:
    """One statement of a script.

    :ivar text: as written, without the comments before it and the semicolon behind it.
    :ivar start: its offset in the script.
    :ivar words: its unquoted words outside of parentheses, in capitals.
    :ivar meta: the offset of the first backslash outside of quotes, with which a command of
        psql's own begins; -1 where there is none.
    """

    text: str
    start: int
    words: tuple[str, ...]
    meta: int = -1

    @property
    def reads_input(self) -> bool:
        """Whether it is a COPY of data that only a client such as psql can send."""
        pairs = zip(self.words, self.words[1:], strict=False)
        return self.words[:1] == ("COPY",) and ("FROM", "STDIN") in pairs

    @property
    def may_commit(self) -> bool:
        """Whether it runs code that may commit; what a procedure does is not known here."""
        if self.words[:1] == ("DO",):
            return _COMMITS_INSIDE.search(self.text) is not None
        return self.words[:1] == ("CALL",)

    @property
    def stands_alone(self) -> bool:
        """Whether it ends or begins a transaction, or can't be in one."""
        first, pair = self.words[:1], self.words[:2]
        transaction = pair in {("START", "TRANSACTION"), ("PREPARE", "TRANSACTION")}
        concurrently = "CONCURRENTLY" in self.words and pair != ("REFRESH", "MATERIALIZED")
        named = bool(first) and first[0] in _ALONE
        return self.may_commit or named or transaction or concurrently or pair in _ALONE_PAIRS


def statements(text: str) -> Iterator[PostgresStatement]:
    """The statements of a script, in order; what holds nothing but comments is left out.

    What is wrong with a statement is for the server to say: an open quote reaches to the end.
    """
    start = meta = -1
    end = depth = blocks = 0
    words: list[str] = []
    for position, stop, kind, token in (*_tokens(text), (len(text), len(text), "end", "")):
        if kind == "end" or (kind == "sign" and token == ";" and depth == 0 and blocks == 0):
            if start >= 0:
                yield PostgresStatement(text[start:end], start, tuple(words), meta)
            start, meta, words = -1, -1, []
            continue
        start, end = position if start < 0 else start, stop
        if kind == "word" and depth == 0:
            words.append(token.upper())
            blocks = _blocks(blocks, words)
        elif kind == "sign":
            depth = max(depth + _DEPTH.get(token, 0), 0)
            meta = position if token == "\\" and meta < 0 else meta


def _tokens(text: str) -> Iterator[tuple[int, int, str | None, str]]:
    """Start, end, kind and text of each token that is neither white space nor comment."""
    position = 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        assert match is not None
        stop = match.end()
        if match.lastgroup == "comment":
            position = _end_of_comment(text, position)
            continue
        if match.lastgroup == "dollar":
            closing = text.find(match[0], stop)
            stop = len(text) if closing < 0 else closing + len(match[0])
        if match.lastgroup != "space":
            yield position, stop, match.lastgroup, match[0]
        position = stop


def _end_of_comment(text: str, position: int) -> int:
    depth = 0
    for edge in _COMMENT_EDGE.finditer(text, position):
        depth += 1 if edge[0] == "/*" else -1
        if depth == 0:
            return edge.end()
    return len(text)


def _blocks(blocks: int, words: list[str]) -> int:
    """How many blocks are open after the last word; only a routine's body has any."""
    head = words[1:4] if words[1:3] != ["OR", "REPLACE"] else words[3:4]
    if words[0] != "CREATE" or not head or head[0] not in _ROUTINES:
        return blocks
    if words[-1] == "BEGIN" or (words[-1] == "CASE" and blocks):
        return blocks + 1
    return max(blocks - 1, 0) if words[-1] == "END" else blocks


def place(text: str, offset: int) -> tuple[int, int]:
    """Line and column of a character, from 1."""
    before = text[:offset]
    return before.count("\n") + 1, offset - before.rfind("\n")
