"""What the ClickHouse environment needs of a driver, and nothing more.

Each driver takes a statement's text, query id and settings as they are: migration statements must
not pass through an SQL cursor, which would interpret ``%`` and braces.
"""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Row = tuple[str, ...]

SILENCE = 60.0  # seconds without a word after which a connection is given up
_LEAST = 2.0  # seconds that every question is waited for
PATIENCE = 60.0  # seconds that our own questions and records may take: they are small

UNKNOWN_COLUMN = 47
UNKNOWN_IDENTIFIER_OLD = 16
UNKNOWN_TABLE = 60
UNKNOWN_DATABASE = 81
CANNOT_PARSE_NUMBER = 72
UNKNOWN_SETTING = 115

# Servers before 20 say "Code: 60, e.displayText() = DB::Exception: …, e.what() = DB::Exception".
_PREFIX = re.compile(
    r"(?:Code: (?P<code>\d+)[.,]\s*)?(?:e\.displayText\(\) = )?(?:DB::Exception:\s*)?"
)
_NOISE = re.compile(
    r"(?:,?\s*(?:Stack trace:.*|e\.what\(\) = .*|\(version [^)]*\)+))+\s*$", re.DOTALL
)
# A failed mutation has the server's stack inside of its message: "0. ? @ 0x000000000e87006c" …
_STACK = re.compile(r"\s*\n0\. [^\n]* @ 0x.*", re.DOTALL)


# A syntax error repeats the rest of the statement and lists what the parser would have taken.
_EXPECTED = re.compile(
    r"(\(line \d+, col \d+\)):.*?(?:\. Expected one of: (.{0,100}).*?)?( \([A-Z_]+\))?$", re.DOTALL
)

_POSITION = re.compile(r"Syntax error.*?: failed at position (\d+)")


class ServerError(Exception):
    """The server refused a statement.

    :ivar code: ClickHouse's error number, 0 when the server gave none.
    :ivar message: the server's words, without code, version and stack trace.
    :ivar position: where the parser stopped, in bytes of the statement, from 0; None when the
        server did not say.
    """

    def __init__(self, text: str, code: int = 0) -> None:
        prefix = _PREFIX.match(text)
        assert prefix is not None
        self.code = code or int(prefix["code"] or 0)
        words = (
            _NOISE.sub("", _STACK.sub("", text[prefix.end() :]))
            .replace("DB::Exception: ", "")
            .strip()
        )
        self.message = _EXPECTED.sub(_without_echo, words)
        position = _POSITION.match(words)
        self.position = int(position[1]) - 1 if position else None
        super().__init__(self.message)


def _without_echo(match: re.Match[str]) -> str:
    place, expected, name = match[1], match[2], match[3] or ""
    if not expected:
        return place + name
    return f"{place}: expected {expected.rpartition(',')[0] or expected}, …{name}"


class ConnectionLost(Exception):
    """The connection broke, or was never made; what the server did is not known."""


class NoAnswer(ConnectionLost):
    """The server did not answer in time; what it does goes on."""


class Driver(Protocol):
    """One connection to ClickHouse.

    :ivar deadline: when the run has to be over, on ``time.monotonic()``'s clock: what is asked
        after that is not waited for long.
    """

    deadline: float | None

    def execute(
        self,
        sql: str,
        *,
        query_id: str = "",
        settings: Mapping[str, str] | None = None,
        timeout: float | None = None,
    ) -> None:
        """Run one statement.

        A connection over which nothing comes for :data:`SILENCE` seconds is given up: it is worth
        asking over a new one whether the server still works on the statement.

        :param timeout: seconds to wait for the answer, None for as long as it takes.
        :raises ServerError: the server refused it.
        :raises NoAnswer: none came in time.
        :raises ConnectionLost: no answer came.
        """

    def query(self, sql: str, *, timeout: float = PATIENCE) -> list[Row]:
        """Run a SELECT; every value comes as text, arrays and numbers as ClickHouse prints them.

        :param timeout: seconds to wait for the answer.
        :raises ServerError: the server refused it.
        :raises ConnectionLost: no answer came.
        """

    def insert(
        self,
        table: str,
        columns: Sequence[str],
        rows: Sequence[Sequence[object]],
        *,
        query_id: str = "",
        settings: Mapping[str, str] | None = None,
    ) -> None:
        """Insert rows in one block; not waited for longer than :data:`PATIENCE`.

        :param settings: server settings for this insert alone.
        :raises ServerError: the server refused them.
        :raises ConnectionLost: no answer came.
        """

    def refusal(self, sql: str) -> str | None:
        """Why this driver can't send a statement, None when it can."""

    def close(self) -> None:
        """Release the connection."""


def within(timeout: float | None, deadline: float | None) -> float | None:
    """How long to wait for an answer so that a run does not last much longer than it may."""
    if deadline is None:
        return timeout
    left = max(deadline - time.monotonic(), _LEAST)
    return left if timeout is None else min(timeout, left)


def quoted(text: str) -> str:
    """The inside of a string literal."""
    return text.replace("\\", "\\\\").replace("'", "\\'")


_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r", "\0": "\\0"})
_UNESCAPES = {"t": "\t", "n": "\n", "r": "\r", "0": "\0", "b": "\b", "f": "\f"}
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)


def parse_tsv(text: str) -> list[Row]:
    """Rows of ClickHouse's TabSeparated format (documentation: formats/TabSeparated)."""
    return [
        tuple(_ESCAPED.sub(_unescape, value) for value in line.split("\t"))
        if "\\" in line
        else tuple(line.split("\t"))
        for line in text.removesuffix("\n").split("\n")
        if text
    ]


def format_tsv(rows: Sequence[Sequence[object]]) -> str:
    """Rows as ClickHouse's TabSeparated format."""
    return "".join(
        "\t".join(str(value).translate(_ESCAPES) for value in row) + "\n" for row in rows
    )


def _unescape(match: re.Match[str]) -> str:
    return _UNESCAPES.get(match[1], match[1])
