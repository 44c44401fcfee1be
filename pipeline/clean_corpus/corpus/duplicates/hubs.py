"""Which pairs of a very large group are kept: those with the documents that stay.

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

# Rounds to settle who stays: three for 400 drifting versions. Who is left open keeps pairs by turn.
_ROUNDS = 32

#: Gives pairs from the witness bound on, in batches: a, b, and whether they reach the threshold.
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

    They are those with documents that stay if all pairs are looked at, and then with those of the
    first turns. Options: keep, prefer. Holds eight bytes and four flags a document, fifty bytes in
    large groups, and twice the pairs chosen.
    """
    first = _in_turn(read, large, documents, options)
    turn = np.zeros(len(documents), np.uint32)
    turn[first] = np.arange(len(first))
    stays = _staying(read, large, turn)[first]
    turn[np.concatenate([first[stays], first[~stays]])] = np.arange(len(first))
    kept, close = _Chosen(KEPT), _Chosen(KEPT_CLOSE)
    for columns in read():
        a, b, copies = (column[large[columns[0]]] for column in columns)
        both = np.concatenate([ordered(a, turn[b]), ordered(b, turn[a])])
        kept.add(both)
        close.add(both[np.append(copies, copies)])
    return Hubs(large, turn, distinct([kept.all(), close.all()]))


def _in_turn(
    read: Read, large: Numbers, documents: Documents, options: Mapping[str, Any]
) -> Numbers:
    """Sort the documents of large groups as `keepers` does, but for ties: these go by content."""
    mates = np.zeros(len(documents), np.uint32)
    for a, b, _ in read():
        there, times = np.unique(np.concatenate([a[large[a]], b[large[b]]]), return_counts=True)
        mates[there] += times.astype(np.uint32)
    members = np.flatnonzero(large)
    content = (documents.numbers(name, members) for name in ("digest_low", "digest_high"))
    ahead = rank.ahead(documents, members, options)
    in_turn: Numbers = members[np.lexsort((*content, -mates[members].astype(np.int64), ahead))]
    return in_turn


def _staying(read: Read, large: Numbers, turn: Numbers) -> Numbers:
    """Flag who stays if each document of a large group, at its turn, leaves for one that stays."""
    stays = np.zeros(len(large), bool)
    left = large.copy()
    for _ in range(_ROUNDS):
        first = left.copy()
        for a, b, _ in read():
            both = left[a] & left[b]
            one, other = a[both], b[both]
            first[np.where(turn[one] < turn[other], other, one)] = False
        stays |= first
        left &= ~first
        for a, b, _ in read():
            left[b[first[a]]] = False
            left[a[first[b]]] = False
        if not left.any():
            break
    return stays


class _Chosen:
    """The first few keys of each document.

    Others are gathered until they are as many as these: to sort all of them for each batch would
    cost the square.
    """

    def __init__(self, count: int) -> None:
        self.count = count
        self.keys: Pairs = np.zeros(0, np.uint64)
        self.held: list[Pairs] = []

    def add(self, keys: Pairs) -> None:
        """Take some more keys."""
        self.held.append(keys)
        if sum(map(len, self.held)) > len(self.keys):
            self.keys = self.all()
            self.held = []

    def all(self) -> Pairs:
        """Give the first keys of all that were added, sorted."""
        return _first(distinct([self.keys, *self.held]), self.count)


def _first(keys: Pairs, count: int) -> Pairs:
    """Give the first keys of each document; all are sorted."""
    owner = keys >> np.uint64(32)
    good = np.ones(len(keys), bool)
    good[count:] = owner[count:] != owner[:-count]
    first: Pairs = keys[good]
    return first
