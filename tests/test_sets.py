"""Sets of hashes: made and counted as Python's sets are."""

from __future__ import annotations

from itertools import pairwise
from random import Random

import numpy as np
import pytest

from clean_corpus.corpus.duplicates import verify
from clean_corpus.corpus.sets import Part
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
    assert [cut.tolist() for cut in cuts] == [list(dict.fromkeys(run)) for run in runs]
    a, b = (side.ravel() for side in np.indices((len(runs), len(runs))))
    expected = [len({*runs[i]} & {*runs[j]}) for i, j in zip(a, b, strict=True)]
    assert kernel.shared(made, a, b).tolist() == expected
    rows = np.array([0, 3, 4, 8, 11])
    hashes = np.array([one for run in runs for one in run], np.uint64)
    hashes.flags.writeable = False
    some = kernel.sets(hashes, offsets, rows)
    cuts = np.split(some.hashes, some.offsets[1:-1])
    assert [cut.tolist() for cut in cuts] == [list(dict.fromkeys(runs[row])) for row in rows]


@pytest.mark.parametrize("seed", range(40))
def test_sets_wait_for_their_last_copy(seed: int) -> None:
    """Pairs in any order, whatever is held at once, and however the sets come."""
    random = Random(seed)
    count = random.randrange(2, 40)
    own = [sorted(random.sample(range(90), random.randrange(30))) for _ in range(count)]
    own[random.randrange(count)] = list(range(90))
    some = {tuple(sorted(random.sample(range(count), 2))) for _ in range(60)}
    some = {(a, count - 1) for a, _ in some if a < count - 1} if seed % 4 == 0 else some
    a, b = np.array(random.sample(sorted(some), len(some))).T
    sizes = np.array([len(one) for one in own])
    most = random.randrange(int(sizes.sum()))
    for here, peak in verify._parts(a, b, sizes, most):
        mine = np.unique([a[here], b[here]])
        cuts = np.unique([0, len(mine), *random.choices(range(len(mine)), k=3)])
        pieces = [mine[slice(*cut)] for cut in pairwise(cuts)]
        parts = (
            Part(piece, np.array([h for one in piece for h in own[one]], np.uint64), sizes[piece])
            for piece in pieces
        )
        one, other = (np.searchsorted(mine, side[here]) for side in (a, b))
        found, shared = verify._counted(one, other, parts, np.empty(peak, np.uint64))
        assert found[: len(mine)].tolist() == sizes[mine].tolist()
        expected = [len({*own[i]} & {*own[j]}) for i, j in zip(a[here], b[here], strict=True)]
        assert shared.tolist() == expected
