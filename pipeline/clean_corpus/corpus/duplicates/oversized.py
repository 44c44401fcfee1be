"""Pair the documents of buckets that are too large to verify all of them with all.

Such buckets come from text that many share: a million pages of one template, or a million bulletins
that differ in a number. The signatures decide who is compared. Those rows of them that tell the
members apart are sorted, so that likely copies come to stand side by side; each document is
compared with its neighbours, with the best-ranked one of the groups that it stands in, and with the
plainest of the bucket. What many members have in common says nothing: neighbours must agree beyond
it (`alike.py`). A million equal bulletins are paired with one, which can stand for all; a million
pages find their true copies and nothing else. The cost is that of sorting.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate
from typing import Any, NamedTuple

import numpy as np

from clean_corpus.corpus import rank
from clean_corpus.corpus.arrow import Documents, Numbers
from clean_corpus.corpus.duplicates.alike import BEYOND, Crowd, alike, rows_of
from clean_corpus.corpus.pairs import Counted, counted, paired
from clean_corpus.kernels.agreement import Bounds, Line, agreement, neighbours

# Comparisons that a bucket of any size may have, and neighbours that each document has in any case:
# up to 512 documents are compared all with all, as far as they do not have _ENOUGH before.
_COMPARED, _WINDOW = 1 << 18, 32

# Rows that the order is made of, each with 256 values: eight fill an integer.
_ROWS = 8

# Groups have this many rows of the order in common; the first is the whole bucket.
_DEPTHS = (0, 1, 2, 4)

# Members that show which values are common.
_SHOWN = 512

# Members that show which rows tell them apart, and those that they are held against.
_SAMPLE, _AGAINST = 256, 4

# Neighbours that agree, after which a document looks no further: one in so many that it has.
_ENOUGH = 4

# Documents whose signatures are looked at together.
_SLICE = 250_000


class Split(NamedTuple):
    """The pairs of some buckets that may be copies, and how many pairs were not looked at.

    `times` counts the buckets that show a pair, or is more: 3 for each where one of the two is
    known to be a copy of a leader anyway, so that nothing depends on this pair.
    """

    found: Counted
    lost: int


class _Compared(NamedTuple):
    """Places that may be copies, and whether one of the two is settled; how many were looked at."""

    a: Numbers
    b: Numbers
    settled: Numbers
    looked_at: int


def split(
    buckets: Sequence[tuple[int, Numbers]], documents: Documents, options: Mapping[str, Any]
) -> Iterator[Split]:
    """Pair the documents of buckets (key, members), which are few enough to be held together.

    The pairs come in parts, of which several may have the same one. Options: held (pairs, at
    once, about half of them here), keep, prefer, and numbers of rows: likely (pairs that agree in
    fewer are dropped), even (half of the copies at the threshold agree in so many), surely (hardly
    any that are no copies do), close (two that agree with a third in so many are copies of each
    other). Nothing here depends on the order of the documents in the input.
    """
    crowd = _sorted(buckets, documents)
    leaders = _leaders(crowd, documents, options)
    found: list[Counted] = []
    compared = size = 0
    for start in range(0, len(crowd.documents), _SLICE):
        for some in _compared(crowd, leaders, start, documents, options):
            compared += some.looked_at
            pairs = paired(crowd.documents[some.a], crowd.documents[some.b])
            found.append(Counted(pairs, np.where(some.settled, 3, 1).astype(np.uint8)))
            size += len(pairs)
            if size > options["held"] // 2:
                yield Split(counted(found), 0)
                found, size = [], 0
    there = sum(len(members) * (len(members) - 1) // 2 for _, members in buckets)
    yield Split(counted(found), there - compared)


def _sorted(buckets: Sequence[tuple[int, Numbers]], documents: Documents) -> Crowd:
    """Sort each bucket by rows that tell its members apart, equal ones by content."""
    sizes = [len(members) for _, members in buckets]
    members = np.concatenate([members for _, members in buckets])
    bucket = np.repeat(np.arange(len(buckets)), sizes)
    digests = documents.numbers("digest_high", members)
    by_content = np.lexsort((digests, bucket))
    members = members[by_content]
    telling = _telling([key for key, _ in buckets], members, sizes, documents)
    packed = np.zeros(len(members), np.uint64)
    for start in range(0, len(members), _SLICE):
        part = documents.signatures(members[start : start + _SLICE])
        rows = telling[bucket[start : start + _SLICE]]
        chosen = np.take_along_axis(part, rows, axis=1).astype(np.uint8)
        whole = np.zeros((len(part), 8), np.uint8)
        whole[:, : chosen.shape[1]] = chosen
        packed[start : start + _SLICE] = whole.view(">u8").ravel()
    order = np.lexsort((packed, bucket))  # stable: equal rows stay sorted by content
    window = np.repeat([min(size, max(_WINDOW, _COMPARED // size)) for size in sizes], sizes)
    ranges = zip(accumulate(sizes, initial=0), sizes, strict=False)
    place = np.empty(len(order), np.int64)
    place[order] = np.arange(len(order))
    shown = [np.sort(place[start : start + min(_SHOWN, size)]) for start, size in ranges]
    return Crowd(members[order], bucket, packed[order], window, telling, shown)


def _telling(
    keys: Sequence[int], members: Numbers, sizes: Sequence[int], documents: Documents
) -> Numbers:
    """Choose the rows for each bucket: shape (buckets, rows)."""
    starts = np.cumsum([0, *sizes])
    # Sorted by a hash, the first ones are as good as any.
    shown = [
        np.arange(start, start + min(_SAMPLE, size))
        for start, size in zip(starts, sizes, strict=False)
    ]
    signatures = documents.signatures(members[np.concatenate(shown)])
    found = []
    stops = np.cumsum([len(part) for part in shown])
    for key, part in zip(keys, np.split(signatures, stops[:-1]), strict=True):
        alike = (part[None, :] == part[:_AGAINST, None]).sum(axis=(0, 1))
        telling = np.argsort(alike, kind="stable")[: max(_ROWS, part.shape[1] // 3)]
        # Every bucket begins with another row: copies that one tears apart meet in the next.
        found.append(np.roll(telling, -(key % len(telling)))[:_ROWS])
    return np.array(found)


def _leaders(crowd: Crowd, documents: Documents, options: Mapping[str, Any]) -> list[Numbers]:
    """Give for each depth the place of the best-ranked member of each member's group."""
    members = crowd.documents
    columns = rank.policy(documents, members, options) + rank.content(documents, members)
    found: list[Numbers] = []
    groups = 0
    for depth in _DEPTHS:
        upper = crowd.packed >> np.uint64(64 - 8 * depth) if depth else np.zeros_like(crowd.packed)
        first = (upper[1:] != upper[:-1]) | (crowd.bucket[1:] != crowd.bucket[:-1])
        group = np.cumsum(np.append(False, first))
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
    crowd: Crowd,
    leaders: list[Numbers],
    start: int,
    documents: Documents,
    options: Mapping[str, Any],
) -> Iterator[_Compared]:
    """Compare the documents of a slice with leaders and neighbours."""
    stop = min(len(crowd.documents), start + _SLICE)
    places = np.arange(start, min(len(crowd.documents), stop + crowd.window[start:stop].max()))
    led = [column[places] for column in leaders]
    ahead = [places, *(column[_turns(column)] for column in led)]
    rows = rows_of(crowd, ahead, documents)
    at = rows.at(places)
    window, bucket = crowd.window[places], crowd.bucket[places]
    plainest = rows.plainest[bucket - bucket[0]]
    # What leads the plainest of its bucket meets it from there: each pair is found from one end.
    leads = np.any([column[plainest] == places for column in leaders], axis=0)
    led.insert(1, np.where(leads, places, plainest))
    # Of documents that are close to one leader it is known that they are copies of each other;
    # where one of two is surely a leader's copy, nothing depends on the two. Those that may be
    # copies of the bucket's leader are held by it.
    of = np.full(len(places), -1)
    settled, held = np.zeros((2, len(places)), bool)
    shown = np.full((len(led), len(places)), -1)
    for depth, column in enumerate(led):
        known = [places, *led[:depth]]
        other = np.flatnonzero(np.all([column != earlier for earlier in known], axis=0))
        ends = at[other], rows.at(column[other])
        agreeing = agreement(rows.values, *ends)
        near = other[(agreeing >= options["close"]) & (of[other] < 0)]
        of[near] = column[near]
        settled[other[agreeing >= options["surely"]]] = True
        if depth > 1:
            good = alike(rows, ends, agreeing, held[other], options)
        else:
            held[other] |= agreeing >= options["even"]
            good = agreeing >= options["likely"]
        shown[depth, other[good]] = column[other[good]]
        here = other < stop - start  # the others belong to the next slice
        mine = other[good & here]
        # Nearer ones are looked at, and counted, among the neighbours.
        far = here & (abs(column - places)[other] > window[other])
        yield _Compared(places[mine], column[mine], settled[mine], int(far.sum()))
    line = Line(at, bucket, window, of, held)
    bounds = Bounds(options["likely"], options["surely"], BEYOND, _ENOUGH)
    for one, other, looked_at in neighbours(rows.values, rows.own, line, bounds, stop - start):
        new = ~_shown(shown, places, one, other)
        a, b = one[new], other[new]
        yield _Compared(places[a], places[b], settled[a] | settled[b], looked_at)


def _shown(shown: Numbers, places: Numbers, one: Numbers, other: Numbers) -> Numbers:
    """Tell which pairs leaders have shown already: a bucket counts once."""
    found: Numbers = np.any(
        (shown[:, one] == places[other]) | (shown[:, other] == places[one]), axis=0
    )
    return found


def _turns(values: Numbers) -> Numbers:
    return np.append(True, values[1:] != values[:-1])
