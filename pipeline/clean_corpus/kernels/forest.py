"""Add up what a forest of small decision trees says of rows of small integers."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from clean_corpus.kernels import compiled

Bytes = npt.NDArray[np.uint8]
Scores = npt.NDArray[np.int64]


@compiled
def _score(
    rows: Bytes, column: Bytes, limit: Bytes, leaf: npt.NDArray[np.int16], out: Scores
) -> None:
    inner = column.shape[1]
    for i in range(rows.shape[0]):
        total = 0
        for tree in range(column.shape[0]):
            node = 0
            while node < inner:
                node = 2 * node + 1 + (rows[i, column[tree, node]] > limit[tree, node])
            total += leaf[tree, node - inner]
        out[i] += total


def score(
    rows: Bytes, column: Bytes, limit: Bytes, leaf: npt.NDArray[np.int16], base: int
) -> Scores:
    """Give `base` and the leaves that each row comes to.

    Row t of `column` and `limit` holds the inner nodes of tree t, a complete one, level by level:
    node n leads to node 2n + 1, or to 2n + 2 where the row's value in its column is over its
    limit. `leaf` has the last level.
    """
    out = np.full(len(rows), base, np.int64)
    _score(np.ascontiguousarray(rows), column, limit, leaf, out)
    return out
