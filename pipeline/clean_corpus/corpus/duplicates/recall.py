"""Measure recall by brute force: every pair that a sample of the documents has, found or not."""

from __future__ import annotations

import hashlib
from collections.abc import Container, Iterable, Iterator, Sequence
from fractions import Fraction
from itertools import islice
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from clean_corpus.corpus import shingles
from clean_corpus.corpus.arrow import Numbers
from clean_corpus.corpus.duplicates import evidence
from clean_corpus.corpus.duplicates.parameters import STEPS
from clean_corpus.kernels import sets as kernel

# Documents whose shingles are looked up together.
_BATCH = 500

#: An id and a text.
Document = tuple[str, str]


class Sample(NamedTuple):
    """Some documents: their ids, sizes, and each of their shingles, sorted, with its document."""

    ids: list[str]
    sizes: Numbers
    hashes: Numbers
    owners: Numbers


class Pair(NamedTuple):
    """A document of the sample and any other, and how many shingles they share and have."""

    sampled: str
    other: str
    shared: int
    joined: int


def chosen(documents: Iterable[Document], size: int) -> list[str]:
    """Choose ids by a hash of their texts: always the same ones, in whatever order they come."""
    ids: list[str] = []
    hashes: list[int] = []
    for id_, text in documents:
        ids.append(id_)
        digest = hashlib.blake2b(text.encode(), digest_size=8).digest()
        hashes.append(int.from_bytes(digest, "big"))
    order = np.argsort(np.array(hashes, np.uint64), kind="stable")
    return [ids[place] for place in order[:size].tolist()]


def sample(documents: Iterable[Document], ids: Container[str], shingle: int) -> Sample:
    """Take the shingles of the documents with these ids."""
    named: list[str] = []
    parts: list[Numbers] = [np.zeros(0, np.uint64)]
    sizes: list[Numbers] = [np.zeros(0, np.int64)]
    for batch in _batches(document for document in documents if document[0] in ids):
        hashes, offsets = _sets(batch, shingle)
        named += [id_ for id_, _ in batch]
        parts.append(hashes)
        sizes.append(np.diff(offsets))
    counts, hashes = np.concatenate(sizes), np.concatenate(parts)
    order = np.argsort(hashes)
    return Sample(named, counts, hashes[order], np.repeat(np.arange(len(named)), counts)[order])


def pairs(
    documents: Iterable[Document], of: Sample, least: Fraction, shingle: int
) -> Iterator[Pair]:
    """Give each pair that a document of the sample has with any, if its Jaccard is `least`."""
    places = {id_: place for place, id_ in enumerate(of.ids)}
    for batch in _batches(documents):
        hashes, offsets = _sets(batch, shingle)
        sizes = np.diff(offsets)
        low, high = (np.searchsorted(of.hashes, hashes, side) for side in ("left", "right"))
        count = high - low
        rows = np.repeat(np.repeat(np.arange(len(batch)), sizes), count)
        within = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
        owners = of.owners[np.repeat(low, count) + within]
        shape = len(batch), len(of.ids)
        flat = np.bincount(rows * shape[1] + owners, minlength=shape[0] * shape[1])
        shared = flat.reshape(shape)
        joined = sizes[:, None] + of.sizes - shared
        near = shared * least.denominator >= joined * least.numerator
        for row, owner in np.argwhere(near & (shared > 0)).tolist():
            # Two of the sample meet twice, and each meets itself.
            if places.get(batch[row][0], len(places)) > owner:
                yield Pair(
                    of.ids[owner], batch[row][0], int(shared[row, owner]), int(joined[row, owner])
                )


def found(path: str, ids: Container[str]) -> set[frozenset[str]]:
    """Give the verified pairs of a run's evidence in which one of these ids stands."""
    known: set[frozenset[str]] = set()
    for group in evidence.read(path):
        names = group.keys.to_pylist()
        mine = np.array([name in ids for name in names], bool)
        better, worse = group.pairs.better, group.pairs.worse
        for pair in np.flatnonzero(mine[better] | mine[worse]).tolist():
            known.add(frozenset((names[better[pair]], names[worse[pair]])))
    return known


def by_step(those: Iterable[Pair]) -> list[int]:
    """Count pairs by Jaccard, in `STEPS` steps."""
    counts = [0] * STEPS
    for pair in those:
        counts[min(pair.shared * STEPS // pair.joined, STEPS - 1)] += 1
    return counts


def _sets(batch: Sequence[Document], shingle: int) -> tuple[Numbers, Numbers]:
    texts = pa.array([text for _, text in batch], pa.large_string())
    return kernel.sets(*shingles.hashes(texts, shingle))


def _batches(documents: Iterable[Document]) -> Iterator[list[Document]]:
    rest = iter(documents)
    while batch := list(islice(rest, _BATCH)):
        yield batch
