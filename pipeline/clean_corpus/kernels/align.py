"""Find what two texts have in common, word by word: runs of equal words, with small gaps.

Words are those of `clean_corpus.corpus.shingles`, but that each letter of a script without spaces
is a word of its own here.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from clean_corpus.kernels import compiled

Bytes = npt.NDArray[np.uint8]
Offsets = npt.NDArray[np.int64]
Hashes = npt.NDArray[np.uint64]
Table = npt.NDArray[np.uint32]

#: Bits of `Words.marks`. QUOTED: inside quotation marks. CLOSED: a sentence or line ends behind it.
QUOTED, CLOSED = 1, 2

# Kinds of code points, as in `clean_corpus.kernels.shingle`.
_GAP, _SKIP, _MARK, _PLAIN, _LETTER, _SHORT, _LONG, _SEVERAL = range(8)

_WORD = np.uint64(0x9E3779B97F4A7C15)
_MIX = np.uint64(0xD6E8FEB86659FD93)

# Words that must be equal in a row to begin or prolong a run, and those that may differ in between.
_SEED = 5
_SLACK = 12


class Words(NamedTuple):
    """The words of some texts, one behind the other: hash, first and last code point, marks."""

    hash: npt.NDArray[np.uint32]
    start: npt.NDArray[np.uint32]
    end: npt.NDArray[np.uint32]
    marks: npt.NDArray[np.uint8]


class Runs(NamedTuple):
    """What pairs of texts have in common: words `[a_start, a_end)` and `[b_start, b_end)`.

    `pair` is the number of the pair, `equal` how many words of the run stand in both, `plain` how
    many of them outside quotation marks.
    """

    pair: Offsets
    a_start: Offsets
    a_end: Offsets
    b_start: Offsets
    b_end: Offsets
    equal: Offsets
    plain: Offsets


@compiled
def _decode(data: Bytes, at: int) -> tuple[int, int]:
    lead = int(data[at])
    if lead < 0x80:
        return lead, 1
    if lead < 0xE0:
        return (lead & 0x1F) << 6 | (data[at + 1] & 0x3F), 2
    if lead < 0xF0:
        return (lead & 0x0F) << 12 | int(data[at + 1] & 0x3F) << 6 | (data[at + 2] & 0x3F), 3
    code = (lead & 7) << 18 | int(data[at + 1] & 0x3F) << 12 | int(data[at + 2] & 0x3F) << 6
    return code | (data[at + 3] & 0x3F), 4


@compiled
def _words(
    data: Bytes,
    offsets: Offsets,
    rows: Offsets,
    table: Table,
    more: Table,
    out: Words,
    ends: Offsets,
) -> None:
    made = 0
    for row in range(rows.size):
        at, stop = offsets[rows[row]], offsets[rows[row] + 1]
        first = made
        point = 0
        inside = plain = quoted = straight = False
        word = np.uint64(0)
        while at < stop:
            code, size = _decode(data, at)
            at += size
            entry = int(table[code]) if code < 0x20000 else code | _SHORT << 24
            several = entry >> 24 == _SEVERAL
            begin = (entry & 0xFFFFFF) + 1 if several else 0
            end = begin + int(more[begin - 1]) if several else 1
            for i in range(begin, end):
                part = int(more[i]) if several else entry
                kind = part >> 24
                if kind == _SKIP or (kind == _MARK and (plain or not inside)):
                    continue
                dense = kind in (_SHORT, _LONG)
                if inside and (kind == _GAP or dense):
                    out.hash[made] = np.uint32(word >> np.uint64(32))
                    out.end[made] = point
                    made += 1
                    inside = False
                if kind == _GAP:
                    continue
                if not inside:
                    out.start[made] = point
                    out.marks[made] = QUOTED if quoted or straight else 0
                    word = np.uint64(0)
                inside = True
                plain = kind == _PLAIN
                word = (word ^ np.uint64(part & 0xFFFFFF)) * _WORD
                word ^= word >> np.uint64(29)
                word *= _MIX
                if dense:
                    out.hash[made] = np.uint32(word >> np.uint64(32))
                    out.end[made] = point + 1
                    made += 1
                    inside = False
            if entry >> 24 == _GAP:
                if code == 34:
                    straight = not straight
                elif code in (0xAB, 0x201C, 0x201E, 0x300C):
                    quoted = code != 0x201C or not quoted
                elif code in (0xBB, 0x201D, 0x300D):
                    quoted = False
                elif code == 10:
                    quoted = straight = False
                if made > first and code in (10, 33, 46, 63, 0x2026, 0x3002, 0xFF01, 0xFF1F, 0x61F):
                    out.marks[made - 1] |= CLOSED
            point += 1
            # Most of a text: letters that follow letters change nothing but these.
            while inside and at < stop and data[at] < 0xE0:
                code, size = _decode(data, at)
                part = int(np.int64(table[code]))
                if part >> 24 != _PLAIN and part >> 24 != _LETTER:
                    break
                plain = part >> 24 == _PLAIN
                word = (word ^ np.uint64(part & 0xFFFFFF)) * _WORD
                word ^= word >> np.uint64(29)
                word *= _MIX
                at += size
                point += 1
        if inside:
            out.hash[made] = np.uint32(word >> np.uint64(32))
            out.end[made] = point
            made += 1
        if made > first:
            out.marks[made - 1] |= CLOSED
        ends[row + 1] = made


def words(
    data: Bytes, offsets: Offsets, rows: Offsets, table: Table, more: Table
) -> tuple[Words, Offsets]:
    """Cut the words out of the texts `rows`; gives them with the offsets of each text's own.

    The tables are those of `clean_corpus.corpus.shingles.tables`.
    """
    room = int((offsets[rows + 1] - offsets[rows]).sum()) + 1
    out = Words(
        np.empty(room, np.uint32),
        np.empty(room, np.uint32),
        np.empty(room, np.uint32),
        np.empty(room, np.uint8),
    )
    ends = np.zeros(rows.size + 1, np.int64)
    _words(data, offsets, rows, table, more, out, ends)
    cut: Any = (column[: ends[-1]] for column in out)
    return Words(*cut), ends


@compiled
def _grams(hashes: npt.NDArray[np.uint32], offsets: Offsets, out: Hashes) -> None:
    """Hash each run of `_SEED` words of a text, at the place of its first."""
    for row in range(offsets.size - 1):
        for i in range(offsets[row], offsets[row + 1] - _SEED + 1):
            value = np.uint64(0)
            for j in range(_SEED):
                value = (value ^ np.uint64(hashes[i + j])) * _WORD
                value ^= value >> np.uint64(32)
            out[i] = value


@compiled
def _align(
    seeds: Hashes,
    marks: Bytes,
    offsets: Offsets,
    a: Offsets,
    b: Offsets,
    least: int,
    out: Runs,
    covered: Offsets,
    head: Offsets,
    following: Offsets,
) -> int:
    bits = 0
    while 1 << bits < head.size:
        bits += 1
    shift = np.uint64(64 - bits)
    last = np.int64(-1)
    start = np.int64(0)
    count = made = 0
    for pair in range(a.size):
        if a[pair] != last:
            for i in range(count):
                head[(seeds[start + i] * _MIX) >> shift] = -1
            start = offsets[a[pair]]
            count = max(offsets[a[pair] + 1] - start - _SEED + 1, 0)
            for i in range(count - 1, -1, -1):
                slot = (seeds[start + i] * _MIX) >> shift
                following[i] = head[slot]
                head[slot] = i
            last = a[pair]
        b_start, b_end = offsets[b[pair]], offsets[b[pair] + 1]
        grams = max(b_end - b_start - _SEED + 1, 0)
        total = equal = plain = from_b = to_b = 0
        from_a = to_a = np.int64(0)
        open_ = False
        for j in range(grams + 1):
            found = np.int64(-1)
            if j < grams:
                seed = seeds[b_start + j]
                i = head[(seed * _MIX) >> shift]
                while i >= 0:
                    if seeds[start + i] == seed:
                        # Where it goes on just so, else the nearest behind, else the first.
                        if open_ and i + _SEED == to_a + (j + _SEED - to_b):
                            found = i
                            break
                        near = open_ and to_a < i + _SEED <= to_a + _SLACK
                        if found < 0 or (near and found + _SEED <= to_a):
                            found = i
                    i = following[i]
                if found < 0:
                    continue
            if open_:
                goes_on = (
                    j < grams
                    and j <= to_b + _SLACK
                    and to_a < found + _SEED
                    and found <= to_a + _SLACK
                )
                if j < grams and not goes_on and j + _SEED <= to_b + 2 and found + _SEED <= to_a:
                    continue  # the same words once more, inside the run
                if not goes_on:
                    if equal >= least and made < out.pair.size:
                        out.pair[made] = pair
                        out.a_start[made] = from_a
                        out.a_end[made] = to_a
                        out.b_start[made] = from_b
                        out.b_end[made] = to_b
                        out.equal[made] = equal
                        out.plain[made] = plain
                        made += 1
                    open_ = False
            if j == grams:
                break
            if not open_:
                open_ = True
                from_a, from_b = found, j
                to_b = j if j > to_b else to_b
                equal = plain = 0
                new = j
            else:
                new = max(j, to_b)
            for k in range(new, j + _SEED):
                equal += 1
                plain += 1 - (marks[b_start + k] & QUOTED)
            total += max(0, j + _SEED - max(to_b, j))
            to_a, to_b = found + _SEED, j + _SEED
        covered[pair] = total
    return made


def align(
    words_: Words, offsets: Offsets, a: Offsets, b: Offsets, least: int
) -> tuple[Runs, Offsets]:
    """Find the runs of `least` equal words or more in the texts a[i] and b[i], pair by pair.

    Pairs are quickest sorted by `a`. Also gives, for each pair, the words of `b` that stand in any
    run of `_SEED` words of `a`, long or short.
    """
    # Runs follow one another in `b`, and share less than a seed.
    room = int((np.diff(offsets)[b] // max(least - _SEED, 1) + 1).sum()) if len(a) else 0
    columns: Any = (np.empty(room, np.int64) for _ in Runs._fields)
    out = Runs(*columns)
    covered = np.zeros(len(a), np.int64)
    longest = int(np.diff(offsets).max(initial=0))
    seeds = np.empty(len(words_.hash), np.uint64)
    _grams(words_.hash, offsets, seeds)
    made = _align(
        seeds, words_.marks, offsets, a, b, least, out, covered,
        np.full(max(2, 1 << (2 * longest - 1).bit_length()), -1, np.int64),
        np.empty(longest + 1, np.int64),
    )  # fmt: skip
    cut: Any = (column[:made] for column in out)
    return Runs(*cut), covered
