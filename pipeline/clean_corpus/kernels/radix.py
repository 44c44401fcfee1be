"""Sort 64-bit numbers by their digits, and what belongs to each: the cost grows as they do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import numpy.typing as npt

from clean_corpus.kernels import compiled

Values = npt.NDArray[np.uint64]
Carried = npt.NDArray[np.uint32]

_1 = np.uint64(1)

# Bits of a digit: its 2048 values are so many places that are written to in turn.
_BITS = 11
_DIGIT = np.uint64((1 << _BITS) - 1)

#: Bits by which one digit sorts.
UPPER = _BITS

# Fewer than these are sorted faster by comparing.
_FEW = 4096

# If values are out of place by more than this on average, they are sorted by comparing as well.
_MOVES = 8


@compiled
def _by_digit(
    values: Values,
    carried: Carried,
    low: np.uint64,
    shift: np.uint64,
    ends: Values,
    out: Values,
    along: Carried,
) -> None:
    for i in range(ends.size):
        ends[i] = 0
    for i in range(values.size):
        ends[(((values[i] - low) >> shift) & _DIGIT) + _1] += _1
    for i in range(1, ends.size):
        ends[i] += ends[i - 1]
    for i in range(values.size):
        digit = ((values[i] - low) >> shift) & _DIGIT
        out[ends[digit]] = values[i]
        if carried.size:
            along[ends[digit]] = carried[i]
        ends[digit] += _1


@compiled
def _insert(values: Values, carried: Carried, most: int) -> bool:
    for i in range(1, values.size):
        value, own, at = values[i], carried[i], i
        while at > 0 and values[at - 1] > value:
            values[at], carried[at] = values[at - 1], carried[at - 1]
            at -= 1
        values[at], carried[at] = value, own
        most -= i - at
        if most < 0:
            return False
    return True


def sort(values: Values) -> Values:
    """Give the values in order; takes twice their size to work in."""
    if len(values) < _FEW:
        return np.sort(values)
    differing = int(np.bitwise_or.reduce(values) ^ np.bitwise_and.reduce(values))
    return _sorted(values, np.zeros(0, np.uint32), np.uint64(0), _digits(differing))[0]


def sort_with(values: Values, carried: Carried) -> tuple[Values, Carried]:
    """Give the values in order, and what is carried with each; equal ones stay in theirs.

    Where they are well mixed in their upper bits, few digits leave hardly any out of place.
    """
    if len(values) < _FEW:
        return _compared(values, carried)
    low = values.min()
    top = int(values.max() - low).bit_length()
    least = max(0, top - _BITS * -(-len(values).bit_length() // _BITS))
    found = _sorted(values, carried, low, range(least, top, _BITS))
    return found if _insert(*found, _MOVES * len(values)) else _compared(*found)


def sort_upper(values: Values, carried: Carried) -> tuple[Values, Carried]:
    """Give the values in order of their UPPER upper bits, and what is carried with each."""
    return _sorted(values, carried, np.uint64(0), [64 - UPPER])


def _compared(values: Values, carried: Carried) -> tuple[Values, Carried]:
    places = np.argsort(values, kind="stable")
    return values[places], carried[places]


def _sorted(
    values: Values, carried: Carried, low: np.uint64, shifts: Iterable[int]
) -> tuple[Values, Carried]:
    ends = np.empty(int(_DIGIT) + 2, np.uint64)
    here = values, carried
    free = [(np.empty_like(values), np.empty_like(carried)) for _ in range(2)]
    for shift in shifts:
        there = free.pop()
        _by_digit(*here, low, np.uint64(shift), ends, *there)
        if here[0] is not values:
            free.append(here)
        here = there
    return here


def _digits(differing: int) -> Iterator[int]:
    """Cut these bits into digits, and give the lowest bit of each."""
    while differing:
        shift = (differing & -differing).bit_length() - 1
        yield shift
        differing &= ~(int(_DIGIT) << shift)
