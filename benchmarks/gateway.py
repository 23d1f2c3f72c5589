"""The tests' ClickHouse gateway (26.9 behind HTTP), made fit for Go's client, which dbmate uses.

clickhouse-go reads ClickHouse's Native format as the native protocol frames it, and the embedded
engine writes it as a file holds it: the block's header and one byte for each column are missing.
They are put in here, for the column types that dbmate asks for.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tests.support import gateway

if TYPE_CHECKING:
    from tests.support.engine import Answer, Call
    from tests.support.faults import Fault
    from tests.support.records import Record

BLOCK_HEADER = b"\x01\x00\x02\xff\xff\xff\xff\x00"  # no overflows; no bucket; end
USUAL_SERIALIZATION = b"\x00"
WIDTHS = {"UInt8": 1, "UInt32": 4, "UInt64": 8, "Int32": 4, "Int64": 8, "DateTime": 4}


class NativeGateway(gateway.Gateway):
    """A gateway whose Native answers are framed for a client that names its protocol version."""

    def _run(self, call: Call, record: Record, refusal: Fault | None) -> Answer:
        answer = super()._run(call, record, refusal)
        if answer.output_format != "Native":
            return answer
        return replace(answer, body=b"".join(_framed(memoryview(answer.body))))


def _framed(body: memoryview) -> list[bytes]:
    parts: list[bytes] = []
    at = 0
    while at < len(body):
        start = at
        columns, at = _number(body, at)
        rows, at = _number(body, at)
        parts += [BLOCK_HEADER, bytes(body[start:at])]
        for _ in range(columns):
            start, at = at, _text_end(body, _text_end(body, at))
            kind = _text(body, _text_end(body, start))
            parts += [bytes(body[start:at]), USUAL_SERIALIZATION]
            start, at = at, _column_end(body, at, kind, rows)
            parts.append(bytes(body[start:at]))
    return parts


def _column_end(body: memoryview, at: int, kind: str, rows: int) -> int:
    if kind in WIDTHS:
        return at + WIDTHS[kind] * rows
    if kind != "String":
        raise NotImplementedError(f"a column of {kind}")
    for _ in range(rows):
        at = _text_end(body, at)
    return at


def _number(body: memoryview, at: int) -> tuple[int, int]:
    """A LEB128 number and where it ends."""
    value = shift = 0
    while True:
        byte = body[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at


def _text_end(body: memoryview, at: int) -> int:
    length, at = _number(body, at)
    return at + length


def _text(body: memoryview, at: int) -> str:
    length, at = _number(body, at)
    return bytes(body[at : at + length]).decode()


if __name__ == "__main__":
    gateway.Gateway = NativeGateway  # type: ignore[misc]
    gateway.main()
