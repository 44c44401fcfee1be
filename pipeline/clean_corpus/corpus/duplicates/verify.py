"""Verify candidates exactly: count what the shingles of two documents have in common."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from clean_corpus import spill
from clean_corpus.corpus import arrow, sets
from clean_corpus.corpus.arrow import PAIRS, Documents, Numbers
from clean_corpus.corpus.duplicates.parameters import STEPS
from clean_corpus.corpus.pairs import documents_of, places
from clean_corpus.corpus.sets import Part
from clean_corpus.kernels import sets as kernel
from clean_corpus.kernels.sets import Sets


def verify(
    inputs: Mapping[str, Sequence[str]], outputs: Mapping[str, str], options: Mapping[str, Any]
) -> dict[str, Any]:
    """Write the PAIRS ("pairs") of "likely" candidates.

    Other inputs: all "documents", and the "sets" of all shards, or their "texts" (see `sets.each`,
    the options of which there must be). Pairs below the floor are counted and dropped. Options:
    floor (numerator, denominator), held (candidates) and shingles, at once. Counts verified pairs
    by Jaccard, and so those that only oversized buckets gave, one or two of them.
    """
    counts = {name: np.zeros(STEPS, np.int64) for name in ("histogram", "once", "twice")}
    pairs = (_verified(some, options["floor"], counts) for some in _found(inputs, options))
    arrow.write(outputs["pairs"], PAIRS, pairs)
    found = {name: count.tolist() for name, count in counts.items()}
    return {"verified": int(counts["histogram"].sum()), **found}


class _Found(NamedTuple):
    """Candidates (a, b, times), the sizes of their sets, and how much these share."""

    candidates: list[Numbers]
    sizes: tuple[Numbers, Numbers]
    shared: Numbers


def _found(inputs: Mapping[str, Sequence[str]], options: Mapping[str, Any]) -> Iterator[_Found]:
    """Count what candidates share: of so many at once as can be held, and their sets with them."""
    documents = Documents.of(inputs["documents"], rows=options["rows"])
    for likely in _likely(inputs["likely"], options["held"]):
        which = documents_of(*likely[:2])
        a, b = places(which, *likely[:2])
        sizes = documents.numbers("shingles", which)
        for here, peak in _parts(a, b, sizes, options["shingles"]):
            mine = documents_of(a[here], b[here])
            turn = np.zeros(len(which), np.int64)
            turn[mine] = np.arange(len(mine))
            one, other = turn[a[here]], turn[b[here]]
            # More than is held, but not much: what is new to the process has to be cleared.
            room = peak + min(peak, options["shingles"] // 4)
            each = sets.each(inputs, which[mine], options)
            found, shared = _counted(one, other, each, np.empty(room, np.uint64))
            yield _Found([column[here] for column in likely], (found[one], found[other]), shared)


def _counted(
    a: Numbers, b: Numbers, parts: Iterable[Part], room: Numbers
) -> tuple[Numbers, Numbers]:
    """Give the sizes of the sets of documents 0, 1 ..., and what the sets of a[i] < b[i] share.

    Sets come in order. Each is held in `room` until the last one has come that it is compared with.
    """
    last = _last(a, b)
    turns = np.argsort(b, kind="stable")
    cuts = np.searchsorted(b[turns], np.arange(len(last) + 1))
    sizes, offsets = np.zeros((2, len(last) + 1), np.int64)
    shared = np.zeros(len(a), np.int64)
    first = 0
    for part in parts:
        stop = first + len(part.sizes)
        if offsets[first] + len(part.hashes) > len(room):
            kernel.let_go(Sets(room, offsets[: first + 1]), last[:first] < first)
        start = offsets[first]
        if start + len(part.hashes) > len(room):  # one batch of texts may be large
            room = np.concatenate([room[:start], part.hashes])
        room[start : start + len(part.hashes)] = part.hashes
        sizes[first:stop] = part.sizes
        offsets[first + 1 : stop + 1] = start + np.cumsum(part.sizes)
        mine = turns[cuts[first] : cuts[stop]]
        shared[mine] = kernel.shared(Sets(room, offsets), a[mine], b[mine])
        first = stop
    return sizes, shared


def _last(a: Numbers, b: Numbers) -> Numbers:
    """Give the last document that each one is compared with behind it, or 0."""
    last = np.zeros(b.max(initial=-1) + 1, np.int64)
    np.maximum.at(last, a, b)
    return last


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


def _verified(found: _Found, floor: Sequence[int], counts: Mapping[str, Numbers]) -> dict[str, Any]:
    """Give the PAIRS of some candidates; adds to the counts."""
    over, under = floor
    small, large = np.minimum(*found.sizes), np.maximum(*found.sizes)
    possible = small * under >= large * over
    columns = (*found.candidates, small, large, found.shared)
    a, b, times, small, large, shared = (column[possible] for column in columns)
    joined = small + large - shared
    bins = np.minimum(shared * STEPS // joined, STEPS - 1)
    for name, of in {"histogram": times >= 0, "once": times == 1, "twice": times == 2}.items():
        counts[name] += np.bincount(bins[of], minlength=STEPS)
    good = shared * under >= joined * over
    pairs = (column[good] for column in (a, b, shared, joined, small))
    return dict(zip(PAIRS.names, pairs, strict=True))


def _parts(a: Numbers, b: Numbers, sizes: Numbers, most: int) -> Iterator[tuple[slice, int]]:
    """Cut candidates into runs whose sets are never too many to be held, and say how many."""

    def halved(start: int, stop: int) -> Iterator[tuple[slice, int]]:
        peak = _peak(a[start:stop], b[start:stop], sizes)
        if peak <= most or stop - start < 2:
            yield slice(start, stop), peak
        else:
            middle = (start + stop) // 2
            yield from halved(start, middle)
            yield from halved(middle, stop)

    yield from halved(0, len(a))


def _peak(a: Numbers, b: Numbers, sizes: Numbers) -> int:
    """Give the most shingles that are held at once."""
    last = _last(a, b)
    sizes = np.where(last > 0, sizes[: len(last)], 0)
    gone = np.zeros_like(sizes)
    np.add.at(gone, last, sizes)
    return int(np.cumsum(sizes - gone).max(initial=0))
