"""ClickHouse's HTTP interface as values: from a request to a call, from an answer to headers."""

from __future__ import annotations

import gzip
import json
import uuid
import zlib
from typing import TYPE_CHECKING

from .engine import Call

if TYPE_CHECKING:
    from collections.abc import Mapping
    from email.message import Message
    from io import BufferedIOBase

    from .engine import Answer

# What the interface itself understands; every other URL parameter is a setting.
OWN_PARAMETERS = frozenset(
    {
        "buffer_size",
        "client_protocol_version",
        "close_session",
        "compress",
        "database",
        "decompress",
        "default_format",
        "enable_http_compression",
        "password",
        "query",
        "query_id",
        "quota_key",
        "role",
        "session_check",
        "session_id",
        "session_timeout",
        "user",
        "wait_end_of_query",
    }
)

_BAD_REQUEST = {6, 8, 10, 25, 26, 27, 38, 41, 44, 53, 62, 69, 72, 117}
_NOT_FOUND = {46, 47, 49, 50, 56, 60, 63, 73, 80, 81, 115, 336, 511}
STATUS = {
    **dict.fromkeys(_BAD_REQUEST, 400),
    **dict.fromkeys(_NOT_FOUND, 404),
    48: 501,
    159: 408,
    192: 403,
    193: 403,
    194: 401,
    209: 503,
    439: 503,
    497: 403,
    516: 403,
}


def status_of(code: int) -> int:
    """The HTTP status that goes with an error."""
    return STATUS.get(code, 500)


def read_body(headers: Message, stream: BufferedIOBase) -> bytes:
    """A request's whole body, unchunked and decompressed."""
    if headers.get("Transfer-Encoding", "").lower() == "chunked":
        body = b"".join(iter(lambda: _chunk(stream), b""))
    else:
        body = stream.read(int(headers.get("Content-Length") or 0))
    return _decompress(body, headers.get("Content-Encoding", ""))


def _chunk(stream: BufferedIOBase) -> bytes:
    size = int(stream.readline().split(b";")[0], 16)
    data = stream.read(size)
    stream.readline()
    return data


def _decompress(body: bytes, encoding: str) -> bytes:
    if encoding == "gzip":
        return gzip.decompress(body)
    if encoding == "deflate":
        return zlib.decompress(body)
    if encoding == "lz4":
        import lz4.frame  # type: ignore[import-untyped]

        return bytes(lz4.frame.decompress(body))
    if encoding == "zstd":
        from backports import zstd

        return bytes(zstd.decompress(body))
    return body


def call_of(options: Mapping[str, str], body: bytes, headers: Message, *, readonly: bool) -> Call:
    """The call that a request makes."""
    parts = [options.get("query", "").encode(), body]
    return Call(
        text=b"\n".join(part for part in parts if part),
        query_id=options.get("query_id") or str(uuid.uuid4()),
        database=options.get("database") or headers.get("X-ClickHouse-Database") or "",
        output_format=(
            options.get("default_format") or headers.get("X-ClickHouse-Format") or "TabSeparated"
        ),
        settings={
            name: value
            for name, value in options.items()
            if name not in OWN_PARAMETERS and not name.startswith("param_")
        },
        parameters={
            name.removeprefix("param_"): value
            for name, value in options.items()
            if name.startswith("param_")
        },
        readonly=readonly,
    )


def headers_of(answer: Answer, timezone: str) -> dict[str, str]:
    """The headers of a success."""
    summary = {
        "read_rows": answer.read_rows,
        "read_bytes": answer.read_bytes,
        "written_rows": answer.written_rows,
        "written_bytes": answer.written_bytes,
        "total_rows_to_read": answer.read_rows,
        "result_rows": answer.written_rows,
        "result_bytes": len(answer.body),
        "elapsed_ns": int(answer.seconds * 1e9),
    }
    return {
        "X-ClickHouse-Server-Display-Name": "gateway",
        "X-ClickHouse-Format": answer.output_format,
        "X-ClickHouse-Timezone": timezone,
        "X-ClickHouse-Summary": json.dumps({name: str(value) for name, value in summary.items()}),
    }


def encode(
    body: bytes, options: Mapping[str, str], headers: Message
) -> tuple[bytes, dict[str, str]]:
    """The body as the client wants it: compressed only when setting and header both ask for it."""
    wanted = options.get("enable_http_compression") == "1"
    if wanted and "gzip" in headers.get("Accept-Encoding", ""):
        return gzip.compress(body, compresslevel=1), {"Content-Encoding": "gzip"}
    return body, {}
