"""Choose the passages that count: those with the earliest document first, none on another."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from clean_corpus.corpus.arrow import Numbers

_AT_ONCE = 65_536


class Passages(NamedTuple):
    """Passages by the ranks of their documents, earliest first; spans in code points.

    `goes` says that a passage may be removed: what it stands in stays.
    """

    later: Numbers
    earlier: Numbers
    start: Numbers
    end: Numbers
    earlier_start: Numbers
    earlier_end: Numbers
    equal: Numbers
    goes: Numbers = np.zeros(0, bool)

    def at(self, rows: Numbers) -> Passages:
        """Take some of them."""
        return Passages(*(column[rows] for column in self))


def chosen(passages: Passages) -> Passages:
    """Take passages that do not overlap in their later document, cut where they do a little.

    Documents come in the order of their ranks, so that it is known of an earlier one what has gone.
    """
    order = np.lexsort((passages.start, passages.earlier, passages.later))
    passages = passages._replace(goes=np.zeros(len(order), bool)).at(order)
    start, end = passages.start.copy(), passages.end.copy()
    taken = np.zeros(len(order), bool)
    # Only what somebody has from a document is asked for again.
    lender = np.isin(passages.later, passages.earlier)
    gone: dict[int, list[tuple[int, int]]] = {}
    document, spans = -1, list[tuple[int, int]]()
    for row, (later, earlier, a, b, first, last, lends) in _rows(passages, lender):
        if later != document:
            document, spans = later, []
        clipped = _clipped(a, b, spans)
        if 2 * (clipped[1] - clipped[0]) < b - a:
            continue
        spans.append(clipped)
        taken[row], start[row], end[row] = True, *clipped
        if not any(x < last and first < y for x, y in gone.get(earlier, ())):
            passages.goes[row] = True
            if lends:
                gone.setdefault(later, []).append(clipped)
    return passages._replace(start=start, end=end).at(np.flatnonzero(taken))


def _rows(passages: Passages, lender: Numbers) -> Iterator[tuple[int, list[int]]]:
    """Give the passages as rows, a part of them at once, for as objects they are large."""
    columns = (*passages[:6], lender)
    for begin in range(0, len(lender), _AT_ONCE):
        part = np.stack([column[begin : begin + _AT_ONCE] for column in columns], axis=1)
        yield from enumerate(part.tolist(), begin)


def _clipped(start: int, end: int, taken: list[tuple[int, int]]) -> tuple[int, int]:
    """Cut what is taken off the ends of a span; gives an empty one if it is taken in the middle."""
    for a, b in sorted(taken):
        if a <= start < b:
            start = b
        elif a < end <= b:
            end = a
        elif start < a and b < end:
            return start, start
    return start, max(start, end)
