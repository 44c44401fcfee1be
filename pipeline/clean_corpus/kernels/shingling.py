"""Hash the shingles of many texts: the room that the kernel works in, and what it leaves there."""

from __future__ import annotations

from functools import cache

import numpy as np

from clean_corpus.kernels.shingle import (
    BLOCK,
    GAP,
    HELD,
    LETTER,
    PLAIN,
    QUICK,
    RUN,
    SLOW,
    SPREAD,
    WORD,
    Bytes,
    Hashes,
    Offsets,
    Room,
    Table,
    fill,
)


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
    room = _room(longest)
    texts = data, offsets, rows, quick, table, more, size
    done = 0
    while (done := fill(*texts, done, out, ends, room)) < rows.size:
        out = np.concatenate([out, np.empty_like(out)])
    return out[: ends[-1]], ends


def quick(table: Table) -> Hashes:
    """Give what the quick loops add for each code point: 0 for a gap, SLOW where there is more."""
    kinds = table[:QUICK] >> np.uint32(24)
    letters = (table[:QUICK] & np.uint32(0xFFFFFF)).astype(np.uint64) * WORD
    letters = (letters ^ letters >> np.uint64(32)) * SPREAD
    simple = (kinds == PLAIN) | (kinds == LETTER)
    return np.where(simple, letters, np.where(kinds == GAP, np.uint64(0), SLOW))


def _room(longest: int) -> Room:
    # A block is where words begin or end in it, a byte each, and what it is made of; both are also
    # read eight bytes at once. Of ASCII in a row the hash of the text before each letter is kept,
    # which is turned by the letters since a multiple of eight; and the places of the edges.
    eights = np.empty(BLOCK // 4, np.uint64)
    return Room(
        words=np.empty(longest, np.uint64),
        before=np.empty(HELD + 8, np.uint64),
        at=np.empty(HELD, np.uint64),
        block=eights.view(np.uint8),
        eights=eights,
        prefix=np.empty(RUN, np.uint64),
        places=np.empty(RUN + 8, np.uint16),
        sets=_sets(),
    )


@cache
def _sets() -> Hashes:
    # For each set of eight places: four in it, with 16 bits each; then the other four; then how
    # many there are.
    member = np.arange(256)[:, None] >> np.arange(8) & 1
    places = np.argsort(1 - member, axis=1, kind="stable").astype(np.uint64).reshape(256, 2, 4)
    four = (places << np.arange(0, 64, 16, dtype=np.uint64)).sum(axis=2)
    return np.concatenate([four[:, 0], four[:, 1], member.sum(axis=1).astype(np.uint64)])
