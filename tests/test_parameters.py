"""Bands, the S-curve, and recall."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from math import comb

import pytest

from clean_corpus.config import Dedup
from clean_corpus.corpus.duplicates.parameters import (
    SELDOM,
    Bands,
    Tally,
    agreeing,
    choose,
    close,
    curve,
    recall,
)
from clean_corpus.errors import ConfigError


@pytest.mark.parametrize("threshold", ["0.4", "0.5", "0.6", "0.7", "0.8", "0.9", "1"])
@pytest.mark.parametrize("permutations", [128, 256])
def test_bands_reach_the_wanted_recall(threshold: str, permutations: int) -> None:
    dedup = Dedup(threshold=Decimal(threshold), permutations=permutations)
    bands = choose(dedup)
    assert bands.probability(Fraction(threshold)) >= Fraction("0.995")
    assert permutations - bands.rows < bands.bands * bands.rows <= permutations
    finer = Bands(permutations // (bands.rows + 1), bands.rows + 1)
    assert bands.rows == 16 or finer.probability(Fraction(threshold)) < Fraction("0.995")


def test_shipped() -> None:
    assert choose(Dedup()) == Bands(42, 3)
    assert choose(Dedup(bands=16)) == Bands(16, 8)
    with pytest.raises(ConfigError, match=r"dedup\.bands: 200 bands"):
        choose(Dedup(bands=200))


def test_curve_rises() -> None:
    points = curve(Bands(42, 3))
    assert points == sorted(points)
    assert (points[0], points[-1], len(points)) == (0.0, 1.0, 101)
    assert points[38] >= 0.9 > points[37]
    assert Bands(42, 3).floor() == Fraction(38, 100)


def tally(**columns: dict[int, int]) -> Tally:
    """Count pairs by Jaccard in hundredths."""
    named = {"histogram": {}, "once": {}, "twice": {}, **columns}
    return Tally(*([named[name].get(i, 0) for i in range(100)] for name in Tally._fields))


def test_recall_counts_what_was_not_found() -> None:
    bands = Bands(10, 4)
    assert recall(tally(), bands, Decimal("0.5")) is None
    expected = pytest.approx(1 - (1 - 0.705**4) ** 10, abs=1e-4)
    assert recall(tally(histogram={70: 90}), bands, Decimal("0.5")) == expected
    more = tally(histogram={70: 90, 20: 1000})
    assert recall(more, bands, Decimal("0.5")) == recall(more, bands, Decimal("0.7"))


def test_recall_counts_what_oversized_buckets_kept_to_themselves() -> None:
    bands = Bands(42, 3)
    counted = {"histogram": {99: 100}, "once": {99: 20}, "twice": {99: 18}}
    # 20 * 19 / (2 * 19) = 10 more than the 100 that were found.
    assert recall(tally(**counted), bands, Decimal("0.5")) == round(100 / 110, 4)
    assert recall(tally(**counted), bands, Decimal("0.5"), 99) is None


def test_pairs_that_are_not_looked_at_are_no_copies() -> None:
    rows = agreeing(126, Fraction(38, 100), SELDOM)
    assert 5 < rows < 20
    probability = Fraction(38, 100)
    below = sum(comb(126, k) * probability**k * (1 - probability) ** (126 - k) for k in range(rows))
    next_ = comb(126, rows) * probability**rows * (1 - probability) ** (126 - rows)
    assert below <= SELDOM < below + next_
    assert agreeing(126, Fraction(1), SELDOM) == 126
    assert close(126, Fraction("0.55")) == 98
