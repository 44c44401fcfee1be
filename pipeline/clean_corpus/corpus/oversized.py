"""Pair the documents of a bucket that is too large to compare all of them with all.

Such buckets come from text that many share: a million pages of one template, or a million bulletins
that differ in a number. The signatures decide who is compared. Those rows of them that tell the
members apart best are sorted, so that likely copies come to stand side by side; each document is
compared with its neighbours, and with the best-ranked one of the groups that it stands in. A
million equal bulletins are paired with one, which can stand for all; a million pages find their
true copies and nothing else. The cost is that of sorting.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from clean_corpus.corpus import rank
from clean_corpus.corpus.arrow import Documents, Numbers
from clean_corpus.corpus.pairs import Pairs, distinct, paired
from clean_corpus.kernels.agreement import agreement

# Neighbours on each side that a document is compared with.
_WINDOW = 16

# Rows that the order is made of, each with 256 values: eight fill an integer.
_ROWS = 8

# Groups have this many rows of the order in common; the first is the whole bucket.
_DEPTHS = (0, 1, 2, 4)

# Members that show which rows tell most.
_SAMPLE = 2048

# Documents whose signatures are held at once.
_SLICE = 250_000


def split(
    members: Numbers, key: int, documents: Documents, options: Mapping[str, Any]
) -> tuple[Pairs, int]:
    """Give the pairs of one bucket that may be copies, and how many pairs were not looked at.

    `members` are sorted. Options: likely (pairs that agree in fewer rows are dropped), close (two
    that agree with a third in so many are copies of each other), keep, prefer. Nothing here depends
    on the order of the documents in the input.
    """
    order, packed = _order(members, key, documents)
    members = members[order]
    leaders = _leaders(members, packed, documents, options)
    found: list[Pairs] = []
    compared = 0
    for start in range(0, len(members), _SLICE):
        for a, b, agreeing in _compared(members, leaders, start, documents, options["close"]):
            compared += len(a)
            good = agreeing >= options["likely"]
            found.append(paired(members[a[good]], members[b[good]]))
    return distinct(found), max(0, len(members) * (len(members) - 1) // 2 - compared)


def _order(members: Numbers, key: int, documents: Documents) -> tuple[Numbers, Numbers]:
    """Sort a bucket by rows that tell its members apart; give the order, and those rows."""
    digests = documents.numbers("digest_high", members)
    size = min(_SAMPLE, len(members))
    sample = np.sort(np.argpartition(digests, size - 1)[:size])
    alike = [int((np.bincount(row) ** 2).sum()) for row in documents.signatures(members[sample]).T]
    telling = np.argsort(alike, kind="stable")[: max(_ROWS, len(alike) // 3)]
    # Every bucket begins with another row: copies that one tears apart meet in the next.
    rows = np.roll(telling, -(key % len(telling)))[:_ROWS]
    packed = np.zeros(len(members), np.uint64)
    for start in range(0, len(members), _SLICE):
        part = documents.signatures(members[start : start + _SLICE])
        for place, row in enumerate(rows, 1):
            shifted = part[:, row].astype(np.uint64) << np.uint64(64 - 8 * place)
            packed[start : start + _SLICE] |= shifted
    order = np.argsort(packed)
    equal = packed[order][1:] == packed[order][:-1]
    tied = np.flatnonzero(np.append(equal, False) | np.append(False, equal))
    among = order[tied]
    order[tied] = among[np.lexsort((digests[among], packed[among]))]
    return order, packed[order]


def _leaders(
    members: Numbers, packed: Numbers, documents: Documents, options: Mapping[str, Any]
) -> list[Numbers]:
    """Give for each depth the place of the best-ranked member of each member's group."""
    columns = rank.policy(documents, members, options) + rank.content(documents, members)
    found: list[Numbers] = []
    groups = 0
    for depth in _DEPTHS:
        upper = packed >> np.uint64(64 - 8 * depth) if depth else np.zeros_like(packed)
        group = np.cumsum(np.append(False, upper[1:] != upper[:-1]))
        if group[-1] + 1 > groups:
            groups = int(group[-1]) + 1
            found.append(_best(columns, group, groups)[group])
    return found


def _best(columns: list[Numbers], group: Numbers, groups: int) -> Numbers:
    """Give the place of the least row of each group (sorted), the most telling column first."""
    alive = np.arange(len(group))
    for column in columns:
        if len(alive) == groups:
            break
        mine = group[alive]
        begins = np.flatnonzero(np.append(True, mine[1:] != mine[:-1]))
        least = np.minimum.reduceat(column[alive], begins)
        alive = alive[column[alive] == least[mine]]
    return alive


def _compared(
    members: Numbers, leaders: list[Numbers], start: int, documents: Documents, close: int
) -> Iterator[tuple[Numbers, Numbers, Numbers]]:
    """Compare the documents of a slice with leaders and neighbours: places and agreement."""
    places = np.arange(start, min(len(members), start + _SLICE + _WINDOW))
    led = [column[places] for column in leaders]
    which = np.unique(np.concatenate([places, *(column[_turns(column)] for column in led)]))
    rows = documents.signatures(members[which])
    local = np.searchsorted(which, places)
    mine = min(_SLICE, len(places))  # the others belong to the next slice
    # Of documents that are close to one leader it is known that they are copies of each other.
    of = np.full(len(places), -1)
    before = np.full(len(places), -1)
    for column in led:
        other = np.flatnonzero((column != places) & (column != before))
        agreeing = agreement(rows, local[other], np.searchsorted(which, column[other]))
        near = other[(agreeing >= close) & (of[other] < 0)]
        of[near] = column[near]
        before = column
        here = other < mine
        yield places[other[here]], column[other[here]], agreeing[here]
    for step in range(1, min(_WINDOW + 1, len(places))):
        other = np.arange(min(mine, len(places) - step))
        other = other[(of[other] < 0) | (of[other] != of[other + step])]
        agreeing = agreement(rows, local[other], local[other + step])
        yield places[other], places[other + step], agreeing


def _turns(values: Numbers) -> Numbers:
    return np.append(True, values[1:] != values[:-1])
