"""Say which language each text is in, with a confidence, or that it cannot be said.

The evidence is langdetect's: its profiles, its windows of one to three letters, its smoothing. But
all windows count instead of a random few, in integers, so that a text has one answer; and the
script of a text limits the choice. What fits no profile is "und", not its nearest neighbour.
"""

from __future__ import annotations

from functools import cache
from math import isqrt
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from clean_corpus import config
from clean_corpus.kernels import language as kernel
from clean_corpus.stages import profiles
from clean_corpus.text import buffers

Numbers = npt.NDArray[np.int64]

UND = "und"

# Languages that langdetect does not know, but that their script gives away.
_BY_SCRIPT = {
    "ARMENIAN": "hy",
    "ETHIOPIC": "am",
    "GEORGIAN": "ka",
    "KHMER": "km",
    "LAO": "lo",
    "MONGOLIAN": "mn",
    "MYANMAR": "my",
    "ORIYA": "or",
    "SINHALA": "si",
    "THAANA": "dv",
    "TIBETAN": "bo",
    "YI": "ii",
}

# One unit of the profiles' weights is 1/512 bit.
_BIT = 512
# Evidence of 24 bits for a language that was not asked for is taken for certain.
_CERTAIN = 24 * _BIT

# A text fits no profile if its unknown windows, beyond those that the profile is known to miss,
# and its strange letters outweigh the distance to the next best; all in 1/10,000. Measured on
# Leipzig news, Tatoeba and masakhanews in 46 languages that langdetect knows and 27 that it does
# not: of the latter, 94 % of articles and 63 % of sentences are "und"; of the former 0.3 % and 1 %.
_SLACK = 100
_SLACK_SHORT = 20_000
_SLACK_DISTANCE, _LARGEST_DISTANCE = 3, 4_500
_STRANGE, _STRANGE_CYRILLIC, _MOST_STRANGE = 10, 30, 500

# Confidence in 1/10,000 by the binary logarithm of the bits by which the best profile leads, in
# halves: the share of right labels on sentences of 20 letters and more (Leipzig, Tatoeba, UDHR).
_CONFIDENCE = np.array(
    [
        4500, 4700, 5000, 5500, 6000, 6800, 7600, 8800, 9400, 9800, 9900, 9920, 9940, 9960, 9980,
        9982, 9984, 9986, 9988, 9990, 9990, 9991, 9992, 9993, 9994,
    ],
    np.int64,
)  # fmt: skip
_STEP = 256


class Detected(NamedTuple):
    """By text: ISO 639-1 code or "und", and confidence 0..10000 (int32, 0 for "und")."""

    labels: pa.StringArray
    confidence: npt.NDArray[np.int32]


def detect(texts: pa.LargeStringArray, options: config.Language) -> Detected:
    """Detect the language of each text, among `options.languages` if there are any.

    Texts of fewer than `options.min_letters` letters are "und"; a letter of Chinese, Japanese or
    Korean counts for three. Both kinds of Chinese are `zh`, both of Norwegian `no`. Raises
    ImportError if langdetect is not installed.
    """
    data, offsets = buffers(texts)
    languages = profiles.load()
    names = np.array([name[:2] for name in languages.names])
    lanes = np.isin(names, options.languages or names)
    allowed = sum(1 << int(lane) for lane in np.flatnonzero(lanes))
    found = kernel.evidence(
        data, offsets, languages.profiles, languages.admitted, _groups(tuple(names)), allowed
    )
    lead = np.where(found.second >= 0, found.score - found.second_score, 1 << 30)
    sure = (found.best >= 0) & ~_fits_none(found, languages)
    sure &= found.top_score - found.score <= _CERTAIN
    codes = np.full(len(texts), UND, dtype=object)
    codes[sure] = names[found.best[sure]]
    for row in np.flatnonzero(languages.admitted[found.script] == 0):
        code = _by_script(profiles.SCRIPTS[found.script[row]], texts[int(row)].as_py())
        codes[row] = code if code in (options.languages or [code]) else UND
    codes[_letters(found.counts) < options.min_letters] = UND
    confidence = np.where(codes == UND, 0, _confidence(lead)).astype(np.int32)
    return Detected(pa.array(codes, pa.string()), confidence)


@cache
def _groups(names: tuple[str, ...]) -> npt.NDArray[np.uint8]:
    """Give each lane the number of the first lane of its language."""
    groups = np.arange(kernel.LANES, dtype=np.uint8)
    groups[: len(names)] = [names.index(name) for name in names]
    return groups


def _letters(counts: Numbers) -> Numbers:
    weights = np.ones(counts.shape[1], np.int64)
    weights[0], weights[kernel.HAN : kernel.HANGUL + 1] = 0, 3
    letters: Numbers = counts @ weights
    return letters


def _fits_none(found: kernel.Evidence, languages: profiles.Languages) -> npt.NDArray[np.bool_]:
    """Say for each text whether it is in none of the languages that write its script."""
    strange = 10_000 * found.strange // np.maximum(found.letters, 1)
    unknown = 10_000 - 10_000 * found.known // np.maximum(found.grams, 1)
    excess = unknown - languages.missing[found.best]
    weight = np.where(found.script == profiles.CYRILLIC, _STRANGE_CYRILLIC, _STRANGE)
    lead = _SLACK_DISTANCE * (found.score - found.second_score) // np.maximum(found.windows, 1)
    slack = _SLACK + np.minimum(lead, _LARGEST_DISTANCE) + _short()[found.windows]
    alone = found.second < 0
    doubt: Numbers = excess + weight * np.minimum(strange, _MOST_STRANGE) - slack
    return (doubt > 0) & ~alone


@cache
def _short() -> Numbers:
    """Give the slack that a text has for being short, by its number of windows."""
    roots = (isqrt(10_000 * max(size, 1)) for size in range(kernel.MAX_POINTS + 1))
    return np.array([100 * _SLACK_SHORT // root for root in roots], np.int64)


def _confidence(lead: Numbers) -> Numbers:
    """Read the confidence off the table, with straight lines between its points."""
    place = profiles.log2(lead + _BIT) - profiles.log2(np.array([_BIT]))
    place = np.minimum(place, _STEP * (len(_CONFIDENCE) - 1) - 1)
    low = place // _STEP
    rise = _CONFIDENCE[low + 1] - _CONFIDENCE[low]
    confidence: Numbers = _CONFIDENCE[low] + rise * (place % _STEP) // _STEP
    return confidence


def _by_script(script: str, text: str) -> str:
    """Name the language that a script gives away; Tigrinya has a letter that Amharic replaced."""
    code = _BY_SCRIPT.get(script, UND)
    if code == "am" and text.count("\N{ETHIOPIC SYLLABLE GLOTTAL AA}") > text.count(
        "\N{ETHIOPIC SYLLABLE GLOTTAL A}"
    ):
        return "ti"
    return code
