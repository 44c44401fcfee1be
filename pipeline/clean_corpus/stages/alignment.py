"""Find the spans in which a repaired line differs from the line it was made of."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

Change = tuple[int, int, str]

_BEYOND = re.compile(r"([^\x00-\x7f]+)")
# So many equal characters end a change, if they are no further away than this.
_ANCHORS = ((2, 16), (4, 64), (4, 512), (8, 4096))


def changes(old: str, new: str) -> Iterator[Change]:
    """Give the spans [start, end) of `old`, in code points, with what takes their place in `new`.

    They are disjoint and sorted, and carrying them out on `old` gives `new`. They are short where
    the two differ in runs beyond ASCII, and near to that elsewhere.
    """
    yield from _by_runs(old, new) or _by_anchors(old, new)


def _by_runs(old: str, new: str) -> list[Change] | None:
    """Compare run by run; None if the texts do not differ beyond ASCII only."""
    before, after = _BEYOND.split(old), _BEYOND.split(new)
    if before[::2] != after[::2]:
        return None
    found, at = [], 0
    for a, b in zip(before, after, strict=True):
        if a != b:
            start, end, text = _trimmed(a, b)
            found.append((at + start, at + end, text))
        at += len(a)
    return found


def _by_anchors(old: str, new: str) -> Iterator[Change]:
    """Walk through both texts, and after each difference look for what they share again."""
    i = j = 0
    while True:
        same = _common(old, new, i, j)
        i, j = i + same, j + same
        if i == len(old) and j == len(new):
            return
        if same and old[i - 1] == "&":
            i, j = i - 1, j - 1
        a, b = _anchor(old, new, i, j)
        start, end, text = _trimmed(old[i:a], new[j:b], head=False)
        yield i + start, i + end, text
        i, j = a, b


def _anchor(old: str, new: str, i: int, j: int) -> tuple[int, int]:
    """Give the nearest places in both texts from which the same characters follow."""
    for size, reach in _ANCHORS:
        best, nearest = (len(old), len(new)), 2 * reach
        for a in range(i, min(i + reach, len(old) - size + 1)):
            if a - i >= nearest:
                break
            b = new.find(old[a : a + size], j, j + reach)
            if b >= 0 and 0 < a - i + b - j < nearest:
                best, nearest = (a, b), a - i + b - j
        if nearest < 2 * reach:
            return best
    return len(old), len(new)


@lru_cache(maxsize=4096)
def _trimmed(old: str, new: str, head: bool = True) -> Change:
    """Take off what both share at their ends, but do not cut an entity in two."""
    start = _common(old, new) if head else 0
    end = min(_common(old[::-1], new[::-1]), len(old) - start, len(new) - start)
    if end and "&" in old[start:] and old[len(old) - end] == ";":
        end -= 1
    return start, len(old) - end, new[start : len(new) - end]


def _common(a: str, b: str, i: int = 0, j: int = 0) -> int:
    """Count the characters that `a` from `i` on and `b` from `j` on both begin with."""
    at, size = 0, 64
    longest = min(len(a) - i, len(b) - j)
    while at < longest and a[i + at : i + at + size] == b[j + at : j + at + size]:
        at += size
    while at < longest and a[i + at] == b[j + at]:
        at += 1
    return min(at, longest)
