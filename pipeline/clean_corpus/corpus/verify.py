"""Verify candidates exactly: the shingles of their documents, and what pairs share."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from clean_corpus.corpus import arrow, shingles
from clean_corpus.corpus.arrow import PAIRS, SETS, Numbers
from clean_corpus.corpus.match import distinct, halves, paired
from clean_corpus.corpus.parameters import STEPS
from clean_corpus.kernels import sets as kernel

# Shingles that are held at once while pairs are verified, 8 bytes each.
_MANY = 16_000_000


def sets(
    inputs: Mapping[str, Sequence[str]], outputs: Mapping[str, str], options: Mapping[str, Any]
) -> dict[str, Any]:
    """Write the SETS ("sets") of those documents of the shard "texts" that are "wanted" by any.

    Options: first_document, shingle.
    """
    wanted = np.bitwise_or.reduce([arrow.column([path], "bits") for path in inputs["wanted"]])
    is_wanted = np.unpackbits(wanted).astype(bool)
    total = 0

    def made() -> Iterator[dict[str, Any]]:
        nonlocal total
        first = options["first_document"]
        for batch in arrow.batches(inputs["texts"][0], ["text"]):
            rows = np.flatnonzero(is_wanted[first : first + batch.num_rows])
            if len(rows):
                texts = pc.fill_null(batch.column("text"), "")
                found = kernel.sets(*shingles.hashes(texts, options["shingle"], rows))
                total += len(rows)
                hashes = pa.LargeListArray.from_arrays(pa.array(found[1]), pa.array(found[0]))
                yield {"document": rows + first, "hashes": hashes}
            first += batch.num_rows

    arrow.write(outputs["sets"], SETS, made())
    return {"sets": total}


class _Sets(NamedTuple):
    """The sets of many documents, mapped: document, size, batch and offset in it, by place."""

    documents: Numbers
    sizes: Numbers
    batch: Numbers
    begin: Numbers
    values: list[Numbers]

    @classmethod
    def of(cls, paths: Sequence[str]) -> _Sets:
        batches = [batch for path in paths for batch in arrow.batches(path)]
        lists = [batch.column("hashes") for batch in batches]
        offsets = [one.offsets.to_numpy() for one in lists]
        none = [np.zeros(0, np.int64)]
        return cls(
            np.concatenate([batch.column("document").to_numpy() for batch in batches] or none),
            np.concatenate([np.diff(ends) for ends in offsets] or none),
            np.repeat(np.arange(len(batches)), [batch.num_rows for batch in batches]),
            np.concatenate([ends[:-1] for ends in offsets] or none),
            [one.values.to_numpy() for one in lists],
        )

    def shared(self, a: Numbers, b: Numbers) -> Numbers:
        """Count what the sets at places a[i] and b[i] share; copies those sets together first."""
        which = np.flatnonzero(self._marked(a, b))
        local = np.zeros(len(self.sizes), np.int64)
        local[which] = np.arange(len(which))
        offsets = np.append(0, np.cumsum(self.sizes[which]))
        hashes = np.empty(offsets[-1], np.uint64)
        for i, place in enumerate(which.tolist()):
            begin = self.begin[place]
            hashes[offsets[i] : offsets[i + 1]] = self.values[self.batch[place]][
                begin : begin + self.sizes[place]
            ]
        return kernel.shared(hashes, offsets, local[a], local[b])

    def parts(self, a: Numbers, b: Numbers, start: int, stop: int) -> Iterator[slice]:
        """Cut pairs into runs whose sets are few enough to be copied together."""
        if (
            self.sizes[self._marked(a[start:stop], b[start:stop])].sum() <= _MANY
            or stop - start < 2
        ):
            yield slice(start, stop)
        else:
            middle = (start + stop) // 2
            yield from self.parts(a, b, start, middle)
            yield from self.parts(a, b, middle, stop)

    def _marked(self, a: Numbers, b: Numbers) -> Numbers:
        mark = np.zeros(len(self.sizes), bool)
        mark[a] = mark[b] = True
        return mark


def verify(
    inputs: Mapping[str, Sequence[str]], outputs: Mapping[str, str], options: Mapping[str, Any]
) -> dict[str, Any]:
    """Write the PAIRS ("pairs") of one block of "candidates", from the "sets" of all shards.

    Pairs below the floor are counted and dropped, those whose sizes do not allow it not even
    looked at. Options: block, floor (numerator, denominator).
    """
    sides = (arrow.column(inputs["candidates"], name, options["block"]) for name in "ab")
    a, b = halves(distinct([paired(*sides)]))
    of = _Sets.of(inputs["sets"])
    left, right = np.searchsorted(of.documents, a), np.searchsorted(of.documents, b)
    sizes = of.sizes[left], of.sizes[right]
    over, under = options["floor"]
    possible = np.minimum(*sizes) * under >= np.maximum(*sizes) * over
    candidates = len(a)
    a, b, left, right = (column[possible] for column in (a, b, left, right))
    histogram = np.zeros(STEPS, np.int64)
    batches = []
    for part in of.parts(left, right, 0, len(a)):
        one, other = of.sizes[left[part]], of.sizes[right[part]]
        shared = of.shared(left[part], right[part])
        joined = one + other - shared
        bins = np.minimum(shared * STEPS // joined, STEPS - 1)
        histogram += np.bincount(bins, minlength=STEPS)
        good = shared * under >= joined * over
        columns = (a[part], b[part], shared, joined, np.minimum(one, other))
        batches.append(dict(zip(PAIRS.names, (column[good] for column in columns), strict=True)))
    arrow.write(outputs["pairs"], PAIRS, batches)
    return {
        "candidates": candidates,
        "verified": int(histogram.sum()),
        "histogram": histogram.tolist(),
    }
