"""Find the lines that are worth trying probes on: those that hold the literals each of them needs.

A line is looked at once: four bytes at a time are hashed into a table that lets few places through,
and there literals are compared (Rabin and Karp, 1987, with many literals). A probe is worth trying
where a literal of each of its clauses stands as it must.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from clean_corpus.kernels import compiled

Bytes = npt.NDArray[np.uint8]
Ints = npt.NDArray[np.int64]
Small = npt.NDArray[np.int32]
Words = npt.NDArray[np.uint64]
Keys = npt.NDArray[np.uint32]
Bits = npt.NDArray[np.bool_]

#: What turns the four bytes of a window into its hash: the top half of 32 bits of the product.
HASH = 0x9E3779B1
SIZE = 1 << 16
#: Zones are kinds of lines, by the bytes they have at most (the third kind has more), times parts
#: of a line: its first bytes, the middle, its last bytes.
SHORT, MIDDLING = 64, 320
HEAD, TAIL = 64, 160
#: What a head is made of: 0 for no more letters or digits, a letter, a digit, or beyond ASCII.
SIGNS, DIGIT = 29, 27

_BLOCK = 1 << 12  # places looked at in one go


class Index(NamedTuple):
    """Literals and probes; a literal is found by its window, or pair where it has under four bytes.

    `tables` says by zone of each hash of a window, and then of each pair with some of what follows,
    whether it is looked for there: a bit each, once if the byte before is no letter or digit, and
    once if. Rows `slots[t, h]:slots[t, h + 1]` of `members` are the literals: number, mask and
    value of the bytes around a window, or of the four from a pair on.
    `text[begin:end]` are the bytes of a literal, `shift` those before its window or pair; `bounds`
    whether a word must not go on to the left and right of it, reach, and tail, for all its users.
    `users` are the rows of `use` for it: probe, bit, left, right, reach and tail of its own, and
    begin of its bytes in the cased view in `text` or -1. `open` are the probes that need no
    literal. Each probe has in `probes`: longest line, bits of its clauses, whether it needs a
    digit, whether the first line of a document; in `bits`: bytes that its line may begin and end
    with; in `heads`: what its first three letters and digits may be, packed.
    """

    tables: Bytes
    slots: Small
    members: Words
    begin: Small
    end: Small
    shift: Small
    bounds: Small
    text: Bytes
    users: Small
    use: Ints
    open: Small
    probes: Ints
    bits: Bits
    heads: Bytes


@compiled
def _goes_on(byte: int) -> bool:
    return 48 <= byte <= 57 or 97 <= byte <= 122


@compiled
def _equal(data: Bytes, at: int, text: Bytes, begin: int, size: int) -> bool:
    k = 0
    while k < size and data[at + k] == text[begin + k]:
        k += 1
    return k == size


@compiled
def _may_stand(lower: Bytes, start: int, end: int, at: int, size: int, asked: Ints) -> bool:
    """Tell whether a literal has its edges where words end, and is as near as asked to the ends."""
    past = at + size
    if at < start or past > end or past - start > asked[2] or end - at > asked[3]:
        return False
    if asked[0] and at > start and _goes_on(lower[at - 1]):
        return False
    return not (asked[1] and past < end and _goes_on(lower[past]))


@compiled
def _four(data: Bytes, at: np.uint64) -> np.uint64:
    one = np.uint64(data[at]) | np.uint64(data[at + np.uint64(1)]) << np.uint64(8)
    other = np.uint64(data[at + np.uint64(2)]) | np.uint64(data[at + np.uint64(3)]) << np.uint64(8)
    return one | other << np.uint64(16)


@compiled
def _keys(lower: Bytes, first: int, size: int, goes_on: bool, keys: Keys) -> None:
    """Write what the tables know places by: hashes of windows, pairs, and if a word goes on there.

    With `goes_on` that is asked of the first place too. Each place is looked at for itself, so that
    processors look at many at once.
    """
    one, begin = np.uint64(1), np.uint64(first)
    for k in range(np.uint64(size)):
        word = _four(lower, begin + k)
        keys[0, k] = np.uint32(word * np.uint64(HASH) & np.uint64(0xFFFFFFFF)) >> np.uint32(16)
        keys[1, k] = np.uint32(word ^ word >> np.uint64(3) & np.uint64(0xE000)) & np.uint32(0xFFFF)
    for k in range(one - np.uint64(goes_on), np.uint64(size)):
        byte = np.uint32(lower[begin + k - one])
        after = np.uint32((byte - np.uint32(48) < 10) | (byte - np.uint32(97) < 26))
        keys[0, k] |= after << np.uint32(16)
        keys[1, k] |= after << np.uint32(16)


@compiled
def _marked(keys: Keys, which: int, size: int, zone: np.uint64, index: Index, places: Ints) -> int:
    """Write the places that a table lets through; with a branch, each would be hard to foresee."""
    count, three, seven = np.uint64(0), np.uint64(3), np.uint64(7)
    for k in range(np.uint64(size)):
        key = zone + np.uint64(keys[which, k])
        places[count] = np.int64(k)
        count += index.tables[which, key >> three] >> (key & seven) & np.uint64(1)
    return int(count)


@compiled
def _compared(
    lower: Bytes,
    start: int,
    end: int,
    line: int,
    first: int,
    keys: Keys,
    which: int,
    places: Ints,
    marked: int,
    index: Index,
    out: Ints,
    count: int,
) -> int:
    """Write the literals that stand at places that a table let through; -1 if `out` is full."""
    members = index.members
    for turn in range(marked):
        place = first + places[turn]
        i = np.uint64(place)
        if which:
            word = _four(lower, i)
        else:
            word = _four(lower, i + np.uint64(4))
            if place >= 4:
                word |= _four(lower, i - np.uint64(4)) << np.uint64(32)
        key = np.uint64(keys[which, places[turn]] & np.uint32(0xFFFF))
        for row in range(index.slots[which, key], index.slots[which, key + np.uint64(1)]):
            if word & members[row, 1] != members[row, 2] and place >= 4:
                continue
            literal = np.int64(members[row, 0])
            size = index.end[literal] - index.begin[literal]
            at = place - index.shift[literal]
            stands = _may_stand(lower, start, end, at, size, index.bounds[literal])
            if not (stands and _equal(lower, at, index.text, index.begin[literal], size)):
                continue
            if count == out.shape[1]:
                return -1
            out[0, count] = line
            out[1, count] = at
            out[2, count] = literal
            count += 1
    return count


@compiled
def _hits(
    lower: Bytes,
    view: Ints,
    lines: Ints,
    index: Index,
    row: int,
    keys: Keys,
    places: Ints,
    out: Ints,
) -> tuple[int, int]:
    count = 0
    while row < lines.size:
        line = lines[row]
        start = view[line]
        end = view[line + 1]
        kind = 3 * (int(end - start > SHORT) + int(end - start > MIDDLING))
        head = min(start + HEAD, end)
        tail = max(head, end - TAIL)
        mark = count
        first = start
        while first < end:
            part = int(first >= head) + int(first >= tail)
            past = min(head if part == 0 else tail if part == 1 else end, first + places.size)
            zone = np.uint64(kind + part) * np.uint64(2 * SIZE)
            _keys(lower, first, past - first, first > start, keys)
            for which in range(2):
                marked = _marked(keys, which, past - first, zone, index, places)
                count = _compared(
                    lower, start, end, line, first, keys, which, places, marked, index, out, count
                )
                if count < 0:
                    return mark, row
            first = past
        row += 1
    return count, row


@compiled
def _sign(byte: int) -> int:
    if 97 <= byte <= 122:
        return byte - 96
    return DIGIT if 48 <= byte <= 57 else 28 if byte >= 128 else 0


@compiled
def _head(lower: Bytes, start: int, end: int) -> int:
    """Give the number of the first three letters, digits or bytes beyond ASCII of a line."""
    head = 0
    found = 0
    while start < end and found < 3:
        sign = _sign(lower[start])
        start += 1
        if sign:
            head = head * SIGNS + sign
            found += 1
    while found < 3:
        head *= SIGNS
        found += 1
    return head


@compiled
def _fits(
    lower: Bytes,
    cased: Bytes,
    start: int,
    end: int,
    opens: bool,
    head: int,
    index: Index,
    probe: int,
) -> bool:
    """Tell whether a line is such as a probe wants it."""
    asked = index.probes[probe]
    if end - start > asked[0] or (asked[3] and not opens):
        return False
    if not index.heads[probe, head >> 3] >> (head & 7) & 1:
        return False
    if not index.bits[probe, 0, cased[start]] or not index.bits[probe, 1, cased[end - 1]]:
        return False
    if asked[2]:
        while start < end and _sign(lower[start]) < DIGIT:
            start += 1
    return start < end


@compiled
def _stands(
    lower: Bytes, cased: Bytes, start: int, end: int, at: int, size: int, use: Ints, text: Bytes
) -> bool:
    """Tell whether a literal stands where a probe wants it."""
    fits = _may_stand(lower, start, end, at, size, use[2:])
    return fits and (use[6] < 0 or _equal(cased, at, text, use[6], size))


@compiled
def _admit(
    lower: Bytes,
    cased: Bytes,
    view: Ints,
    opening: Bits,
    hits: Ints,
    index: Index,
    state: Ints,
    out: Ints,
) -> int:
    # By probe, `state` has the line + 1, the clauses found, where the first was found first and
    # last, and the column of `out`.
    count, current, head = 0, -1, 0
    for hit in range(hits.shape[1]):
        line, at, literal = hits[0, hit], hits[1, hit], hits[2, hit]
        size = index.end[literal] - index.begin[literal]
        start = view[line]
        end = view[line + 1]
        if line != current:
            current = line
            head = -1
        for row in range(index.users[literal], index.users[literal + 1]):
            use = index.use[row]
            probe, bit = use[0], use[1]
            known = state[probe, 0] == line + 1
            if known and state[probe, 1] & bit and (bit > 1 or state[probe, 1] < 0):
                continue
            if not _stands(lower, cased, start, end, at, size, use, index.text):
                continue
            if not known:
                if head < 0:
                    head = _head(lower, start, end)
                state[probe, 0] = line + 1
                fits = _fits(lower, cased, start, end, opening[line], head, index, probe)
                state[probe, 1] = int(fits) - 1
                state[probe, 2] = end - start
                state[probe, 3] = 0
                if not fits:
                    continue
            if bit == 1:
                state[probe, 2] = min(state[probe, 2], at - start)
                state[probe, 3] = max(state[probe, 3], at - start)
            if state[probe, 1] != index.probes[probe, 1]:
                state[probe, 1] |= bit
                if state[probe, 1] != index.probes[probe, 1]:
                    continue
                state[probe, 4] = count
                count += 1
            column = state[probe, 4]
            if column < out.shape[1]:
                out[0, column] = line
                out[1, column] = probe
                out[2, column] = state[probe, 2]
                out[3, column] = state[probe, 3]
    return count


@compiled
def _open(
    lower: Bytes,
    cased: Bytes,
    view: Ints,
    opening: Bits,
    lines: Ints,
    index: Index,
    out: Bits,
) -> None:
    for row in range(lines.size):
        line = lines[row]
        start = view[line]
        end = view[line + 1]
        head = -1
        for k in range(index.open.size):
            probe = index.open[k]
            out[row, k] = False
            if end - start > index.probes[probe, 0]:
                continue
            if head < 0:
                head = _head(lower, start, end)
            out[row, k] = _fits(lower, cased, start, end, opening[line], head, index, probe)


def scan(index: Index, lower: Bytes, cased: Bytes, view: Ints, lines: Ints, opening: Bits) -> Ints:
    """Give (line, probe, where, last) of each of `lines` that a probe is worth trying on.

    They are sorted by probe, then line. Line i is `[view[i], view[i + 1])` of the view; it is not
    empty. `lines` is sorted. `opening` tells of each line of the view whether it is the first of
    its document. `where` is the offset in the line of the first literal of the probe's first
    clause, and `last` that of the last one; without literals they are 0 and the size of the line.
    Whether a word goes on is asked of ASCII letters and digits only, which lets through a little
    more than it must.
    """
    parts = []
    for hits in _all_hits(index, lower, view, lines):
        capacity = hits.shape[1] + 1
        while True:
            out = np.empty((4, capacity), np.int64)
            state = np.zeros((len(index.probes), 5), np.int64)
            count = _admit(lower, cased, view, opening, hits, index, state, out)
            if count <= capacity:
                break
            capacity = count
        parts.append(out[:, :count])
    if len(index.open):
        fits = np.empty((len(lines), len(index.open)), bool)
        _open(lower, cased, view, opening, lines, index, fits)
        row, k = np.nonzero(fits)
        row = lines[row]
        sizes = view[row + 1] - view[row]
        parts.append(np.stack([row, index.open[k], np.zeros(len(row), np.int64), sizes]))
    found = np.concatenate([np.empty((4, 0), np.int64), *parts], axis=1)
    ordered: Ints = found[:, np.lexsort((found[0], found[1]))]
    return ordered


def _all_hits(index: Index, lower: Bytes, view: Ints, lines: Ints) -> Iterator[Ints]:
    """Give (line, place, literal) of the literals in the lines, some lines at a time."""
    padded = np.zeros(len(lower) + 8, np.uint8)  # so that no window ends outside
    padded[: len(lower)] = lower
    row, capacity = 0, 1 << 16
    keys, places = np.empty((2, _BLOCK), np.uint32), np.empty(_BLOCK, np.int64)
    while row < len(lines):
        out = np.empty((3, capacity), np.int64)
        count, row = _hits(padded, view, lines, index, row, keys, places, out)
        if count == 0 and row < len(lines):
            capacity *= 4
        yield out[:, :count].copy()
