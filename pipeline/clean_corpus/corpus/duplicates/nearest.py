"""The two most similar documents that a small corpus keeps, found by comparing all."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from clean_corpus.corpus.arrow import Documents, Numbers
from clean_corpus.corpus.sets import Part

#: The most documents for which all pairs are looked at, and the most bytes of text that they may
#: have: a byte takes 12 of memory, and 30 where every character is a word.
LARGEST = 2_000
LONGEST = 20 << 20


def nearest(sets: Iterable[Part], documents: Documents, gone: Numbers) -> dict[str, Any] | None:
    """Find the pair with the highest Jaccard among all documents that are not gone.

    It says how far what was kept is from the threshold. Gives `a`, `b` (keys), `shared`, `joined`;
    None where no two share a shingle, or no `sets` of all are given. Ties go to the lesser keys.
    """
    found = list(sets)
    if not found:
        return None
    present = np.concatenate([values for (values,) in documents.all("present")])
    present[gone] = False
    _, hashes, sizes = (np.concatenate(column) for column in zip(*found, strict=True))
    owner = np.repeat(np.arange(len(sizes)), sizes)
    here = present[owner]
    hashes, owner = hashes[here], owner[here]
    order = np.argsort(hashes, kind="stable")
    hashes, owner = hashes[order], owner[order]
    begins = np.flatnonzero(np.append(True, hashes[1:] != hashes[:-1])) if len(hashes) else order
    lengths = np.diff(np.append(begins, len(hashes)))
    keys = documents.take("key", np.arange(len(documents))).to_pylist()
    best: tuple[int, ...] | None = None
    # For each document, count how often the others stand beside it under one of its shingles.
    runs = np.repeat(np.arange(len(begins)), lengths)
    by_owner = np.argsort(owner, kind="stable")
    ends = np.searchsorted(owner[by_owner], np.arange(len(sizes) + 1))
    for one in np.flatnonzero(np.diff(ends)).tolist():
        mine = runs[by_owner[ends[one] : ends[one + 1]]]
        mine = mine[lengths[mine] > 1]
        steps = lengths[mine]
        into = np.repeat(begins[mine] - np.append(0, np.cumsum(steps)[:-1]), steps)
        counts = np.bincount(owner[into + np.arange(len(into))], minlength=len(sizes))
        counts[: one + 1] = 0
        joined = sizes[one] + sizes - counts
        for other in _most(counts, joined):
            pair = (
                int(counts[other]),
                int(joined[other]),
                *sorted((one, other), key=keys.__getitem__),
            )
            if best is None or _better(pair, best, keys):
                best = pair
    if best is None:
        return None
    shared, joined_, a, b = best
    return {"a": keys[a], "b": keys[b], "shared": shared, "joined": joined_}


def _most(counts: Any, joined: Any) -> list[int]:
    """Give the candidates for the highest ratio: floats narrow them down, integers decide."""
    ratio = counts / np.maximum(joined, 1)
    return np.flatnonzero((ratio > 0) & (ratio >= ratio.max() * (1 - 1e-9))).tolist()


def _better(pair: tuple[int, ...], best: tuple[int, ...], keys: list[str]) -> bool:
    left, right = pair[0] * best[1], best[0] * pair[1]
    if left != right:
        return left > right
    return [keys[i] for i in pair[2:]] < [keys[i] for i in best[2:]]
