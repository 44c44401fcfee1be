"""Cut the words out of many texts and hash every run of n of them: one pass over UTF-8 bytes.

What a code point means is data: `table` has one entry for each code point below 0x20000, its kind
in the top byte and the folded code point below it (`clean_corpus.corpus.shingles` builds it and
says what a word is).
"""

from __future__ import annotations

from typing import Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from clean_corpus.kernels import compiled

Bytes = npt.NDArray[np.uint8]
Offsets = npt.NDArray[np.int64]
Hashes = npt.NDArray[np.uint64]
Places = npt.NDArray[np.uint16]
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
WORD = np.uint64(0x9E3779B97F4A7C15)
SPREAD = np.uint64(0xD6E8FEB86659FD93)
_MIX_1 = np.uint64(0xFF51AFD7ED558CCD)
_MIX_2 = np.uint64(0xC4CEB9FE1A85EC53)

# Unsigned throughout: with a signed index numba looks for negative ones, at half the speed.
_U = np.uint64
_0, _1, _2, _3, _4 = _U(0), _U(1), _U(2), _U(3), _U(4)
_6, _7, _8, _12, _18, _21, _22 = _U(6), _U(7), _U(8), _U(12), _U(18), _U(21), _U(22)
_24, _32, _42, _43, _56, _57 = _U(24), _U(32), _U(42), _U(43), _U(56), _U(57)
_63, _64, _256, _512 = _U(63), _U(64), _U(256), _U(512)
_PLANES, _HAN_END = _U(0x20000), _U(0x40000)
_TAIL, _BODY, _HIGH = _U(0x3F), _U(0xFFFFFF), _U(0x8080808080808080)
_WINDOWS = (_U(SHORT_WINDOW), _U(LONG_WINDOW))

#: Code points up to the general punctuation, most of which need no look at the table.
QUICK = 0x2070
SLOW = np.uint64(1)  # in `quick`: does need it

#: Ends of words that are held before they are hashed, code points between two looks at how many
#: there are (each can begin or end a word), and bytes of ASCII that are taken up at once.
HELD, RUN, BLOCK = 1536, 1024, 64

# Behind so many bytes of ASCII, the next block may well be ASCII too.
_NEAR = _U(32)

# Added to an ASCII character, they set its top bit: from `a` on, behind `z`, from `0`, behind `9`.
_FROM_A, _PAST_Z, _FROM_0, _PAST_9 = (_U(0x80 - code) for code in b"a{0:")
_LOWER, _TOP = _U(0x20), _U(0x80)
# Brings the top bits of eight bytes together, that of the lowest first; and 1 in each 16 bits.
_TOGETHER, _EACH = _U(0x0002040810204081), _U(0x0001000100010001)


class Room(NamedTuple):
    """What `_words` works in: the hashes of words it finds, and what it needs to find them.

    `before[i]` and `at[i]` are the hash of the text, and the letters in it, before a word begins
    (i even) or ends (odd); `before` has eight places more, for the last letters of a dense run.
    The others are for ASCII, and explained in `clean_corpus.kernels.shingling`.
    """

    words: Hashes
    before: Hashes
    at: Hashes
    block: Bytes
    eights: Hashes
    prefix: Hashes
    places: Places
    sets: Hashes


@compiled
def _turned(total: Unsigned, letters: Unsigned) -> Unsigned:
    """Turn the hash of a text as so many gaps behind it would."""
    turn = letters * _7 & _63
    return total << turn | total >> (_64 - turn & _63)


@compiled
def _word(before: Unsigned, after: Unsigned, size: Unsigned) -> Unsigned:
    """Hash a word of `size` letters, from the hashes of the text before it and up to its end."""
    word = after ^ _turned(before, size) ^ size * WORD
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
def _lettered(code: Unsigned) -> Unsigned:
    """Set the top bit for an ASCII letter or digit; the others mean nothing."""
    lower = code | _LOWER
    letter = (lower + _FROM_A) & ~(lower + _PAST_Z)
    return letter | (code + _FROM_0) & ~(code + _PAST_9)


@compiled
def _ascii(
    data: Bytes,
    start: Unsigned,
    stop: Unsigned,
    quick: Hashes,
    total: Unsigned,
    letters: Unsigned,
    held: Unsigned,
    room: Room,
    count: Unsigned,
) -> tuple[Unsigned, Unsigned, Unsigned, Unsigned]:
    """Take up blocks of ASCII behind ASCII; give their bytes, and new `total`, `held` and `count`.

    At most `RUN` bytes. If words begin or end there, those held are hashed, then the whole ones
    among them, and one that has only begun is held.
    """
    before, at, out = room.before, room.at, room.words
    size = edges = _0
    while start + size + _U(BLOCK) <= stop:
        # Simple enough to become vector instructions, so each byte is looked at twice.
        for k in range(BLOCK):
            code = _U(data[start + size + _U(k)])
            last = _U(data[start + size + _U(k) - _1])
            room.block[k] = (_lettered(code) ^ _lettered(last)) & _TOP
            room.block[BLOCK + k] = code
        high = _0
        for j in range(BLOCK // 8):
            high |= room.eights[BLOCK // 8 + j]
        if high & _HIGH:
            break
        for j in range(_U(BLOCK // 8)):
            # All eight places that there could be are written: how many there are cannot be
            # predicted. The next ones overwrite what is too much.
            found = room.eights[j] * _TOGETHER >> _56
            low = room.sets[found] + size * _EACH
            more = room.sets[found + _256] + size * _EACH
            for k in range(8):
                room.places[edges + _U(k)] = (low if k < 4 else more) >> _U(16 * (k & 3))
            edges += room.sets[found + _512]
            # Letters are turned back, not the hash onward, which would make each wait for the last.
            for k in range(8):
                letter = quick[data[start + size + _U(k)]]
                room.prefix[size + _U(k)] = total
                total ^= letter >> _U(7 * k + 7) | letter << _U(57 - 7 * k)
            total = total << _56 | total >> _8
            size += _8
    if edges:
        first = held & _1  # whether the first edge ends a word that is held
        place = _U(room.places[0])
        before[held], at[held] = _turned(room.prefix[place], place & _7), letters + place
        count = _hashed(before, at, held + first, out, count)
        whole = edges - first >> _1
        for i in range(_0, whole):
            before[i] = room.prefix[room.places[first + _2 * i]]
            out[count + i] = room.prefix[room.places[first + _2 * i + _1]]
        for i in range(_0, whole):
            begin, end = _U(room.places[first + _2 * i]), _U(room.places[first + _2 * i + _1])
            one, two = _turned(before[i], begin & _7), _turned(out[count + i], end & _7)
            out[count + i] = _word(one, two, end - begin)
        count += whole
        held = edges - first & _1
        place = _U(room.places[edges - _1])
        before[0], at[0] = _turned(room.prefix[place], place & _7), letters + place
    return size, total, held, count


@compiled
def _words(
    data: Bytes,
    start: Unsigned,
    stop: Unsigned,
    quick: Hashes,
    table: Table,
    more: Table,
    room: Room,
) -> Unsigned:
    """Write the hash of each word of data[start:stop], and give their count."""
    before, at, out = room.before, room.at, room.words
    ring = _U(HELD)
    count: Unsigned = _0
    total: Unsigned = _0
    letter: Unsigned = _0
    letters = held = _0
    inside = _0  # 1 while a spaced word is under way
    plain = False  # whether its last letter loses its marks
    dense = _0  # the kind of the run without spaces that is under way, and its length so far
    length = window = _0
    met = _0  # the last letter, where `plain` does not tell of it yet
    while start < stop:
        if held > _U(HELD) - _U(RUN) - _4:
            count = _hashed(before, at, held, out, count)
            before[0], at[0] = before[held - _1], at[held - _1]
            held &= _1
        code = _U(data[start])
        if code < 0xF0 and not dense:
            limit = min(stop, start + _U(RUN))
            if code < 0x80:
                near = min(limit, start + _NEAR)
                while start < near and data[start] < 0x80:
                    letter = quick[data[start]]
                    total, inside, held = _met(letter, total, letters, inside, before, at, held)
                    letters += _1
                    start += _1
                    met = _0
                    plain = True
                if start >= near:
                    taken, total, held, count = _ascii(
                        data, start, limit, quick, total, letters, held, room, count
                    )
                    inside = held & _1
                    letters += taken
                    start += taken
            letter = _0
            while start < limit and data[start] >= 0x80 and data[start] < 0xF0:
                code = _U(data[start] & 0x1F) << _6 | (_U(data[start + _1]) & _TAIL)
                if data[start] >= 0xE0:
                    code = code << _6 | (_U(data[start + _2]) & _TAIL)
                    start += _1
                start += _2
                letter = quick[code] if code < _U(QUICK) else SLOW
                if letter == SLOW:
                    break
                total, inside, held = _met(letter, total, letters, inside, before, at, held)
                letters += _1
                met = code
            if letter != SLOW:
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
        if met:
            plain = table[met] >> _24 == PLAIN
            met = _0
        if code < _PLANES:
            entry = _U(table[code])
        else:
            # Planes 2 and 3 are Han; beyond them there are only selectors and private use.
            entry = code | _U(SHORT) << _24 if code < _HAN_END else _U(SKIP) << _24
        first, last = _0, _1
        if entry >> _24 == SEVERAL:
            first = (entry & _BODY) + _1
            last = first + _U(more[entry & _BODY])
        for i in range(first, last):
            if first:
                entry = _U(more[i])
            kind = entry >> _24
            open_ = inside or dense
            if kind == SKIP or (kind == MARK and ((plain and not dense) or not open_)):
                continue
            if kind == MARK:
                kind = dense if dense else _U(LETTER)
            if dense and kind != dense:
                if length < window:
                    out[count] = _word(before[ring], total, length)
                    count += _1
                dense = _0
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
            letter = (entry & _BODY) * WORD
            total = (total << _7 | total >> _57) ^ (letter ^ letter >> _32) * SPREAD
            letters += _1
            if dense and length >= window:
                out[count] = _word(before[ring + (length - window & _7)], total, window)
                count += _1
        # Most of a text in a script without spaces: letters of three bytes.
        while dense and start < stop and data[start] >= 0xE0 and data[start] < 0xF0:
            code = _U(data[start] & 0xF) << _12 | (_U(data[start + _1]) & _TAIL) << _6
            entry = _U(table[code | (_U(data[start + _2]) & _TAIL)])
            if entry >> _24 != dense:
                break
            start += _3
            before[ring + (length & _7)] = total
            length += _1
            letter = (entry & _BODY) * WORD
            total = (total << _7 | total >> _57) ^ (letter ^ letter >> _32) * SPREAD
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
def _mixed(run: Unsigned, words: Unsigned) -> Unsigned:
    """Hash a shingle of so many words, from theirs."""
    run += words * WORD
    run = (run ^ run >> _32) * _MIX_2
    return run ^ run >> _32


@compiled
def fill(
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
    room: Room,
) -> int:
    """Go on behind the rows that are done while `out` has room; give how many are done now."""
    words = room.words
    begin = _U(ends[done])
    for row in range(done, rows.size):
        start, stop = _U(offsets[rows[row]]), _U(offsets[rows[row] + 1])
        if begin + stop - start > _U(out.size):
            return row
        count = _words(data, start, stop, quick, table, more, room)
        n = min(_U(size), count)
        many = count - n + min(n, _1)
        # Loops over words and nothing else, so that they become vector instructions. Three words
        # are what nearly all runs take.
        if n == _3:
            for i in range(_0, many):
                one, two = words[i], words[i + _1]
                run = (one << _42 | one >> _22) ^ (two << _21 | two >> _43) ^ words[i + _2]
                out[begin + i] = _mixed(run, _3)
        else:
            for i in range(_0, many):
                out[begin + i] = words[i]
            for k in range(_1, n):
                for i in range(_0, many):
                    run = out[begin + i]
                    out[begin + i] = (run << _21 | run >> _43) ^ words[i + k]
            for i in range(_0, many):
                out[begin + i] = _mixed(out[begin + i], n)
        begin += many
        ends[row + 1] = begin
    return rows.size
