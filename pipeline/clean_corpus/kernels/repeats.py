"""Which of many keys may be there more than once: most are not, and need not be sorted."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from clean_corpus.kernels import compiled

Keys = npt.NDArray[np.uint64]

_0, _1, _6, _63 = np.uint64(0), np.uint64(1), np.uint64(6), np.uint64(63)

# Bits for each key: one key in sixteen or fewer shares its bit with another by chance.
_BITS = 16


@compiled
def _repeats(keys: Keys, mask: Keys, once: Keys, twice: Keys, out: Keys) -> int:
    low = mask[0]
    for i in range(keys.size):
        slot = keys[i] & low
        word, bit = slot >> _6, _1 << (slot & _63)
        if once[word] & bit:
            twice[word] |= bit
        once[word] |= bit
    count = 0
    for i in range(keys.size):
        slot = keys[i] & low
        if (twice[slot >> _6] >> (slot & _63)) & _1:
            out[count] = i
            count += 1
    return count


def repeats(keys: Keys) -> Keys:
    """Give the places of keys (well mixed in their lower bits) that another one may equal.

    All that are repeated are among them, and a few that are not.
    """
    words = 1 << max(0, (keys.size * _BITS // 64 - 1).bit_length())
    mask = np.array([words * 64 - 1], np.uint64)
    once, twice = np.zeros((2, words), np.uint64)
    out = np.empty(keys.size, np.uint64)
    return out[: _repeats(keys, mask, once, twice, out)]
