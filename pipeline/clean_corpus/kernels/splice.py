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
        length = starts[i] - read
        out[write : write + length] = data[read : starts[i]]
        write += length
        length = new_offsets[i + 1] - new_offsets[i]
        out[write : write + length] = new[new_offsets[i] : new_offsets[i + 1]]
        write += length
        read = ends[i]
    out[write:] = data[read:stop]


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
