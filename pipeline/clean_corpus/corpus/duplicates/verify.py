"""Verify candidates exactly: count what the shingles of two documents have in common."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from clean_corpus import spill
from clean_corpus.corpus import arrow, sets
from clean_corpus.corpus.arrow import PAIRS, Numbers
from clean_corpus.corpus.duplicates.parameters import STEPS
from clean_corpus.corpus.pairs import documents_of
from clean_corpus.kernels import sets as kernel


def verify(
    inputs: Mapping[str, Sequence[str]], outputs: Mapping[str, str], options: Mapping[str, Any]
) -> dict[str, Any]:
    """Write the PAIRS ("pairs") of one block of "likely" candidates, from the "sets" of all shards.

    Pairs below the floor are counted and dropped, those whose sizes do not allow it not even
    looked at. Options: floor (numerator, denominator), held (candidates) and shingles, at once.
    Counts verified pairs by Jaccard, and so those that only oversized buckets gave, one or two of
    them.
    """
    counts = {name: np.zeros(STEPS, np.int64) for name in ("histogram", "once", "twice")}

    def verified() -> Iterator[dict[str, Numbers]]:
        for likely in _held(inputs["likely"], options["held"]):
            yield from _verified(likely, inputs["sets"], options, counts)

    arrow.write(outputs["pairs"], PAIRS, verified())
    found = {name: count.tolist() for name, count in counts.items()}
    return {"verified": int(counts["histogram"].sum()), **found}


def _held(paths: Sequence[str], most: int) -> Iterator[list[Numbers]]:
    """Give a, b and times of so many candidates as may be held, or of one batch."""
    held: list[list[Numbers]] = []
    size = 0
    for batch in (batch for path in paths for batch in spill.batches(path)):
        if held and size + batch.num_rows > most:
            yield [np.concatenate(column) for column in zip(*held, strict=True)]
            held, size = [], 0
        held.append([column.to_numpy() for column in batch.columns])
        size += batch.num_rows
    if held:
        yield [np.concatenate(column) for column in zip(*held, strict=True)]


def _verified(
    likely: list[Numbers],
    paths: Sequence[str],
    options: Mapping[str, Any],
    counts: Mapping[str, Numbers],
) -> Iterator[dict[str, Numbers]]:
    """Give the PAIRS of some candidates; adds to the counts."""
    a, b, times = likely
    documents = documents_of(a, b)
    sizes = sets.sizes(paths, documents)
    over, under = options["floor"]
    one, other = (sizes[np.searchsorted(documents, side)] for side in (a, b))
    possible = np.minimum(one, other) * under >= np.maximum(one, other) * over
    a, b, times = a[possible], b[possible], times[possible]
    seen = {"histogram": times >= 0, "once": times == 1, "twice": times == 2}
    for part in _parts(a, b, documents, sizes, options["shingles"]):
        which = documents_of(a[part], b[part])
        mine = sets.load(paths, which)
        ends = np.searchsorted(which, a[part]), np.searchsorted(which, b[part])
        shared = kernel.shared(mine, *ends)
        one, other = (mine.sizes[side] for side in ends)
        joined = one + other - shared
        bins = np.minimum(shared * STEPS // joined, STEPS - 1)
        for name, of in seen.items():
            counts[name] += np.bincount(bins[of[part]], minlength=STEPS)
        good = shared * under >= joined * over
        columns = (a[part], b[part], shared, joined, np.minimum(one, other))
        yield dict(zip(PAIRS.names, (column[good] for column in columns), strict=True))


def _parts(
    a: Numbers, b: Numbers, documents: Numbers, sizes: Numbers, most: int
) -> Iterator[slice]:
    """Cut pairs into runs whose sets are few enough to be held together."""

    def halved(start: int, stop: int) -> Iterator[slice]:
        which = np.searchsorted(documents, documents_of(a[start:stop], b[start:stop]))
        if sizes[which].sum() <= most or stop - start < 2:
            yield slice(start, stop)
        else:
            middle = (start + stop) // 2
            yield from halved(start, middle)
            yield from halved(middle, stop)

    yield from halved(0, len(a))
