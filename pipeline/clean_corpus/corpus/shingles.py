"""What a word and a shingle are: the one definition behind signatures, verification and reports.

A text is folded: case, widths and compatibility forms (NFKD, case folding), and the marks of Latin
letters, Greek letters and digits; elsewhere marks carry the word and stay. Words are runs of
letters, marks and numbers; invisible format characters are as if they were not there. Scripts
that do without spaces have no such runs, so there each window of three (Han, Kana) or six code
points (Thai, Lao, Khmer, Myanmar) is a word, and a shorter run is one. A shingle is n words in a
row; a text of fewer words is one shingle; a text without words has none.

`words` and `strings` say it in plain Python; `hashes` does it for a batch, 64 bits a shingle.
"""

from __future__ import annotations

import unicodedata
from bisect import bisect_right
from functools import cache

import numpy as np
import pyarrow as pa

from clean_corpus import prepared
from clean_corpus.kernels import shingling
from clean_corpus.kernels.shingle import (
    GAP,
    LETTER,
    LONG,
    LONG_WINDOW,
    MARK,
    PLAIN,
    SEVERAL,
    SHORT,
    SHORT_WINDOW,
    SKIP,
    Hashes,
    Offsets,
    Table,
)
from clean_corpus.text import buffers

#: Changes whenever the same text could give other shingles; part of the key of every task.
FINGERPRINT = f"shingles 2, Unicode {unicodedata.unidata_version}"

_SIZE = 0x20000

# Letters that lose their marks, and scripts without spaces, as ranges of folded code points.
# Unicode's Script property is not in the standard library; these blocks are stable.
_RANGES = (
    (0x0030, 0x0039, PLAIN),  # digits
    (0x0041, 0x024F, PLAIN),  # Latin
    (0x0250, 0x02FF, PLAIN),  # IPA, modifier letters
    (0x0370, 0x03E1, PLAIN),  # Greek without Coptic
    (0x03F0, 0x03FF, PLAIN),
    (0x0E00, 0x0EFF, LONG),  # Thai, Lao
    (0x1000, 0x109F, LONG),  # Myanmar
    (0x1780, 0x17FF, LONG),  # Khmer
    (0x1D00, 0x1DBF, PLAIN),  # phonetic extensions
    (0x1E00, 0x1FFF, PLAIN),  # Latin and Greek with marks
    (0x2C60, 0x2C7F, PLAIN),
    (0x3005, 0x3007, SHORT),
    (0x3021, 0x3029, SHORT),
    (0x303B, 0x303C, SHORT),
    (0x3041, 0x312F, SHORT),  # Kana with its sound marks, Bopomofo
    (0x31A0, 0x31BF, SHORT),
    (0x31F0, 0x31FF, SHORT),
    (0x3400, 0x4DBF, SHORT),
    (0x4E00, 0x9FFF, SHORT),
    (0xA720, 0xA7FF, PLAIN),
    (0xA9E0, 0xA9FF, LONG),
    (0xAA60, 0xAA7F, LONG),
    (0xAB30, 0xAB6F, PLAIN),
    (0xF900, 0xFAFF, SHORT),
    (0x1AFF0, 0x1B16F, SHORT),  # Kana supplements
)
_STARTS = [start for start, _, _ in _RANGES]

# Blocks in which every code point stands for itself; they need no look at one by one.
_UNFOLDED = ((0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xAC00, 0xD7A3), (0x17000, 0x18CFF))
_TATWEEL = "\N{ARABIC TATWEEL}"  # stretches a word, says nothing


def kind(character: str) -> int:
    """Give the kind of a folded code point, one of those of the kernel."""
    code, category = ord(character), unicodedata.category(character)
    if code >= _SIZE:
        return SHORT if code < 0x40000 else SKIP
    if category[0] not in "LMN":
        return SKIP if category == "Cf" else GAP
    start, end, script = _RANGES[max(0, bisect_right(_STARTS, code) - 1)]
    script = script if start <= code <= end else LETTER
    if category[0] == "M":
        # Variation selectors choose a glyph; Thai vowels above and below are letters of a run.
        selector = 0xFE00 <= code <= 0xFE0F or 0x180B <= code <= 0x180F
        return SKIP if selector else script if script >= SHORT else MARK
    return SKIP if character == _TATWEEL else script


def fold(character: str) -> str:
    """Fold one code point: case, width and compatibility form, marks apart.

    Hangul stays composed. A form that would not be letters, marks and numbers only (one half is
    1/2) is not taken, and neither are those of symbols.
    """
    code = ord(character)
    if 0xAC00 <= code <= 0xD7A3 or code >= _SIZE or unicodedata.category(character)[0] not in "LMN":
        return character
    folded = unicodedata.normalize("NFKD", character).casefold()
    folded = unicodedata.normalize("NFKD", folded).replace("ı", "i")
    whole = all(unicodedata.category(part)[0] in "LMN" for part in folded)
    return folded if whole else character


def words(text: str) -> list[str]:
    """Give the words of a text, folded, in order: the definition in plain Python."""
    found: list[str] = []
    word = ""
    state = GAP  # the kind of the letter before, GAP outside words
    for character in text:
        for part in fold(character):
            now = kind(part)
            if now == SKIP or (now == MARK and state in (GAP, PLAIN)):
                continue
            if now == MARK:
                now = state
            if now != state and (now in _DENSE or now == GAP or state in _DENSE):
                found += _cut(word, state)
                word = ""
            word += part if now != GAP else ""
            state = now
    return found + _cut(word, state)


_DENSE = {SHORT: SHORT_WINDOW, LONG: LONG_WINDOW}


def _cut(run: str, state: int) -> list[str]:
    """Cut a run into its words: itself, or the windows of a script without spaces."""
    size = _DENSE.get(state, len(run))
    return [run[i : i + size] for i in range(max(1, len(run) - size + 1))] if run else []


def strings(text: str, size: int) -> list[str]:
    """Give the shingles of a text as words joined by one space, repetitions included."""
    found = words(text)
    size = min(size, len(found))
    return [" ".join(found[i : i + size]) for i in range(len(found) - size + 1)] if found else []


@cache
def tables() -> tuple[Table, Table]:
    """Give the kernel's tables, as they follow from the Unicode data of this Python."""
    found = prepared.tables("shingles", build)
    return found["table"], found["more"]


@cache
def _quick() -> Hashes:
    return shingling.quick(tables()[0])


def build() -> dict[str, Table]:
    """Make the tables: an entry for each code point, and what several stand for."""
    table = np.zeros(_SIZE, np.uint32)
    more: list[int] = []
    codes = np.arange(_SIZE, dtype=np.uint32)
    for start, end in _UNFOLDED:
        table[start : end + 1] = codes[start : end + 1] | np.uint32(kind(chr(start)) << 24)
    for code in np.flatnonzero(table == 0).tolist():
        character = chr(code)
        if unicodedata.category(character) in _EMPTY:
            continue
        entries = [kind(part) << 24 | ord(part) for part in fold(character)]
        if entries[0] >> 24 == PLAIN and all(entry >> 24 == MARK for entry in entries[1:]):
            del entries[1:]  # marks that the letter loses
        if len(entries) == 1:
            table[code] = entries[0] if entries[0] >> 24 != GAP else 0
        else:
            table[code] = SEVERAL << 24 | len(more)
            more += [len(entries), *entries]
    return {"table": table, "more": np.array(more, np.uint32)}


#: Unassigned, private, surrogate, control: most of what is no letter, skipped for speed.
_EMPTY = {"Cn", "Co", "Cs", "Cc", "So", "Sm", "Po", "Zs"}


def hashes(
    texts: pa.LargeStringArray, size: int, rows: Offsets | None = None
) -> tuple[Hashes, Offsets]:
    """Hash the shingles of a null-free array of texts, or of some of its rows.

    Gives 64-bit hashes, in order and with repetitions, and the offsets of each text's own.
    """
    data, offsets = buffers(texts)
    rows = np.arange(len(texts)) if rows is None else rows
    return shingling.shingles(data, offsets, rows, _quick(), *tables(), size)
