"""Sets of 64-bit hashes as sorted arrays: make them, and count what two of them share."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from clean_corpus.kernels import compiled

Hashes = npt.NDArray[np.uint64]
Unsigned: TypeAlias = Any  # numpy.uint64 inside a kernel; the checker cannot follow it
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
def _shared(
    origin: Hashes, places: Hashes, sizes: Offsets, a: Offsets, b: Offsets, out: Offsets
) -> None:
    for pair in range(a.size):
        i, j = places[a[pair]], places[b[pair]]
        i_stop, j_stop = i + _U(sizes[a[pair]]), j + _U(sizes[b[pair]])
        count = _0
        while i != i_stop and j != j_stop:
            # No branch on the values: which is less cannot be predicted.
            x, y = origin[i], origin[j]
            count += _1 if x == y else _0
            i += _1 if x <= y else _0
            j += _1 if y <= x else _0
        out[pair] = count


def sets(hashes: Hashes, offsets: Offsets) -> tuple[Hashes, Offsets]:
    """Sort each run of hashes and drop repetitions, in place; gives the sets and their offsets."""
    sizes = np.diff(offsets)
    for row in np.flatnonzero(sizes > _SHORT):
        hashes[offsets[row] : offsets[row + 1]].sort()
    longest = int(sizes[sizes <= _SHORT].max(initial=0))
    ends = np.zeros_like(offsets)
    _sets(hashes, offsets, ends, np.empty(longest, np.uint64), np.empty(2 * _SHORT + 2, np.uint64))
    return hashes[: ends[-1]], ends


class Placed(NamedTuple):
    """Sets wherever they are in memory.

    Set i is the `sizes[i]` hashes from `places[i]` on, counted in hashes from the first of `origin`
    and modulo 2^64: it may lie before or behind what `origin` itself holds. Whatever `held` names
    must live as long.
    """

    origin: Hashes
    places: Hashes
    sizes: Offsets
    held: Any = None


def shared(sets: Placed, a: Offsets, b: Offsets) -> Offsets:
    """Count what the sets a[i] and b[i] have in common."""
    out = np.zeros(a.size, np.int64)
    _shared(sets.origin, sets.places, sets.sizes, a, b, out)
    return out


def placed(hashes: Hashes, offsets: Offsets) -> Placed:
    """Give the places of sets that stand one behind the other."""
    return Placed(hashes, offsets[:-1].astype(np.uint64), np.diff(offsets))


def scattered(parts: Iterable[tuple[Hashes, Offsets, Offsets]], origin: Hashes) -> Placed:
    """Give the places of sets in several arrays: each with where its sets start and stop.

    Places count from `origin`, any array that is aligned; what is not aligned itself is copied.
    """
    places, sizes, held = [np.zeros(0, np.uint64)], [np.zeros(0, np.int64)], []
    for hashes, starts, stops in parts:
        aligned = np.require(hashes, np.uint64, "A")
        away = (aligned.ctypes.data - origin.ctypes.data) // origin.itemsize
        places.append(starts.astype(np.uint64) + np.uint64(away % 2**64))
        sizes.append(stops - starts)
        held.append(aligned)
    return Placed(origin, np.concatenate(places), np.concatenate(sizes), held)
