"""The pairs of documents that stand in one bucket."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from clean_corpus.kernels import compiled

Documents = npt.NDArray[np.uint32]
Numbers = npt.NDArray[np.int64]
Pairs = npt.NDArray[np.uint64]

_32 = np.uint64(32)


@compiled
def _pairs(documents: Documents, starts: Numbers, sizes: Numbers, out: Pairs) -> None:
    count = 0
    for bucket in range(starts.size):
        stop = starts[bucket] + sizes[bucket]
        for i in range(starts[bucket], stop):
            for j in range(i + 1, stop):
                one, other = np.uint64(documents[i]), np.uint64(documents[j])
                out[count] = min(one, other) << _32 | max(one, other)
                count += 1


def pairs_of(documents: Documents, starts: Numbers, sizes: Numbers) -> Pairs:
    """Give all pairs of each bucket, the lesser document in the upper half.

    A bucket is the `sizes[i]` documents from `starts[i]` on.
    """
    out = np.empty(int((sizes * (sizes - 1) // 2).sum()), np.uint64)
    _pairs(documents, starts, sizes, out)
    return out
