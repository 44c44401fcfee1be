"""Containment: verify exactly how much of a text stands in another, and decide what may go."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from clean_corpus.corpus import arrow, shingles
from clean_corpus.corpus.anchors import pieces
from clean_corpus.corpus.arrow import SETS, Documents, Numbers
from clean_corpus.corpus.holders import ranks
from clean_corpus.corpus.match import distinct, halves
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


def whole(
    inputs: Mapping[str, Sequence[str]], outputs: Mapping[str, str], options: Mapping[str, Any]
) -> dict[str, Any]:
    """Write the SETS ("sets") of the documents of one shard that are in an "embedded" pair.

    Options: first_document, shingle.
    """
    sides = [arrow.column(inputs["embedded"], name) for name in ("later", "earlier")]
    wanted = np.unique(np.concatenate(sides)).astype(np.int64)

    def made() -> Iterator[dict[str, Any]]:
        first = options["first_document"]
        for batch in arrow.batches(inputs["texts"][0], ("text",)):
            here = wanted[(wanted >= first) & (wanted < first + batch.num_rows)] - first
            texts = pc.fill_null(batch.column("text"), "")
            for rows in pieces(here, pc.binary_length(texts).to_numpy()):
                hashes, ends = kernel.sets(*shingles.hashes(texts, options["shingle"], rows))
                lists = pa.LargeListArray.from_arrays(pa.array(ends), pa.array(hashes))
                yield {"document": rows + first, "hashes": lists}
            first += batch.num_rows

    arrow.write(outputs["sets"], SETS, made())
    return {}


def contain(
    inputs: Mapping[str, Sequence[str]], outputs: Mapping[str, str], options: Mapping[str, Any]
) -> dict[str, Any]:
    """Write the CONTAINED ("contained").

    Inputs: embedded, sets, documents. Options: containment (numerator, denominator).
    """
    sides = [arrow.column(inputs["embedded"], name).astype(np.uint64) for name in _SIDES]
    later, earlier = halves(distinct([sides[0] << np.uint64(32) | sides[1]]))
    pairs = _verified(inputs["sets"], later, earlier, options["containment"])
    found = _kept(pairs, Documents.of(inputs["documents"]))
    arrow.write(outputs["contained"], CONTAINED, [found._asdict()])
    return {"contained": len(found.document)}


_SIDES = ("later", "earlier")


def _verified(paths: Sequence[str], one: Numbers, other: Numbers, least: Sequence[int]) -> _Pairs:
    """Count the shingles that pairs share; keep those of which the smaller is contained."""
    batches = [batch for path in paths for batch in arrow.batches(path)]
    documents = [batch.column("document").to_numpy() for batch in batches]
    starts = np.cumsum([0, *map(len, documents)])
    known = np.concatenate([np.zeros(0, np.uint32), *documents])
    out = []
    for begin in range(0, len(one), _PAIRS):
        a, b = one[begin : begin + _PAIRS], other[begin : begin + _PAIRS]
        which, code = np.unique(np.concatenate([a, b]), return_inverse=True)
        places = np.searchsorted(known, which)
        file = np.searchsorted(starts, places, "right") - 1
        sets = [
            batches[i].column("hashes")[int(row)].values.to_numpy()
            for i, row in zip(file.tolist(), places - starts[file], strict=True)
        ]
        sizes = np.array([len(hashes) for hashes in sets], np.int64)
        offsets = np.append(0, np.cumsum(sizes))
        first, second = code[: len(a)], code[len(a) :]
        shared = kernel.shared(np.concatenate(sets), offsets, first, second)
        smaller = np.minimum(sizes[first], sizes[second])
        good = shared * least[1] >= smaller * least[0]
        swap = sizes[first] > sizes[second]
        out.append(
            np.stack(
                [
                    np.where(swap, b, a)[good].astype(np.int64),
                    np.where(swap, a, b)[good].astype(np.int64),
                    shared[good],
                    (sizes[first] + sizes[second] - shared)[good],
                    smaller[good],
                ]
            )
        )
    return _Pairs(*np.concatenate([np.zeros((5, 0), np.int64), *out], axis=1))


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
