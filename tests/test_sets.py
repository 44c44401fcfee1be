"""Sets of hashes, wherever they are in memory: counted as Python's sets are."""

from __future__ import annotations

from itertools import pairwise
from random import Random

import numpy as np
import pytest

from clean_corpus.kernels import sets as kernel


@pytest.mark.parametrize("shift", [0, 3])
def test_sets_in_arrays_on_both_sides_of_the_origin(shift: int) -> None:
    """Also where an array begins in the middle of a number, as a mapped file might have it."""
    random = Random(5)
    memory = np.zeros(3 * 800 + 16, np.uint8)
    start = -memory.ctypes.data % 8
    lower, origin, upper = (
        memory[start + 800 * i + by :][:800].view(np.uint64) for i, by in enumerate((shift, 0, 0))
    )
    found, parts = [], []
    for hashes in (upper, lower):
        cuts = np.array([0, *sorted(random.choices(range(101), k=4)), 100])
        for a, b in pairwise(cuts):
            hashes[a:b] = sorted(random.sample(range(150), b - a))
            found.append(set(hashes[a:b].tolist()))
        parts.append((hashes, cuts[:-1], cuts[1:]))
    placed = kernel.scattered(parts, origin)
    a, b = (side.ravel() for side in np.indices((10, 10)))
    expected = [len(found[i] & found[j]) for i, j in zip(a, b, strict=True)]
    assert kernel.shared(placed, a, b).tolist() == expected
