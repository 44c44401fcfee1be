"""What language profiles need to know of each code point of the first plane.

langdetect is imported where its tables are made, which are kept then.
"""

from __future__ import annotations

import unicodedata

import numpy as np
import numpy.typing as npt

from clean_corpus.kernels.language import ASCII, CAPITAL, HAN, KANA, MARKS, SIGN

#: Code points of the first plane.
PLANE = 0x10000

Points = npt.NDArray[np.uint16]
Bytes = npt.NDArray[np.uint8]

#: Scripts by number, each by the first word of its letters' names in Unicode.
SCRIPTS = [
    "", "LATIN", "CJK", "HIRAGANA", "HANGUL", "GREEK", "CYRILLIC", "ARMENIAN", "HEBREW", "ARABIC",
    "THAANA", "DEVANAGARI", "BENGALI", "GURMUKHI", "GUJARATI", "ORIYA", "TAMIL", "TELUGU",
    "KANNADA", "MALAYALAM", "SINHALA", "THAI", "LAO", "TIBETAN", "MYANMAR", "GEORGIAN", "ETHIOPIC",
    "KHMER", "YI", "CANADIAN", "MONGOLIAN", "CHEROKEE", "SYRIAC", "LIMBU",
]  # fmt: skip


def script() -> Bytes:
    """Give the script of each code point: the first word of a letter's name tells."""
    numbers = {name: number for number, name in enumerate(SCRIPTS)}
    numbers |= {"KATAKANA": KANA, "KATAKANA-HIRAGANA": KANA, "BOPOMOFO": HAN}
    found = np.zeros(PLANE, np.uint8)
    for point, character in enumerate(map(chr, range(PLANE))):
        if unicodedata.category(character)[0] == "L":
            name = unicodedata.name(character).partition(" ")[0]
            found[point] = numbers.get(name, 0)
    return found


def fold() -> Points:
    """Give the letter that stands for each code point in the profiles."""
    from langdetect.utils.ngram import NGram

    return np.array([ord(NGram.normalize(chr(point))) for point in range(PLANE)], np.uint16)


def lower() -> Points:
    """Give the lower case of each code point that has one of its own."""
    small = [chr(point).lower() for point in range(PLANE)]
    return np.array([ord(c) if len(c) == 1 else i for i, c in enumerate(small)], np.uint16)


def accented() -> Points:
    """Give the Vietnamese letters that langdetect makes of a letter and a mark that follows it."""
    from langdetect.utils.ngram import NGram

    made = np.zeros((len(MARKS), 0x200), np.uint16)
    for mark, letters in zip(NGram.DMARK_CLASS, NGram.NORMALIZED_VI_CHARS, strict=True):
        for letter, whole in zip(NGram.TO_NORMALIZE_VI_CHARS, letters, strict=True):
            made[MARKS.index(ord(mark)), ord(letter)] = ord(whole)
    return made


def kinds(scripts: Bytes, small: Points, folded: Points) -> Bytes:
    """Give the kind of each code point, as `kernels.language.Profiles` has it, of these tables."""
    found = np.where((scripts == 0) & (folded != ord(" ")), SIGN, scripts)
    is_letter = scripts > 0
    found[is_letter & (small != np.arange(PLANE))] |= CAPITAL
    found[:0x80][is_letter[:0x80]] |= ASCII
    return found.astype(np.uint8)
