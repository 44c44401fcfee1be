"""Weigh what langdetect's profiles and CLD2 say of a text, and how likely that is right."""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.int64]

UND = "und"

# CLD2 is the better judge of languages that the profiles hold for equal within so many bits; if
# there is more than a word, less so where it fits badly, or where it says English, which it names
# when it knows nothing better.
_NEAR, _NEARER, _ILL = 24, 6, 400
_SINGLE = 12
# A text is not in a language of which it surprises by more than this (five standard deviations);
# if it is long enough and CLD2 says another, by more than this (two).
_UNFIT, _UNFIT_OPPOSED = 25, 4
# Before CLD2 is believed a language that langdetect does not know, the text must surprise, the
# more so for Serbian, for which it takes much Macedonian and Bulgarian; words are too short to.
_LEAST, _LEAST_SERBIAN = 1, 5
_WORDS = 20
# Nor is it believed so on words where it fits less well than this.
_UNSURE = 500
# Of 1000 letters; languages have them for their own.
_STRANGE = 20
# What neither knows, both may well name: the nearest relation. It fits by a third, then, where
# texts in that relation fit by half or more, the more surely the longer they are. Texts of fewer
# windows than these do not tell.
_LONG_ENOUGH, _LONG = 30, 150
# Of 1000, for the shortest of them, and for long ones.
_LEAST_FIT, _LEAST_FIT_LONG = 240, 520
# What a language that langdetect does not know must fit better.
_LEAST_BEYOND = 80


class Case(IntEnum):
    """How a label was found, and what makes it more likely."""

    AGREED = 0  # both say so, or there was no doubt: bits that the profiles see between two
    PREFERRED = 1  # the profiles have another just before CLD2's: bits
    OPPOSED = 2  # the profiles have CLD2's far behind: bits
    BEYOND = 3  # the profiles have none for CLD2's: surprise
    KEPT = 4  # the same, but the text looks like one of the profiles: surprise
    ALONE = 5  # CLD2 says nothing: bits
    CERTAIN = 6  # its script or its letters leave no choice


class Doubt(NamedTuple):
    """What the profiles see in each text, or in one.

    `lead`: bits before the next language. `surprise`: the square of the standard deviations by
    which windows that the profile lacks are too many; negative if too few. `strange`: letters of
    1000 that the language does not write. `windows` that were looked at.
    """

    lead: Numbers
    surprise: Numbers
    strange: Numbers
    windows: Numbers


class Verdict(NamedTuple):
    """A label, how it was found, and how strong the evidence is, in the measure of that case."""

    label: str
    case: Case
    strength: int


def weigh(
    first: str, second: str | None, fit: int, behind: int | None, doubt: Doubt, row: int
) -> Verdict:
    """Decide between the language of the profiles and that of CLD2 for one text.

    `first` is "und" where the profiles know none that is wanted; `second` is None where CLD2 is not
    sure; `fit` is how well its answer fits, of 1000; `behind` says by how many bits the profiles
    prefer the first, None if they have none for the second.
    """
    lead, surprise = int(doubt.lead[row]), int(doubt.surprise[row])
    windows = int(doubt.windows[row])
    tells = windows >= _LONG_ENOUGH
    least = _least_fit(windows)
    misfits = tells and fit < least
    if second is None:
        plain = surprise <= 0 and lead >= windows
        return Verdict(
            UND if surprise > _UNFIT or (misfits and not plain) else first, Case.ALONE, lead
        )
    if second == first:
        return Verdict(UND if misfits else first, Case.AGREED, lead)
    if behind is not None and first != UND:
        doubtful = (second == "en" or fit < _ILL) and windows >= _SINGLE
        if behind < (_NEARER if doubtful else _NEAR):
            return Verdict(UND if misfits else second, Case.PREFERRED, behind)
        unfit = surprise > (_UNFIT_OPPOSED if tells else _UNFIT)
        return Verdict(UND if unfit else first, Case.OPPOSED, behind)
    surprising = _LEAST_SERBIAN if second == "sr" else _LEAST if windows >= _WORDS else 0
    surprising = max(surprising, _LEAST) if fit < _UNSURE else surprising
    strange = doubt.strange[row] >= _STRANGE and second != "sr"
    if first == UND or surprise >= surprising or strange:
        misfits = tells and fit < least + _LEAST_BEYOND
        return Verdict(UND if misfits else second, Case.BEYOND, surprise)
    return Verdict(first, Case.KEPT, surprise)


def _least_fit(windows: int) -> int:
    """Give how well CLD2's answer must fit a text of so many windows, of 1000."""
    beyond = min(max(windows, _LONG_ENOUGH), _LONG) - _LONG_ENOUGH
    gain = (_LEAST_FIT_LONG - _LEAST_FIT) * beyond // (_LONG - _LONG_ENOUGH)
    return _LEAST_FIT + gain


# Of 1000 labels so many are right: by case, by length (fewer than 12, 30, 90 windows, or more), and
# by the binary digits of the strength. Counted on the words, pairs and sentences of Leipzig news,
# on Tatoeba, UDHR and news documents, in 88 languages; made monotone.
_LENGTHS = np.array([12, 30, 90])
_RIGHT = {
    Case.AGREED: (
        (610, 710, 710, 830, 910, 965, 984, 995, 996, 999),
        (865, 865, 865, 875, 930, 989, 997, 998, 999, 999),
        (880, 880, 935, 935, 965, 979, 994, 995, 996, 999),
        (910, 910, 910, 910, 910, 978, 980, 997, 999, 999),
    ),
    Case.PREFERRED: (
        (620, 575, 575, 445, 300, 200, 200, 200, 200, 200),
        (895, 810, 765, 690, 650, 650, 650, 650, 650, 650),
        (950, 950, 890, 760, 665, 665, 665, 665, 665, 665),
        (950, 950, 890, 770, 700, 665, 665, 665, 665, 665),
    ),
    Case.OPPOSED: (
        (255, 255, 255, 255, 255, 255, 355, 355, 355, 355),
        (305, 305, 305, 305, 305, 365, 520, 710, 710, 710),
        (395, 395, 395, 395, 395, 395, 670, 725, 725, 725),
        (460, 460, 460, 460, 460, 460, 670, 725, 725, 725),
    ),
    Case.BEYOND: (
        (505, 575, 575, 655, 740, 865, 865, 865, 920, 920),
        (700, 700, 780, 825, 885, 925, 930, 930, 965, 965),
        (880, 890, 945, 965, 975, 975, 975, 987, 990, 997),
        (880, 890, 945, 965, 990, 993, 993, 995, 995, 996),
    ),
    Case.KEPT: (
        (150, 150, 150, 150, 150, 150, 150, 150, 150, 150),
        (330, 330, 330, 330, 330, 330, 330, 330, 330, 330),
        (415, 410, 405, 405, 405, 405, 405, 405, 405, 405),
        (520, 405, 405, 405, 405, 405, 405, 405, 405, 405),
    ),
    Case.ALONE: (
        (165, 165, 240, 240, 500, 500, 500, 500, 500, 500),
        (165, 500, 500, 500, 515, 745, 745, 745, 745, 745),
        (500, 535, 590, 590, 745, 800, 800, 800, 800, 800),
        (500, 535, 590, 590, 745, 800, 850, 900, 900, 900),
    ),
    Case.CERTAIN: ((999,) * 10,) * 4,
}
_CONFIDENCE = 10 * np.array([_RIGHT[case] for case in Case], np.int64)


def confidence(cases: Numbers, windows: Numbers, strengths: Numbers) -> Numbers:
    """Give the likelihood that labels are right, 0..10000."""
    lengths = np.searchsorted(_LENGTHS, windows, "right")
    digits = np.zeros(len(strengths), np.int64)
    for digit in range(_CONFIDENCE.shape[2] - 1):
        digits += strengths >= 1 << digit
    found: Numbers = _CONFIDENCE[cases, lengths, digits]
    return found
