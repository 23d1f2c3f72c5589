r"""ClickHouse's lexical rules as regular expressions.

The rules are those of ``src/Parsers/Lexer.cpp`` and ``skipWhitespacesUTF8`` in
``src/Common/StringUtils.h`` (https://github.com/ClickHouse/ClickHouse).  Where versions differ,
the newest wins.  Some tokens are read more simply than there: ``1e--``, a hexadecimal float that
touches a ``$``, and an ``x'…'`` that touches a heredoc or a ``\G`` before it.  No server takes a
statement with any of them.

What is repeated can't be read in two ways, and every repetition of a group has a limit: each
turn takes memory until the whole expression is done.  Beyond a limit the functions in ``lexer``
go on.  Possessive groups would need no limit, but are wrong in some versions of Python
(https://github.com/python/cpython/issues/100061, 101955 and 106052).
"""

from __future__ import annotations

import re
import string

# For use inside [].  U+0085 and what has no width are white space to ClickHouse, U+1680 is not.
_SPACE = "\\t\\n\\v\\f\\r \x85\xa0\u180e\u2000-\u200d\u2028\u2029\u202f\u205f\u2060\u3000\ufeff"
_WORD = "0-9A-Za-z_"

SPACES = "\t\n\v\f\r \x85\xa0\u180e\u2028\u2029\u202f\u205f\u2060\u3000\ufeff" + "".join(
    map(chr, range(0x2000, 0x200E))
)
WORD_CHARACTERS = frozenset(string.ascii_letters + string.digits + "_")


def _quoted(quote: str) -> str:
    """A text in quotes, with the quote inside doubled or behind a backslash."""
    plain = rf"[^{quote}\\]*"
    return rf"{quote}{plain}(?:(?:{quote}{quote}|\\.){plain}){{0,30}}{quote}(?!{quote})"


_STRING = _quoted("'")
_HEX = "'[0-9A-Fa-f]*'"
_BITS = "'[01]*'"
_CURLY = "\u2018[^\u2019]*\u2019|\u201c[^\u201d]*\u201d"
_NAME_IN_QUOTES = "|".join((_quoted('"'), _quoted("`"), _CURLY))

_LINE_COMMENT = r"(?:--|//|\#[ !])[^\n]*"
_FLAT_COMMENT = r"/\*[^*/]*(?:(?:\*+(?![*/])|/(?!\*))[^*/]*){0,30}\*+/"  # has no comment inside
_COMMENT = f"{_LINE_COMMENT}|{_FLAT_COMMENT}"
_COMMENT_OPENS = r"--|/[/*]|\#[ !]"
_NO_COMMENT = r"-(?!-)|/(?![/*])|\#(?![ !])"

# Nothing can be given back of a run: it ends where lines end, and before neither space nor comment.
_COMMENT_RUN = (
    rf"(?:(?:{_LINE_COMMENT}(?![^\n])|{_FLAT_COMMENT})[{_SPACE}]*){{1,30}}"
    rf"(?![{_SPACE}]|{_COMMENT_OPENS})"
)

# x'…' and b'…' know no escapes; an x that ends a longer word does not begin one.
_STRING_IN_BODY = "|".join(
    (
        rf"(?:(?<![xXbB])|(?<=[{_WORD}$][xXbB])){_STRING}",
        rf"(?<=[xX])(?<![{_WORD}$][xX]){_HEX}",
        rf"(?<=[bB])(?<![{_WORD}$][bB]){_BITS}",
    )
)

# A statement up to its end, or up to what needs a closer look: a $, a comment inside a comment,
# an error.  Group 1 is the latest run of comments.
BODY = re.compile(
    rf"(?:[^'\"`\-/\#$;\\\u2018\u201c\0]+|{_STRING_IN_BODY}|{_NAME_IN_QUOTES}"
    rf"|({_COMMENT_RUN})"
    rf"|{_NO_COMMENT}|\\(?!G)){{0,300}}",
    re.DOTALL,
)

TRIVIA = re.compile(rf"(?:[{_SPACE}]+|{_COMMENT}){{0,300}}")
SPACE_RUN = re.compile(rf"[{_SPACE}]*")
LINE_COMMENT = re.compile(_LINE_COMMENT)
COMMENT_OPENS = re.compile(_COMMENT_OPENS)
GOES_ON = frozenset(SPACES + "-/#")
GOES_ON_WITH = re.compile(rf"[{_SPACE}]|{_COMMENT_OPENS}")
BLOCK_EDGE = re.compile(r"/\*|\*/")

TAG = re.compile(rf"\$[{_WORD}]*\$")
ANY_TAG = re.compile(rf"\$(?=([{_WORD}]*\$))")  # those that share a $ too
DOLLAR = re.compile(rf"\$(?:[{_WORD}][{_WORD}$]*)?")  # one that opens no heredoc
HEX_OPENS = re.compile(rf"(?<=[xXbB])(?<![{_WORD}$][xXbB])'")
REST_OF_QUOTED = {
    quote: re.compile(rf"(?:[^{quote}\\]+|{quote}{quote}|\\.){{0,300}}", re.DOTALL)
    for quote in "'\"`"
}
REST_OF_WORD = re.compile(rf"[{_WORD}$]*")

_VALUE = rf"[xX]{_HEX}|[bB]{_BITS}|{_STRING}|{_NAME_IN_QUOTES}"
_NUMBER = rf"[0-9][{_WORD}]*(?:\.[0-9][{_WORD}]*)?(?:(?<=[eEpP])[+-][0-9]+)?"
_OPERATOR = r"<=>|<[=>]|>=|!=|==|->|\|\||::|@@|\\G"
_OTHER = rf"[^{_SPACE}{_WORD}'\"`\-/\#$\u2018\u201c\0]|{_NO_COMMENT}"
# Ordered by how often they occur; an x or b before a quote is a word only if no value is there.
_TAIL = rf"[{_WORD}$]*|[(),.;]|[xXbB](?!')[{_WORD}$]*|{_NUMBER}|{_OPERATOR}|{_OTHER}|{_VALUE}"
_TOKEN = rf"[AC-WYZac-wyz_]{_TAIL}|[xXbB]"
_TOKEN_OR_DOLLAR = rf"[AC-WYZac-wyz_$]{_TAIL}|[xXbB]"
_UNFINISHED = rf"['\"`\u2018\u201c\0].*|(?!{_FLAT_COMMENT})/\*.*"

TOKEN = re.compile(_TOKEN, re.DOTALL)
STRETCH = re.compile(rf"(?:[{_SPACE}]+|{_COMMENT}|{_TOKEN}){{1,300}}", re.DOTALL)

# For texts without heredocs, where a $ begins a word or stands alone.  Group 1 is a token and
# empty for a comment; what is unfinished reaches to the end, and so is always the last token.
ALL_TOKENS = re.compile(
    rf"[{_SPACE}]*(?:({_TOKEN_OR_DOLLAR}|{_UNFINISHED})|{_COMMENT}|\Z)", re.DOTALL
)
IS_UNFINISHED = re.compile(rf"(?!(?:{_VALUE})\Z)['\"`\u2018\u201c\0]|/\*", re.DOTALL)
