"""Which pairs of a very large group stay: those with the documents that resemble most others.

Each removal needs one witness, and a hundred thousand copies of one text may have a billion pairs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

from clean_corpus.corpus import rank
from clean_corpus.corpus.arrow import Documents, Numbers
from clean_corpus.corpus.pairs import Pairs, among, distinct, ordered

#: Pairs that each document of a large group keeps, if it has them, and those from the threshold on.
KEPT, KEPT_CLOSE = 4, 1

#: Gives pairs in batches: a, b, and whether they reach the threshold.
Read = Callable[[], Iterator[tuple[Numbers, Numbers, Numbers]]]


class Hubs(NamedTuple):
    """Documents of large groups (flags), the turn of each, and what it keeps: (document, turn)."""

    large: Numbers
    turn: Numbers
    kept: Pairs

    def keep(self, a: Numbers, b: Numbers) -> Numbers:
        """Tell which pairs stay, those outside of large groups among them."""
        good: Numbers = ~self.large[a]
        mine = np.flatnonzero(~good)
        for one, other in ((a[mine], b[mine]), (b[mine], a[mine])):
            good[mine] |= among(ordered(one, self.turn[other]), self.kept)
        return good


def hubs(read: Read, large: Numbers, documents: Documents, options: Mapping[str, Any]) -> Hubs:
    """Choose pairs of large groups (flags for each document): a few for each of their documents.

    They are those with documents of preferred sources (options: keep, prefer), which stay whatever
    else does; then with those of most pairs; then by content. Holds four bytes a
    document, and the pairs chosen.
    """
    mates = np.zeros(len(documents), np.uint32)
    for a, b, _ in read():
        there, times = np.unique(np.concatenate([a[large[a]], b[large[b]]]), return_counts=True)
        mates[there] += times.astype(np.uint32)
    members = np.flatnonzero(large)
    content = (documents.numbers(name, members) for name in ("digest_low", "digest_high"))
    ahead = rank.ahead(documents, members, options)
    order = np.lexsort((*content, -mates[members].astype(np.int64), ahead))
    turn = np.zeros(len(documents), np.uint32)
    turn[members[order]] = np.arange(len(members))
    kept: Pairs = np.zeros(0, np.uint64)
    close = kept
    for columns in read():
        a, b, copies = (column[large[columns[0]]] for column in columns)
        both = np.concatenate([ordered(a, turn[b]), ordered(b, turn[a])])
        kept = _first(distinct([kept, both]), KEPT)
        close = _first(distinct([close, both[np.append(copies, copies)]]), KEPT_CLOSE)
    return Hubs(large, turn, distinct([kept, close]))


def _first(keys: Pairs, count: int) -> Pairs:
    """Give the first keys of each document; all are sorted."""
    owner = keys >> np.uint64(32)
    good = np.ones(len(keys), bool)
    good[count:] = owner[count:] != owner[:-count]
    first: Pairs = keys[good]
    return first
