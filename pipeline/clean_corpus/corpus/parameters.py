"""Bands from a threshold and a wanted recall, the S-curve, and the recall that a run achieved."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from clean_corpus.config import Dedup
from clean_corpus.errors import ConfigError

#: Jaccard is counted in this many equal steps; the last one holds 1 itself.
STEPS = 100

#: Pairs are kept for the report down to the Jaccard that is still found with this probability.
FLOOR_RECALL = Fraction(9, 10)


class Bands(NamedTuple):
    """How a signature is cut: `bands` bands of `rows` rows, `bands * rows` permutations."""

    bands: int
    rows: int

    def probability(self, jaccard: Fraction) -> Fraction:
        """Give the probability that a pair shares a band: 1 - (1 - J^rows)^bands."""
        return 1 - (1 - jaccard**self.rows) ** self.bands

    def floor(self) -> Fraction:
        """Give the least Jaccard, in hundredths, that is found with `FLOOR_RECALL`."""
        steps = (Fraction(i, STEPS) for i in range(1, STEPS))
        return next((j for j in steps if self.probability(j) >= FLOOR_RECALL), Fraction(1))


def choose(dedup: Dedup) -> Bands:
    """Choose the bands that a configuration asks for.

    Where it leaves them open: the most rows, and so the fewest candidates, with which a pair at
    the threshold shares a band with the wanted probability. Raises ConfigError where there are
    more bands than permutations.
    """
    if dedup.bands > dedup.permutations:
        raise ConfigError(
            f"dedup.bands: {dedup.bands} bands need as many permutations, which are "
            f"{dedup.permutations}: raise dedup.permutations, or lower dedup.bands"
        )
    if dedup.bands:
        return Bands(dedup.bands, dedup.permutations // dedup.bands)
    threshold, wanted = Fraction(dedup.threshold), Fraction(dedup.recall)
    choices = (Bands(dedup.permutations // rows, rows) for rows in range(16, 1, -1))
    good = (bands for bands in choices if bands.probability(threshold) >= wanted)
    return next(good, Bands(dedup.permutations, 1))


def witness(dedup: Dedup) -> Fraction:
    """Give the Jaccard that a removed document has with its keeper, or more."""
    return min(Fraction(dedup.witness), Fraction(dedup.threshold))


def curve(bands: Bands) -> list[float]:
    """Give the S-curve: the probability of sharing a band at 0.00, 0.01 ... 1.00."""
    return [_short(bands.probability(Fraction(i, STEPS))) for i in range(STEPS + 1)]


def recall(histogram: Sequence[int], bands: Bands, threshold: Decimal | Fraction) -> float | None:
    """Estimate how many of the pairs from a threshold on were found, from those that were.

    `histogram` counts verified pairs by Jaccard, `STEPS` entries. Where p is the probability that
    a pair shares a band, each pair found stands for 1/p pairs. None without pairs.
    """
    first = int(Fraction(threshold) * STEPS)
    found = sum(histogram[first:])
    if not found:
        return None
    middles = (Fraction(2 * i + 1, 2 * STEPS) for i in range(first, STEPS))
    there = sum(
        Fraction(count) / bands.probability(middle)
        for count, middle in zip(histogram[first:], middles, strict=True)
        if count
    )
    return _short(found / there)


def _short(value: Fraction | float) -> float:
    return float(round(Fraction(value), 4))
