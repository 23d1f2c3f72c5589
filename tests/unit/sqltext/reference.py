"""ClickHouse's lexical rules read one character at a time: slow, plain, and nothing shared.

The rules of the server's ``src/Parsers/Lexer.cpp``, but for numbers, of which only the beginning
matters here.
"""

from __future__ import annotations

import string
from typing import NamedTuple

SPACE = set("\t\n\v\f\r \x85\xa0\u180e\u2028\u2029\u202f\u205f\u2060\u3000\ufeff") | {
    chr(code) for code in range(0x2000, 0x200E)
}
WORD = set(string.ascii_letters + string.digits + "_")
HEX = set(string.hexdigits)
CURLY = {"\u2018": "\u2019", "\u201c": "\u201d"}


class Unclosed(Exception):
    """A quote or comment never closes, or a NUL stands alone."""

    def __init__(self, position: int) -> None:
        super().__init__(position)
        self.position = position


class Token(NamedTuple):
    kind: str
    start: int
    end: int


def lex(text: str) -> list[Token]:
    """All tokens: kinds are space, comment, end (of a statement) and other."""
    found: list[Token] = []
    position = 0
    while position < len(text):
        token = _token(text, position)
        assert token.end > position
        found.append(token)
        position = token.end
    return found


def pieces(text: str) -> list[tuple[int, str]]:
    """Start and text of each statement."""
    found: list[tuple[int, str]] = []
    piece: list[Token] = []
    for token in [*lex(text), Token("end", len(text), len(text))]:
        if token.kind == "other":
            piece.append(token)
        elif token.kind == "end" and piece:
            found.append((piece[0].start, text[piece[0].start : piece[-1].end]))
            piece = []
    return found


def _token(text: str, start: int) -> Token:
    sign, two = text[start], text[start : start + 2]
    if sign in SPACE:
        return Token("space", start, start + 1)
    if two in {"--", "//", "# ", "#!"}:
        end = text.find("\n", start)
        return Token("comment", start, len(text) if end < 0 else end)
    if two == "/*":
        return Token("comment", start, _comment(text, start))
    if sign == ";":
        return Token("end", start, start + 1)
    if two == "\\G":
        return Token("end", start, start + 2)
    if sign == "\0":
        raise Unclosed(start)
    return Token("other", start, _other(text, start))


def _other(text: str, start: int) -> int:
    sign, two = text[start], text[start : start + 2].lower()
    if sign in {"'", '"', "`"}:
        return _quoted(text, start)
    if sign in CURLY:
        end = text.find(CURLY[sign], start)
        if end < 0:
            raise Unclosed(start)
        return end + 1
    if sign == "$":
        return _heredoc(text, start) or _word(text, start) or start + 1
    if two in {"x'", "b'"}:
        return _digits(text, start, HEX if two == "x'" else {"0", "1"})
    return _number(text, start) if sign in string.digits else _word(text, start) or start + 1


def _number(text: str, start: int) -> int:
    end = start
    while end < len(text) and text[end] in WORD:
        end += 1
    return end


def _word(text: str, start: int) -> int:
    if text[start] == "$" and text[start + 1 : start + 2] not in WORD:
        return 0
    if text[start] not in WORD | {"$"}:
        return 0
    end = start
    while end < len(text) and (text[end] in WORD or text[end] == "$"):
        end += 1
    return end


def _quoted(text: str, start: int) -> int:
    position = start + 1
    while position < len(text):
        if text[position] == "\\":
            position += 2
        elif text[position] != text[start]:
            position += 1
        elif text[position + 1 : position + 2] == text[start]:
            position += 2
        else:
            return position + 1
    raise Unclosed(start)


def _digits(text: str, start: int, digits: set[str]) -> int:
    position = start + 2
    while position < len(text) and text[position] in digits:
        position += 1
    if text[position : position + 1] != "'":
        raise Unclosed(start)
    return position + 1


def _heredoc(text: str, start: int) -> int:
    end = text.find("$", start + 1)
    tag = text[start : end + 1]
    if end < 0 or not set(tag[1:-1]) <= WORD:
        return 0
    close = text.find(tag, end + 1)
    return 0 if close < 0 else close + len(tag)


def _comment(text: str, start: int) -> int:
    position, depth = start, 0
    while position < len(text):
        two = text[position : position + 2]
        if two in {"/*", "*/"}:
            depth += 1 if two == "/*" else -1
            position += 2
            if depth == 0:
                return position
        else:
            position += 1
    raise Unclosed(start)
