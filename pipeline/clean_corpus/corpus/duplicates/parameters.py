"""Bands from a threshold and a wanted recall, the S-curve, and the recall that a run achieved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from math import ceil, comb
from typing import Any, NamedTuple

from clean_corpus.config import Dedup
from clean_corpus.errors import ConfigError

#: Jaccard is counted in this many equal steps; the last one holds 1 itself.
STEPS = 100

#: A pair at the floor agrees in fewer rows than the least that is looked at this seldom. From 128
#: rows on, one at any usual threshold does so less than once in 10^20.
SELDOM = Fraction(1, 10**12)

#: In oversized buckets alone, so may a pair at the threshold.
SELDOM_CROWDED = Fraction(1, 1000)

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


def floor(dedup: Dedup) -> Fraction:
    """Give the Jaccard down to which verified pairs are kept: to decide again, or to vouch."""
    return min(choose(dedup).floor(), witness(dedup))


def agreeing(rows: int, jaccard: Fraction, seldom: Fraction) -> int:
    """Give the least number of rows in which all but `seldom` of the pairs of a Jaccard agree.

    Each row of a signature agrees with the probability that is the Jaccard.
    """
    part, whole = jaccard.as_integer_ratio()
    below, limit = 0, seldom * whole**rows
    for count in range(rows):
        below += comb(rows, count) * part**count * (whole - part) ** (rows - count)
        if below > limit:
            return count
    return rows


def close(rows: int, threshold: Fraction) -> int:
    """Give the rows from which two that agree with a third are copies of one another.

    1 - Jaccard is a distance: two documents within half of it from a third are within all of it.
    """
    return ceil(rows * (1 + threshold) / 2)


def curve(bands: Bands) -> list[float]:
    """Give the S-curve: the probability of sharing a band at 0.00, 0.01 ... 1.00."""
    return [_short(bands.probability(Fraction(i, STEPS))) for i in range(STEPS + 1)]


class Tally(NamedTuple):
    """Verified pairs by Jaccard, `STEPS` numbers each.

    `histogram` has all of them; `once` and `twice` those that share no band but in oversized
    buckets, and that one of these, or two, have shown.
    """

    histogram: Sequence[int]
    once: Sequence[int]
    twice: Sequence[int]

    @classmethod
    def of(cls, parts: Sequence[Mapping[str, Any]]) -> Tally:
        """Add up what the tasks counted."""
        none = [0] * STEPS
        return cls(
            *([sum(column) for column in zip(none, *(part[name] for part in parts), strict=True)]
              for name in cls._fields)
        )  # fmt: skip

    def there(self, bands: Bands, first: int, stop: int = STEPS) -> Fraction:
        """Estimate how many pairs of a range of Jaccard there are.

        Where p is the probability that a pair shares a band, each pair found stands for 1/p pairs.
        Those that oversized buckets keep to themselves are estimated from how often they show the
        others (Chao 1984, in the form without bias): f1 (f1 - 1) / (2 f2 + 2).
        """
        steps = range(first, stop)
        found = sum(
            self.histogram[step] / bands.probability(Fraction(2 * step + 1, 2 * STEPS))
            for step in steps
            if self.histogram[step]
        )
        once, twice = (sum(column[first:stop]) for column in (self.once, self.twice))
        return found + Fraction(once * (once - 1), 2 * twice + 2)


def recall(
    tally: Tally, bands: Bands, threshold: Decimal | Fraction, stop: int = STEPS
) -> float | None:
    """Estimate how many of the pairs from a threshold on were found; None without pairs."""
    first = int(Fraction(threshold) * STEPS)
    found = sum(tally.histogram[first:stop])
    return _short(found / tally.there(bands, first, stop)) if found else None


def _short(value: Fraction | float) -> float:
    return float(round(Fraction(value), 4))
