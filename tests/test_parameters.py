"""Bands, the S-curve, and recall."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest

from clean_corpus.config import Dedup
from clean_corpus.corpus.parameters import Bands, choose, curve, recall
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


def test_recall_counts_what_was_not_found() -> None:
    bands = Bands(10, 4)
    histogram = [0] * 100
    assert recall(histogram, bands, Decimal("0.5")) is None
    histogram[70] = 90
    assert recall(histogram, bands, Decimal("0.5")) == pytest.approx(
        1 - (1 - 0.705**4) ** 10, abs=1e-4
    )
    histogram[20] = 1000
    assert recall(histogram, bands, Decimal("0.5")) == recall(histogram, bands, Decimal("0.7"))
