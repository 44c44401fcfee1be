"""How many rows of their signatures two documents have in common."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from clean_corpus.kernels import compiled

Rows = npt.NDArray[np.uint8]
Numbers = npt.NDArray[np.int64]


@compiled
def _agreement(rows: Rows, a: Numbers, b: Numbers, out: Numbers) -> None:
    for pair in range(a.size):
        one, other = rows[a[pair]], rows[b[pair]]
        count = 0
        for k in range(one.size):
            count += one[k] == other[k]
        out[pair] = count


@compiled
def _beyond(rows: Rows, own: Rows, a: Numbers, b: Numbers, out: Numbers) -> None:
    for pair in range(a.size):
        one, other, mine = rows[a[pair]], rows[b[pair]], own[a[pair]]
        count = 0
        for k in range(one.size):
            count += (one[k] == other[k]) & mine[k]
        out[pair] = count


def agreement(rows: Rows, a: Numbers, b: Numbers) -> Numbers:
    """Count in how many columns rows a[i] and b[i] agree; `rows` has shape (documents, columns)."""
    out = np.zeros(a.size, np.int64)
    _agreement(rows, a.astype(np.int64, copy=False), b.astype(np.int64, copy=False), out)
    return out


def beyond(rows: Rows, own: Rows, a: Numbers, b: Numbers) -> Numbers:
    """Count only columns with a 1 in row a[i] of `own`, which has the shape of `rows`."""
    out = np.zeros(a.size, np.int64)
    _beyond(rows, own, a.astype(np.int64, copy=False), b.astype(np.int64, copy=False), out)
    return out
