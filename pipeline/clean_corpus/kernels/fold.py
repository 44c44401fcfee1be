"""Fold texts into the view that patterns are matched on, line by line, and find the way back.

The view has blanks collapsed and trimmed, quotes, dashes and bullets unified, marks of Latin and
Greek letters dropped, and a twin in lower case of the same length. What becomes of a code point
is data: two tables (`clean_corpus.patterns.view.tables`), one entry for each code point of the
first plane: kind in the top byte (how many bytes replace it, or one of the kinds below), bytes
below.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from clean_corpus.kernels import compiled

Bytes = npt.NDArray[np.uint8]
Offsets = npt.NDArray[np.int64]
Table = npt.NDArray[np.int32]

KEEP, BLANK, DROP, BREAK = 0, 16, 17, 18


class Folded(NamedTuple):
    """The lines of a batch that are not blank, and their view.

    For line i: `doc[i]`; its bytes `[begin, stop)` in the data, `[start, end)` without the blanks
    around; `breaks[i]`, the line breaks between it and the line before; `[view[i], view[i + 1])`
    in `cased` and `lower`; `core[i]`, a hash of its lower case from the first to the last letter
    or digit. All arrays are int64 but `core`, which is uint64.
    """

    doc: Offsets
    begin: Offsets
    stop: Offsets
    start: Offsets
    end: Offsets
    breaks: Offsets
    view: Offsets
    core: npt.NDArray[np.uint64]
    cased: Bytes
    lower: Bytes


@compiled
def _size(byte: int) -> int:
    return 1 + (byte >= 0xC0) + (byte >= 0xE0) + (byte >= 0xF0)


@compiled
def _code(data: Bytes, at: int, size: int) -> int:
    code = int(data[at])
    if size == 2:
        code = (code & 0x1F) << 6 | (data[at + 1] & 0x3F)
    elif size == 3:
        code = (code & 0x0F) << 12 | int(data[at + 1] & 0x3F) << 6 | (data[at + 2] & 0x3F)
    elif size == 4:
        code = 0xFFFF
    return code  # beyond the first plane nothing is folded


@compiled
def _is_word(byte: int) -> bool:
    return byte >= 0x80 or 48 <= byte <= 57 or 97 <= byte <= 122


@compiled
def _word(data: Bytes, at: np.uint64) -> np.uint64:
    """Give eight bytes as a number, the first one lowest."""
    word = np.uint64(0)
    for k in range(8):
        word |= np.uint64(data[at + np.uint64(k)]) << np.uint64(8 * k)
    return word


@compiled
def _core(lower: Bytes, start: int, end: int) -> np.uint64:
    while start < end and not _is_word(lower[start]):
        start += 1
    while end > start and not _is_word(lower[end - 1]):
        end -= 1
    prime = np.uint64(0x9E3779B97F4A7C15)
    value = np.uint64(end - start) * prime
    while start + 8 <= end:
        value = (value ^ _word(lower, np.uint64(start))) * prime
        value ^= value >> np.uint64(29)
        start += 8
    rest = np.uint64(0)
    for i in range(start, end):
        rest = rest << np.uint64(8) | np.uint64(lower[i])
    value = (value ^ rest) * prime
    return value ^ value >> np.uint64(32)


# For eight bytes at a time (Warren, Hacker's Delight, 2013, 6-1): the same byte eight times.
_EACH = np.uint64(0x0101010101010101)
_HIGH = np.uint64(0x8080808080808080)
_BLANKS, _TICKS, _LAST = _EACH * np.uint64(32), _EACH * np.uint64(96), _EACH * np.uint64(127)
_TO_A, _PAST_Z = _EACH * np.uint64(128 - 65), _EACH * np.uint64(128 - 91)


@compiled
def _odd(word: np.uint64) -> np.uint64:
    """Set the high bit of each byte that is not copied as it is, exactly up to the first of them.

    Those are all beyond ASCII, what is not printed, ` and the second of two blanks.
    """
    tick = word ^ _TICKS
    last = word ^ _LAST
    blank = word ^ _BLANKS
    one = np.uint64(1)
    blank = (blank - _EACH) & ~blank & _HIGH
    other = (word - _BLANKS) & ~word | (tick - _EACH) & ~tick | (last - _EACH) & ~last | word
    return (other & _HIGH) | (blank & (blank << (one << np.uint64(3))))


@compiled
def _plain(
    data: Bytes, at: int, stop: int, cased: Bytes, lower: Bytes, write: int
) -> tuple[int, int]:
    """Copy bytes of ASCII while the view has them as they are; both buffers have room for more."""
    eight = np.uint64(8)
    while at + 8 <= stop:
        word = _word(data, np.uint64(at))
        odd = _odd(word)
        capital = ((word + _TO_A) ^ (word + _PAST_Z)) & _HIGH
        small = word | capital >> np.uint64(2)
        to = np.uint64(write)
        for k in range(8):
            shift = np.uint64(k) * eight
            cased[to + np.uint64(k)] = word >> shift & np.uint64(255)
            lower[to + np.uint64(k)] = small >> shift & np.uint64(255)
        if odd:
            low = odd & (~odd + np.uint64(1))
            count = 0
            while low > np.uint64(255):
                low >>= eight
                count += 1
            return at + count, write + count
        # A blank at the end may be the first of two.
        count = 8 - (data[at + 7] == 32)
        at += count
        write += count
    return at, write


@compiled
def _fold(
    data: Bytes,
    offsets: Offsets,
    table: Table,
    low_table: Table,
    cased: Bytes,
    lower: Bytes,
    lines: Offsets,
    core: npt.NDArray[np.uint64],
) -> tuple[int, int]:
    write = 0
    count = 0
    for doc in range(offsets.size - 1):
        stop = offsets[doc + 1]
        i = offsets[doc]
        begin = i
        view = write
        first = -1
        last = i
        breaks = 0
        pending = False
        while i <= stop:
            if first >= 0 and not pending and i + 8 <= stop and data[i] | data[i + 1] < 128:
                begun = i
                i, write = _plain(data, i, stop, cased, lower, write)
                pending = i > begun and data[i - 1] == 32
                write -= pending
                last = i - pending if i - pending > begun else last
            if i < stop and 33 <= data[i] < 127 and data[i] != 96 and not pending and first >= 0:
                cased[write] = data[i]  # the common case: the table keeps all of ASCII but `
                lower[write] = data[i] + 32 if 65 <= data[i] <= 90 else data[i]
                write += 1
                i += 1
                last = i
                continue
            size = 1
            kind = BREAK
            entry = 0
            code = 10
            if i < stop:
                size = _size(data[i])
                code = _code(data, i, size)
                entry = int(table[code])
                kind = entry >> 24
                if code == 13 and i + 1 < stop and data[i + 1] == 10:
                    kind = BLANK
            if kind == BREAK:
                if first >= 0:
                    lines[0, count] = doc
                    lines[1, count] = begin
                    lines[2, count] = i
                    lines[3, count] = first
                    lines[4, count] = last
                    lines[5, count] = breaks
                    lines[6, count] = view
                    core[count] = _core(lower, view, write)
                    count += 1
                    breaks = 0
                breaks += 1
                view = write
                first = -1
                pending = False
                begin = i + size
            elif kind == BLANK:
                pending = first >= 0
            elif kind != DROP:
                if pending:
                    cased[write] = 32
                    lower[write] = 32
                    write += 1
                    pending = False
                if first < 0:
                    first = i
                last = i + size
                length = kind if kind else size
                if not kind:
                    entry = 0
                    for k in range(size):
                        entry |= int(data[i + k]) << 8 * k
                low = int(low_table[code])
                low = low if low >> 24 else entry
                for k in range(length):
                    cased[write + k] = (entry >> 8 * k) & 255
                    lower[write + k] = (low >> 8 * k) & 255
                write += length
            i += size
    lines[6, count] = write
    return count, write


@compiled
def _unfold(
    data: Bytes,
    table: Table,
    start: Offsets,
    end: Offsets,
    line: Offsets,
    at: Offsets,
    left: Offsets,
    right: Offsets,
) -> None:
    current = -1
    i = 0
    write = 0
    for k in range(line.size):
        if line[k] != current:
            current = line[k]
            i = start[current]
            write = 0
        while i < end[current]:
            step = 1  # the common case, as in `_fold`
            if i + 8 <= end[current] and write + 8 <= at[k] and data[i + 7] != 32:
                step += 7 * (_odd(_word(data, np.uint64(i))) == 0)
            if step > 1 or (33 <= data[i] < 127 and data[i] != 96 and write < at[k]):
                i += step
                write += step
                continue
            size = _size(data[i])
            kind = int(table[_code(data, i, size)]) >> 24
            length = 0
            stop = i + size
            if kind == 16 or kind == BREAK:
                while stop < end[current]:
                    size = _size(data[stop])
                    if int(table[_code(data, stop, size)]) >> 24 < BLANK:
                        break
                    stop += size
                length = 1
            elif kind != DROP:
                length = kind if kind else size
            if write + length > at[k]:
                left[k] = i
                right[k] = stop
                break
            write += length
            i = stop
        else:
            left[k] = end[current]
            right[k] = end[current]


def fold(data: Bytes, offsets: Offsets, tables: tuple[Table, Table]) -> Folded:
    """Fold the UTF-8 texts `data[offsets[i]:offsets[i + 1]]`, the first offset being 0."""
    breaks = int(np.count_nonzero(data - np.uint8(10) < 4))
    others = int(np.count_nonzero(data & 0xDF == 0xC2))  # U+0085 begins with C2, U+2028 with E2
    capacity = breaks + others + len(offsets)
    lines = np.empty((7, capacity + 1), np.int64)
    core = np.empty(capacity, np.uint64)
    cased, lower = (np.empty(data.size + 9, np.uint8) for _ in range(2))
    count, size = _fold(data, offsets, *tables, cased, lower, lines, core)
    doc, begin, stop, start, end, gap = (row[:count] for row in lines[:6])
    view = lines[6, : count + 1]
    return Folded(doc, begin, stop, start, end, gap, view, core[:count], cased[:size], lower[:size])


def unfold(
    data: Bytes, folded: Folded, table: Table, line: Offsets, at: Offsets
) -> tuple[Offsets, Offsets]:
    """Give the bytes `[left, right)` of the data that made byte `at` of the view of each `line`.

    `at` counts from the start of the line's view; pairs are sorted by line and `at`. A collapsed
    run of blanks is one place.
    """
    left, right = np.empty(line.size, np.int64), np.empty(line.size, np.int64)
    _unfold(data, table, folded.start, folded.end, line, at, left, right)
    return left, right
