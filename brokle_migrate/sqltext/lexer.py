"""Where things end in a ClickHouse script: statements, comments, heredocs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .grammar import (
    ANY_TAG,
    BLOCK_EDGE,
    BODY,
    COMMENT_OPENS,
    DOLLAR,
    GOES_ON,
    GOES_ON_WITH,
    HEX_OPENS,
    LINE_COMMENT,
    REST_OF_QUOTED,
    REST_OF_WORD,
    SPACE_RUN,
    TAG,
    TOKEN,
    TRIVIA,
    WORD_CHARACTERS,
)

if TYPE_CHECKING:
    import re
    from collections.abc import Iterator

_PATIENCE = 16


class LexError(Exception):
    """Text that can't be read.

    :param position: the offset where the trouble starts.
    """

    def __init__(self, position: int, message: str, hint: str) -> None:
        super().__init__(message)
        self.position = position
        self.message = message
        self.hint = hint


class Heredocs:
    """Finds where ``$tag$ … $tag$`` ends.

    After a few tags that never close, the last place of every tag is looked up once: searching
    to the end of the text for each of them would take quadratic time.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self._misses = 0
        self._last: dict[str, int] | None = None

    def end(self, position: int) -> int | None:
        """Where the heredoc that opens here ends.

        :returns: None when none opens here, or it never closes: ClickHouse then reads a word.
        """
        match = TAG.match(self._text, position)
        if match is None:
            return None
        tag, inside = match[0], match.end()
        if self._last is not None and self._last.get(tag, -1) < inside:
            return None
        found = self._text.find(tag, inside)
        if found < 0:
            self._missed()
            return None
        return found + len(tag)

    def _missed(self) -> None:
        self._misses += 1
        if self._misses == _PATIENCE:
            self._last = {"$" + match[1]: match.start() for match in ANY_TAG.finditer(self._text)}


def body(text: str, start: int, heredocs: Heredocs) -> tuple[int, int]:
    """Read one statement.

    :param start: its first token.
    :returns: where it ends without the comments behind it, and where its ``;`` or ``\\G`` stands
        (the length of the text when neither follows).
    :raises LexError: a quote or comment never closes, or a NUL stands outside of them.
    """
    position, trailing = start, -1
    while True:
        match = BODY.match(text, position)
        assert match is not None
        stop = match.end()
        if stop > position:
            trailing = match.start(1) if match.end(1) == stop else -1
        sign = text[stop : stop + 1]
        if sign == ";" or not sign or (sign == "\\" and text.startswith("\\G", stop)):
            return stop if trailing < 0 else trailing, stop
        if stop > position:
            position = stop
        elif COMMENT_OPENS.match(text, stop):
            position, trailing = skip(text, stop), stop if trailing < 0 else trailing
        else:
            position, trailing = _closer_look(text, stop, start, heredocs), -1


def _closer_look(text: str, position: int, start: int, heredocs: Heredocs) -> int:
    """Where the token ends that the expression for the whole could not read.

    :param start: the statement's first token.
    """
    if text[position] == "$":
        return _dollar_end(text, position, start, heredocs)
    return _quoted_end(text, position)


def _quoted_end(text: str, position: int) -> int:
    """The end of a quote that has more doubled quotes and backslashes than one expression reads.

    :raises LexError: it never closes, or it is no quote.
    """
    sign = text[position]
    rest = REST_OF_QUOTED.get(sign)
    if rest is None or HEX_OPENS.match(text, position):
        raise _refused(text, position)
    end = position + 1
    while (following := _end(rest.match(text, end))) > end:
        end = following
    if not text.startswith(sign, end):
        raise _refused(text, position)
    return end + 1


def _dollar_end(text: str, position: int, start: int, heredocs: Heredocs) -> int:
    if _continues_word(text, position, start):
        return _end(REST_OF_WORD.match(text, position))
    return heredocs.end(position) or _end(DOLLAR.match(text, position))


def _continues_word(text: str, position: int, start: int) -> bool:
    """Whether a word reaches up to here; one that begins with a digit takes in no ``$``."""
    first = position
    while first > start and text[first - 1] in WORD_CHARACTERS:
        first -= 1
    return first < position and not text[first].isdigit()


def _end(match: re.Match[str] | None) -> int:
    assert match is not None
    return match.end()


def skip(text: str, position: int) -> int:
    """The first place from here that is neither white space nor comment.

    :raises LexError: a comment never closes.
    """
    while True:
        position = _end(TRIVIA.match(text, position))
        if text[position : position + 1] not in GOES_ON or not GOES_ON_WITH.match(text, position):
            return position
        if text.startswith("/*", position):
            position = _comment_end(text, position)


def comments(text: str, position: int) -> Iterator[tuple[int, int]]:
    """Start and end of each comment before the next token.

    :raises LexError: a comment never closes.
    """
    while True:
        position = _end(SPACE_RUN.match(text, position))
        line = LINE_COMMENT.match(text, position)
        if line is None and not text.startswith("/*", position):
            return
        end = line.end() if line else _comment_end(text, position)
        yield position, end
        position = end


def _comment_end(text: str, position: int) -> int:
    depth = 0
    for edge in BLOCK_EDGE.finditer(text, position):
        depth += 1 if edge[0] == "/*" else -1
        if depth == 0:
            return edge.end()
    raise LexError(
        position,
        "this comment never closes",
        "comments nest in ClickHouse: every /* needs a */ of its own",
    )


def spans(text: str, position: int, heredocs: Heredocs) -> Iterator[tuple[int, int]]:
    """Start and end of each token from here.

    :raises LexError: a quote or comment never closes, or a NUL stands outside of them.
    """
    position = skip(text, position)
    while position < len(text):
        end = token_end(text, position, heredocs)
        yield position, end
        position = skip(text, end)


def comments_between(
    text: str, start: int, stop: int, heredocs: Heredocs
) -> Iterator[tuple[int, int]]:
    """Start and end of each comment that begins in a stretch of text, which begins with a token.

    :raises LexError: a quote or comment never closes, or a NUL stands outside of them.
    """
    for _, end in spans(text, start, heredocs):
        if end > stop:
            return
        yield from comments(text, end)


def token_end(text: str, position: int, heredocs: Heredocs) -> int:
    """Where the token ends that begins here.

    :raises LexError: a quote never closes, or this is a NUL.
    """
    if text[position] == "$":
        return heredocs.end(position) or _end(DOLLAR.match(text, position))
    match = TOKEN.match(text, position)
    return match.end() if match else _quoted_end(text, position)


def _refused(text: str, position: int) -> LexError:
    sign = text[position]
    if sign == "\0":
        return LexError(
            position, "a NUL byte outside of quotes", "remove it; inside quotes, write \\0"
        )
    if sign in "\u2018\u201c":
        return LexError(
            position,
            f"this {sign} never closes",
            "curly quotes are quotes to ClickHouse: close it, or write a straight quote",
        )
    if HEX_OPENS.match(text, position):
        return LexError(
            position - 1,
            f"this {text[position - 1]}'…' holds more than digits, or never closes",
            "x'…' takes the digits 0-9 and a-f, b'…' takes 0 and 1, and neither takes escapes",
        )
    return LexError(
        position,
        f"this {sign} never closes",
        f"a {sign} inside is written {sign}{sign} or \\{sign}",
    )
