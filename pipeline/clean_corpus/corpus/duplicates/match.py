"""Find the pairs of documents that share a band, by sorting keys."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from clean_corpus.corpus import arrow, bands
from clean_corpus.corpus.arrow import CANDIDATES, Documents, Numbers
from clean_corpus.corpus.duplicates import oversized
from clean_corpus.corpus.duplicates.oversized import Split
from clean_corpus.corpus.pairs import (
    Counted,
    Pairs,
    counted,
    documents_of,
    gathered,
    halves,
    paired,
)
from clean_corpus.kernels.buckets import pairs_of


class Buckets(NamedTuple):
    """The documents of one partition that share a key with another, and each key once."""

    numbers: Numbers
    keys: Numbers
    starts: Numbers
    sizes: Numbers

    def members(self, bucket: int) -> Numbers:
        """Give the documents of one bucket, sorted."""
        return np.sort(self.numbers[self.starts[bucket] : self.starts[bucket] + self.sizes[bucket]])


def match(
    inputs: Mapping[str, Sequence[str]], outputs: Mapping[str, str], options: Mapping[str, Any]
) -> dict[str, Any]:
    """Write the CANDIDATES ("candidates") of one partition of "bands".

    Other inputs: "documents" and "copies", of which only the keepers take part. Options: part,
    parts, blocks, rows (documents of each file), total, max_bucket, held (pairs, at once), and
    those of `oversized.split`.
    """
    here = np.ones(options["total"], bool)
    for copies in arrow.parts(inputs["copies"], "document"):
        here[copies] = False
    documents = Documents.of(inputs["documents"], rows=options["rows"])
    buckets = _buckets(inputs["bands"], documents.starts, here, options)
    del here
    counts = {"oversized_buckets": 0, "pairs_lost": 0}

    def found() -> Iterator[dict[str, Numbers]]:
        for pairs in gathered(_small(buckets, options), options["held"]):
            yield from _by_block(Counted(pairs, np.zeros(len(pairs), np.uint8)), options)
        held: list[Counted] = []
        for crowd in _crowds(buckets, options):
            counts["oversized_buckets"] += len(crowd)
            for some in _split(crowd, documents, options):
                counts["pairs_lost"] += some.lost
                held.append(some.found)
                if sum(len(part.pairs) for part in held) > options["held"]:
                    yield from _by_block(counted(held), options)
                    held = []
        yield from _by_block(counted(held), options)

    arrow.write(outputs["candidates"], CANDIDATES, found())
    return counts


def _crowds(buckets: Buckets, options: Mapping[str, Any]) -> Iterator[list[tuple[int, Numbers]]]:
    """Give keys and members of the oversized buckets, so many as can be held together."""
    held: list[tuple[int, Numbers]] = []
    size = 0
    for bucket in np.flatnonzero(buckets.sizes > options["max_bucket"]).tolist():
        members = buckets.members(bucket)
        if held and size + len(members) > options["compared"]:
            yield held
            held, size = [], 0
        held.append((int(buckets.keys[bucket]), members))
        size += len(members)
    if held:
        yield held


def _split(
    crowd: list[tuple[int, Numbers]], documents: Documents, options: Mapping[str, Any]
) -> Iterator[Split]:
    """Pair the documents of oversized buckets, from memory unless one alone is too large for it."""
    members = documents_of(*(members for _, members in crowd))
    if len(members) > options["compared"]:
        yield from oversized.split(crowd, documents, options)
        return
    local = [(key, np.searchsorted(members, mine)) for key, mine in crowd]
    for found, lost in oversized.split(local, documents.holding(members), options):
        a, b = halves(found.pairs)
        yield Split(found._replace(pairs=paired(members[a], members[b])), lost)


def _by_block(found: Counted, options: Mapping[str, Any]) -> Iterator[dict[str, Numbers]]:
    """Give a batch for each block of documents."""
    low, high = halves(found.pairs)
    size = -(-options["total"] // options["blocks"])
    cuts = np.searchsorted(low, np.arange(1, options["blocks"]) * size)
    columns = (np.split(column, cuts) for column in (low, high, found.times))
    for a, b, times in zip(*columns, strict=True):
        yield {"a": a, "b": b, "times": times}


def _buckets(
    paths: Sequence[str], starts: Numbers, here: Numbers, options: Mapping[str, Any]
) -> Buckets:
    """Bring equal keys of one partition together, those of the documents that are `here`."""
    keys, numbers = bands.repeated(paths, starts, options["part"], options["parts"], here)
    starts = np.flatnonzero(np.append(True, keys[1:] != keys[:-1])[: len(keys)])
    return Buckets(numbers, keys[starts], starts, np.diff(np.append(starts, len(keys))))


def _small(buckets: Buckets, options: Mapping[str, Any]) -> Iterator[Pairs]:
    """Give all pairs of the buckets that are not oversized."""
    few = np.flatnonzero((buckets.sizes > 1) & (buckets.sizes <= options["max_bucket"]))
    starts, sizes = buckets.starts[few], buckets.sizes[few]
    ends = np.cumsum(sizes * (sizes - 1) // 2)
    step = options["held"] // 4
    parts = range(step, int(ends[-1]) if len(ends) else 0, step)
    for part in np.split(np.arange(len(few)), np.searchsorted(ends, parts)):
        yield pairs_of(buckets.numbers, starts[part], sizes[part])
