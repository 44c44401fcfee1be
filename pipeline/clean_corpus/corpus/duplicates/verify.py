"""Verify candidates exactly: count what the shingles of two documents have in common."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from clean_corpus import spill
from clean_corpus.corpus import arrow, sets
from clean_corpus.corpus.arrow import PAIRS, Documents, Numbers
from clean_corpus.corpus.duplicates.parameters import STEPS
from clean_corpus.corpus.pairs import documents_of
from clean_corpus.kernels import sets as kernel
from clean_corpus.kernels.sets import Sets


def verify(
    inputs: Mapping[str, Sequence[str]], outputs: Mapping[str, str], options: Mapping[str, Any]
) -> dict[str, Any]:
    """Write the PAIRS ("pairs") of one block of "likely" candidates, whose documents are "wanted".

    Other inputs: all "documents", and the "sets" of all shards, or their "texts" (see `sets.load`,
    the options of which there must be). Pairs below the floor are counted and dropped, those whose
    sizes do not allow it not even looked at. Options: floor (numerator, denominator), held
    (candidates) and shingles, at once. Counts verified pairs by Jaccard, and so those that only
    oversized buckets gave, one or two of them.
    """
    counts = {name: np.zeros(STEPS, np.int64) for name in ("histogram", "once", "twice")}
    pairs = (_verified(held, options["floor"], counts) for held in _held(inputs, options))
    arrow.write(outputs["pairs"], PAIRS, pairs)
    found = {name: count.tolist() for name, count in counts.items()}
    return {"verified": int(counts["histogram"].sum()), **found}


class _Held(NamedTuple):
    """Candidates (a, b, times), their documents (sorted; perhaps more), and the sets of these."""

    candidates: list[Numbers]
    documents: Numbers
    sets: Sets


def _held(inputs: Mapping[str, Sequence[str]], options: Mapping[str, Any]) -> Iterator[_Held]:
    """Give the candidates, so many as can be held, with the sets of all of them if these can be."""
    most = options["shingles"]
    wanted = arrow.column(inputs["wanted"], "document")
    sizes = Documents.of(inputs["documents"]).numbers("shingles", wanted)
    # Once for all parts: pages that are new have to be cleared.
    room = np.empty(min(sizes.sum(), max(most, 2 * sizes.max(initial=0))), np.uint64)
    everything = None
    if sizes.sum() <= most:
        everything = sets.load(inputs, wanted, room, options)
    for likely in _likely(inputs["likely"], options["held"]):
        if everything is not None:
            yield _Held(likely, wanted, everything)
            continue
        for here in _parts(likely, wanted, sizes, most):
            part = [column[here] for column in likely]
            which = documents_of(*part[:2])
            yield _Held(part, which, sets.load(inputs, which, room, options))


def _likely(paths: Sequence[str], most: int) -> Iterator[list[Numbers]]:
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


def _verified(held: _Held, floor: Sequence[int], counts: Mapping[str, Numbers]) -> dict[str, Any]:
    """Give the PAIRS of some candidates; adds to the counts."""
    over, under = floor
    ends = [np.searchsorted(held.documents, side) for side in held.candidates[:2]]
    one, other = (held.sets.sizes[side] for side in ends)
    small, large = np.minimum(one, other), np.maximum(one, other)
    possible = small * under >= large * over
    columns = (*held.candidates, *ends, small, large)
    a, b, times, one, other, small, large = (column[possible] for column in columns)
    shared = kernel.shared(held.sets, one, other)
    joined = small + large - shared
    bins = np.minimum(shared * STEPS // joined, STEPS - 1)
    for name, of in {"histogram": times >= 0, "once": times == 1, "twice": times == 2}.items():
        counts[name] += np.bincount(bins[of], minlength=STEPS)
    good = shared * under >= joined * over
    pairs = (column[good] for column in (a, b, shared, joined, small))
    return dict(zip(PAIRS.names, pairs, strict=True))


def _parts(
    candidates: list[Numbers], documents: Numbers, sizes: Numbers, most: int
) -> Iterator[slice]:
    """Cut candidates into runs whose sets are few enough to be held together."""
    a, b, _ = candidates

    def halved(start: int, stop: int) -> Iterator[slice]:
        which = np.searchsorted(documents, documents_of(a[start:stop], b[start:stop]))
        if sizes[which].sum() <= most or stop - start < 2:
            yield slice(start, stop)
        else:
            middle = (start + stop) // 2
            yield from halved(start, middle)
            yield from halved(middle, stop)

    yield from halved(0, len(a))
