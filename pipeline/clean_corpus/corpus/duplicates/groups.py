"""Cut verified pairs into groups that have nothing to do with one another, each small enough."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from clean_corpus import spill
from clean_corpus.corpus.arrow import PAIRS, Numbers
from clean_corpus.kernels import clusters as kernel

#: Pairs and copies of one group. A constant, for it shows in the files of a run.
SIZE = 2_000_000

#: A component of more pairs than this is cut. A constant, for the same reason.
LARGEST = 2_000_000

# Roots are counted in this many ranges.
_RANGES = 1 << 16


class Group(NamedTuple):
    """All pairs and all exact copies of some components, and the root of each document.

    Pairs and copies are rows of the columns of PAIRS and COPIES.
    """

    pairs: dict[str, Numbers]
    copies: dict[str, Numbers]
    roots: Numbers


def groups(
    pairs: Sequence[str],
    copies: Sequence[str],
    documents: int,
    threshold: Sequence[int],
) -> Iterator[Group]:
    """Give the groups in the order of their roots, the least documents of their components.

    Components are those of all pairs, however unlike; an exact copy belongs to its keeper's. One
    of more than `LARGEST` pairs is that of a template, whose pages resemble one another a little:
    it is cut into those of pairs from the threshold (numerator, denominator) on. No decision needs
    the pairs between these. What copies hold together is never cut: if it is larger than `SIZE`, it
    is a group of its own. Holds four bytes and a flag a document, and one group.
    """
    roots, cut = _components(pairs, documents, threshold)
    shift = _shift(documents)
    counts = _ranges(pairs, "a", roots, shift, cut) + _ranges(copies, "keeper", roots, shift)
    ahead = np.cumsum(counts)
    # A range belongs to the group in which it begins.
    starts = np.flatnonzero(np.diff((ahead - counts) // SIZE, prepend=-1)) << shift
    for low, high in zip(starts, np.append(starts[1:], documents + 1), strict=True):
        yield Group(
            _between(pairs, PAIRS.names, roots, low, high, "a", "b" if cut else "a"),
            _between(copies, ["document", "keeper"], roots, low, high, "keeper", "keeper"),
            roots,
        )


def _components(
    pairs: Sequence[str], documents: int, threshold: Sequence[int]
) -> tuple[Numbers, bool]:
    """Give the root of each document, and whether a component was cut."""
    ends = ((a, b) for a, b in _columns(pairs, ("a", "b")))
    roots = kernel.components(ends, documents)
    large = _large(pairs, roots)
    if not len(large):
        return roots, False
    own = np.zeros(documents, bool)
    own[large] = True
    own = own[roots]

    def close() -> Iterator[tuple[Numbers, Numbers]]:
        for a, b, shared, joined in _columns(pairs, ("a", "b", "shared", "joined")):
            copy = shared.astype(np.int64) * threshold[1] >= joined.astype(np.int64) * threshold[0]
            copy |= ~own[a]
            yield a[copy], b[copy]

    return kernel.components(close(), documents), True


def _large(pairs: Sequence[str], roots: Numbers) -> Numbers:
    """Give the roots of components that have more than `LARGEST` pairs."""
    shift = _shift(len(roots))
    crowded = _ranges(pairs, "a", roots, shift) > LARGEST
    counts: Counter[int] = Counter()
    for (a,) in _columns(pairs, ("a",)) if crowded.any() else ():
        mine = roots[a]
        there, times = np.unique(mine[crowded[mine >> shift]], return_counts=True)
        counts.update(dict(zip(there.tolist(), times.tolist(), strict=True)))
    return np.array([root for root, count in counts.items() if count > LARGEST], np.int64)


def _shift(documents: int) -> int:
    """Give the bits by which a root is shifted to its range."""
    return max(0, documents.bit_length() - _RANGES.bit_length() + 1)


def _ranges(
    paths: Sequence[str], name: str, roots: Numbers, shift: int, cut: bool = False
) -> Numbers:
    """Count rows by the range of their root; where components were cut, the pairs within one."""
    counts = np.zeros((len(roots) >> shift) + 1, np.int64)
    for numbers, other in _columns(paths, (name, "b" if cut else name)):
        mine = roots[numbers]
        counts += np.bincount(mine[mine == roots[other]] >> shift, minlength=len(counts))
    return counts


def _columns(paths: Sequence[str], names: Sequence[str]) -> Iterator[tuple[Numbers, ...]]:
    for path in paths:
        for batch in spill.batches(path):
            yield tuple(batch.column(name).to_numpy() for name in names)


def _between(
    paths: Sequence[str],
    names: Sequence[str],
    roots: Numbers,
    low: int,
    high: int,
    *ends: str,
) -> dict[str, Numbers]:
    """Read the rows of which the documents at both `ends` have the same root in [low, high)."""
    found: list[list[Numbers]] = [[np.zeros(0, np.uint32)] for _ in names]
    one, other = (list(names).index(end) for end in ends)
    for columns in _columns(paths, names):
        root = roots[columns[one]]
        mine = (root >= low) & (root < high)
        if other != one:
            mine &= root == roots[columns[other]]
        for column, values in zip(found, columns, strict=True):
            column.append(values[mine])
    return {name: np.concatenate(column) for name, column in zip(names, found, strict=True)}
