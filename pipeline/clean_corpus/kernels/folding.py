"""Fold text as furniture repeats: what each character becomes, and the hash of what is left.

Folding ignores what varies in furniture: case, the kind of quotes, dashes and blanks, invisible
characters, initials ("J. M."), and numbers with their grouping marks ("1 204" and "7" are both
"0"). Accents stay.
"""

from __future__ import annotations

import unicodedata
from functools import cache

import numpy as np
import numpy.typing as npt

from clean_corpus import prepared
from clean_corpus.kernels import compiled

Bytes = npt.NDArray[np.uint8]
Offsets = npt.NDArray[np.int64]
Hashes = npt.NDArray[np.uint64]
Table = npt.NDArray[np.uint32]

#: Classes of characters, in the upper half of an entry of the table.
WORD, LOWER, STOP, CLOSER, BAR, CONTACT, OPENER, JOINER, UPPER, LETTER, SPACE = (
    1 << i for i in range(11)
)

#: What characters fold to.
DIGIT, BLANK, DASH, QUOTE, COMMA, DOT, SLASH, COLON = 48, 32, 45, 39, 44, 46, 47, 58

_INITIAL = 65  # no letter folds to it
_PRIME = np.uint64(0x9E3779B97F4A7C15)
_MURMUR = np.uint64(0xFF51AFD7ED558CCD)


@cache
def folding() -> Table:
    """Give the folded form (lower 16 bits, 0 is nothing) and class (above) of BMP characters."""
    return prepared.tables("folding", build)["folding"]


def build() -> dict[str, Table]:
    """Make the table by the Unicode data of this Python."""
    entries = [_folded(chr(c)) | _class(chr(c)) << 16 for c in range(1 << 16)]
    return {"folding": np.array(entries, np.uint32)}


def _folded(char: str) -> int:
    category = unicodedata.category(char)
    if char in "\t\n\r\v\f\x85" or category in {"Zs", "Zl", "Zp"}:
        return BLANK
    if category in {"Cc", "Cf"} or "\ufe00" <= char <= "\ufe0f":
        return 0
    if category == "Nd":
        return DIGIT
    if category == "Pd" or char == "\u2212":
        return DASH
    if category in {"Pi", "Pf"} or char in "\"'`´„‟＂＇":
        return QUOTE
    return ord(char.lower()[0]) & 0xFFFF


def _class(char: str) -> int:
    category = unicodedata.category(char)
    marks = (
        (WORD, category[0] in "LN"),
        (LOWER, category == "Ll"),
        (STOP, char in ".!?…。！？؟۔।።"),
        (CLOSER, category in {"Pe", "Pf"} or char in "\"'"),
        (BAR, category == "Pd" or char in "|•·\u2212"),
        (CONTACT, char in "@©"),
        (OPENER, category == "Ps"),
        (JOINER, char in ",;"),
        (UPPER, category in {"Lu", "Lt"}),
        (LETTER, category[0] in "LN" and category != "Nd"),
        (SPACE, char == " "),
    )
    return sum(bit for bit, holds in marks if holds)


@compiled
def _decode(data: Bytes, at: int) -> tuple[int, int]:
    """Give the code point at a byte offset, and the offset of the next."""
    lead = int(data[at])
    if lead < 0x80:
        return lead, at + 1
    if lead < 0xE0:
        return (lead & 0x1F) << 6 | (data[at + 1] & 0x3F), at + 2
    if lead < 0xF0:
        return (lead & 0x0F) << 12 | (data[at + 1] & 0x3F) << 6 | (data[at + 2] & 0x3F), at + 3
    return 0x10000, at + 4


@compiled
def _finished(value: np.uint64) -> np.uint64:
    value ^= value >> np.uint64(33)
    value *= np.uint64(0xFF51AFD7ED558CCD)
    return value ^ value >> np.uint64(33)


@compiled
def _initial(data: Bytes, at: int, end: int, table: Table) -> int:
    """Give where an initial with its full stop ends, or `at` if there is none."""
    code, after = _decode(data, at)
    if code < 0x10000 and int(table[code]) >> 16 & UPPER and after < end and data[after] == DOT:
        return after + 1
    return at


@compiled
def _hash(data: Bytes, start: int, end: int, kind: int, table: Table) -> np.uint64:
    """Hash what is left of a span after folding (FNV-1a over characters, murmur3's finish)."""
    value = _PRIME * np.uint64(2 * kind + 1)
    last = 0
    held = 0
    blank = False
    inside = False
    at = start
    while at < end:
        lead = data[at]
        stop = at if inside else _initial(data, at, end, table)
        if stop > at:
            at = stop
            if last != _INITIAL:
                if held:
                    value = (value ^ np.uint64(held)) * _PRIME
                if blank and last:
                    value = (value ^ np.uint64(BLANK)) * _PRIME
                value = (value ^ np.uint64(_INITIAL)) * _PRIME
            held = 0
            blank = False
            last = _INITIAL
            continue
        if lead < 0x80:
            entry = int(table[lead])
            folded = entry & 0xFFFF
            at += 1
        else:
            code, after = _decode(data, at)
            entry = int(table[code]) if code < 0x10000 else WORD << 16
            if code < 0x10000:
                folded = entry & 0xFFFF
            else:
                folded = 0x10000 | int(data[at + 1]) << 16 | int(data[at + 2]) << 8 | data[at + 3]
            at = after
        if folded == 0:
            continue
        inside = bool(entry >> 16 & WORD)
        if folded == BLANK:
            blank = True
            continue
        if last == DIGIT:
            if folded == DIGIT and not (held and blank):
                held = 0
                blank = False
                continue
            if held == 0 and not blank and folded in (COMMA, DOT, QUOTE):
                held = folded
                continue
            if held:
                value = (value ^ np.uint64(held)) * _PRIME
                held = 0
        if blank and last:
            value = (value ^ np.uint64(BLANK)) * _PRIME
        blank = False
        value = (value ^ np.uint64(folded)) * _PRIME
        last = folded
    if held:
        value = (value ^ np.uint64(held)) * _PRIME
    return _finished(value)


@compiled
def _hashes(
    data: Bytes,
    starts: Offsets,
    ends: Offsets,
    kinds: npt.NDArray[np.uint8],
    which: Offsets,
    table: Table,
    out: Hashes,
) -> None:
    for i in which:
        out[i] = _hash(data, starts[i], ends[i], kinds[i], table)


def hashes(
    data: Bytes,
    starts: Offsets,
    ends: Offsets,
    kinds: npt.NDArray[np.uint8],
    which: Offsets,
    out: Hashes,
) -> None:
    """Hash the spans `which` of the data, as they read when folded, with their kinds."""
    _hashes(data, starts, ends, kinds, which, folding(), out)
