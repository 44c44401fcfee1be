"""Sets of 64-bit hashes as sorted arrays: make them, and count what two of them share."""

from __future__ import annotations

from typing import Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from clean_corpus.kernels import compiled

Hashes = npt.NDArray[np.uint64]
Offsets = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Unsigned: TypeAlias = Any  # numpy.uint64 inside a kernel; the checker cannot follow it

_U = np.uint64
_0, _1, _63, _64 = _U(0), _U(1), _U(63), _U(64)

# Longer sets are sorted by numpy: the sort here is made for the few hundred shingles of an article.
_SHORT = 4096


@compiled
def _sets(
    hashes: Hashes, offsets: Offsets, rows: Offsets, out: Hashes, ends: Offsets, scratch: Hashes
) -> None:
    counts = scratch[_SHORT:]
    write = _0
    for number in range(rows.size):
        first, stop = _U(offsets[rows[number]]), _U(offsets[rows[number] + 1])
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
            while at > begin and out[at - _1] > value:
                at -= _1
            if at > begin and out[at - _1] == value:
                continue
            for j in range(_0, write - at):
                out[write - j] = out[write - j - _1]
            out[at] = value
            write += _1
        ends[number + 1] = write


@compiled
def _half(hashes: Hashes, first: Unsigned, stop: Unsigned) -> Unsigned:
    """Find the first hash of a set that has the highest bit."""
    while first < stop:
        middle = (first + stop) >> _1
        if hashes[middle] >> _63:
            stop = middle
        else:
            first = middle + _1
    return first


@compiled
def _met(
    hashes: Hashes, i: Unsigned, j: Unsigned, count: Unsigned
) -> tuple[Unsigned, Unsigned, Unsigned]:
    """Go one step on in two sets; give where, and how many were equal."""
    # No branch on the values: which is less cannot be predicted.
    x, y = hashes[i], hashes[j]
    i += _1 if x <= y else _0
    j += _1 if y <= x else _0
    return i, j, count + (_1 if x == y else _0)


@compiled
def _shared(hashes: Hashes, offsets: Offsets, a: Offsets, b: Offsets, out: Offsets) -> None:
    for pair in range(a.size):
        i, i_stop = _U(offsets[a[pair]]), _U(offsets[a[pair] + 1])
        j, j_stop = _U(offsets[b[pair]]), _U(offsets[b[pair] + 1])
        i_half, j_half = _half(hashes, i, i_stop), _half(hashes, j, j_stop)
        k, m = i_half, j_half
        count: Unsigned = _0
        more: Unsigned = _0
        # Each step waits for the one before: with two halves, two go on at a time.
        while i != i_half and j != j_half and k != i_stop and m != j_stop:
            i, j, count = _met(hashes, i, j, count)
            k, m, more = _met(hashes, k, m, more)
        while i != i_half and j != j_half:
            i, j, count = _met(hashes, i, j, count)
        while k != i_stop and m != j_stop:
            k, m, more = _met(hashes, k, m, more)
        out[pair] = count + more


@compiled
def _close(hashes: Hashes, offsets: Offsets, over: Bools) -> None:
    write = _0
    first = _U(offsets[0])
    offsets[0] = write
    for row in range(over.size):
        stop = _U(offsets[row + 1])
        if not over[row]:
            for i in range(first, stop):
                hashes[write + i - first] = hashes[i]
            write += stop - first
        offsets[row + 1] = write
        first = stop


class Sets(NamedTuple):
    """Sets that stand one behind the other: set i is `hashes[offsets[i] : offsets[i + 1]]`."""

    hashes: Hashes
    offsets: Offsets

    @property
    def sizes(self) -> Offsets:
        """Count what each set holds."""
        return np.diff(self.offsets)


def sets(hashes: Hashes, offsets: Offsets, rows: Offsets | None = None) -> Sets:
    """Sort each run of hashes and drop repetitions: all of them in place, or a copy of some."""
    some = np.arange(offsets.size - 1) if rows is None else rows
    sizes = offsets[some + 1] - offsets[some]
    out = hashes if rows is None else np.empty(int(sizes.sum()), np.uint64)
    if (long := some[sizes > _SHORT]).size:
        hashes = hashes if rows is None else hashes.copy()
        for row in long:
            hashes[offsets[row] : offsets[row + 1]].sort()
    ends = np.zeros(some.size + 1, np.int64)
    _sets(hashes, offsets, some, out, ends, np.empty(3 * _SHORT + 2, np.uint64))
    return Sets(out[: ends[-1]], ends)


def let_go(sets: Sets, over: Bools) -> None:
    """Empty the sets that are flagged and move the others together, in place."""
    _close(sets.hashes, sets.offsets, over)


def shared(sets: Sets, a: Offsets, b: Offsets) -> Offsets:
    """Count what the sets a[i] and b[i] have in common."""
    out = np.zeros(a.size, np.int64)
    _shared(sets.hashes, sets.offsets, a, b, out)
    return out
