"""Sets of 64-bit hashes as sorted arrays: make them, and count what two of them share."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from clean_corpus.kernels import compiled

Hashes = npt.NDArray[np.uint64]
Offsets = npt.NDArray[np.int64]

_U = np.uint64
_0, _1, _64 = _U(0), _U(1), _U(64)

# Longer sets are sorted by numpy: the sort here is made for the few hundred shingles of an article.
_SHORT = 4096


@compiled
def _sets(hashes: Hashes, offsets: Offsets, ends: Offsets, scratch: Hashes, counts: Hashes) -> None:
    write = _0
    for row in range(offsets.size - 1):
        first, stop = _U(offsets[row]), _U(offsets[row + 1])
        size = stop - first
        bits = _1
        while (_1 << bits) < size:
            bits += _1
        shift = _64 - bits
        sort = size <= _SHORT
        if sort:
            # Scatter by the upper bits: hashes are uniform, so that hardly anything is left to do.
            for i in range(_0, (_1 << bits) + _1):
                counts[i] = _0
            for i in range(first, stop):
                counts[(hashes[i] >> shift) + _1] += _1
            for i in range(_0, _1 << bits):
                counts[i + _1] += counts[i]
            for i in range(first, stop):
                part = hashes[i] >> shift
                scratch[counts[part]] = hashes[i]
                counts[part] += _1
        begin = write
        for i in range(_0, size):
            value = scratch[i] if sort else hashes[first + i]
            at = write
            while at > begin and hashes[at - _1] > value:
                at -= _1
            if at > begin and hashes[at - _1] == value:
                continue
            for j in range(_0, write - at):
                hashes[write - j] = hashes[write - j - _1]
            hashes[at] = value
            write += _1
        ends[row + 1] = write


@compiled
def _shared(hashes: Hashes, offsets: Offsets, a: Offsets, b: Offsets, out: Offsets) -> None:
    for pair in range(a.size):
        i, i_stop = _U(offsets[a[pair]]), _U(offsets[a[pair] + 1])
        j, j_stop = _U(offsets[b[pair]]), _U(offsets[b[pair] + 1])
        count = _0
        while i != i_stop and j != j_stop:
            # No branch on the values: which is less cannot be predicted.
            x, y = hashes[i], hashes[j]
            count += _1 if x == y else _0
            i += _1 if x <= y else _0
            j += _1 if y <= x else _0
        out[pair] = count


class Sets(NamedTuple):
    """Sets that stand one behind the other: set i is `hashes[offsets[i] : offsets[i + 1]]`."""

    hashes: Hashes
    offsets: Offsets

    @property
    def sizes(self) -> Offsets:
        """Count what each set holds."""
        return np.diff(self.offsets)


def sets(hashes: Hashes, offsets: Offsets) -> Sets:
    """Sort each run of hashes and drop repetitions, in place."""
    sizes = np.diff(offsets)
    for row in np.flatnonzero(sizes > _SHORT):
        hashes[offsets[row] : offsets[row + 1]].sort()
    longest = int(sizes[sizes <= _SHORT].max(initial=0))
    ends = np.zeros_like(offsets)
    _sets(hashes, offsets, ends, np.empty(longest, np.uint64), np.empty(2 * _SHORT + 2, np.uint64))
    return Sets(hashes[: ends[-1]], ends)


def shared(sets: Sets, a: Offsets, b: Offsets) -> Offsets:
    """Count what the sets a[i] and b[i] have in common."""
    out = np.zeros(a.size, np.int64)
    _shared(sets.hashes, sets.offsets, a, b, out)
    return out
