"""Replace byte spans of many texts at once, and turn byte offsets into code points."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from clean_corpus.kernels import compiled

Bytes = npt.NDArray[np.uint8]
Offsets = npt.NDArray[np.int64]


@compiled
def _splice(
    data: Bytes,
    stop: int,
    starts: Offsets,
    ends: Offsets,
    new: Bytes,
    new_offsets: Offsets,
    out: Bytes,
) -> None:
    read = 0
    write = 0
    for i in range(starts.size):
        write = _copied(data, read, starts[i], out, write)
        write = _copied(new, new_offsets[i], new_offsets[i + 1], out, write)
        read = ends[i]
    _copied(data, read, stop, out, write)


@compiled
def _copied(data: Bytes, start: int, stop: int, out: Bytes, write: int) -> int:
    """Copy some bytes to `write` and give where they end.

    A loop, for the assignment of slices takes numba four seconds to compile; its places have no
    sign, for else each would be tested for being counted from the end.
    """
    for k in range(np.uint64(max(stop - start, 0))):
        out[np.uint64(write) + k] = data[np.uint64(start) + k]
    return write + stop - start


@compiled
def _code_points(data: Bytes, positions: Offsets, out: Offsets) -> None:
    read = 0
    count = 0
    for i in range(positions.size):
        for k in range(np.uint64(positions[i] - read)):
            count += (data[np.uint64(read) + k] & 0xC0) != 0x80
        read = positions[i]
        out[i] = count


def splice(data: Bytes, starts: Offsets, ends: Offsets, new: Bytes, new_offsets: Offsets) -> Bytes:
    """Copy `data` with each span [start, end) replaced by its piece of `new`.

    The spans are disjoint and sorted; `new_offsets` has one entry more than there are spans.
    """
    size = data.size + int(new_offsets[-1]) - int(new_offsets[0]) - int((ends - starts).sum())
    out = np.empty(size, np.uint8)
    _splice(data, data.size, starts, ends, new, new_offsets, out)
    return out


def code_points(data: Bytes, positions: Offsets) -> Offsets:
    """Count the code points of UTF-8 `data` before each of the sorted byte `positions`."""
    out = np.empty(positions.size, np.int64)
    _code_points(data, positions, out)
    return out
