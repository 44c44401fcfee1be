"""Cut verified pairs into groups that have nothing to do with one another, each small enough."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from clean_corpus import spill
from clean_corpus.corpus.arrow import PAIRS, Documents, Numbers
from clean_corpus.corpus.duplicates.hubs import Hubs, hubs
from clean_corpus.kernels import clusters as kernel

#: Pairs and copies of one group. A constant, for it shows in the files of a run.
SIZE = 2_000_000

#: A component of more pairs than this is cut, or thinned. A constant, for the same reason.
LARGEST = 2_000_000

# Roots are counted in this many ranges.
_RANGES = 1 << 16


class Group(NamedTuple):
    """All pairs and all exact copies of some components, and the root of each document.

    Pairs and copies are rows of the columns of PAIRS and COPIES. `thinned` counts the pairs that
    very large components have lost.
    """

    pairs: dict[str, Numbers]
    copies: dict[str, Numbers]
    roots: Numbers
    thinned: int


def groups(
    pairs: Sequence[str],
    copies: Sequence[str],
    documents: Documents,
    bounds: Bounds,
    options: Mapping[str, Any],
) -> Iterator[Group]:
    """Give the groups in the order of their roots, the least documents of their components.

    Components are those of all pairs, however unlike; an exact copy belongs to its keeper's. One of
    more than `LARGEST` pairs is that of a template, whose pages resemble one another a little: it
    is cut into those of pairs from the threshold on. No decision needs the pairs between these.
    What has as many pairs even so keeps some of them (`hubs.py`, by the options keep and prefer).
    Holds four bytes and a flag a document, and one group; a component larger than `SIZE` is one.
    """
    pairs_ = _Pairs(pairs, bounds)
    size = len(documents)
    roots, cut = _components(pairs_, size)
    shift = _shift(size)
    large: Mapping[int, int] = {}
    if cut:
        pairs_ = pairs_._replace(roots=roots)
        large = _large(pairs_, roots)
        if large:
            flags = _flags(large, roots)
            pairs_ = pairs_._replace(hubs=hubs(pairs_.bound, flags, documents, options))
    counts = _ranges((roots[a] for a, *_ in pairs_.ends()), size)
    counts += _ranges((roots[keeper] for (keeper,) in _columns(copies, ["keeper"])), size)
    ahead = np.cumsum(counts)
    # A range belongs to the group in which it begins.
    starts = np.flatnonzero(np.diff((ahead - counts) // SIZE, prepend=-1)) << shift
    names = ["document", "keeper"]
    for low, high in zip(starts, np.append(starts[1:], size + 1), strict=True):
        mine = _between(pairs_.rows(), PAIRS.names, 0, roots, low, high)
        thinned = sum(count for root, count in large.items() if low <= root < high)
        if pairs_.hubs is not None:
            thinned -= int(pairs_.hubs.large[mine["a"]].sum())
        yield Group(
            mine, _between(_columns(copies, names), names, 1, roots, low, high), roots, thinned
        )


class Bounds(NamedTuple):
    """The Jaccard of copies, and of what proves that one may leave: (numerator, denominator)."""

    threshold: Sequence[int]
    witness: Sequence[int]


class _Pairs(NamedTuple):
    """The pairs of some files, without those that are cut: between roots, or not chosen by hubs."""

    paths: Sequence[str]
    bounds: Bounds
    roots: Numbers | None = None
    hubs: Hubs | None = None

    def rows(self) -> Iterator[tuple[Numbers, ...]]:
        """Give the columns of PAIRS, batch by batch."""
        for columns in _columns(self.paths, PAIRS.names):
            good = np.ones(len(columns[0]), bool)
            a, b, *_ = columns
            if self.roots is not None:
                good &= self.roots[a] == self.roots[b]
            if self.hubs is not None:
                good &= self.hubs.keep(a, b)
            yield columns if good.all() else tuple(column[good] for column in columns)

    def ends(self) -> Iterator[tuple[Numbers, Numbers, Numbers]]:
        """Give a, b, and whether they reach the threshold."""
        for a, b, shared, joined, _ in self.rows():
            yield a, b, _reach(shared, joined, self.bounds.threshold)

    def bound(self) -> Iterator[tuple[Numbers, Numbers, Numbers]]:
        """Give a, b, and whether they reach the threshold, from the witness bound on."""
        for a, b, shared, joined, _ in self.rows():
            good = _reach(shared, joined, self.bounds.witness)
            yield a[good], b[good], _reach(shared, joined, self.bounds.threshold)[good]


def _reach(shared: Numbers, joined: Numbers, bound: Sequence[int]) -> Numbers:
    reached: Numbers = shared.astype(np.int64) * bound[1] >= joined.astype(np.int64) * bound[0]
    return reached


def _components(pairs: _Pairs, documents: int) -> tuple[Numbers, bool]:
    """Give the root of each document, and whether a component was cut."""
    roots = kernel.components(((a, b) for a, b, _ in pairs.ends()), documents)
    large = _large(pairs, roots)
    if not large:
        return roots, False
    own = _flags(large, roots)

    def close() -> Iterator[tuple[Numbers, Numbers]]:
        for a, b, copy in pairs.ends():
            together = copy | ~own[a]
            yield a[together], b[together]

    return kernel.components(close(), documents), True


def _flags(large: Iterable[int], roots: Numbers) -> Numbers:
    """Flag the documents that have one of these roots."""
    own = np.zeros(len(roots), bool)
    own[list(large)] = True
    found: Numbers = own[roots]
    return found


def _large(pairs: _Pairs, roots: Numbers) -> dict[int, int]:
    """Give the roots of components that have more than `LARGEST` pairs, and how many each has."""
    shift = _shift(len(roots))
    crowded = _ranges((roots[a] for a, *_ in pairs.ends()), len(roots)) > LARGEST
    counts: Counter[int] = Counter()
    for a, *_ in pairs.ends() if crowded.any() else ():
        mine = roots[a]
        there, times = np.unique(mine[crowded[mine >> shift]], return_counts=True)
        counts.update(dict(zip(there.tolist(), times.tolist(), strict=True)))
    return {root: count for root, count in counts.items() if count > LARGEST}


def _shift(documents: int) -> int:
    """Give the bits by which a root is shifted to its range."""
    return max(0, documents.bit_length() - _RANGES.bit_length() + 1)


def _ranges(roots: Iterable[Numbers], documents: int) -> Numbers:
    """Count by the range of their root what comes in batches."""
    shift = _shift(documents)
    counts = np.zeros((documents >> shift) + 1, np.int64)
    for batch in roots:
        counts += np.bincount(batch >> shift, minlength=len(counts))
    return counts


def _columns(paths: Sequence[str], names: Sequence[str]) -> Iterator[tuple[Numbers, ...]]:
    for path in paths:
        for batch in spill.batches(path):
            yield tuple(batch.column(name).to_numpy() for name in names)


def _between(
    rows: Iterable[tuple[Numbers, ...]],
    names: Sequence[str],
    of: int,
    roots: Numbers,
    low: int,
    high: int,
) -> dict[str, Numbers]:
    """Take the rows of which the document in column `of` has a root in [low, high)."""
    found: list[list[Numbers]] = [[np.zeros(0, np.uint32)] for _ in names]
    for columns in rows:
        root = roots[columns[of]]
        mine = (root >= low) & (root < high)
        for column, values in zip(found, columns, strict=True):
            column.append(values[mine])
    return {name: np.concatenate(column) for name, column in zip(names, found, strict=True)}
