"""Reads the pixels of a PNG as browsers write it: 8 bits, RGB or RGBA, not interlaced."""

from __future__ import annotations

import struct
import zlib
from collections import Counter


def colours(png: bytes) -> Counter[tuple[int, int, int]]:
    """How many pixels have each colour."""
    width, height, channels = _header(png)
    data = zlib.decompress(b"".join(body for kind, body in _chunks(png) if kind == b"IDAT"))
    stride = width * channels
    found: Counter[tuple[int, int, int]] = Counter()
    row = bytearray(stride)
    for y in range(height):
        start = y * (stride + 1)
        packed = bytearray(data[start + 1 : start + 1 + stride])
        row = _unfiltered(data[start], packed, row, channels)
        found.update(zip(row[0::channels], row[1::channels], row[2::channels], strict=True))
    return found


def _chunks(png: bytes) -> list[tuple[bytes, bytes]]:
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    chunks, at = [], 8
    while at < len(png):
        (length,) = struct.unpack(">I", png[at : at + 4])
        chunks.append((png[at + 4 : at + 8], png[at + 8 : at + 8 + length]))
        at += 12 + length
    return chunks


def _header(png: bytes) -> tuple[int, int, int]:
    kind, body = _chunks(png)[0]
    assert kind == b"IHDR"
    width, height, depth, colour, _, _, interlace = struct.unpack(">IIBBBBB", body)
    assert (depth, interlace) == (8, 0)
    return width, height, {2: 3, 6: 4}[colour]


def _unfiltered(kind: int, row: bytearray, above: bytearray, channels: int) -> bytearray:
    """Undo what PNG does to a row before it packs it (its specification, section 9)."""
    for i in range(len(row)):
        left = row[i - channels] if i >= channels else 0
        corner = above[i - channels] if i >= channels else 0
        predicted = (0, left, above[i], (left + above[i]) // 2, _paeth(left, above[i], corner))
        row[i] = (row[i] + predicted[kind]) & 0xFF
    return row


def _paeth(left: int, above: int, corner: int) -> int:
    estimate = left + above - corner
    return min((left, above, corner), key=lambda each: abs(estimate - each))
