"""Cut the words out of many texts and hash every run of n of them: one pass over UTF-8 bytes.

What a code point means is data: `table` has one entry for each code point below 0x20000, its kind
in the top byte and the folded code point below it (`clean_corpus.corpus.shingles` builds it and
says what a word is).
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from clean_corpus.kernels import compiled

Bytes = npt.NDArray[np.uint8]
Offsets = npt.NDArray[np.int64]
Hashes = npt.NDArray[np.uint64]
Unsigned: TypeAlias = Any  # numpy.uint64 inside a kernel; the checker cannot follow it
Table = npt.NDArray[np.uint32]

#: Kinds of code points. A GAP ends a word, a SKIP is as if it were not there, a MARK belongs to
#: the letter before it, a PLAIN letter (Latin, Greek) or a digit loses its marks, a LETTER keeps
#: them, SHORT and LONG are scripts without spaces, whose words are windows of `WINDOW` code
#: points; SEVERAL gives the place of its entries in `more`, the first of which is their count.
GAP, SKIP, MARK, PLAIN, LETTER, SHORT, LONG, SEVERAL = range(8)

#: Code points in a word of Han and Kana, and of Thai, Lao, Khmer and Myanmar.
SHORT_WINDOW, LONG_WINDOW = 3, 6

# The hash of a word turns and adds the spread bits of each letter: three cycles a byte, where a
# product takes five. The multipliers are odd: the 64-bit golden ratio, wyhash's, MurmurHash3's.
_START = np.uint64(0x243F6A8885A308D3)
_WORD = np.uint64(0x9E3779B97F4A7C15)
_SHINGLE = np.uint64(0xD6E8FEB86659FD93)
_MIX_1 = np.uint64(0xFF51AFD7ED558CCD)
_MIX_2 = np.uint64(0xC4CEB9FE1A85EC53)

# Unsigned throughout: with a signed index numba looks for negative ones, at half the speed.
_U = np.uint64
_0, _1, _2, _3, _4 = _U(0), _U(1), _U(2), _U(3), _U(4)
_6, _7, _12, _18, _24, _32, _33, _57 = _U(6), _U(7), _U(12), _U(18), _U(24), _U(32), _U(33), _U(57)
_PLANES, _HAN_END = _U(0x20000), _U(0x40000)
_TAIL, _BODY = _U(0x3F), _U(0xFFFFFF)
_WINDOWS = (_U(SHORT_WINDOW), _U(LONG_WINDOW))


@compiled
def _words(
    data: Bytes,
    at: Unsigned,
    stop: Unsigned,
    ascii_: Hashes,
    table: Table,
    more: Table,
    ring: Hashes,
    out: Hashes,
    count: Unsigned,
) -> Unsigned:
    """Write the hash of each word of data[at:stop] from out[count], and give the new count."""
    word: Unsigned = _START
    inside = _0  # 1 while a spaced word is under way
    plain = False  # whether its last letter loses its marks
    dense = 0  # the kind of the run without spaces that is under way, and its length so far
    length = _0
    window = _0
    while at < stop:
        if data[at] < 0x80:
            if dense:
                if length < window:
                    out[count] = word
                    count += _1
                dense = 0
                word = _START
            while at < stop and data[at] < 0x80:
                # No branch on what the byte is: word ends cannot be predicted.
                letter: Unsigned = ascii_[data[at]]
                is_letter = _1 if letter != _0 else _0
                out[count] = word
                count += inside & (is_letter ^ _1)
                longer = (word << _7 | word >> _57) + letter
                word = longer if letter != _0 else _START
                inside = is_letter
                at += _1
            plain = inside != _0
            continue
        code = _U(data[at])
        if code < 0xE0:
            code = (code & _U(0x1F)) << _6 | (_U(data[at + _1]) & _TAIL)
            at += _2
        elif code < 0xF0:
            code = (code & _U(0xF)) << _12 | (_U(data[at + _1]) & _TAIL) << _6
            code |= _U(data[at + _2]) & _TAIL
            at += _3
        else:
            code = (code & _U(7)) << _18 | (_U(data[at + _1]) & _TAIL) << _12
            code |= (_U(data[at + _2]) & _TAIL) << _6 | (_U(data[at + _3]) & _TAIL)
            at += _4
        if code < _PLANES:
            entry = _U(table[code])
        else:
            # Planes 2 and 3 are Han; beyond them there are only selectors and private use.
            entry = code | _U(SHORT) << _24 if code < _HAN_END else _U(SKIP) << _24
        first = _0
        last = _1
        if entry >> _24 == SEVERAL:
            first = (entry & _BODY) + _1
            last = first + _U(more[entry & _BODY])
        for i in range(first, last):
            if first:
                entry = _U(more[i])
            kind = int(entry >> _24)
            if kind == SKIP or (kind == MARK and (plain or not (inside or dense))):
                continue
            if kind == MARK:
                kind = dense if dense else LETTER
            if dense and kind != dense:
                if length < window:
                    out[count] = word
                    count += _1
                dense = 0
                word = _START
            letter = (entry & _BODY) * _WORD
            letter = (letter ^ (letter >> _32)) * _SHINGLE
            if kind >= SHORT:
                if inside:
                    out[count] = word
                    count += _1
                inside = _0
                plain = False
                if not dense:
                    dense = kind
                    length = _0
                    window = _WINDOWS[0] if kind == SHORT else _WINDOWS[1]
                ring[length & _7] = letter
                length += _1
                word = _START
                for j in range(length - min(length, window), length):
                    word = (word << _7 | word >> _57) + ring[_U(j) & _7]
                if length >= window:
                    out[count] = word
                    count += _1
            elif kind == GAP:
                if inside:
                    out[count] = word
                    count += _1
                inside = _0
                plain = False
                word = _START
            else:
                inside = _1
                plain = kind == PLAIN
                word = (word << _7 | word >> _57) + letter
    if inside or (dense and length < window):
        out[count] = word
        count += _1
    return count


@compiled
def _shingles(
    data: Bytes,
    offsets: Offsets,
    rows: Offsets,
    ascii_: Hashes,
    table: Table,
    more: Table,
    size: int,
    out: Hashes,
    ends: Offsets,
) -> None:
    ring = np.zeros(8, np.uint64)
    begin = _0
    for row in range(rows.size):
        start, stop = _U(offsets[rows[row]]), _U(offsets[rows[row] + 1])
        end = _words(data, start, stop, ascii_, table, more, ring, out, begin)
        n = min(_U(size), end - begin)
        rolling = _0
        power = _1
        for i in range(begin, end):
            # The low bits of a product know only low bits.
            out[i] ^= out[i] >> _32
        for i in range(begin, begin + n):
            rolling = rolling * _SHINGLE + out[i]
            power *= _SHINGLE
        for i in range(begin, end - n + min(n, _1)):
            # In place: from here on the word at i is only needed to leave the window.
            gone = out[i]
            mixed = rolling + n * _WORD
            mixed = (mixed ^ (mixed >> _33)) * _MIX_1
            mixed = (mixed ^ (mixed >> _33)) * _MIX_2
            out[i] = mixed ^ (mixed >> _33)
            if i + n < end:
                rolling = rolling * _SHINGLE + out[i + n] - gone * power
        begin = end - n + min(n, _1)
        ends[row + 1] = begin


def shingles(
    data: Bytes, offsets: Offsets, rows: Offsets, table: Table, more: Table, size: int
) -> tuple[Hashes, Offsets]:
    """Hash every run of `size` words of the texts `rows`, in order, repetitions included.

    A text of fewer words is one shingle, a text without a word none. Gives the 64-bit hashes and
    the offsets of each text's own, one more than there are rows.
    """
    lengths = offsets[rows + 1] - offsets[rows]
    # A spaced word takes two bytes, a window at least three bytes for two.
    out = np.empty(int((lengths * 2 // 3 + 2).sum()) + 2, np.uint64)
    ends = np.zeros(rows.size + 1, np.int64)
    # What the loop over ASCII adds for each letter, and nothing for a gap.
    ascii_ = (table[:128] & np.uint32(0xFFFFFF)).astype(np.uint64) * _WORD
    ascii_ = (ascii_ ^ ascii_ >> _32) * _SHINGLE
    _shingles(data, offsets, rows, ascii_, table, more, size, out, ends)
    return out[: ends[-1]], ends
