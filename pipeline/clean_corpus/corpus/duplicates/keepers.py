"""Which documents of the verified pairs go, and for which: arrays in, arrays out.

Two texts are copies from the threshold on. Copies, and copies of copies, form a component; inside
one, each document that goes must reach the witness bound with one that stays, so that no chain
can carry off a text unlike the one kept. The documents that could vouch for most others are kept
first, which leaves few behind; among equals, and so in every component of texts that are all alike,
the policy decides. Explicitly preferred sources come before either.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from clean_corpus.corpus.arrow import Numbers
from clean_corpus.kernels import clusters as kernel


class Ranked(NamedTuple):
    """Verified pairs of documents, which are named by their rank in the policy (0 is best).

    `better` < `worse`; Jaccard is shared / joined, containment shared / smaller. `preference` has
    an entry for each document: those with a lower one are kept before all others.
    """

    preference: Numbers
    better: Numbers
    worse: Numbers
    shared: Numbers
    joined: Numbers
    smaller: Numbers

    def reaching(self, bound: Sequence[int]) -> Numbers:
        """Say of each pair whether its Jaccard is at least numerator / denominator."""
        return self.shared * bound[1] >= self.joined * bound[0]


class Gone(NamedTuple):
    """Who goes, for whom, and the pair that proves it (-1 without one); in order of `rank`."""

    rank: Numbers
    keeper: Numbers
    proof: Numbers


def witnessed(pairs: Ranked, threshold: Sequence[int], witness: Sequence[int]) -> Gone:
    """Decide so that every document that goes has a pair with one that stays."""
    size = len(pairs.preference)
    copies = pairs.reaching(threshold)
    same = kernel.components([(pairs.better[copies], pairs.worse[copies])], size)
    proofs = np.flatnonzero((same[pairs.better] == same[pairs.worse]) & pairs.reaching(witness))
    ends = pairs.better[proofs], pairs.worse[proofs]
    mates = np.bincount(np.concatenate(ends), minlength=size)
    order = np.lexsort((np.arange(size), -mates, pairs.preference))
    turn = np.empty(size, np.int64)
    turn[order] = np.arange(size)
    turns = turn[ends[0]], turn[ends[1]]
    first, second = np.minimum(*turns), np.maximum(*turns)
    by_second = np.lexsort((first, second))
    proofs, first, second = proofs[by_second], first[by_second], second[by_second]
    offsets = np.searchsorted(second, np.arange(size + 1))
    found = kernel.keepers(offsets, first, pairs.shared[proofs], pairs.joined[proofs])
    goes = np.flatnonzero(found >= 0)
    return _sorted(Gone(order[goes], order[first[found[goes]]], proofs[found[goes]]))


def connected(pairs: Ranked, threshold: Sequence[int]) -> Gone:
    """Decide so that the best of each component stands for all of it, proven or not."""
    copies = pairs.reaching(threshold)
    size = len(pairs.preference)
    best = kernel.components([(pairs.better[copies], pairs.worse[copies])], size).astype(np.int64)
    goes = np.flatnonzero(best != np.arange(size))
    known = pairs.better << 32 | pairs.worse
    order = np.argsort(known)
    wanted = best[goes] << 32 | goes
    place = np.minimum(np.searchsorted(known, wanted, sorter=order), max(0, len(known) - 1))
    proof = order[place] if len(known) else place
    return Gone(goes, best[goes], np.where(known[proof] == wanted, proof, -1))


def _sorted(gone: Gone) -> Gone:
    order = np.argsort(gone.rank)
    return Gone(*(column[order] for column in gone))
