"""Containment: verify exactly how much of a text stands in another, and decide what may go."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from clean_corpus.corpus import arrow, sets
from clean_corpus.corpus.arrow import Documents, Numbers
from clean_corpus.corpus.pairs import distinct, halves, ordered
from clean_corpus.corpus.sharing.holders import ranks
from clean_corpus.kernels import sets as kernel

#: What is contained in what, a line for each document that is: `inside` stays in the corpus where
#: contained documents are removed. Counts of shingles, as in PAIRS. Sorted by document.
CONTAINED = pa.schema(
    [
        ("document", pa.uint32()),
        ("inside", pa.uint32()),
        ("shared", pa.int64()),
        ("joined", pa.int64()),
        ("smaller", pa.int64()),
    ]
)

# Pairs that are verified at once, with the shingles of both.
_PAIRS = 4096


class _Pairs(NamedTuple):
    """Verified pairs: the smaller text, the larger one, and counts of shingles."""

    document: Numbers
    inside: Numbers
    shared: Numbers
    joined: Numbers
    smaller: Numbers


def contain(
    inputs: Mapping[str, Sequence[str]], outputs: Mapping[str, str], options: Mapping[str, Any]
) -> dict[str, Any]:
    """Write the CONTAINED ("contained").

    Inputs: embedded, sets, documents. Options: containment (numerator, denominator).
    """
    later, earlier = (arrow.column(inputs["embedded"], name) for name in ("later", "earlier"))
    later, earlier = halves(distinct([ordered(later, earlier)]))
    pairs = _verified(inputs["sets"], later, earlier, options["containment"])
    found = _kept(pairs, Documents.of(inputs["documents"]))
    arrow.write(outputs["contained"], CONTAINED, [found._asdict()])
    return {"contained": len(found.document)}


def _verified(paths: Sequence[str], one: Numbers, other: Numbers, least: Sequence[int]) -> _Pairs:
    """Count the shingles that pairs share; keep those of which the smaller is contained."""
    out = [np.zeros((len(_Pairs._fields), 0), np.int64)]
    for begin in range(0, len(one), _PAIRS):
        a, b = one[begin : begin + _PAIRS], other[begin : begin + _PAIRS]
        which = np.unique(np.concatenate([a, b]))
        size = sets.sizes(paths, which)
        first, second = np.searchsorted(which, a), np.searchsorted(which, b)
        shared = kernel.shared(*sets.load(paths, which, size), first, second)
        smaller = np.minimum(size[first], size[second])
        swap = size[first] > size[second]
        columns = np.stack(
            [
                np.where(swap, b, a).astype(np.int64),
                np.where(swap, a, b).astype(np.int64),
                shared,
                size[first] + size[second] - shared,
                smaller,
            ]
        )
        out.append(columns[:, shared * least[1] >= smaller * least[0]])
    return _Pairs(*np.concatenate(out, axis=1))


def _kept(pairs: _Pairs, documents: Documents) -> _Pairs:
    """Choose what each contained document is inside of, so that this is contained in nothing.

    Documents are looked at from the longest to the shortest; of equally long ones the earlier is
    the one that contains. The most of a text decides, then the rank.
    """
    which, code = np.unique(np.concatenate([pairs.document, pairs.inside]), return_inverse=True)
    place, _ = ranks(documents, which)
    small, large = code[: len(pairs.document)], code[len(pairs.document) :]
    size = np.zeros(len(which), np.int64)
    np.maximum.at(size, small, pairs.smaller)
    np.maximum.at(size, large, pairs.joined - pairs.smaller + pairs.shared)
    equal = size[small] == size[large]
    swap = equal & (place[small] < place[large])
    small, large = np.where(swap, large, small), np.where(swap, small, large)
    gone = np.zeros(len(which), bool)
    chosen: list[int] = []
    order = np.lexsort((place[large], -pairs.shared, place[small], -size[small]))
    for row in order.tolist():
        if not gone[small[row]] and not gone[large[row]]:
            gone[small[row]] = True
            chosen.append(row)
    rows = np.array(chosen, np.int64)
    rows = rows[np.argsort(which[small[rows]], kind="stable")]
    counts = (column[rows] for column in pairs[2:])
    return _Pairs(which[small[rows]], which[large[rows]], *counts)
