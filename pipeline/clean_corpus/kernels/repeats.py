"""Which of many keys may be there more than once: most are not, and need not be sorted."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from clean_corpus.kernels import compiled

Keys = npt.NDArray[np.uint64]

_1, _6, _63 = np.uint64(1), np.uint64(6), np.uint64(63)

# Bits for each key at the most, and more than half as many: one key in eight or fewer shares its
# bit with another by chance.
_BITS = 16


@compiled
def _repeats(
    keys: Keys, low: np.uint64, shift: np.uint64, once: Keys, twice: Keys, out: Keys
) -> int:
    for i in range(keys.size):
        slot = (keys[i] - low) >> shift
        word, bit = slot >> _6, _1 << (slot & _63)
        if once[word] & bit:
            twice[word] |= bit
        once[word] |= bit
    count = 0
    for i in range(keys.size):
        slot = (keys[i] - low) >> shift
        if (twice[slot >> _6] >> (slot & _63)) & _1:
            out[count] = i
            count += 1
    return count


def repeats(keys: Keys) -> Keys:
    """Give the places of keys (well mixed in their upper bits) that another one may equal.

    All that are repeated are among them, and a few that are not. Keys that come in some order of
    their upper bits take a third of the time: what is looked at of the memory is at hand.
    """
    if not keys.size:
        return np.zeros(0, np.uint64)
    # Keys of one partition are not far apart.
    low = keys.min()
    span = int(keys.max() - low)
    shift = (span // (keys.size * _BITS)).bit_length()
    once, twice = np.zeros((2, (span >> shift) // 64 + 1), np.uint64)
    out = np.empty(keys.size, np.uint64)
    return out[: _repeats(keys, low, np.uint64(shift), once, twice, out)]
