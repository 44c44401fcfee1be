"""Verify candidates exactly: the shingles of their documents, and what pairs share."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from clean_corpus.corpus import arrow, shingles
from clean_corpus.corpus.arrow import PAIRS, SETS, Numbers
from clean_corpus.corpus.parameters import STEPS
from clean_corpus.kernels import sets as kernel

# Shingles that are held at once while pairs are verified, 8 bytes each.
_MANY = 8_000_000


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
        which, back = np.unique(np.concatenate([a, b]), return_inverse=True)
        offsets = np.append(0, np.cumsum(self.sizes[which]))
        hashes = np.empty(offsets[-1], np.uint64)
        for i, place in enumerate(which.tolist()):
            begin = self.begin[place]
            hashes[offsets[i] : offsets[i + 1]] = self.values[self.batch[place]][
                begin : begin + self.sizes[place]
            ]
        return kernel.shared(hashes, offsets, *np.split(back, 2))


def verify(
    inputs: Mapping[str, Sequence[str]], outputs: Mapping[str, str], options: Mapping[str, Any]
) -> dict[str, Any]:
    """Write the PAIRS ("pairs") of one block of "candidates", from the "sets" of all shards.

    Pairs below the floor are counted and dropped. Options: block, floor (numerator, denominator).
    """
    a, b = (arrow.column(inputs["candidates"], name, options["block"]) for name in "ab")
    pairs = np.unique(a.astype(np.uint64) << np.uint64(32) | b)
    a, b = (
        (pairs >> np.uint64(32)).astype(np.int64),
        (pairs & np.uint64(0xFFFFFFFF)).astype(np.int64),
    )
    of = _Sets.of(inputs["sets"])
    over, under = options["floor"]
    histogram = np.zeros(STEPS, np.int64)
    batches = []
    for part in _parts(a, b, of, over, under):
        left, right = (np.searchsorted(of.documents, side[part]) for side in (a, b))
        sizes = of.sizes[left], of.sizes[right]
        shared = of.shared(left, right)
        joined = sizes[0] + sizes[1] - shared
        np.add.at(histogram, np.minimum(shared * STEPS // joined, STEPS - 1), 1)
        good = shared * under >= joined * over
        columns = (a[part], b[part], shared, joined, np.minimum(*sizes))
        batches.append(dict(zip(PAIRS.names, (column[good] for column in columns), strict=True)))
    arrow.write(outputs["pairs"], PAIRS, batches)
    return {
        "candidates": len(pairs),
        "verified": int(histogram.sum()),
        "histogram": histogram.tolist(),
    }


def _parts(a: Numbers, b: Numbers, of: _Sets, over: int, under: int) -> Iterator[Numbers]:
    """Give the pairs whose sizes allow the floor, in parts of bounded memory."""
    for i in range(0, len(a), _MANY):
        left, right = (
            of.sizes[np.searchsorted(of.documents, side[i : i + _MANY])] for side in (a, b)
        )
        possible = np.minimum(left, right) * under >= np.maximum(left, right) * over
        where = np.flatnonzero(possible) + i
        weight = np.cumsum((left + right)[possible])
        start = 0
        while start < len(where):
            before = weight[start - 1] if start else 0
            stop = max(start + 1, int(np.searchsorted(weight, before + _MANY, "right")))
            yield where[start:stop]
            start = stop
