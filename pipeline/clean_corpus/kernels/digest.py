"""Hash texts so that equal ones can be found: MurmurHash3 (x64, 128 bits), behind eight lanes.

MurmurHash3 waits for each sixteen bytes before it takes the next. So from 64 bytes on, eight lanes
of 64 bits take what comes in stripes of 64 bytes, each lane its word of every stripe: it is XORed
in, turned, and multiplied by an odd number, so that a lane loses nothing that it is given. Then
MurmurHash3 takes the lanes, and the bytes behind the last stripe. What is shorter has the hash that
MurmurHash3 gives.
"""

from __future__ import annotations

from io import BufferedReader
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from clean_corpus.kernels import compiled

Bytes = npt.NDArray[np.uint8]
Offsets = npt.NDArray[np.int64]
Hashes = npt.NDArray[np.uint64]
Unsigned: TypeAlias = Any  # numpy.uint64 inside a kernel; the checker cannot follow it

# Unsigned throughout: with a signed index numba looks for negative ones, at half the speed.
_U = np.uint64
_0, _1, _2, _3, _4, _5, _6, _7, _8 = np.arange(9, dtype=np.uint64)
_27, _31, _33, _37 = _U(27), _U(31), _U(33), _U(37)
_SPACE, _9 = np.uint8(0x20), np.uint8(9)
_BLOCK, _BYTES = _U(64), np.uint8(64)

# Austin Appleby's constants: github.com/aappleby/smhasher, MurmurHash3_x64_128.
_C1, _C2 = _U(0x87C37B91114253D5), _U(0x4CF5AD432745937F)
_N1, _N2 = _U(0x52DCE729), _U(0x38495AB5)
_F1, _F2 = _U(0xFF51AFD7ED558CCD), _U(0xC4CEB9FE1A85EC53)


@compiled
def _odd(one: Unsigned, two: Unsigned, three: Unsigned) -> bool:
    """Tell whether white space meets white space, or there may be some of several bytes."""
    space = (one == 0x20) | ((one >= 9) & (one <= 13))
    next_ = (two == 0x20) | ((two >= 9) & (two <= 13))
    odd = (one == 0xC2) & ((two == 0x85) | (two == 0xA0))
    odd |= ((one == 0xE1) & (two == 0x9A)) | ((one == 0xE2) & (two == 0x81))
    odd |= (one == 0xE2) & (two == 0x80) & ((three <= 0x8A) | (three >= 0xA8))
    odd |= (one == 0xE3) & (two == 0x80) & (three == 0x80)
    found: bool = odd | space & next_
    return found


@compiled
def _usual(data: Bytes, at: Unsigned, out: Bytes, size: Unsigned) -> bool:
    """Copy a block with blanks for ASCII's white space; tell whether no more is to be done."""
    odd = False
    # Bytes and no branches, so that it becomes vector instructions.
    for i in range(_0, _BLOCK):
        one = data[at + i]
        odd |= _odd(one, data[at + i + _1], data[at + i + _2])
        out[size + i] = _SPACE if (one == 0x20) | ((one >= 9) & (one <= 13)) else one
    return not odd


@compiled
def _before(data: Bytes, at: Unsigned) -> Unsigned:
    """Give how many bytes of a block are before what is odd: all, if nothing is."""
    least = _BYTES
    for i in range(_0, _BLOCK):
        odd = _odd(data[at + i], data[at + i + _1], data[at + i + _2])
        least = min(least, np.uint8(i) if odd else _BYTES)
    return _U(least)


@compiled
def _space(data: Bytes, at: Unsigned) -> Unsigned:
    """Give the bytes of the white space at a place, 0 for none.

    White space is what Unicode's White_Space says: 9-13, 32, 85, A0, 1680, 2000-200A, 2028, 2029,
    202F, 205F, 3000.
    """
    one = data[at]
    if one < 0x80:
        return _1 if one == 0x20 or one - _9 <= 4 else _0
    if one == 0xC2:
        return _2 if data[at + _1] == 0x85 or data[at + _1] == 0xA0 else _0
    if one < 0xE1 or one > 0xE3:
        return _0
    two, three = data[at + _1], data[at + _2]
    found = one == 0xE1 and two == 0x9A and three == 0x80
    found |= one == 0xE3 and two == 0x80 and three == 0x80
    found |= one == 0xE2 and two == 0x81 and three == 0x9F
    found |= one == 0xE2 and two == 0x80 and (three <= 0x8A or three in (0xA8, 0xA9, 0xAF))
    return _3 if found else _0


@compiled
def _collapse(data: Bytes, at: Unsigned, stop: Unsigned, out: Bytes) -> Unsigned:
    """Copy a text with each run of white space as one blank, none at the ends; give its size.

    Up to a block may be written behind it.
    """
    size = _0
    while at < stop:
        width, taken = _space(data, at), _0
        if width == _0 and at + _BLOCK + _2 <= _U(data.size):
            if _usual(data, at, out, size) and at + _BLOCK <= stop:
                at += _BLOCK
                size += _BLOCK
                continue
            taken = min(_before(data, at), stop - at)
            at += taken
            size += taken
        elif width:
            while width:
                at += width
                width = _space(data, at) if at < stop else _0
            if size != _0 and out[size - _1] != _SPACE:
                out[size] = _SPACE
                size += _1
            continue
        if taken == _0:
            out[size] = data[at]
            size += _1
            at += _1
            while at < stop and data[at] & 0xC0 == 0x80:
                out[size] = data[at]
                size += _1
                at += _1
    if size != _0 and out[size - _1] == _SPACE:
        size -= _1
    return size


@compiled
def _points(data: Bytes, at: Unsigned, stop: Unsigned) -> Unsigned:
    """Count the code points of a text."""
    points = _0
    while at + _BLOCK <= stop:
        some = np.uint8(0)
        for i in range(_0, _BLOCK):
            some = np.uint8(some + (data[at + i] & 0xC0 != 0x80))
        points += some
        at += _BLOCK
    while at < stop:
        points += _1 if data[at] & 0xC0 != 0x80 else _0
        at += _1
    return points


@compiled
def _lane(lane: Unsigned, word: Unsigned) -> Unsigned:
    lane ^= word
    return (lane << _27 | lane >> _37) * _C1 + _N1


@compiled
def _lanes(words: Hashes, stripes: Unsigned, out: Hashes) -> None:
    """Write what the lanes have after so many stripes."""
    a, b, c, d, e, f, g, h = _0, _0, _0, _0, _0, _0, _0, _0
    for i in range(_0, stripes * _8, _8):
        a, b = _lane(a, words[i]), _lane(b, words[i + _1])
        c, d = _lane(c, words[i + _2]), _lane(d, words[i + _3])
        e, f = _lane(e, words[i + _4]), _lane(f, words[i + _5])
        g, h = _lane(g, words[i + _6]), _lane(h, words[i + _7])
    out[0], out[1], out[2], out[3], out[4], out[5], out[6], out[7] = a, b, c, d, e, f, g, h


@compiled
def _murmur3(words: Hashes, size: Unsigned, told: Unsigned, out: Hashes) -> None:
    """Hash the first `size` bytes of `words`, which are followed by 16 zero bytes, as `told`."""
    h1, h2 = _0, _0
    blocks = size // _U(16)
    for i in range(_0, blocks + _1):
        k1 = words[_2 * i] * _C1
        k2 = words[_2 * i + _1] * _C2
        k1 = (k1 << _31 | k1 >> _33) * _C2
        k2 = (k2 << _33 | k2 >> _31) * _C1
        h1 ^= k1
        if i < blocks:
            h1 = ((h1 << _27 | h1 >> _37) + h2) * _5 + _N1
        h2 ^= k2
        if i < blocks:
            h2 = ((h2 << _31 | h2 >> _33) + h1) * _5 + _N2
    h1 ^= told
    h2 ^= told
    h1 += h2
    h2 += h1
    h1 = (h1 ^ h1 >> _33) * _F1
    h1 = (h1 ^ h1 >> _33) * _F2
    h1 ^= h1 >> _33
    h2 = (h2 ^ h2 >> _33) * _F1
    h2 = (h2 ^ h2 >> _33) * _F2
    h2 ^= h2 >> _33
    h1 += h2
    h2 += h1
    out[0], out[1] = h1, h2


@compiled
def _hash(words: Hashes, size: Unsigned, rest: Hashes, out: Hashes) -> None:
    """Hash the first `size` bytes of `words`, which are followed by 16 zero bytes."""
    stripes, left = size // _BLOCK, size % _BLOCK
    if stripes == _0:
        _murmur3(words, size, size, out)
        return
    _lanes(words, stripes, rest)
    for i in range(_0, left // _8 + _3):
        rest[_8 + i] = words[stripes * _8 + i]
    _murmur3(rest, _BLOCK + left, size, out)


@compiled
def _digests(
    data: Bytes,
    offsets: Offsets,
    collapse: bool,
    bytes_: Bytes,
    words: Hashes,
    rest: Hashes,
    out: Hashes,
    sizes: Offsets,
    lengths: Offsets,
) -> None:
    for row in range(sizes.size):
        start, stop = _U(offsets[row]), _U(offsets[row + 1])
        if collapse:
            lengths[row] = _points(data, start, stop)
            size = _collapse(data, start, stop, bytes_)
        else:
            size = stop - start
            for i in range(_0, size):
                bytes_[i] = data[start + i]
        for i in range(size, size + _U(32)):
            bytes_[i] = 0
        _hash(words, size, rest, out[row])
        sizes[row] = size


def digests(data: Bytes, offsets: Offsets) -> tuple[Hashes, Offsets, Offsets]:
    """Hash each text, its white space collapsed.

    Gives the hashes, shape (texts, 2), the bytes of the collapsed texts, 0 for a text of nothing
    but white space, and the code points of the texts as they are.
    """
    return _made(data, offsets, collapse=True)


def hashes(data: Bytes, offsets: Offsets) -> Hashes:
    """Hash each text as it is; shape (texts, 2)."""
    return _made(data, offsets, collapse=False)[0]


def _made(data: Bytes, offsets: Offsets, *, collapse: bool) -> tuple[Hashes, Offsets, Offsets]:
    longest = int(np.diff(offsets).max(initial=0))
    words = np.zeros((longest + 64) // 8 + 1, np.uint64)
    out = np.empty((offsets.size - 1, 2), np.uint64)
    sizes, lengths = np.empty((2, offsets.size - 1), np.int64)
    rest = np.empty(19, np.uint64)
    _digests(data, offsets, collapse, words.view(np.uint8), words, rest, out, sizes, lengths)
    return out, sizes, lengths


def file_hash(file: BufferedReader, size: int, room: Hashes) -> bytes:
    """Hash the next `size` bytes of a file as `hashes` would, read into `room`.

    It takes 24 bytes more. Half the time of hashing what was read: nothing is copied.
    """
    held = room.view(np.uint8)
    size = file.readinto(held[:size].data)
    held[size : size + 24] = 0
    out = np.empty(2, np.uint64)
    _hash(room, np.uint64(size), np.empty(19, np.uint64), out)
    return out.tobytes()
