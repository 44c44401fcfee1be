"""Cut verified pairs into groups that have nothing to do with one another, each small enough."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from clean_corpus.corpus import arrow
from clean_corpus.corpus.arrow import PAIRS, Numbers
from clean_corpus.kernels import clusters as kernel

#: Pairs and copies of one group. A constant, for it shows in the files of a run.
SIZE = 2_000_000

# Roots are counted in this many ranges.
_RANGES = 1 << 16


class Group(NamedTuple):
    """All pairs and all exact copies of some components, and the root of each document.

    Pairs and copies are rows of the columns of PAIRS and COPIES.
    """

    pairs: dict[str, Numbers]
    copies: dict[str, Numbers]
    roots: Numbers


def groups(pairs: Sequence[str], copies: Sequence[str], documents: int) -> Iterator[Group]:
    """Give the groups in the order of their roots, the least documents of their components.

    Components are those of all pairs, however unlike; an exact copy belongs to its keeper's. A
    component is never cut: one that is larger than `SIZE` is a group of its own. Holds four bytes
    a document and one group.
    """
    ends = (tuple(columns) for columns in _columns(pairs, ("a", "b")))
    roots = kernel.components(((a, b) for a, b in ends), documents)
    shift = max(0, documents.bit_length() - _RANGES.bit_length() + 1)
    counts = np.zeros((documents >> shift) + 1, np.int64)
    for paths, name in ((pairs, "a"), (copies, "keeper")):
        for (numbers,) in _columns(paths, (name,)):
            counts += np.bincount(roots[numbers] >> shift, minlength=len(counts))
    ahead = np.cumsum(counts)
    # A range belongs to the group in which it begins.
    starts = np.flatnonzero(np.diff((ahead - counts) // SIZE, prepend=-1)) << shift
    for low, high in zip(starts, np.append(starts[1:], documents + 1), strict=True):
        yield Group(
            _between(pairs, PAIRS.names, roots, low, high, by="a"),
            _between(copies, ["document", "keeper"], roots, low, high, by="keeper"),
            roots,
        )


def _columns(paths: Sequence[str], names: Sequence[str]) -> Iterator[list[Numbers]]:
    for path in paths:
        for batch in arrow.batches(path):
            yield [batch.column(name).to_numpy() for name in names]


def _between(
    paths: Sequence[str], names: Sequence[str], roots: Numbers, low: int, high: int, by: str
) -> dict[str, Numbers]:
    """Read the rows of which the document `by` has a root in [low, high)."""
    found: list[list[Numbers]] = [[np.zeros(0, np.uint32)] for _ in names]
    place = list(names).index(by)
    for columns in _columns(paths, names):
        root = roots[columns[place]]
        mine = (root >= low) & (root < high)
        for column, values in zip(found, columns, strict=True):
            column.append(values[mine])
    return {name: np.concatenate(column) for name, column in zip(names, found, strict=True)}
