"""Find the pairs of documents that share a band, by sorting keys."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from clean_corpus.corpus import arrow, rank
from clean_corpus.corpus.arrow import CANDIDATES, WANTED, Documents, Numbers

#: A pair of document numbers in one integer: the lesser in the upper half.
Pairs = npt.NDArray[np.uint64]

_HALF = np.uint64(32)

# Pairs that are held at once before repeated ones are dropped.
_MANY = 4_000_000

# What is left of an oversized bucket is split until its parts are this many times smaller than the
# largest bucket allowed: a hot bucket comes back in every band, and must not cost its square.
_FINER = 16


class Found(NamedTuple):
    """Pairs of one partition, sorted, each once, and what the oversized buckets came to."""

    pairs: Pairs
    oversized: int
    lost: int


def match(
    inputs: Mapping[str, Sequence[str]], outputs: Mapping[str, str], options: Mapping[str, Any]
) -> dict[str, Any]:
    """Write the CANDIDATES ("candidates") of one partition of "bands", and WANTED ("wanted").

    Other inputs: "documents" and "copies", of which only the keepers take part. Options: part,
    blocks, max_bucket, keep, prefer.
    """
    documents = Documents.of(inputs["documents"])
    here = np.ones(len(documents), bool)
    here[arrow.column(inputs["copies"], "document")] = False
    keys = arrow.column(inputs["bands"], "key", options["part"])
    numbers = arrow.column(inputs["bands"], "document", options["part"])
    taking = here[numbers]
    found = _found(keys[taking], numbers[taking], documents, options)
    size = -(-len(documents) // options["blocks"])
    low, high = halves(found.pairs)
    cuts = np.searchsorted(low, np.arange(1, options["blocks"]) * size)
    parts = zip(np.split(low, cuts), np.split(high, cuts), strict=True)
    arrow.write(outputs["candidates"], CANDIDATES, ({"a": a, "b": b} for a, b in parts))
    wanted = np.zeros(len(documents), bool)
    wanted[low] = wanted[high] = True
    arrow.write(outputs["wanted"], WANTED, [{"bits": np.packbits(wanted)}])
    return {
        "candidates": len(found.pairs),
        "oversized_buckets": found.oversized,
        "pairs_lost": found.lost,
    }


def _found(
    keys: Numbers, numbers: Numbers, documents: Documents, options: Mapping[str, Any]
) -> Found:
    """Pair the documents of each bucket: all with all, up to the size that is allowed."""
    rows = _repeated(keys)
    keys, numbers = keys[rows], numbers[rows]
    starts = np.flatnonzero(np.append(True, keys[1:] != keys[:-1])[: len(keys)])
    sizes = np.diff(np.append(starts, len(keys)))
    kept: list[Pairs] = []
    held = oversized = lost = 0
    for part in _small(numbers, starts, sizes, options["max_bucket"]):
        kept.append(part)
        held += len(part)
        if held > _MANY:
            kept = [distinct(kept)]
            held = len(kept[0])
    for bucket in np.flatnonzero(sizes > options["max_bucket"]):
        members = np.sort(numbers[starts[bucket] : starts[bucket] + sizes[bucket]])
        part = split(members, int(keys[starts[bucket]]), documents, options)
        kept.append(part)
        oversized += 1
        lost += len(members) * (len(members) - 1) // 2 - len(part)
    return Found(distinct(kept), oversized, lost)


def _repeated(keys: Numbers) -> Numbers:
    """Give the rows whose key another row may have too, sorted by key.

    Sorting one array of integers is far faster than finding the order of another, so that the row
    takes the place of the lower bits of its key; the few that are left are sorted by all bits.
    """
    bits = np.uint64(len(keys).bit_length())
    packed = keys >> bits << bits | np.arange(len(keys), dtype=np.uint64)
    packed.sort()
    upper = packed >> bits
    same = np.append(False, upper[1:] == upper[:-1])[: len(keys)]
    rows = packed[same | np.append(same[1:], False)[: len(keys)]] & (
        (np.uint64(1) << bits) - np.uint64(1)
    )
    found: Numbers = rows[np.argsort(keys[rows])]
    return found


def _small(numbers: Numbers, starts: Numbers, sizes: Numbers, largest: int) -> Iterator[Pairs]:
    """Give all pairs of each bucket of 2 to `largest` documents, buckets of one size together."""
    there = np.bincount(sizes[(sizes > 1) & (sizes <= largest)])
    for size in np.flatnonzero(there).tolist():
        first, second = np.triu_indices(size, 1)
        of_size = starts[sizes == size]
        step = max(1, _MANY // len(first))
        for i in range(0, len(of_size), step):
            members = numbers[of_size[i : i + step, None] + np.arange(size)]
            yield paired(members[:, first].ravel(), members[:, second].ravel())


def split(members: Numbers, key: int, documents: Documents, options: Mapping[str, Any]) -> Pairs:
    """Pair the documents of an oversized bucket: near ones with each other, all with the best.

    Documents are sorted by the rows of their signatures (their low bytes), from a row on that the
    key decides, and groups of equal rows grow until they would be too large. Each group is paired
    whole; groups that no row tells apart, and the bucket, are paired with their best-ranked only.
    """
    columns = rank.policy(documents, members, options) + rank.content(documents, members)
    members = members[rank.order(columns)]
    rows = documents.signatures(members)
    rows = np.ascontiguousarray(np.roll(rows, -(key % rows.shape[1]), axis=1))
    order = np.argsort(rows.view(f"S{rows.shape[1]}").ravel(), kind="stable")
    equal = rows[order][1:] == rows[order][:-1]
    # Rows in common with the document before, up to the first in which they differ.
    common = np.where(equal.all(axis=1), rows.shape[1], np.argmin(equal, axis=1))
    left, common = members[order], np.append(-1, common)
    cap = max(2, options["max_bucket"] // _FINER)
    found = [paired(np.repeat(members[:1], len(members) - 1), members[1:])]
    for depth in range(1, rows.shape[1] + 1):
        begins = np.flatnonzero(common < depth)
        sizes = np.diff(np.append(begins, len(left)))
        small = sizes <= cap
        found += _small(left, begins[small], sizes[small], cap)
        stay = np.repeat(~small, sizes)
        left, common = left[stay], common[stay]
    begins = np.flatnonzero(common < rows.shape[1])
    best = np.repeat(left[begins], np.diff(np.append(begins, len(left))))
    found.append(paired(best[best != left], left[best != left]))
    return distinct(found)


def paired(a: Numbers, b: Numbers) -> Pairs:
    """Pack pairs of document numbers."""
    low, high = np.minimum(a, b).astype(np.uint64), np.maximum(a, b).astype(np.uint64)
    return low << _HALF | high


def halves(pairs: Pairs) -> tuple[Numbers, Numbers]:
    """Unpack pairs: the lesser numbers, and the others."""
    return (pairs >> _HALF).astype(np.uint32), (pairs & np.uint64(0xFFFFFFFF)).astype(np.uint32)


def distinct(parts: Sequence[Pairs]) -> Pairs:
    """Join, sort, drop repetitions: numpy's `unique` goes by a hash table, at a tenth the speed."""
    values: Pairs = np.concatenate([np.zeros(0, np.uint64), *parts])
    values.sort()
    once: Pairs = values[np.append(True, values[1:] != values[:-1])[: len(values)]]
    return once
