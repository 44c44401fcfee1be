"""Say which language each text is in, with a confidence, or that it cannot be said.

Two witnesses. langdetect's profiles speak of every text: its windows of one to three letters, its
smoothing, but all windows count instead of a random few, in integers, so that a text has one
answer; and the script of a text limits the choice. Where they leave a doubt, CLD2 is heard too:
where two languages are close, or a text holds much that the nearest one hardly ever writes; and
once more, of the words without capitals, where names may be what does not fit.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from clean_corpus import config
from clean_corpus.kernels import language as kernel
from clean_corpus.stages import alphabet, cld2, profiles, telltales
from clean_corpus.stages.verdicts import UND, Case, Doubt, Verdict, confidence, weigh
from clean_corpus.text import buffers

Numbers = npt.NDArray[np.int64]
Labels = npt.NDArray[np.object_]

# Languages that langdetect does not know, but that their script gives away.
_BY_SCRIPT = {
    "ARMENIAN": "hy",
    "CANADIAN": "iu",
    "CHEROKEE": "chr",
    "ETHIOPIC": "am",
    "GEORGIAN": "ka",
    "KHMER": "km",
    "LAO": "lo",
    "LIMBU": "lif",
    "MONGOLIAN": "mn",
    "MYANMAR": "my",
    "ORIYA": "or",
    "SINHALA": "si",
    "SYRIAC": "syr",
    "THAANA": "dv",
    "TIBETAN": "bo",
    "YI": "ii",
}

# Scripts of one language, as far as either source knows: what they hold leaves no doubt.
_OF_ONE = np.isin(
    alphabet.SCRIPTS,
    ["CJK", "GREEK", "GUJARATI", "GURMUKHI", "HANGUL", "HIRAGANA", "KANNADA", "MALAYALAM", "TAMIL",
     "TELUGU", "THAI"],
)  # fmt: skip

# So much evidence for a language that was not asked for is taken for certain.
_CERTAIN = 24 * profiles.BIT

# A text leaves no doubt if its language leads by so many bits, and by one for so many windows, as
# a lead grows with the length, also between two that are both wrong; and if it has no more of what
# that language lacks: windows of 10,000, letters of 1000. Of such sentences in Leipzig news, in 75
# languages, 1 in 300 is in another language.
_CLEAR_LEAD, _CLEAR_BY_WINDOWS, _CLEAR_EXCESS, _CLEAR_STRANGE = 128, 2, 400, 5
# The same for long texts, in the measure of `Doubt.surprise`: three standard deviations.
_CLEAR_SURPRISE = 9
# Windows of one text depend on each other: more than these say no more of how well a profile fits.
_TELLING = 300
# A profile lacks at least this share of the windows of its own language, in 1/10,000.
_LEAST_MISSING = 1_000

# What is right less often than this, in 1/10,000, is no answer.
_LEAST_CONFIDENCE = 3_000

# A text that is right so often, in 1/10,000, stays so if it loses no more than one byte in so many.
# Of 18,500 news articles all were, and kept the label.
_KEPT_CONFIDENCE, _KEPT_SHARE = 9_900, 8


class Detected(NamedTuple):
    """By text: a code of `languages.NAMES` or "und", and confidence 0..10000 (int32)."""

    labels: pa.StringArray
    confidence: npt.NDArray[np.int32]


def no_answer(texts: pa.LargeStringArray, options: config.Language) -> Detected:
    """Say of each text that it was not asked about: "und"."""
    del options
    return Detected(pa.repeat(UND, len(texts)), np.zeros(len(texts), np.int32))


def detect(texts: pa.LargeStringArray, options: config.Language) -> Detected:
    """Detect the language of each text, among `options.languages` if there are any.

    Texts of fewer than `options.min_letters` letters are "und"; a letter of Chinese, Japanese or
    Korean counts for three. One label stands for languages that are hardly told apart in writing
    (`languages.GROUPED`). Raises ImportError if langdetect or pycld2 is not installed.
    """
    data, offsets = buffers(texts)
    languages = profiles.load()
    lanes = _lanes(tuple(languages.names))
    wanted = options.languages
    found, clear = _examined(data, offsets, languages, lanes, wanted)
    doubt = _doubt(found, languages)
    labels, cases, strengths = _first(found, languages, lanes), *_agreed(doubt)

    def hear(row: int, answer: cld2.Answer) -> Verdict:
        second = answer.label if not wanted or answer.label in wanted else None
        lane = lanes.first.get(second or "")
        behind = None
        if lane is not None:
            behind = int(found.score[row] - found.totals[row, lane]) // profiles.BIT
        return weigh(labels[row], second, answer.fit, behind, doubt, row)

    heard = ~clear | (not lanes.first.keys() >= {*wanted})
    heard &= languages.admitted[found.script] > 0
    for row in np.flatnonzero(heard).tolist():
        text = data[offsets[row] : offsets[row + 1]].tobytes()
        answer = cld2.ask(text)
        verdict = hear(row, answer)
        if verdict.label == UND != labels[row]:
            verdict = hear(row, cld2.ask_again(text, answer))
        labels[row], cases[row], strengths[row] = verdict
    cases[languages.admitted[found.script] == 0] = Case.CERTAIN
    cases[telltales.corrected(texts, labels, clear)] = Case.CERTAIN
    likely = confidence(cases, doubt.windows, strengths)
    likely[_letters(found.counts) < options.min_letters] = 0
    if wanted:
        likely[~np.isin(labels, wanted)] = 0
    labels[likely < _LEAST_CONFIDENCE] = UND
    likely[labels == UND] = 0
    return Detected(pa.array(labels, pa.string()), likely.astype(np.int32))


def detect_left(
    texts: pa.LargeStringArray,
    told: Detected,
    left: pa.LargeStringArray,
    options: config.Language,
) -> Detected:
    """Detect the language of what is `left` of each text, given what was `told` of the whole.

    A text that lost little of what it was certain about is not looked at again.
    """
    size, now = (pc.binary_length(column).to_numpy() for column in (texts, left))
    doubtful = (told.confidence < _KEPT_CONFIDENCE) | (_KEPT_SHARE * abs(size - now) > size)
    again = pc.and_(pa.array(doubtful), pc.not_equal(texts, left))
    found = detect(left.filter(again), options)
    likely = told.confidence.copy()
    likely[again.to_numpy(False)] = found.confidence
    return Detected(pc.replace_with_mask(told.labels, again, found.labels), likely)


def _examined(
    data: npt.NDArray[np.uint8],
    offsets: Numbers,
    languages: profiles.Languages,
    lanes: _Lanes,
    wanted: Sequence[str],
) -> tuple[kernel.Evidence, npt.NDArray[np.bool_]]:
    """Glance at each text, and look at those again that are not clear; say which are."""
    allowed = sum(1 << i for i, code in enumerate(lanes.codes) if not wanted or code in wanted)

    def look(docs: Numbers, enough: int) -> kernel.Evidence:
        return kernel.evidence(
            data, offsets, docs, enough,
            languages.profiles, languages.admitted, lanes.groups, allowed,
        )  # fmt: skip

    found = look(np.arange(len(offsets) - 1), kernel.GLANCE)
    clear = _is_clear(found, languages, _doubt(found, languages))
    rows = np.flatnonzero(~clear & (np.diff(offsets) >= 2 * kernel.GLANCE))
    again = look(rows, kernel.ENOUGH)
    for name in found._fields:
        getattr(found, name)[rows] = getattr(again, name)
    clear[rows] = _is_clear(found, languages, _doubt(found, languages))[rows]
    return found, clear


class _Lanes(NamedTuple):
    """Languages by lane; the first lane of each language; by lane, that of its language."""

    codes: list[str]
    first: dict[str, int]
    groups: npt.NDArray[np.uint8]


@cache
def _lanes(names: tuple[str, ...]) -> _Lanes:
    codes = [name[:2] for name in names]
    groups = np.arange(kernel.LANES, dtype=np.uint8)
    groups[: len(codes)] = [codes.index(code) for code in codes]
    return _Lanes(codes, {code: codes.index(code) for code in codes}, groups)


def _first(found: kernel.Evidence, languages: profiles.Languages, lanes: _Lanes) -> Labels:
    """Give the language of the best profile, or that of the script."""
    codes = np.array([*lanes.codes, UND], dtype=object)
    labels: Labels = codes[np.where(found.top_score - found.score <= _CERTAIN, found.best, -1)]
    for row in np.flatnonzero(languages.admitted[found.script] == 0):
        labels[row] = _BY_SCRIPT.get(alphabet.SCRIPTS[found.script[row]], UND)
    return labels


def _doubt(found: kernel.Evidence, languages: profiles.Languages) -> Doubt:
    missing = np.maximum(languages.missing[found.best], _LEAST_MISSING)
    excess = _excess(found, languages)
    windows = np.clip(found.grams, 1, _TELLING)
    lead = np.where(found.second >= 0, found.score - found.second_score, 1 << 30) // profiles.BIT
    return Doubt(
        lead,
        np.sign(excess) * (excess * excess * windows // (missing * (10_000 - missing))),
        1_000 * found.strange // np.maximum(found.letters, 1),
        found.windows,
    )


def _excess(found: kernel.Evidence, languages: profiles.Languages) -> Numbers:
    """Give the windows of 10,000 that the best profile lacks, beyond those due to its making."""
    unknown = 10_000 - 10_000 * found.known // np.maximum(found.grams, 1)
    excess: Numbers = unknown - languages.missing[found.best]
    return excess


def _is_clear(
    found: kernel.Evidence, languages: profiles.Languages, doubt: Doubt
) -> npt.NDArray[np.bool_]:
    fits = np.where(
        found.grams < _TELLING,
        _excess(found, languages) <= _CLEAR_EXCESS,
        doubt.surprise <= _CLEAR_SURPRISE,
    )
    leads = doubt.lead >= np.maximum(_CLEAR_LEAD, doubt.windows // _CLEAR_BY_WINDOWS)
    clear = leads & fits & (doubt.strange < _CLEAR_STRANGE)
    found_clear: npt.NDArray[np.bool_] = (clear | _OF_ONE[found.script]) & (found.best >= 0)
    return found_clear


def _agreed(doubt: Doubt) -> tuple[Numbers, Numbers]:
    return np.full(len(doubt.lead), Case.AGREED, np.int64), doubt.lead.copy()


def _letters(counts: Numbers) -> Numbers:
    weights = np.ones(counts.shape[1], np.int64)
    weights[0], weights[kernel.HAN : kernel.HANGUL + 1] = 0, 3
    letters: Numbers = counts @ weights
    return letters
