"""Components of a graph of pairs, and which documents stay in each."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from clean_corpus.kernels import compiled

Numbers = npt.NDArray[np.int64]
Parents = npt.NDArray[np.uint32]


@compiled
def _join(a: Numbers, b: Numbers, parent: Parents) -> None:
    for pair in range(a.size):
        i, j = a[pair], b[pair]
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = parent[i]
        while parent[j] != j:
            parent[j] = parent[parent[j]]
            j = parent[j]
        parent[max(i, j)] = min(i, j)


@compiled
def _settle(parent: Parents) -> None:
    for i in range(parent.size):
        # A parent is less than its children, so it is settled before them.
        parent[i] = parent[parent[i]]


@compiled
def _keepers(
    offsets: Numbers, better: Numbers, shared: Numbers, joined: Numbers, keeper: Numbers
) -> None:
    for i in range(offsets.size - 1):
        best = -1
        for pair in range(offsets[i], offsets[i + 1]):
            if keeper[better[pair]] >= 0:
                continue  # it goes itself, and cannot vouch
            # Jaccard as integers: a/b > c/d where a*d > c*b. Ties go to the better-ranked.
            if best < 0 or shared[pair] * joined[best] > shared[best] * joined[pair]:
                best = pair
        keeper[i] = best


def components(pairs: Iterable[tuple[Numbers, Numbers]], size: int) -> Parents:
    """Give for each of `size` nodes (fewer than 2^32) the least node that pairs connect it with.

    Pairs come in batches (a, b), so that they need not be in memory together.
    """
    parent = np.arange(size, dtype=np.uint32)
    for a, b in pairs:
        _join(a.astype(np.int64, copy=False), b.astype(np.int64, copy=False), parent)
    _settle(parent)
    return parent


def keepers(offsets: Numbers, better: Numbers, shared: Numbers, joined: Numbers) -> Numbers:
    """Decide in the order of rank: a document goes if a pair leads to one that stays.

    The pairs of document i are those from offsets[i] to offsets[i + 1], sorted by `better`, which
    is the better-ranked of the two. Gives the pair with the most similar of those that stay, or -1.
    """
    keeper = np.full(offsets.size - 1, -1)
    _keepers(offsets, better, shared, joined, keeper)
    return keeper
