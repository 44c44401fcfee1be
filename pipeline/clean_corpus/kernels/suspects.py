"""Find the lines of UTF-8 texts that an automaton over classes of code points matches."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from clean_corpus.kernels import compiled

Bytes = npt.NDArray[np.uint8]
Words = npt.NDArray[np.uint64]
Offsets = npt.NDArray[np.int64]

#: Why a line is a suspect; reasons add up.
BAD, ENTITY, UNORDERED, LITERAL = 1, 2, 4, 8

# An entity is `&`, perhaps `#`, 1 to 24 letters or digits, and `;`.
_LONGEST_ENTITY = 24


class Automaton(NamedTuple):
    """Sequences of character sets, as bit-parallel Shift-And (Baeza-Yates and Gonnet 1992).

    `table` gives the class of each code point, its last entry that of all beyond. `steps` has two
    words of 64 bits by class, a bit for each place in a sequence where the class may stand. `ends`
    has the bits of five kinds of places, two words each: first; first at the start of a line; last
    in a sequence that is bad, that only puts the order of marks in doubt, or that is a literal.
    `order` is the canonical combining class by class.
    """

    table: Bytes
    steps: Words
    ends: Words
    order: Bytes


@compiled
def _suspects(
    data: Bytes,
    offsets: Offsets,
    table: Bytes,
    steps: Words,
    ends: Words,
    order: Bytes,
    entities: bool,
    longest: int,
    docs: Offsets,
    starts: Offsets,
    stops: Offsets,
    reasons: Bytes,
) -> int:
    one = np.uint64(1)
    zero = np.uint64(0)
    first_0, first_1, anchored_0, anchored_1 = ends[0, 0], ends[0, 1], ends[1, 0], ends[1, 1]
    bad_0, bad_1, doubtful_0, doubtful_1 = ends[2, 0], ends[2, 1], ends[3, 0], ends[3, 1]
    literal_0, literal_1 = ends[4, 0], ends[4, 1]
    found = 0
    for doc in range(offsets.size - 1):
        i = offsets[doc]
        stop = offsets[doc + 1]
        while i < stop:
            start = i
            count = 0
            reason = 0
            before = 0
            state_0, state_1 = zero, zero
            hit_0, hit_1 = zero, zero
            open_0, open_1 = anchored_0, anchored_1
            newline = False
            while i < stop and not newline and count < longest:
                byte = data[i]
                if byte < 0x80:
                    point = np.int64(byte)
                    if byte == 0x26 and entities:
                        j = i + 1
                        if j < stop and data[j] == 0x23:
                            j += 1
                        k = j
                        while k < stop and (
                            0x30 <= data[k] <= 0x39
                            or 0x41 <= data[k] <= 0x5A
                            or 0x61 <= data[k] <= 0x7A
                        ):
                            k += 1
                        if j < k <= j + _LONGEST_ENTITY and k < stop and data[k] == 0x3B:
                            reason |= ENTITY
                    newline = byte == 0x0A
                    i += 1
                elif byte < 0xE0:
                    point = ((np.int64(byte) & 0x1F) << 6) | (data[i + 1] & 0x3F)
                    i += 2
                elif byte < 0xF0:
                    point = (
                        ((np.int64(byte) & 0x0F) << 12)
                        | ((np.int64(data[i + 1]) & 0x3F) << 6)
                        | (data[i + 2] & 0x3F)
                    )
                    i += 3
                else:
                    point = (
                        ((np.int64(byte) & 0x07) << 18)
                        | ((np.int64(data[i + 1]) & 0x3F) << 12)
                        | ((np.int64(data[i + 2]) & 0x3F) << 6)
                        | (data[i + 3] & 0x3F)
                    )
                    i += 4
                kind = np.int64(table[point if point < table.size else table.size - 1])
                state_0 = ((state_0 << one) | first_0 | open_0) & steps[0, kind]
                state_1 = ((state_1 << one) | first_1 | open_1) & steps[1, kind]
                hit_0 |= state_0
                hit_1 |= state_1
                open_0, open_1 = zero, zero
                here = order[kind]
                if here != 0 and here < before:
                    reason |= UNORDERED
                before = here
                count += 1
            if (hit_0 & bad_0) | (hit_1 & bad_1):
                reason |= BAD
            if (hit_0 & literal_0) | (hit_1 & literal_1):
                reason |= LITERAL
            if (hit_0 & doubtful_0) | (hit_1 & doubtful_1):
                reason |= UNORDERED
            if reason:
                if found < docs.size:
                    docs[found] = doc
                    starts[found] = start - offsets[doc]
                    stops[found] = i - offsets[doc]
                    reasons[found] = reason
                found += 1
    return found


def suspects(
    data: Bytes, offsets: Offsets, automaton: Automaton, entities: bool, longest: int
) -> tuple[Offsets, Offsets, Offsets, Bytes]:
    """Give document, start, end and reasons (bits) of each line that may need a repair.

    `data` and `offsets` are UTF-8 texts as Arrow holds them; a line includes its line feed, and
    one of more than `longest` code points falls into parts of that length. `entities` says
    whether entities are a reason. Starts and ends are byte offsets in the document.
    """
    room = 1024 + data.size // 256
    while True:
        docs, starts, stops = (np.empty(room, np.int64) for _ in range(3))
        reasons = np.empty(room, np.uint8)
        found = _suspects(
            data, offsets, *automaton, entities, longest, docs, starts, stops, reasons
        )
        if found <= room:
            return docs[:found], starts[:found], stops[:found], reasons[:found]
        room = found
