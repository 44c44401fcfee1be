"""Containment: verify exactly how much of a text stands in another, and decide what may go."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from clean_corpus.corpus import arrow, shingles
from clean_corpus.corpus.arrow import Documents, Numbers
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
    """Write the CONTAINED ("contained"), of which no document is contained in a contained one.

    Inputs: embedded (CONTAINED, of all blocks), documents.
    """
    del options
    pairs = _Pairs(*(arrow.column(inputs["embedded"], name) for name in CONTAINED.names))
    found = _kept(pairs, Documents.of(inputs["documents"]))
    arrow.write(outputs["contained"], CONTAINED, [found._asdict()])
    return {"contained": len(found.document)}


def verified(
    texts: pa.LargeStringArray,
    documents: Numbers,
    pairs: tuple[Numbers, Numbers],
    size: int,
    least: Sequence[int],
) -> dict[str, Numbers]:
    """Give, as CONTAINED, the pairs of which the one shares enough of its shingles with the other.

    `pairs` are rows of `texts`, `documents` the number of each text, `least` a ratio.
    """
    rows = np.unique(np.concatenate(pairs))
    found = kernel.sets(*shingles.hashes(texts, size, rows))
    a, b = (np.searchsorted(rows, side) for side in pairs)
    shared, sizes = kernel.shared(found, a, b), found.sizes
    small, large = np.where(sizes[a] > sizes[b], [b, a], [a, b])
    enough = np.flatnonzero(shared * least[1] >= sizes[small] * least[0])
    small, large, shared = small[enough], large[enough], shared[enough]
    return {
        "document": documents[rows[small]],
        "inside": documents[rows[large]],
        "shared": shared,
        "joined": sizes[small] + sizes[large] - shared,
        "smaller": sizes[small],
    }


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
