"""Find white space and invisible characters to replace, in UTF-8 texts as Arrow holds them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from clean_corpus.kernels import compiled

Bytes = npt.NDArray[np.uint8]
Offsets = npt.NDArray[np.int64]

#: What an edit does, in the order of `Spans.rule`.
BLANKS, LINE_END, BLANK_LINES, EDGES, INVISIBLE = range(5)

# Kinds of characters: a letter or sign, a blank, a line end, nothing to see, a joiner that is
# kept next to letters that it joins, and a space without width that is kept in scripts that
# write no others. Signs may also ask for joiners, or be of such a script.
_SIGN, _BLANK, _END, _NOTHING, _JOINER, _BREAK, _KIND = 0, 1, 2, 3, 4, 5, 7
_JOINS, _UNSPACED = 8, 16

_ZWJ = 0x200D

# (kind, first, last), later lines over earlier ones.
_RANGES = [
    (_NOTHING, 0x00, 0x1F),
    (_BLANK, 0x09, 0x09),
    (_END, 0x0A, 0x0D),
    (_BLANK, 0x20, 0x20),
    (_NOTHING, 0x7F, 0x9F),
    (_END, 0x85, 0x85),
    (_BLANK, 0xA0, 0xA0),
    (_NOTHING, 0xAD, 0xAD),
    (_JOINS, 0x0600, 0x0DFF),  # Arabic to Sinhala
    (_UNSPACED, 0x0E00, 0x0EFF),  # Thai, Lao
    (_UNSPACED | _JOINS, 0x0F00, 0x109F),  # Tibetan, Burmese
    (_BLANK, 0x1680, 0x1680),
    (_UNSPACED | _JOINS, 0x1780, 0x17FF),  # Khmer
    (_JOINS, 0x1800, 0x1CFF),  # Mongolian and Indic scripts
    (_NOTHING, 0x180E, 0x180E),
    (_UNSPACED | _JOINS, 0x1950, 0x1AAF),  # Tai scripts
    (_BLANK, 0x2000, 0x200A),
    (_BREAK, 0x200B, 0x200B),
    (_JOINER, 0x200C, _ZWJ),
    (_END, 0x2028, 0x2029),
    (_BLANK, 0x202F, 0x202F),
    (_BLANK, 0x205F, 0x205F),
    (_NOTHING, 0x2060, 0x2060),
    (_NOTHING, 0x206A, 0x206F),
    (_JOINS, 0x2190, 0x2BFF),  # emoji
    (_BLANK, 0x3000, 0x3000),
    (_JOINS, 0xA800, 0xABFF),  # Indic scripts
    (_JOINS, 0xFB50, 0xFEFC),  # Arabic forms, and the selector of emoji
    (_NOTHING, 0xFEFF, 0xFEFF),
    (_NOTHING, 0xFFF9, 0xFFFC),
    (_JOINS, 0x10A00, 0x11FFF),  # Indic scripts
    (_JOINS, 0x1E900, 0x1E95F),  # Adlam
    (_JOINS, 0x1F000, 0x1FAFF),  # emoji
]
_TABLE = np.zeros(0x20001, np.uint8)
for _kind, _first, _last in _RANGES:
    _TABLE[_first : _last + 1] = _kind

# A byte and the next may begin something to replace where `_HEADS` of one and `_TAILS` of the other
# have a bit in common: white space before white space or what may be such, and the first two bytes
# of what cannot be seen.
_HEADS, _TAILS = np.zeros((2, 0x100), np.uint8)
_PAIRS: list[tuple[list[int], list[int]]] = [
    ([0x0A, 0x20], [*range(0x21), 0x7F, 0xC2, 0xE1, 0xE2, 0xE3, 0xEF]),
    ([*range(0x0A), *range(0x0B, 0x20), 0x7F], [*range(0x100)]),
    ([0xC2], [*range(0x80, 0xA1), 0xAD]),
    ([0xE1, 0xE3], [0x80, 0x9A, 0xA0]),
    ([0xE2], [0x80, 0x81]),
    ([0xEF], [0xBB, 0xBF]),
]
for _bit, (_firsts, _seconds) in enumerate(_PAIRS):
    _HEADS[_firsts] |= 1 << _bit
    _TAILS[_seconds] |= 1 << _bit


class Spans(NamedTuple):
    """Spans to replace: document, byte offsets in it, rule, and the new bytes with offsets."""

    doc: Offsets
    start: Offsets
    end: Offsets
    rule: Offsets
    new: Bytes
    new_offsets: Offsets


@compiled
def _point(data: Bytes, i: int, stop: int) -> tuple[int, int]:
    """Give the code point at `i`, at most 0x20000, and where the next begins; at `stop` 0."""
    if i >= stop:
        return 0, i
    byte = int(data[i])
    if byte < 0x80:
        return byte, i + 1
    size = 1 + (byte >= 0xC0) + (byte >= 0xE0) + (byte >= 0xF0)
    point = byte & (0x7F >> size)
    for j in range(i + 1, i + size):
        point = (point << 6) | int(data[j] & 0x3F)
    return min(point, 0x20000), i + size


@compiled
def _spans(
    data: Bytes,
    offsets: Offsets,
    lines: int,
    table: Bytes,
    heads: Bytes,
    tails: Bytes,
    spans: Offsets,
    new: Bytes,
    new_offsets: Offsets,
) -> int:
    found = 0
    written = 0
    new_offsets[0] = 0
    for doc in range(offsets.size - 1):
        first = offsets[doc]
        stop = offsets[doc + 1]
        i = first
        while i < stop:
            # Nearly all bytes are passed over here. The first and the last character of a text are
            # looked at, but for one of several bytes at the end: its first two have told.
            if i > first:
                while i < stop - 1 and not heads[data[i]] & tails[data[i + 1]]:
                    i += 1
                if i == stop - 1 and data[i] >= 0x80:
                    break
            before = -1 if i > first else 0
            start = i
            end = i
            breaks = 0
            blanks = 0
            blank = 0
            blank_start = 0
            blank_end = 0
            mixed = False
            literal = True
            while end < stop:
                point, after = _point(data, end, stop)
                kind = table[point] & _KIND
                if kind >= _JOINER:
                    if before < 0:
                        j = start - 1
                        while data[j] & 0xC0 == 0x80:
                            j -= 1
                        before = _point(data, j, stop)[0]
                    old = table[before]
                    next_ = table[_point(data, after, stop)[0]]
                    if point == 0x200B:
                        kept = old & next_ & _UNSPACED
                    else:
                        kept = (old | (next_ if point == _ZWJ else 0)) & _JOINS
                    if kept and not 0x200B <= before <= _ZWJ:
                        kind = _SIGN
                if kind == _SIGN:
                    break
                if kind == _END:
                    breaks += 1
                    literal &= point == 0x0A
                    if point == 0x0D and after < stop and data[after] == 0x0A:
                        after += 1
                    before = point
                elif kind == _BLANK:
                    mixed |= point == 0x09 or (blanks > 0 and point != blank)
                    blank = point
                    blank_start = end
                    blank_end = after
                    blanks += 1
                    before = point
                end = after
            i = end
            if end < stop:
                i = after
            if start == end:
                continue
            if found == spans.shape[1]:
                return -1
            edge = start == first or end == stop
            size = 0
            if edge:
                rule = BLANK_LINES if breaks else EDGES if blanks else INVISIBLE
            elif breaks:
                size = min(breaks, lines)
                new[written : written + size] = 0x0A
                rule = BLANK_LINES if breaks > lines else EDGES if literal else LINE_END
            elif mixed:
                size = 1
                new[written] = 0x20
                rule = BLANKS
            elif blanks:
                # A run of one blank becomes one of it, be it a space or a no-break space.
                size = blank_end - blank_start
                for j in range(size):
                    new[written + j] = data[blank_start + j]
                rule = BLANKS if blanks > 1 else INVISIBLE
            else:
                rule = INVISIBLE
            # What is right at either end of the run is left out of the edit, whole characters only.
            step = 1 if breaks else size
            while size and _equal(data, start, end, new, written, step):
                start += step
                size -= step
                for j in range(size):
                    new[written + j] = new[written + j + step]
            while size and _equal(data, end - step, end, new, written + size - step, step):
                end -= step
                size -= step
            if start == end:
                continue
            spans[0, found] = doc
            spans[1, found] = start - first
            spans[2, found] = end - first
            spans[3, found] = rule
            written += size
            found += 1
            new_offsets[found] = written
    return found


@compiled
def _equal(data: Bytes, i: int, end: int, new: Bytes, j: int, size: int) -> bool:
    if i + size > end:
        return False
    same = True
    for k in range(size):
        same &= data[i + k] == new[j + k]
    return same


def spans(data: Bytes, offsets: Offsets, blank_lines: int) -> Spans:
    """Find what to replace so that white space is plain: the fewest bytes, sorted and disjoint.

    Line ends become line feeds, at most `blank_lines` (0..3) empty lines stand together and none
    at the ends of a text; no blank stands at the end or start of a line and no two together; what
    cannot be seen and does nothing is gone.
    """
    room = 1024 + data.size // 64
    while True:
        found = np.empty((4, room), np.int64)
        new, new_offsets = np.empty(4 * room + 4, np.uint8), np.empty(room + 1, np.int64)
        count = _spans(
            data, offsets, blank_lines + 1, _TABLE, _HEADS, _TAILS, found, new, new_offsets
        )
        if count >= 0:
            size = int(new_offsets[count])
            doc, start, end, rule = found[:, :count]
            return Spans(doc, start, end, rule, new[:size], new_offsets[: count + 1])
        room *= 4
