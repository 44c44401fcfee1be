"""Bytes as lines or records of UTF-8, whatever single ones were in."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from clean_corpus.decode import decode

Offsets = npt.NDArray[np.int64]


class Lines(NamedTuple):
    """UTF-8 data, and its lines as `bounds[i]` to `bounds[i + 1]`, their ends included.

    `charsets` has those that were not UTF-8.
    """

    data: bytes
    bounds: Offsets
    charsets: dict[int, str]


def lines(data: bytes) -> Lines:
    """Split data behind line feeds; lines that are not UTF-8 are decoded one by one."""
    breaks = np.flatnonzero(np.frombuffer(data, np.uint8) == 10).astype(np.int64) + 1
    bounds = np.concatenate([np.zeros(1, np.int64), breaks])
    if bounds[-1] < len(data):
        bounds = np.append(bounds, len(data))
    return mended(data, bounds)


def mended(data: bytes, bounds: Offsets) -> Lines:
    """Decode the lines (or other parts with a line end) that are not UTF-8."""
    if is_utf8(data):
        return Lines(data, bounds, {})
    out: list[bytes] = []
    charsets: dict[int, str] = {}
    for i, (a, b) in enumerate(zip(bounds[:-1].tolist(), bounds[1:].tolist(), strict=True)):
        line = data[a:b]
        if not is_utf8(line):
            body = line.rstrip(b"\r\n")
            decoded = decode(body)
            line, charsets[i] = decoded.text.encode() + line[len(body) :], decoded.account
        out.append(line)
    sizes = np.cumsum([0] + [len(line) for line in out], dtype=np.int64)
    return Lines(b"".join(out), sizes, charsets)


def groups(bounds: Offsets, size: int) -> list[tuple[int, int]]:
    """Group lines until a group has `size` bytes; there is one group at least."""
    found: list[tuple[int, int]] = []
    a, end = 0, len(bounds) - 1
    while a < end:
        b = min(int(np.searchsorted(bounds, bounds[a] + size, "right")), end)
        found.append((a, b))
        a = b
    return found or [(0, 0)]


def is_utf8(data: bytes) -> bool:
    """Tell whether bytes are UTF-8 (Arrow's check is many times faster than decoding)."""
    offsets = pa.py_buffer(np.array([0, len(data)], np.int64))
    try:
        pa.LargeStringArray.from_buffers(1, offsets, pa.py_buffer(data)).validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True
