"""Turn the profiles of the installed langdetect into tables that a kernel can read."""

from __future__ import annotations

import json
import unicodedata
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import langdetect
import numpy as np
import numpy.typing as npt
from langdetect.utils.ngram import NGram

from clean_corpus import prepared
from clean_corpus.kernels.language import HAN, KANA, LANES, MARKS, Profiles, index_keys

# langdetect smooths a probability by alpha / base frequency = 0.5 / 10000.
_SMOOTHING = 20_000
# Weights are binary logarithms with 9 binary digits: three of the largest fit in 16 bits.
_DIGITS = 9
# The letters of these turn up in names everywhere and say nothing about a text.
_ABROAD = ["de", "en", "es", "fr", "it", "pt"]
# Nor do these in Turkish: they are what Windows-1254 gives when it is read as Latin-1.
_DAMAGED = {"tr": "ýþð"}

_LAST, _LAST_TWO = np.uint64(0xFFFF), np.uint64(0xFFFFFFFF)
_TWO, _THREE = np.uint64(1 << 16), np.uint64(1 << 32)

_PLANE = 0x10000  # code points that profiles know

Words = npt.NDArray[np.uint64]
Numbers = npt.NDArray[np.int64]

#: Scripts by number, each by the first word of its letters' names in Unicode.
SCRIPTS = [
    "", "LATIN", "CJK", "HIRAGANA", "HANGUL", "GREEK", "CYRILLIC", "ARMENIAN", "HEBREW", "ARABIC",
    "THAANA", "DEVANAGARI", "BENGALI", "GURMUKHI", "GUJARATI", "ORIYA", "TAMIL", "TELUGU",
    "KANNADA", "MALAYALAM", "SINHALA", "THAI", "LAO", "TIBETAN", "MYANMAR", "GEORGIAN", "ETHIOPIC",
    "KHMER", "YI", "CANADIAN", "MONGOLIAN", "CHEROKEE", "SYRIAC", "LIMBU",
]  # fmt: skip
CYRILLIC = SCRIPTS.index("CYRILLIC")


class Languages(NamedTuple):
    """The languages of langdetect: names by lane (`zh-cn` and `zh-tw` among them), and tables.

    `admitted` has a bit for each lane that writes in a script, by the number of the script.
    `missing` says of how many in 10,000 windows of three letters a profile knows nothing, in its
    own language.
    """

    names: list[str]
    admitted: Words
    missing: Numbers
    profiles: Profiles


class _Grams(NamedTuple):
    """N-grams of all profiles: packed, with lane, frequency, and that of all of their length."""

    key: Words
    lane: Numbers
    freq: Numbers
    total: Numbers

    def where(self, rows: npt.NDArray[np.bool_]) -> _Grams:
        return _Grams(self.key[rows], self.lane[rows], self.freq[rows], self.total[rows])

    @property
    def bit(self) -> Words:
        return np.uint64(1) << self.lane.astype(np.uint64)


@cache
def load() -> Languages:
    """Give the profiles of the installed langdetect, in the order of their names."""
    tables = prepared.tables("profiles", build, packages=["langdetect"])
    names = tables["names"].tobytes().decode().split()
    fields: dict[str, Any] = {name: tables[name] for name in Profiles._fields}
    found = Profiles(**fields)._replace(three=int(tables["three"][0]))
    return Languages(names, tables["admitted"], tables["missing"], found)


def build() -> dict[str, npt.NDArray[Any]]:
    """Make the fields of `Profiles` and `Languages` out of the files of langdetect."""
    folder = Path(langdetect.__file__).parent / "profiles"
    names = sorted(path.name for path in folder.iterdir() if not path.name.startswith("."))
    grams = _grams([json.loads((folder / name).read_bytes()) for name in names])
    letters, threes = grams.where(grams.key < _TWO), grams.where(grams.key >= _THREE)
    script, lower = _script(), _lower()

    rows, places = np.unique(grams.key, return_inverse=True)
    known = np.zeros(len(rows), np.uint64)
    np.bitwise_or.at(known, places, grams.bit)
    keys, slots = index_keys(rows)
    return {
        "fold": _fold(),
        "lower": lower,
        "script": script,
        "accented": _accented(),
        "three": np.searchsorted(rows, [_THREE]),
        "keys": keys,
        "places": slots,
        "weights": _weights(grams, rows, places),
        "known": known,
        "at_home": _at_home(letters, names, lower)[rows & _LAST],
        "names": np.frombuffer(" ".join(names).encode(), np.uint8),
        "admitted": _admitted(letters, script),
        "missing": _missing(threes, len(names)),
    }


def _grams(profiles: list[dict[str, Any]]) -> _Grams:
    sizes = [len(profile["freq"]) for profile in profiles]
    lane = np.repeat(np.arange(len(profiles)), sizes)
    key = np.concatenate([_keys(profile["freq"]) for profile in profiles])
    count = [np.fromiter(profile["freq"].values(), np.int64) for profile in profiles]
    length = (key >= _TWO).astype(np.int64) + (key >= _THREE)
    total = np.array([profile["n_words"] for profile in profiles], np.int64)[lane, length]
    return _Grams(key, lane, np.concatenate(count), total)


def _weights(grams: _Grams, rows: Words, places: npt.NDArray[np.intp]) -> npt.NDArray[np.int16]:
    """Give what each n-gram adds to each lane: the logarithm of its smoothed probability.

    A lane that does not know it adds the logarithm of the smoothing alone, which is taken as 0.
    """
    weights = np.zeros((len(rows), LANES), np.int64)
    gain = log2(grams.total + _SMOOTHING * grams.freq) - log2(grams.total)
    weights[places, grams.lane] = np.where(grams.key == ord(" "), 0, gain)
    # Each row stands for the shorter n-grams at its end too: one look-up for a window.
    two, three = np.searchsorted(rows, [_TWO, _THREE])
    for first, last, masks in ((two, three, [_LAST]), (three, len(rows), [_LAST_TWO, _LAST])):
        left = np.arange(first, last)
        for mask in masks:
            at = np.searchsorted(rows, rows[left] & mask)
            hit = rows[at] == rows[left] & mask
            weights[left[hit]] += weights[at[hit]]
            left = left[~hit]
    return weights.astype(np.int16)


def _at_home(letters: _Grams, names: list[str], lower: npt.NDArray[np.uint16]) -> Words:
    """Give for each code point the lanes in whose texts it is nothing special."""
    homes = np.zeros(_PLANE, np.uint64)
    np.bitwise_or.at(homes, letters.key, letters.bit)
    abroad = np.uint64(sum(1 << names.index(name) for name in _ABROAD))
    homes[homes & abroad > 0] = np.uint64(2**64 - 1)
    for name, characters in _DAMAGED.items():
        homes[[ord(c) for c in characters]] |= np.uint64(1 << names.index(name))
    return homes | homes[lower]


def _admitted(letters: _Grams, script: npt.NDArray[np.uint8]) -> Words:
    """Give each language to the script of most of its letters."""
    shares = np.zeros((LANES, len(SCRIPTS)), np.int64)
    np.add.at(shares, (letters.lane, script[letters.key]), letters.freq)
    lanes = np.unique(letters.lane)
    admitted = np.zeros(len(SCRIPTS), np.uint64)
    bits = np.uint64(1) << lanes.astype(np.uint64)
    np.bitwise_or.at(admitted, shares[lanes, 1:].argmax(1) + 1, bits)
    return admitted


def _missing(threes: _Grams, lanes: int) -> Numbers:
    """Estimate the share of n-grams below the frequency at which a profile was cut off.

    Below a cut-off lies about 1.3 times what lies between it and twice of it: measured on the
    sentences of Leipzig news in 40 languages, whose unknown windows are 1 to 27 in 100.
    """
    least = np.full(lanes, np.iinfo(np.int64).max)
    np.minimum.at(least, threes.lane, threes.freq)
    edge = threes.where(threes.freq < 2 * least[threes.lane])
    mass, total = np.zeros(lanes, np.int64), np.ones(lanes, np.int64)
    np.add.at(mass, edge.lane, edge.freq)
    total[edge.lane] = edge.total
    return 13_000 * mass // total


def _keys(grams: dict[str, int]) -> Words:
    """Pack n-grams of one to three letters into words, the last letter lowest."""
    text = "".join(gram.rjust(3, "\0") for gram in grams)
    letters = np.frombuffer(text.encode("utf-16-le"), "<u2").reshape(-1, 3).astype(np.uint64)
    return letters[:, 0] << np.uint64(32) | letters[:, 1] << np.uint64(16) | letters[:, 2]


def log2(values: Numbers) -> Numbers:
    """Give binary logarithms of positive integers in 1/512, rounded down, without floats.

    One binary digit at a time: squaring a mantissa doubles its logarithm.
    """
    mantissa = values.astype(np.uint64)
    whole = np.zeros(len(values), np.int64)
    for shift in (32, 16, 8, 4, 2, 1):
        large = mantissa >> np.uint64(shift) > 0
        whole[large] += shift
        mantissa[large] >>= np.uint64(shift)
    # 31 binary digits after the point, so that a square fits in 64 bits.
    excess = whole - 31
    mantissa = np.where(
        excess > 0,
        values.astype(np.uint64) >> np.maximum(excess, 0).astype(np.uint64),
        values.astype(np.uint64) << np.maximum(-excess, 0).astype(np.uint64),
    )
    result = whole
    for _ in range(_DIGITS):
        mantissa = mantissa * mantissa >> np.uint64(31)
        large = mantissa >= 1 << 32
        result = 2 * result + large
        mantissa = np.where(large, mantissa >> np.uint64(1), mantissa)
    return result


def _script() -> npt.NDArray[np.uint8]:
    """Give the script of each code point: the first word of a letter's name tells."""
    numbers = {name: number for number, name in enumerate(SCRIPTS)}
    numbers |= {"KATAKANA": KANA, "KATAKANA-HIRAGANA": KANA, "BOPOMOFO": HAN}
    script = np.zeros(_PLANE, np.uint8)
    for point, character in enumerate(map(chr, range(_PLANE))):
        if unicodedata.category(character)[0] == "L":
            name = unicodedata.name(character).partition(" ")[0]
            script[point] = numbers.get(name, 0)
    return script


def _fold() -> npt.NDArray[np.uint16]:
    """Give the letter that stands for each code point in the profiles."""
    return np.array([ord(NGram.normalize(chr(point))) for point in range(_PLANE)], np.uint16)


def _lower() -> npt.NDArray[np.uint16]:
    small = [chr(point).lower() for point in range(_PLANE)]
    return np.array([ord(c) if len(c) == 1 else i for i, c in enumerate(small)], np.uint16)


def _accented() -> npt.NDArray[np.uint16]:
    """Give the Vietnamese letters that langdetect makes of a letter and a mark that follows it."""
    made = np.zeros((len(MARKS), 0x200), np.uint16)
    for mark, letters in zip(NGram.DMARK_CLASS, NGram.NORMALIZED_VI_CHARS, strict=True):
        for letter, whole in zip(NGram.TO_NORMALIZE_VI_CHARS, letters, strict=True):
            made[MARKS.index(ord(mark)), ord(letter)] = ord(whole)
    return made
