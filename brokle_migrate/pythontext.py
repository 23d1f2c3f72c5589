"""What a Python file says: a digest in which comments, blank lines and layout don't count.

The digest of a text is the same whichever Python computes it.  Most files are read with regular
expressions of our own, which takes a tenth of the time of ``tokenize``.  Where an f-string may be,
whose end only a grammar can tell since Python 3.12 (https://peps.python.org/pep-0701/),
``tokenize`` finds the tokens, and an f-string counts as it is written.
"""

from __future__ import annotations

import hashlib
import io
import re
import tokenize
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_MAY_HAVE_F_STRING = re.compile(r"\b[rR]?[fFtT][rR]?[\"']")


def _long(quote: str) -> str:
    return rf"{quote * 3}[^{quote}\\]*(?:(?:\\.|{quote}(?!{quote * 2}))[^{quote}\\]*)*{quote * 3}"


def _short(quote: str) -> str:
    return rf"{quote}[^{quote}\\\n]*(?:\\.[^{quote}\\\n]*)*{quote}"


_STRING = "|".join(kind(quote) for kind in (_long, _short) for quote in "\"'")
_TOKENS = re.compile(
    rf"[ \t\f]+|\\\n|#[^\n]*|((?:\b[rRbBuU]{{1,2}})?(?:{_STRING})|\w+|\n[ \t\f]*|.)", re.DOTALL
)
_OPEN, _CLOSED = frozenset("([{"), frozenset(")]}")
_LAYOUT = frozenset(
    (tokenize.COMMENT, tokenize.NL, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER)
)
_STARTS = {getattr(tokenize, f"{kind}STRING_START", None) for kind in "FT"} - {None}
_ENDS = {getattr(tokenize, f"{kind}STRING_END", None) for kind in "FT"} - {None}


def checksum(text: str) -> str:
    """A digest of the tokens and of the blocks that they form.

    A text that is no Python counts as it is.

    :returns: SHA-256 in hexadecimal.
    """
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    try:
        parts = list(_careful(text) if _MAY_HAVE_F_STRING.search(text) else _quick(text))
    except (tokenize.TokenError, SyntaxError, ValueError):
        parts = ["as it is", text]
    return hashlib.sha256("\0".join(parts).encode(errors="surrogatepass")).hexdigest()


def _quick(text: str) -> Iterator[str]:
    """The tokens; before the first of a logical line, how deep its block is."""
    depth, blocks = 0, [0]
    line: str | None = ""
    for token in filter(None, _TOKENS.findall(text)):
        if token[0] == "\n":
            line = line if depth else token
            continue
        if line is not None:
            yield _block(blocks, line)
            line = None
        if token in _OPEN:
            depth += 1
        elif token in _CLOSED:
            depth = max(0, depth - 1)
        yield token


def _block(blocks: list[int], line: str) -> str:
    """How deep the block is that a line's indentation puts it into."""
    width = len(line.lstrip("\n").expandtabs(8))
    while blocks[-1] > width:
        blocks.pop()
    if blocks[-1] < width:
        blocks.append(width)
    return f"\n{len(blocks) - 1}"


def _careful(text: str) -> Iterator[str]:
    level, begins = 0, True
    for token in _whole(text, tokenize.generate_tokens(io.StringIO(text).readline)):
        level += (token.type == tokenize.INDENT) - (token.type == tokenize.DEDENT)
        if token.type == tokenize.ERRORTOKEN:
            raise SyntaxError
        if token.type == tokenize.NEWLINE:
            begins = True
        elif token.type not in _LAYOUT:
            if begins:
                yield f"\n{level}"
            begins = False
            yield token.string


def _whole(text: str, tokens: Iterable[tokenize.TokenInfo]) -> Iterator[tokenize.TokenInfo]:
    """The tokens, with an f-string as the one that it was before Python 3.12."""
    lines = text.split("\n")
    depth, start = 0, (0, 0)
    for token in tokens:
        if token.type in _STARTS:
            start = start if depth else token.start
            depth += 1
        if not depth:
            yield token
        if token.type in _ENDS:
            depth -= 1
            if not depth:
                written = _between(lines, start, token.end)
                yield token._replace(type=tokenize.STRING, string=written)


def _between(lines: list[str], start: tuple[int, int], end: tuple[int, int]) -> str:
    if start[0] == end[0]:
        return lines[start[0] - 1][start[1] : end[1]]
    between = lines[start[0] : end[0] - 1]
    return "\n".join([lines[start[0] - 1][start[1] :], *between, lines[end[0] - 1][: end[1]]])
