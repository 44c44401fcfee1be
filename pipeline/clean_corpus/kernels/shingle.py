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

# Hashes of words and shingles turn and XOR the spread bits of what they are made of (a cyclic
# polynomial: Cohen, Recursive hashing functions for n-grams, 1997), which needs no reset between
# words: that of a stretch is what the hashes of the text before it and up to its end differ by.
# The multipliers are odd: the 64-bit golden ratio, wyhash's, MurmurHash3's.
_WORD = np.uint64(0x9E3779B97F4A7C15)
_SPREAD = np.uint64(0xD6E8FEB86659FD93)
_MIX_1 = np.uint64(0xFF51AFD7ED558CCD)
_MIX_2 = np.uint64(0xC4CEB9FE1A85EC53)

# Unsigned throughout: with a signed index numba looks for negative ones, at half the speed.
_U = np.uint64
_0, _1, _2, _3, _4 = _U(0), _U(1), _U(2), _U(3), _U(4)
_6, _7, _8, _12, _18, _21, _24 = _U(6), _U(7), _U(8), _U(12), _U(18), _U(21), _U(24)
_32, _43, _57, _63, _64 = _U(32), _U(43), _U(57), _U(63), _U(64)
_PLANES, _HAN_END = _U(0x20000), _U(0x40000)
_TAIL, _BODY, _HIGH = _U(0x3F), _U(0xFFFFFF), _U(0x8080808080808080)
_WINDOWS = (_U(SHORT_WINDOW), _U(LONG_WINDOW))

#: Code points up to the general punctuation, most of which need no look at the table.
_QUICK = 0x2070
_SLOW = np.uint64(1)  # in `quick`: does need it

# Ends of words that are held before they are hashed, and code points between two looks at how many
# there are: each can begin or end a word.
_HELD, _RUN = 1536, _U(1024)

# Behind so many bytes of ASCII, the next eight may well be ASCII too.
_NEAR = _U(32)


@compiled
def _word(before: Unsigned, after: Unsigned, size: Unsigned) -> Unsigned:
    """Hash a word of `size` letters, from the hashes of the text before it and up to its end."""
    turn = size * _7 & _63
    word = after ^ (before << turn | before >> (_64 - turn & _63)) ^ size * _WORD
    word = (word ^ word >> _32) * _MIX_1
    return word ^ word >> _32


@compiled
def _met(
    letter: Unsigned,
    total: Unsigned,
    letters: Unsigned,
    inside: Unsigned,
    before: Hashes,
    at: Hashes,
    held: Unsigned,
) -> tuple[Unsigned, Unsigned, Unsigned]:
    """Take up a letter of a spaced word, or 0 for a gap; give new `total`, `inside` and `held`."""
    # No branch on what it is: word ends cannot be predicted.
    is_letter = _1 if letter != _0 else _0
    before[held], at[held] = total, letters
    return (total << _7 | total >> _57) ^ letter, is_letter, held + (is_letter ^ inside)


@compiled
def _hashed(before: Hashes, at: Hashes, held: Unsigned, out: Hashes, count: Unsigned) -> Unsigned:
    """Hash the words between each two of the ends held; give the new count of words."""
    for i in range(_0, held >> _1):
        size = at[_2 * i + _1] - at[_2 * i]
        out[count + i] = _word(before[_2 * i], before[_2 * i + _1], size)
    return count + (held >> _1)


@compiled
def _words(
    data: Bytes,
    start: Unsigned,
    stop: Unsigned,
    quick: Hashes,
    table: Table,
    more: Table,
    before: Hashes,
    at: Hashes,
    out: Hashes,
) -> Unsigned:
    """Write the hash of each word of data[start:stop], and give their count.

    `before[i]` and `at[i]` are the hash of the text, and the letters in it, before a word begins
    (i even) or ends (odd); `before` has eight places more, for the last letters of a dense run.
    """
    ring = _U(_HELD)
    count: Unsigned = _0
    total: Unsigned = _0
    letter: Unsigned = _0
    letters = _0
    held = _0
    inside = _0  # 1 while a spaced word is under way
    plain = False  # whether its last letter loses its marks
    dense = 0  # the kind of the run without spaces that is under way, and its length so far
    length = _0
    window = _0
    while start < stop:
        if held > _U(_HELD) - _RUN - _4:
            count = _hashed(before, at, held, out, count)
            before[0], at[0] = before[held - _1], at[held - _1]
            held &= _1
        code = _U(data[start])
        entry = _0
        if code < 0xF0 and not dense:
            limit = min(stop, start + _RUN)
            near = min(limit, start + _NEAR)
            while start < near and data[start] < 0x80:
                letter = quick[data[start]]
                total, inside, held = _met(letter, total, letters, inside, before, at, held)
                letters += _1
                start += _1
                plain = True
            while start >= near and start + _8 <= limit:
                eight = _0
                for k in range(8):
                    eight |= _U(data[start + _U(k)]) << _U(8 * k)
                if eight & _HIGH:
                    break
                for _ in range(8):
                    letter = quick[data[start]]
                    total, inside, held = _met(letter, total, letters, inside, before, at, held)
                    letters += _1
                    start += _1
                plain = True
            letter = met = _0
            while start < limit and data[start] >= 0x80 and data[start] < 0xF0:
                code = _U(data[start] & 0x1F) << _6 | (_U(data[start + _1]) & _TAIL)
                if data[start] >= 0xE0:
                    code = code << _6 | (_U(data[start + _2]) & _TAIL)
                    start += _1
                start += _2
                letter = quick[code] if code < _U(_QUICK) else _SLOW
                if letter == _SLOW:
                    break
                total, inside, held = _met(letter, total, letters, inside, before, at, held)
                letters += _1
                met = code
            if met:
                plain = table[met] >> _24 == PLAIN
            if letter != _SLOW:
                continue
        elif code < 0x80:
            start += _1
        elif code < 0xE0:
            code = (code & _U(0x1F)) << _6 | (_U(data[start + _1]) & _TAIL)
            start += _2
        elif code < 0xF0:
            code = (code & _U(0xF)) << _12 | (_U(data[start + _1]) & _TAIL) << _6
            code |= _U(data[start + _2]) & _TAIL
            start += _3
        else:
            code = (code & _U(7)) << _18 | (_U(data[start + _1]) & _TAIL) << _12
            code |= (_U(data[start + _2]) & _TAIL) << _6 | (_U(data[start + _3]) & _TAIL)
            start += _4
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
            open_ = inside or dense
            if kind == SKIP or (kind == MARK and ((plain and not dense) or not open_)):
                continue
            if kind == MARK:
                kind = dense if dense else LETTER
            if dense and kind != dense:
                if length < window:
                    out[count] = _word(before[ring], total, length)
                    count += _1
                dense = 0
            spaced = _1 if kind in (PLAIN, LETTER) else _0
            before[held], at[held] = total, letters
            held += spaced ^ inside
            inside = spaced
            plain = kind == PLAIN
            if kind == GAP:
                continue
            if kind >= SHORT:
                if not dense:
                    count = _hashed(before, at, held, out, count)
                    held = _0
                    dense = kind
                    length = _0
                    window = _WINDOWS[0] if kind == SHORT else _WINDOWS[1]
                before[ring + (length & _7)] = total
                length += _1
            letter = (entry & _BODY) * _WORD
            total = (total << _7 | total >> _57) ^ (letter ^ letter >> _32) * _SPREAD
            letters += _1
            if dense and length >= window:
                out[count] = _word(before[ring + (length - window & _7)], total, window)
                count += _1
        # Most of a text in a script without spaces: letters of three bytes.
        while dense and start < stop and data[start] >= 0xE0 and data[start] < 0xF0:
            code = _U(data[start] & 0xF) << _12 | (_U(data[start + _1]) & _TAIL) << _6
            entry = _U(table[code | (_U(data[start + _2]) & _TAIL)])
            if int(entry >> _24) != dense:
                break
            start += _3
            before[ring + (length & _7)] = total
            length += _1
            letter = (entry & _BODY) * _WORD
            total = (total << _7 | total >> _57) ^ (letter ^ letter >> _32) * _SPREAD
            letters += _1
            if length >= window:
                out[count] = _word(before[ring + (length - window & _7)], total, window)
                count += _1
    if dense and length < window:
        out[count] = _word(before[ring], total, length)
        count += _1
    if inside:
        before[held], at[held] = total, letters
        held += _1
    return _hashed(before, at, held, out, count)


@compiled
def _shingles(
    data: Bytes,
    offsets: Offsets,
    rows: Offsets,
    quick: Hashes,
    table: Table,
    more: Table,
    size: int,
    done: int,
    out: Hashes,
    ends: Offsets,
    words: Hashes,
    before: Hashes,
    at: Hashes,
) -> int:
    """Go on behind the rows that are done while `out` has room; give how many are done now."""
    begin = _U(ends[done])
    for row in range(done, rows.size):
        start, stop = _U(offsets[rows[row]]), _U(offsets[rows[row] + 1])
        if begin + stop - start > _U(out.size):
            return row
        count = _words(data, start, stop, quick, table, more, before, at, words)
        n = min(_U(size), count)
        many = count - n + min(n, _1)
        # Loops over words and nothing else, so that they become vector instructions.
        for i in range(_0, many):
            out[begin + i] = words[i]
        for k in range(_1, n):
            for i in range(_0, many):
                run = out[begin + i]
                out[begin + i] = (run << _21 | run >> _43) ^ words[i + k]
        for i in range(_0, many):
            run = out[begin + i] + n * _WORD
            run = (run ^ run >> _32) * _MIX_2
            out[begin + i] = run ^ run >> _32
        begin += many
        ends[row + 1] = begin
    return rows.size


def shingles(
    data: Bytes,
    offsets: Offsets,
    rows: Offsets,
    quick: Hashes,
    table: Table,
    more: Table,
    size: int,
) -> tuple[Hashes, Offsets]:
    """Hash every run of `size` words of the texts `rows`, in order, repetitions included.

    A text of fewer words is one shingle, a text without a word none. Gives the 64-bit hashes and
    the offsets of each text's own, one more than there are rows.
    """
    lengths = offsets[rows + 1] - offsets[rows]
    longest = int(lengths.max(initial=0))
    # A text has no more words than bytes: marks that stand for three may end a window each, among
    # letters of Thai. Nearly all have half as many at most.
    out = np.empty(int(lengths.sum()) // 2 + longest, np.uint64)
    ends = np.zeros(rows.size + 1, np.int64)
    words = np.empty(longest, np.uint64)
    held = np.empty(_HELD + 8, np.uint64), np.empty(_HELD, np.uint64)
    texts = data, offsets, rows, quick, table, more, size
    done = 0
    while (done := _shingles(*texts, done, out, ends, words, *held)) < rows.size:
        out = np.concatenate([out, np.empty_like(out)])
    return out[: ends[-1]], ends


def quick(table: Table) -> Hashes:
    """Give what the quick loops add for each code point: 0 for a gap, _SLOW where there is more."""
    kinds = table[:_QUICK] >> np.uint32(24)
    letters = (table[:_QUICK] & np.uint32(0xFFFFFF)).astype(np.uint64) * _WORD
    letters = (letters ^ letters >> _32) * _SPREAD
    simple = (kinds == PLAIN) | (kinds == LETTER)
    return np.where(simple, letters, np.where(kinds == GAP, _0, _SLOW))
