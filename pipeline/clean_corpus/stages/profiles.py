"""Turn the profiles of the installed langdetect into tables that a kernel can read."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import langdetect
import numpy as np
import numpy.typing as npt

from clean_corpus import prepared
from clean_corpus.kernels.language import (
    HALF,
    LANES,
    LATIN,
    LETTER_BITS,
    MULTIPLIER,
    ROW_BITS,
    SPACE,
    UNKNOWN,
    Profiles,
)
from clean_corpus.stages import alphabet

# langdetect smooths a probability by alpha / base frequency = 0.5 / 10000.
_SMOOTHING = 20_000
# Binary logarithms have 9 binary digits; weights, sums of up to three, are rounded to 6, so that
# sums of some dozens fit in 16 bits.
_DIGITS, _KEPT = 9, 6
#: One bit of information, in the unit of weights.
BIT = 1 << _KEPT
# The letters of these turn up in names everywhere and say nothing about a text.
_ABROAD = ["de", "en", "es", "fr", "it", "pt"]
# Nor do these in Turkish: they are what Windows-1254 gives when it is read as Latin-1.
_DAMAGED = {"tr": "ýþð"}

_LAST, _LAST_TWO = np.uint64(0xFFFF), np.uint64(0xFFFFFFFF)
_TWO, _THREE = np.uint64(1 << 16), np.uint64(1 << 32)

Words = npt.NDArray[np.uint64]
Numbers = npt.NDArray[np.int64]


class Languages(NamedTuple):
    """The languages of langdetect: names by lane (`zh-cn` and `zh-tw` among them), and tables.

    Those in Latin letters come first, then those in others, by name: they make up the two halves.
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
    """Give the profiles of the installed langdetect."""
    tables = prepared.tables("profiles", build, packages=["langdetect"])
    names = tables["names"].tobytes().decode().split()
    fields: dict[str, Any] = {name: tables[name] for name in Profiles._fields}
    fields |= {name: int(tables[name][0]) for name in ("digits", "other", "room")}
    return Languages(names, tables["admitted"], tables["missing"], Profiles(**fields))


def build() -> dict[str, npt.NDArray[Any]]:
    """Make the fields of `Profiles` and `Languages` out of the files of langdetect."""
    folder = Path(langdetect.__file__).parent / "profiles"
    names = sorted(path.name for path in folder.iterdir() if not path.name.startswith("."))
    grams = _grams([json.loads((folder / name).read_bytes()) for name in names])
    script, lower, fold = alphabet.script(), alphabet.lower(), alphabet.fold()
    home = _home(grams.where(grams.key < _TWO), script)
    order = np.argsort(home != LATIN, kind="stable")
    names, home = [names[lane] for lane in order.tolist()], home[order]
    grams = grams._replace(lane=np.argsort(order)[grams.lane])
    other = int((home == LATIN).sum())
    assert max(other, len(names) - other) <= HALF, "langdetect has more languages than lanes"

    rows, places = np.unique(grams.key, return_inverse=True)
    weights = _weights(grams, rows, places)
    letters = grams.where(grams.key < _TWO)
    numbers = _numbers(rows[rows < _TWO])
    known = np.zeros(len(rows), np.uint64)
    np.bitwise_or.at(known, places, grams.bit)
    known[rows < _THREE] = 0
    at_home = _at_home(letters, names, lower)[rows & _LAST]
    lanes = np.array([0, other], np.uint64)
    digits = (2 * len(rows) - 1).bit_length()
    return {
        "letters": numbers[fold],
        "lower": lower,
        "kinds": alphabet.kinds(script, lower, fold),
        "accented": alphabet.accented(),
        "table": _table(_numbered(rows, numbers), digits),
        "digits": np.array([digits]),
        "weights": np.stack([_fours(weights[:, lane : lane + HALF]) for lane in (0, other)]),
        "facts": np.stack([_facts(known >> lane, at_home >> lane) for lane in lanes]),
        "names": np.frombuffer(" ".join(names).encode(), np.uint8),
        "other": np.array([other]),
        "room": np.array([0xFFFF // weights.max()]),
        "admitted": _admitted(home),
        "missing": _missing(grams.where(grams.key >= _THREE), len(names)),
    }


def _grams(profiles: list[dict[str, Any]]) -> _Grams:
    sizes = [len(profile["freq"]) for profile in profiles]
    lane = np.repeat(np.arange(len(profiles)), sizes)
    key = np.concatenate([_keys(profile["freq"]) for profile in profiles])
    count = [np.fromiter(profile["freq"].values(), np.int64) for profile in profiles]
    length = (key >= _TWO).astype(np.int64) + (key >= _THREE)
    total = np.array([profile["n_words"] for profile in profiles], np.int64)[lane, length]
    return _Grams(key, lane, np.concatenate(count), total)


def _numbers(letters: Words) -> npt.NDArray[np.uint16]:
    """Give the number of each code point, those letters counted that profiles know."""
    numbers = np.full(alphabet.PLANE, UNKNOWN, np.uint16)
    numbers[[0, ord(" ")]] = 0, SPACE
    known = letters[letters != ord(" ")]
    numbers[known] = np.arange(SPACE + 1, SPACE + 1 + len(known))
    assert numbers.max() < 1 << LETTER_BITS, "langdetect has more letters than numbers"
    return numbers


def _numbered(rows: Words, numbers: npt.NDArray[np.uint16]) -> Words:
    """Pack n-grams by the numbers of their letters."""
    assert len(rows) + 1 < 1 << ROW_BITS, "langdetect has more n-grams than rows"
    packed = np.zeros(len(rows), np.uint64)
    for shift in (32, 16, 0):
        letters = rows >> np.uint64(shift) & _LAST
        packed = packed << np.uint64(LETTER_BITS) | numbers[letters]
    return packed


def _table(keys: Words, digits: int) -> Words:
    """Give each key the first slot from its home on that those before it leave."""
    home = (keys * np.uint64(MULTIPLIER) >> np.uint64(64 - digits)).astype(np.int64)
    order = np.argsort(home, kind="stable")
    count = np.arange(len(keys))
    slots = np.maximum.accumulate(home[order] - count) + count
    table = np.zeros(max(1 << digits, slots[-1] + 1) + 1, np.uint64)
    table[slots] = keys[order] << np.uint64(ROW_BITS) | (order + 1).astype(np.uint64)
    return table


def _weights(grams: _Grams, rows: Words, places: npt.NDArray[np.intp]) -> Numbers:
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
    half = 1 << _DIGITS - _KEPT - 1
    rounded: Numbers = weights + half >> _DIGITS - _KEPT
    return rounded


def _fours(weights: Numbers) -> Words:
    """Pack four lanes into a word, behind a row of zeros."""
    lanes = weights.astype(np.uint64).reshape(len(weights), -1, 4)
    packed = np.zeros((len(weights) + 1, lanes.shape[1]), np.uint64)
    for lane in range(4):
        packed[1:] |= lanes[:, :, lane] << np.uint64(16 * lane)
    return packed


def _facts(known: Words, at_home: Words) -> Words:
    """Pack two sets of lanes, of which one half counts, behind a row of zeros."""
    low = np.uint64((1 << HALF) - 1)
    return np.append(np.uint64(0), known & low | (at_home & low) << np.uint64(HALF))


def _at_home(letters: _Grams, names: list[str], lower: npt.NDArray[np.uint16]) -> Words:
    """Give for each code point the lanes in whose texts it is nothing special."""
    homes = np.zeros(alphabet.PLANE, np.uint64)
    np.bitwise_or.at(homes, letters.key, letters.bit)
    abroad = np.uint64(sum(1 << names.index(name) for name in _ABROAD))
    homes[homes & abroad > 0] = np.uint64(2**64 - 1)
    for name, characters in _DAMAGED.items():
        homes[[ord(c) for c in characters]] |= np.uint64(1 << names.index(name))
    return homes | homes[lower]


def _home(letters: _Grams, script: npt.NDArray[np.uint8]) -> Numbers:
    """Give the script of most letters of each language."""
    shares = np.zeros((letters.lane.max() + 1, len(alphabet.SCRIPTS)), np.int64)
    np.add.at(shares, (letters.lane, script[letters.key]), letters.freq)
    home: Numbers = shares[:, 1:].argmax(1) + 1
    return home


def _admitted(home: Numbers) -> Words:
    """Give each script the lanes that are at home in it."""
    admitted = np.zeros(len(alphabet.SCRIPTS), np.uint64)
    np.bitwise_or.at(admitted, home, np.uint64(1) << np.arange(len(home), dtype=np.uint64))
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
