"""What the members of crowded buckets have in common, and who agrees in more than that."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from clean_corpus.corpus.arrow import Documents, Numbers
from clean_corpus.kernels.agreement import beyond

# A value that so many of those shown have is common: it says nothing of two that agree in it.
# Others agree by chance once in 256 times, so that hardly ever two rows do.
_COMMON, BEYOND = 16, 2

# Documents of which all values are looked at together.
_LOOKED_AT = 4096


class Crowd(NamedTuple):
    """The members of some buckets, one bucket behind the other, in the order that was found.

    Each has the number of its bucket, the values that it was sorted by, and the neighbours that it
    is compared with. `telling` are the rows of these values, in each bucket, and `shown` the places
    of a few of its members: those with the least hashes, so that most buckets show the same ones.
    """

    documents: Numbers
    bucket: Numbers
    packed: Numbers
    window: Numbers
    telling: Numbers
    shown: Sequence[Numbers]


class Rows(NamedTuple):
    """Places (sorted), their signatures, and a 1 for each value that is the document's own.

    Common values are not, nor those that the bucket is sorted by: neighbours agree in these because
    they are neighbours, and to others eight values of 126 or more are little. Of each bucket also
    the `plainest` of the places shown: that with least of its own. Where noise alone tells copies
    apart, it resembles all others most.
    """

    places: Numbers
    values: Numbers
    own: Numbers
    plainest: Numbers

    def at(self, places: Numbers) -> Numbers:
        """Say where places are among these."""
        found: Numbers = np.searchsorted(self.places, places)
        return found


def rows_of(crowd: Crowd, wanted: Sequence[Numbers], documents: Documents) -> Rows:
    """Read the signatures of the `wanted` places, and see which values are their own.

    The buckets looked at are those of the first of `wanted`, which is sorted.
    """
    first, last = crowd.bucket[wanted[0][[0, -1]]]
    buckets = range(first, last + 1)
    ends = np.searchsorted(crowd.bucket, np.arange(first, last + 2))
    shown = [crowd.shown[bucket] for bucket in buckets]
    places = np.flatnonzero(np.bincount(np.concatenate([*wanted, *shown])))
    values = documents.signatures(crowd.documents[places])
    own = np.ones_like(values)
    columns = np.arange(values.shape[1]) * 256
    plainest = []
    cuts = np.searchsorted(places, ends)
    for bucket, (start, stop), some in zip(buckets, pairwise(cuts.tolist()), shown, strict=True):
        at = np.searchsorted(places, some)
        seen = values[at] + columns
        counts = np.bincount(seen.ravel(), minlength=256 * len(columns))
        rare = (counts < _COMMON).astype(np.uint8)
        rare.reshape(-1, 256)[crowd.telling[bucket]] = 0
        for i in range(start, stop, _LOOKED_AT):
            part = slice(i, min(stop, i + _LOOKED_AT))
            own[part] = rare[values[part] + columns]
        plainest.append(some[own[at].sum(axis=1, dtype=np.int64).argmin()])
    return Rows(places, values, own, np.array(plainest))


def alike(
    rows: Rows,
    ends: tuple[Numbers, Numbers],
    agreeing: Numbers,
    held: Numbers,
    options: Mapping[str, Any],
) -> Numbers:
    """Tell which pairs agree in what is their own, or in so much that they are surely copies.

    `ends` are indices of rows. Where both are `held` by copies that all share, the latter is
    nothing new. Options: likely and surely, of `oversized.split`.
    """
    good: Numbers = (agreeing >= options["surely"]) & ~held
    maybe = np.flatnonzero(~good & (agreeing >= options["likely"]))
    one, other = (side[maybe] for side in ends)
    good[maybe] = beyond(rows.values, rows.own, one, other) >= BEYOND
    return good
