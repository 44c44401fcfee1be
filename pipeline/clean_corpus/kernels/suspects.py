"""Find lines of UTF-8 texts by an automaton over classes of code points, and spots in them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from clean_corpus.kernels import compiled

Bytes = npt.NDArray[np.uint8]
States = npt.NDArray[np.uint16]
Offsets = npt.NDArray[np.int64]

#: Why a line is a suspect; reasons add up.
BAD, ENTITY, UNORDERED, LITERAL = 1, 2, 4, 8

#: States where a line begins, and inside one where no sequence has begun.
START, INSIDE = 0, 1
#: So many characters of ASCII at most follow each other in a sequence.
MEMORY = 2

# An entity is `&`, perhaps `#`, 1 to 24 letters or digits, and `;`.
_LONGEST_ENTITY = 24


class Automaton(NamedTuple):
    """Sequences of sets of code points, as a finite automaton.

    `table` gives the class of each code point, its last entry that of all beyond. `moves` has the
    next state by state and class, `reasons` those for which a line that comes to a state is a
    suspect. `calm` flags bytes of ASCII that alone make no sequence; after `MEMORY` of these the
    state depends on nothing else.
    """

    table: Bytes
    moves: States
    reasons: Bytes
    calm: Bytes


class Spots(NamedTuple):
    """Spots of lines by number: byte spans in their line.

    A spot is an entity, or what lies between the first and the last `LITERAL` or C1 control of a
    row of them, or of a run beyond ASCII. A vertical tab is none.
    """

    line: Offsets
    start: Offsets
    end: Offsets


class Suspects(NamedTuple):
    """Lines that may need a repair: document, byte span, why, as bits, and spots.

    `BAD`: ftfy takes it for mojibake. `ENTITY`: there is one. `LITERAL`: there is a ligature or a
    control character. `UNORDERED`: it may not be in normal form C.
    """

    doc: Offsets
    start: Offsets
    end: Offsets
    reasons: Bytes
    spots: Spots


@compiled
def _suspects(
    data: Bytes,
    offsets: Offsets,
    table: Bytes,
    moves: States,
    why: Bytes,
    calm: Bytes,
    entities: bool,
    longest: int,
    docs: Offsets,
    starts: Offsets,
    stops: Offsets,
    reasons: Bytes,
    spots: Spots,
    counts: Offsets,
) -> None:
    """Write lines and spots, as far as there is room for them, and `counts` of both."""
    found = spotted = 0
    for doc in range(offsets.size - 1):
        i = offsets[doc]
        stop = offsets[doc + 1]
        while i < stop:
            start = i
            left = longest
            reason = 0
            state = np.int64(START)
            newline = False
            # Whether a character may belong to the last spot: one next to it, one in the same run.
            near = run = False
            while i < stop and not newline and left > 0:
                byte = np.int64(data[i])
                if calm[byte]:
                    # Of a long run only both ends matter.
                    end = min(stop, i + left)
                    j = i
                    while j < end and calm[data[j]]:
                        j += 1
                    left -= j - i
                    skip = j - i > 2 * MEMORY
                    for k in range(i, i + MEMORY if skip else j):
                        state = np.int64(moves[state, table[data[k]]])
                        reason |= why[state]
                    if skip:
                        state = np.int64(INSIDE)
                        for k in range(j - MEMORY, j):
                            state = np.int64(moves[state, table[data[k]]])
                    i = j
                    near = run = False
                    continue
                at = i
                if byte < 0x80:
                    point = byte
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
                        if (
                            j < k <= min(j + _LONGEST_ENTITY, stop - 1, i + left - 1)
                            and data[k] == 0x3B
                        ):
                            reason |= ENTITY
                            if spotted < spots.line.size:
                                spots.line[spotted] = found
                                spots.start[spotted] = i - start
                                spots.end[spotted] = k + 1 - start
                            spotted += 1
                    newline = byte == 0x0A
                    i += 1
                elif byte < 0xE0:
                    point = ((byte & 0x1F) << 6) | (data[i + 1] & 0x3F)
                    i += 2
                elif byte < 0xF0:
                    point = (
                        ((byte & 0x0F) << 12)
                        | ((np.int64(data[i + 1]) & 0x3F) << 6)
                        | (data[i + 2] & 0x3F)
                    )
                    i += 3
                else:
                    point = (
                        ((byte & 0x07) << 18)
                        | ((np.int64(data[i + 1]) & 0x3F) << 12)
                        | ((np.int64(data[i + 2]) & 0x3F) << 6)
                        | (data[i + 3] & 0x3F)
                    )
                    i += 4
                kind = table[point if point < table.size else table.size - 1]
                state = np.int64(moves[state, kind])
                reason |= why[state]
                left -= 1
                if (why[state] & LITERAL and byte != 0x0B) or 0x80 <= point < 0xA0:
                    if not (near or (run and byte >= 0x80)):
                        if spotted < spots.line.size:
                            spots.line[spotted] = found
                            spots.start[spotted] = at - start
                        spotted += 1
                        near = True
                    if spotted <= spots.line.size:
                        spots.end[spotted - 1] = i - start
                    run = True
                else:
                    near = False
                    run = bool(run and byte >= 0x80)
            if reason:
                if found < docs.size:
                    docs[found] = doc
                    starts[found] = start - offsets[doc]
                    stops[found] = i - offsets[doc]
                    reasons[found] = reason
                found += 1
    counts[0] = found
    counts[1] = spotted


def suspects(
    data: Bytes, offsets: Offsets, automaton: Automaton, entities: bool, longest: int
) -> Suspects:
    """Give each line that may need a repair.

    `data` and `offsets` are UTF-8 texts as Arrow holds them; a line includes its line feed, and
    one of more than `longest` code points falls into parts of that length. `entities` says
    whether entities are a reason.
    """
    counts = np.array([1024, 1024]) + data.size // 256
    while True:
        lines, marks = counts.tolist()
        docs, starts, stops = (np.empty(lines, np.int64) for _ in range(3))
        reasons = np.empty(lines, np.uint8)
        spots = Spots(*(np.empty(marks, np.int64) for _ in range(3)))
        _suspects(
            data, offsets, *automaton, entities, longest, docs, starts, stops, reasons,
            spots, counts,
        )  # fmt: skip
        found, spotted = counts.tolist()
        if found <= lines and spotted <= marks:
            spots = Spots(*(column[:spotted] for column in spots))
            return Suspects(docs[:found], starts[:found], stops[:found], reasons[:found], spots)
