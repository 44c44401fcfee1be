"""How many rows of their signatures two documents have in common."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from clean_corpus.kernels import compiled

Rows = npt.NDArray[np.uint8]
Numbers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

# Pairs that are given at once, or as many as one place may find.
_MANY = 1 << 16


class Line(NamedTuple):
    """Places in a line, of which each is compared with those behind it, and what is known of them.

    `at` is the row of each; it is compared with `window` places at the most, those of its `bucket`
    alone, and not with those `of` the same copies (-1: of none). Copies that are `held` already
    are nothing new to one another.
    """

    at: Numbers
    bucket: Numbers
    window: Numbers
    of: Numbers
    held: Flags


class Bounds(NamedTuple):
    """Rows in which two agree that are likely alike, or surely; and so many of their `own`.

    Who has found one in `enough` of its window looks no further.
    """

    likely: int
    surely: int
    own: int
    enough: int


@compiled
def _same(one: Rows, other: Rows) -> int:
    count = 0
    for k in range(one.size):
        count += one[k] == other[k]
    return count


@compiled
def _same_own(one: Rows, other: Rows, own: Rows) -> int:
    count = 0
    for k in range(one.size):
        count += (one[k] == other[k]) & own[k]
    return count


@compiled
def _agreement(rows: Rows, a: Numbers, b: Numbers, out: Numbers) -> None:
    for pair in range(a.size):
        out[pair] = _same(rows[a[pair]], rows[b[pair]])


@compiled
def _beyond(rows: Rows, own: Rows, a: Numbers, b: Numbers, out: Numbers) -> None:
    for pair in range(a.size):
        out[pair] = _same_own(rows[a[pair]], rows[b[pair]], own[a[pair]])


@compiled
def _neighbours(
    rows: Rows, own: Rows, line: Line, bounds: Bounds, first: int, stop: int, out: Numbers
) -> tuple[int, int, int]:
    count, compared = 0, 0
    while first < stop and count + line.window[first] <= out.shape[1]:
        found = 0
        last = min(first + line.window[first], line.at.size - 1)
        for other in range(first + 1, last + 1):
            if (
                line.bucket[other] != line.bucket[first]
                or found * bounds.enough >= line.window[first]
            ):
                break
            if line.of[first] >= 0 and line.of[first] == line.of[other]:
                continue
            compared += 1
            i, j = line.at[first], line.at[other]
            agreeing = _same(rows[i], rows[j])
            alike = agreeing >= bounds.surely and not (line.held[first] and line.held[other])
            if not alike and agreeing >= bounds.likely:
                alike = _same_own(rows[i], rows[j], own[i]) >= bounds.own
            if alike:
                out[0, count], out[1, count] = first, other
                found += 1
                count += 1
        first += 1
    return first, count, compared


def agreement(rows: Rows, a: Numbers, b: Numbers) -> Numbers:
    """Count in how many columns rows a[i] and b[i] agree; `rows` has shape (documents, columns)."""
    out = np.zeros(a.size, np.int64)
    _agreement(rows, a.astype(np.int64, copy=False), b.astype(np.int64, copy=False), out)
    return out


def beyond(rows: Rows, own: Rows, a: Numbers, b: Numbers) -> Numbers:
    """Count only columns with a 1 in row a[i] of `own`, which has the shape of `rows`."""
    out = np.zeros(a.size, np.int64)
    _beyond(rows, own, a.astype(np.int64, copy=False), b.astype(np.int64, copy=False), out)
    return out


def neighbours(
    rows: Rows, own: Rows, line: Line, bounds: Bounds, stop: int
) -> Iterator[tuple[Numbers, Numbers, int]]:
    """Give the pairs of each of the first `stop` places with those behind it that are alike.

    `rows` and `own` as in `beyond`. Gives places and the number of comparisons, some at a time.
    """
    out = np.empty((2, max(_MANY, int(line.window.max(initial=0)))), np.int64)
    first = 0
    while first < stop:
        first, count, compared = _neighbours(rows, own, line, bounds, first, stop, out)
        yield out[0, :count].copy(), out[1, :count].copy(), compared
