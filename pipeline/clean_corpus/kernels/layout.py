"""Measure how each line of a text looks and where it stands: one row of small integers a line.

Nothing here knows a language. A width counts letters, a Han, Kana or Hangul sign for three.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from clean_corpus.kernels import compiled

Bytes = npt.NDArray[np.uint8]
Offsets = npt.NDArray[np.int64]

#: What a row holds, in this order, each cut off at 255. "Prose" are lines that read as sentences,
#: "core" the stretch of lines that holds most prose and little else, "hits" what lexicons say.
FEATURES = (
    *("width", "words", "end", "digits", "capitals", "upper", "first", "sentences", "commas"),
    *("separators", "contacts", "word_length", "row", "row_back", "place", "rows"),
    *("prose_above", "prose_back", "prose_ahead", "run", "run_row", "run_back", "edges"),
    *("width_back", "width_ahead", "width_1", "width_2", "width_3", "width_4", "width_5"),
    *("width_6", "end_back", "end_ahead", "prose_near", "prose_around", "run_width", "short_near"),
    *("core_side", "core_far", "core_share", "core_width", "shared", "shared_words"),
    *("twins_back", "twins_ahead", "hit", "hits_near", "hits_around", "hits_back", "hits_ahead"),
    *("hits_inwards", "hits_outwards", "in_core", "in_core_near", "in_core_around"),
)

_PROSE, _LONG = 60, 180  # width of a line with the mark of a sentence, and without
_SHORT = 40
_COST = 25  # what a line that is no prose takes from a core
_TABLE = 1 << 14


@compiled
def _cap(value: int) -> int:
    return min(value, 255)


@compiled
def _is_letter(byte: int) -> bool:
    return byte >= 0x80 or 97 <= byte <= 122


@compiled
def _is_stop(first: int, second: int, third: int) -> bool:
    """Tell whether three bytes end with a full stop of China, an Arabic ? or a danda."""
    wide = first == 0xE3 and second == 0x80 and third == 0x82
    danda = first == 0xE0 and second == 0xA5 and third == 0xA4
    return wide or danda or (second == 0xD8 and third == 0x9F)


@compiled
def _shape(lower: Bytes, cased: Bytes, start: int, end: int, row: Bytes) -> int:
    """Write what a line looks like; give its width."""
    width = words = digits = capitals = upper = sentences = commas = separators = contacts = 0
    inside = False
    wide = False
    for i in range(start, end):
        byte = lower[i]
        if byte & 0xC0 == 0x80:
            continue
        wide = 0xE3 <= byte <= 0xED
        width += 3 if wide else 1
        if 48 <= byte <= 57:
            digits += 1
        letter = _is_letter(byte)
        if letter and not inside and not wide:
            words += 1
            capitals += cased[i] != byte or (byte >= 0xC3 and cased[i + 1] != lower[i + 1])
        if letter:
            upper += cased[i] != byte or (byte >= 0xC3 and cased[i + 1] != lower[i + 1])
        inside = letter
        after = lower[i + 1] if i + 1 < end else np.uint8(0)
        if byte == 46 or byte == 33 or byte == 63:
            sentences += after == 32
        elif byte == 44 or byte == 59:
            commas += 1
        elif byte in (124, 42, 62, 47) or (byte == 45 and after == 32):
            separators += 1
        elif byte == 64 or (byte == 58 and after == 47):
            contacts += 1
        elif byte == 0xC2 and after == 0xA9:
            contacts += 2
        elif byte == 0xE3 and after == 0x80 and i + 2 < end:
            sentences += lower[i + 2] == 0x82 and i + 3 < end
            commas += lower[i + 2] == 0x81
        elif byte == 0xEF and after == 0xBC and i + 2 < end:
            commas += lower[i + 2] == 0x8C
    stop = end
    while stop > start and (
        lower[stop - 1] == 32
        or lower[stop - 1] == 41
        or lower[stop - 1] == 93
        or lower[stop - 1] == 39
        or lower[stop - 1] == 34
    ):
        stop -= 1
    mark = 0
    if stop > start:
        last = lower[stop - 1]
        if last == 46 or last == 33 or last == 63:
            mark = 2 if last == 46 and stop - start > 2 and lower[stop - 2] == 46 else 1
        elif last == 44 or last == 59:
            mark = 3
        elif last == 58:
            mark = 4
        elif last == 42 or last == 62:
            mark = 5
        elif stop - start >= 3 and _is_stop(lower[stop - 3], lower[stop - 2], last):
            mark = 1
        elif lower[end - 1] == 34:
            mark = 6
        elif lower[end - 1] == 41:
            mark = 7
    if stop == start:
        mark = 8
    begin = 0
    if end > start:
        byte = lower[start]
        if 48 <= byte <= 57:
            begin = 1
        elif byte == 34 or byte == 39:
            begin = 2
        elif byte < 0x80 and not _is_letter(byte):
            begin = 3
        elif cased[start] != byte or (byte >= 0xC3 and cased[start + 1] != lower[start + 1]):
            begin = 4
        elif byte >= 0xE0:
            begin = 5
        else:
            begin = 6
    whole = max(1, width)
    row[0] = _cap(width >> 1)
    row[1] = _cap(words)
    row[2] = mark
    row[3] = _cap(digits * 100 // whole)
    row[4] = _cap(capitals * 100 // max(1, words))
    row[5] = _cap(upper * 100 // whole)
    row[6] = begin
    row[7] = _cap(sentences)
    row[8] = _cap(commas)
    row[9] = _cap(separators)
    row[10] = _cap(contacts)
    row[11] = _cap(width * 4 // max(1, words))
    return width


@compiled
def _words(
    lower: Bytes, start: int, end: int, seen: npt.NDArray[np.int64], stamp: int, learn: int
) -> tuple[int, int]:
    """Count the longer words of a line, and those of them that are known; or learn them."""
    total = known = 0
    i = start
    while i < end:
        if not _is_letter(lower[i]):
            i += 1
            continue
        value = np.uint64(0xCBF29CE484222325)
        size = 0
        wide = 0xE3 <= lower[i] <= 0xED
        while i < end and (_is_letter(lower[i]) or 48 <= lower[i] <= 57):
            byte = lower[i]
            if byte & 0xC0 != 0x80:
                if wide and size == 2:
                    break
                size += 1
            value = (value ^ np.uint64(byte)) * np.uint64(0x100000001B3)
            i += 1
        if size >= 4 or (wide and size == 2):
            value ^= value >> np.uint64(29)
            slot = int(value & np.uint64(_TABLE - 1))
            total += 1
            if learn:
                seen[slot] = stamp
            known += seen[slot] == stamp
    return total, known


@compiled
def _core_of(width: Offsets, prose: Offsets, first: int, last: int) -> tuple[int, int]:
    """Give the stretch of lines with the greatest sum, prose counting for and the rest against."""
    best = total = 0
    start = begin = stop = first
    for i in range(first, last):
        if total <= 0:
            total = 0
            start = i
        total += min(width[i], 400) if prose[i] else -_COST
        if total > best:
            best = total
            begin = start
            stop = i + 1
    return begin, stop


@compiled
def _measure(
    lower: Bytes,
    cased: Bytes,
    begins: Offsets,
    ends: Offsets,
    bounds: Offsets,
    twins: npt.NDArray[np.uint64],
    order: Offsets,
    hits: Bytes,
    out: npt.NDArray[np.uint8],
    width: Offsets,
    prose: Offsets,
    sums: Offsets,
    shorts: Offsets,
    marks: Offsets,
    told: Offsets,
    inner: Offsets,
    all_width: Offsets,
    seen: Offsets,
) -> None:
    for i in range(begins.size):
        width[i] = _shape(lower, cased, begins[i], ends[i], out[i])
        end = out[i, 2]
        prose[i] = (width[i] >= _PROSE and (end == 1 or end == 2)) or width[i] >= _LONG
        sums[i + 1] = sums[i] + prose[i] * width[i]
        shorts[i + 1] = shorts[i] + (width[i] < _SHORT and not prose[i])
        marks[i + 1] = marks[i] + hits[i]
        told[i + 1] = told[i] + (hits[i] > 0)
        all_width[i + 1] = all_width[i] + width[i]
    for k in range(bounds.size - 1):
        first, last = bounds[k], bounds[k + 1]
        begin, stop = _core_of(width, prose, first, last)
        for i in range(begin, stop):
            if prose[i]:
                _words(lower, begins[i], ends[i], seen, k, 1)
        whole = max(1, all_width[last] - all_width[first])
        count = last - first
        core = sums[stop] - sums[begin]
        back = run = -1
        for i in range(first, last):
            row = out[i]
            row[12] = _cap(i - first)
            row[13] = _cap(last - 1 - i)
            row[14] = (i - first) * 250 // count
            row[15] = _cap(count >> 2)
            row[16] = (sums[i] - sums[first]) * 250 // max(1, sums[last] - sums[first])
            row[17] = _cap(i - back) if back >= 0 else 255
            row[23] = _cap(width[back] >> 1) if back >= 0 else 0
            row[22] = back < 0
            row[48] = _cap(marks[i] - marks[back + 1 if back >= 0 else first])
            if prose[i]:
                back = i
                run = -1
            elif run < 0:
                run = i
            row[20] = _cap(i - run) if run >= 0 else 255
            for n in range(3):
                row[25 + n] = _cap(width[i - 1 - n] >> 1) if i - 1 - n >= first else 255
                row[28 + n] = _cap(width[i + 1 + n] >> 1) if i + 1 + n < last else 255
            row[31] = out[i - 1, 2] if i > first else 255
            row[32] = out[i + 1, 2] if i + 1 < last else 255
            low, high = max(first, i - 5), min(last, i + 6)
            row[33] = _cap((sums[high] - sums[low]) >> 3)
            row[36] = shorts[min(last, i + 5)] - shorts[max(first, i - 4)]
            low, high = max(first, i - 15), min(last, i + 16)
            row[34] = _cap((sums[high] - sums[low]) >> 5)
            row[37] = 0 if i < begin else 1 if i < stop else 2
            far = begin - i if i < begin else i - stop + 1
            row[38] = _cap(far) if far > 0 else _cap(min(i - begin, stop - 1 - i))
            row[39] = core * 250 // whole
            row[40] = _cap(core >> 6)
            total, known = _words(lower, begins[i], ends[i], seen, k, 0)
            row[41] = known * 100 // total if total else 255
            row[42] = _cap(known)
            row[44 + 1] = hits[i]
            row[46] = _cap(marks[min(last, i + 4)] - marks[max(first, i - 3)])
            row[47] = _cap(marks[min(last, i + 11)] - marks[max(first, i - 10)])
            if i < begin:
                row[50] = _cap(told[begin] - told[i + 1])
                row[51] = _cap(told[i] - told[first])
            elif i >= stop:
                row[50] = _cap(told[i] - told[stop])
                row[51] = _cap(told[last] - told[i + 1])
        ahead = -1
        stretch = -1
        for i in range(last - 1, first - 1, -1):
            row = out[i]
            row[18] = _cap(ahead - i) if ahead >= 0 else 255
            row[24] = _cap(width[ahead] >> 1) if ahead >= 0 else 0
            row[49] = _cap(marks[ahead if ahead >= 0 else last] - marks[i + 1])
            if prose[i]:
                ahead = i
                stretch = -1
                row[19] = row[21] = row[35] = 0
                continue
            if stretch < 0:
                stretch = i
            row[21] = _cap(stretch - i)
            top = i - int(row[20])
            row[19] = _cap(stretch - i + 1 + int(row[20]))
            row[22] += 2 * (ahead < 0)
            mean = (all_width[stretch + 1] - all_width[max(first, top)]) // max(
                1, stretch + 1 - max(first, top)
            )
            row[35] = _cap(mean)
        _twins(twins, order, first, last, out)
        for i in range(first, last):
            inner[i + 1] = inner[i] + out[i, 52]
        for i in range(first, last):
            out[i, 53] = inner[min(last, i + 2)] - inner[max(first, i - 1)]
            out[i, 54] = inner[min(last, i + 9)] - inner[max(first, i - 8)]


@compiled
def _twins(
    twins: npt.NDArray[np.uint64], order: Offsets, first: int, last: int, out: Bytes
) -> None:
    """Count the equal lines above and below each line; tell which stand in the core as well."""
    k = first
    while k < last:
        stop = k + 1
        inside = out[order[k], 37] == 1
        while stop < last and twins[order[stop]] == twins[order[k]]:
            inside |= out[order[stop], 37] == 1
            stop += 1
        for n in range(k, stop):
            out[order[n], 43] = _cap(n - k)
            out[order[n], 44] = _cap(stop - 1 - n)
            out[order[n], 52] = inside and out[order[n], 37] != 1
        k = stop


def measure(
    lower: Bytes,
    cased: Bytes,
    begins: Offsets,
    ends: Offsets,
    bounds: Offsets,
    twins: npt.NDArray[np.uint64],
    hits: Bytes,
) -> npt.NDArray[np.uint8]:
    """Give a row of `FEATURES` for each line of some texts.

    Line i is `[begins[i], ends[i])` of `lower` and `cased`, views as `fold` makes them, and text k
    has the lines `bounds[k]:bounds[k + 1]`. Lines of equal `twins` are equal; `hits` says what
    lexicons know of a line: 0 nothing, 1 that it may be in a menu, 2 that it is furniture.
    """
    size = len(begins)
    out = np.zeros((size, len(FEATURES)), np.uint8)
    owner = np.repeat(np.arange(len(bounds) - 1), np.diff(bounds))
    order = np.lexsort((twins, owner)).astype(np.int64, copy=False)
    width, prose = np.zeros((2, size), np.int64)
    # Of prose, of short lines, of hits twice, of lines of the core, of all: up to each line.
    sums, shorts, marks, told, inner, all_width = np.zeros((6, size + 1), np.int64)
    _measure(
        lower, cased, begins, ends, bounds, twins, order, hits, out,
        width, prose, sums, shorts, marks, told, inner, all_width, np.full(_TABLE, -1, np.int64),
    )  # fmt: skip
    return out
