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
    # Loops, for the assignment of slices takes numba four seconds to compile.
    read = 0
    write = 0
    for i in range(starts.size):
        for j in range(read, starts[i]):
            out[write + j - read] = data[j]
        write += starts[i] - read
        for j in range(new_offsets[i], new_offsets[i + 1]):
            out[write + j - new_offsets[i]] = new[j]
        write += new_offsets[i + 1] - new_offsets[i]
        read = ends[i]
    for j in range(read, stop):
        out[write + j - read] = data[j]


@compiled
def _code_points(data: Bytes, positions: Offsets, out: Offsets) -> None:
    read = 0
    count = 0
    for i in range(positions.size):
        for j in range(read, positions[i]):
            count += (data[j] & 0xC0) != 0x80
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
