"""The protocol of Postgres as far as a proxy has to read it: messages and statements."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import socket

SSL_REQUEST, GSS_REQUEST, CANCEL_REQUEST = 80877103, 80877104, 80877102
READY, TERMINATE = b"Z", b"X"

# What ends an exchange: the server answers with everything it has, and then "ready for query".
QUERY, SYNC = b"Q", b"S"
PARSE, BIND, FUNCTION_CALL = b"P", b"B", b"F"

# A session's end has no text of its own; advisory locks end with it.
GOODBYE = "(goodbye)"


class Message(NamedTuple):
    """One message: its type (nothing for the first ones of a client) and its bytes as they came."""

    kind: bytes
    raw: bytes


def read_startup(connection: socket.socket) -> Message | None:
    """A client's first message; None at the end of the stream."""
    head = read_exactly(connection, 4)
    if head is None:
        return None
    body = read_exactly(connection, struct.unpack("!I", head)[0] - 4)
    return None if body is None else Message(b"", head + body)


def read_message(connection: socket.socket) -> Message | None:
    """The next message; None at the end of the stream."""
    head = read_exactly(connection, 5)
    if head is None:
        return None
    body = read_exactly(connection, struct.unpack("!I", head[1:])[0] - 4)
    return None if body is None else Message(head[:1], head + body)


def read_exactly(connection: socket.socket, count: int) -> bytes | None:
    """So many bytes; None when the other side ends before."""
    parts: list[bytes] = []
    while count:
        try:
            part = connection.recv(min(count, 1 << 16))
        except OSError:
            return None
        if not part:
            return None
        parts.append(part)
        count -= len(part)
    return b"".join(parts)


def request_code(message: Message) -> int:
    """The code of a first message: a protocol version, or one of the requests."""
    return int(struct.unpack("!I", message.raw[4:8])[0])


class Statements:
    """The statements of one session: a prepared one counts each time that it is executed."""

    def __init__(self) -> None:
        self._prepared: dict[bytes, str] = {}

    def text_of(self, message: Message) -> str | None:
        """The statement that a client's message begins; None for every other message."""
        body = message.raw[5:]
        if message.kind == QUERY:
            return _text(body)
        if message.kind == TERMINATE:
            return GOODBYE
        if message.kind == PARSE:
            name, sql = body.split(b"\0", 2)[:2]
            self._prepared[name] = _text(sql)
        elif message.kind == BIND:
            return self._prepared.get(body.split(b"\0", 2)[1])
        return None


def _text(sql: bytes) -> str:
    return sql.rstrip(b"\0").decode(errors="replace").strip()
