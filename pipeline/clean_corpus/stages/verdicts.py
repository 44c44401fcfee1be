"""Weigh what langdetect's profiles and CLD2 say of a text, and how likely that is right."""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.int64]

UND = "und"

# CLD2 is the better judge of languages that the profiles hold for equal within so many bits; if
# there is more than a word, less so where its score is low, or where it says English, which it
# names when it knows nothing better.
_NEAR, _NEARER = 24, 8
_SINGLE = 12
# A text is not in a language of which it surprises by more than this (five standard deviations).
_UNFIT = 25
# Before CLD2 is believed a language that langdetect does not know, the text must surprise, the
# more so for Serbian, for which it takes much Macedonian and Bulgarian; words are too short to.
_LEAST, _LEAST_SERBIAN = 1, 5
_WORDS = 20
# Nor is it believed so on words where its score is less than this.
_UNSURE = 500
# Of 1000 letters; languages have them for their own.
_STRANGE = 20
# What neither knows, both may well name: the nearest relation. Then CLD2's score is low, and mostly
# the text surprises too. One in 300 sentences is lost to this, and two in three are found that are
# in Friulian, Low German, Sorbian, Asturian, Ewe, Sami, Kabyle and others like them. Shorter texts,
# in windows, do not tell. Where CLD2 is sure of nothing, a little surprise is enough.
_FAINT, _FAINT_BEYOND, _WEAK, _SURPRISING = 250, 300, 400, 12
_LONG_ENOUGH = 30
_ALONE = 2


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
    first: str, second: str | None, score: int, behind: int | None, doubt: Doubt, row: int
) -> Verdict:
    """Decide between the language of the profiles and that of CLD2 for one text.

    `first` is "und" where the profiles know none that is wanted; `second` is None where CLD2 is not
    sure; `score` is CLD2's; `behind` says by how many bits the profiles prefer the first, None if
    they have none for the second.
    """
    lead, surprise = int(doubt.lead[row]), int(doubt.surprise[row])
    fitting = first if surprise <= _UNFIT else UND
    tells = doubt.windows[row] >= _LONG_ENOUGH
    if second is None:
        fits = surprise <= (_ALONE if tells and score < _WEAK else _UNFIT)
        return Verdict(first if fits else UND, Case.ALONE, lead)
    weak = score < (_WEAK if surprise > _SURPRISING else _FAINT if surprise > 0 else 0)
    if second == first:
        return Verdict(UND if tells and weak else first, Case.AGREED, lead)
    if behind is not None and first != UND:
        doubtful = (second == "en" or score < _WEAK) and doubt.windows[row] >= _SINGLE
        if behind < (_NEARER if doubtful else _NEAR):
            return Verdict(UND if tells and weak else second, Case.PREFERRED, behind)
        return Verdict(fitting, Case.OPPOSED, behind)
    least = _LEAST_SERBIAN if second == "sr" else _LEAST if doubt.windows[row] >= _WORDS else 0
    strange = doubt.strange[row] >= _STRANGE and second != "sr"
    least = max(least, _LEAST) if score < _UNSURE else least
    if first == UND or surprise >= least or strange:
        faint = score < _FAINT_BEYOND
        return Verdict(UND if tells and faint else second, Case.BEYOND, surprise)
    return Verdict(first, Case.KEPT, surprise)


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
