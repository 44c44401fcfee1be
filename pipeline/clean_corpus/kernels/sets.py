"""Sets of 64-bit hashes: make them, and count what two of them share."""

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
_0, _1, _2 = _U(0), _U(1), _U(2)

# Slots of a table for each hash in it, at least: where these are few, hardly any is looked at twice
# and all is in the nearest cache. So few are the shingles of an article.
_LOOSE, _TIGHT = _U(8), _U(2)
_FEW = 2048


@compiled
def _emptied(table: Hashes, size: Unsigned) -> Unsigned:
    """Make a table for so many hashes; give the bits of a hash that say where it belongs.

    A free place holds a number that belongs as far from there as can be, so that none that is
    looked for is found there.
    """
    least = size * (_LOOSE if size <= _U(_FEW) else _TIGHT)
    slots = _2
    while slots < least:
        slots <<= _1
    for i in range(_0, slots):
        table[i] = i ^ slots >> _1
    return slots - _1


@compiled
def _put(table: Hashes, mask: Unsigned, value: Unsigned) -> tuple[Unsigned, Unsigned]:
    """Put a hash where it belongs or not far behind; give how far, and 1 if it is new, else 0."""
    far, free = _0, mask + _1 >> _1
    at = value & mask
    # One branch, not two: which of the two it is cannot be predicted.
    while (table[at] != value) & (table[at] != at ^ free):
        far += _1
        at = at + _1 & mask
    new = _1 if table[at] != value else _0
    table[at] = value
    return far, new


@compiled
def _sets(
    hashes: Hashes, offsets: Offsets, rows: Offsets, out: Hashes, ends: Offsets, table: Hashes
) -> None:
    write = _0
    for number in range(rows.size):
        first, stop = _U(offsets[rows[number]]), _U(offsets[rows[number] + 1])
        mask = _emptied(table, stop - first)
        for i in range(first, stop):
            value = hashes[i]
            _, new = _put(table, mask, value)
            out[write] = value
            write += new
        ends[number + 1] = write


@compiled
def _shared(
    hashes: Hashes, offsets: Offsets, a: Offsets, b: Offsets, table: Hashes, out: Offsets
) -> None:
    mask = farthest = _0
    for pair in range(a.size):
        if pair == 0 or b[pair] != b[pair - 1]:
            first, stop = _U(offsets[b[pair]]), _U(offsets[b[pair] + 1])
            mask = _emptied(table, stop - first)
            farthest = _0
            for i in range(first, stop):
                far, _ = _put(table, mask, hashes[i])
                farthest = max(farthest, far)
        count: Unsigned = _0
        first, stop = _U(offsets[a[pair]]), _U(offsets[a[pair] + 1])
        # Nothing but loads and sums, so that it becomes vector instructions: each place is looked
        # at for all hashes, though few need more than the first.
        for far in range(_0, farthest + _1):
            for i in range(first, stop):
                count += _1 if table[hashes[i] + far & mask] == hashes[i] else _0
        out[pair] = count


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
    """Drop repetitions in each run of hashes: in all of them in place, or in a copy of some."""
    some = np.arange(offsets.size - 1) if rows is None else rows
    sizes = offsets[some + 1] - offsets[some]
    out = hashes if rows is None else np.empty(int(sizes.sum()), np.uint64)
    ends = np.zeros(some.size + 1, np.int64)
    _sets(hashes, offsets, some, out, ends, _table(sizes))
    return Sets(out[: ends[-1]], ends)


def let_go(sets: Sets, over: Bools) -> None:
    """Empty the sets that are flagged and move the others together, in place."""
    _close(sets.hashes, sets.offsets, over)


def shared(sets: Sets, a: Offsets, b: Offsets) -> Offsets:
    """Count what the sets a[i] and b[i] have in common; fastest where equal b[i] are together."""
    out = np.zeros(a.size, np.int64)
    table = _table(sets.offsets[b + 1] - sets.offsets[b])
    _shared(sets.hashes, sets.offsets, a, b, table, out)
    return out


def _table(sizes: Offsets) -> Hashes:
    """Make room for a table of any of some sets."""
    largest = int(sizes.max(initial=1))
    return np.empty(2 * max(min(largest, _FEW) * int(_LOOSE), largest * int(_TIGHT)), np.uint64)
