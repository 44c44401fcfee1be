"""Sets of hashes: made and counted as Python's sets are."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest

from clean_corpus.kernels import sets as kernel


@pytest.mark.parametrize("largest", [5, 400, 6000])
def test_sets_are_those_of_python(largest: int) -> None:
    """Short and long ones, empty ones, and such as have nothing twice."""
    random = Random(5)
    runs = [random.choices(range(1, 2 * largest), k=random.randrange(largest)) for _ in range(9)]
    runs[3:3] = [[], [0], [2**64 - 1, 0, 2**64 - 1]]
    offsets = np.cumsum([0, *map(len, runs)])
    made = kernel.sets(np.array([one for run in runs for one in run], np.uint64), offsets)
    cuts = np.split(made.hashes, made.offsets[1:-1])
    assert [cut.tolist() for cut in cuts] == [sorted(set(run)) for run in runs]
    a, b = (side.ravel() for side in np.indices((len(runs), len(runs))))
    expected = [len({*runs[i]} & {*runs[j]}) for i, j in zip(a, b, strict=True)]
    assert kernel.shared(made, a, b).tolist() == expected
