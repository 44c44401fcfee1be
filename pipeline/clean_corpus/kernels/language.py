"""Score texts by the n-grams of language profiles, in integers."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from clean_corpus.kernels import compiled

Bytes = npt.NDArray[np.uint8]
Points = npt.NDArray[np.uint16]
Words = npt.NDArray[np.uint64]
Offsets = npt.NDArray[np.int64]

#: Lanes of a row, one for each profile; those beyond the last profile are empty.
LANES = 64
#: Code points of a text that are looked at; the same as langdetect's own limit.
MAX_POINTS = 10_000
#: In longer texts only one word in two, three … is scored: so many code points tell enough.
_ENOUGH = 1_000
#: No more than this is left out at once, where a script parts no words.
_LONGEST_WORD = 30

#: Scripts that are told apart here; 0 is none.
LATIN, HAN, KANA, HANGUL = 1, 2, 3, 4

#: The marks of `Profiles.accented`: grave, acute, tilde, hook above, dot below.
MARKS = (0x300, 0x301, 0x303, 0x309, 0x323)

_SPACE = 0x20
_MULTIPLIER = 0x9E3779B97F4A7C15


class Profiles(NamedTuple):
    """Language profiles, one lane each, as tables over code points and n-grams.

    By code point of the Basic Multilingual Plane, `fold` gives the letter that stands for it,
    `lower` its lower case, `script` its script (0 is none); `accented` (5 x 512) gives what a Latin
    letter and one of the marks of Vietnamese make, or 0. `keys` and `places` are a hash table
    (`index_keys`) from n-grams, three times 16 bits, to rows; rows from `three` on are of three
    letters. A row of `weights` holds what the n-gram and the shorter ones at its end add to each
    lane; `known` has a bit for each lane that knows the n-gram itself, `at_home` for each whose
    language writes its last letter.
    """

    fold: Points
    lower: Points
    script: Bytes
    accented: npt.NDArray[np.uint16]
    three: int
    keys: Words
    places: npt.NDArray[np.int32]
    weights: npt.NDArray[np.int16]
    known: Words
    at_home: Words


class Evidence(NamedTuple):
    """What speaks for the best profile of each text, among those that its script admits.

    `best` and `second` are lanes, -1 if none; scores are in units of the profiles' weights. Of
    `grams` three-letter windows `known` are in the best profile; of `letters` letters of its
    script `strange` are not.
    """

    script: Offsets
    best: Offsets
    second: Offsets
    score: Offsets
    second_score: Offsets
    top_score: Offsets
    windows: Offsets
    grams: Offsets
    known: Offsets
    letters: Offsets
    strange: Offsets
    counts: Offsets
    totals: npt.NDArray[np.int32]


@compiled
def _index(keys: Words, table: Words, places: npt.NDArray[np.int32], shift: np.uint64) -> None:
    last = table.size - 1
    for i in range(keys.size):
        slot = np.int64((keys[i] * np.uint64(_MULTIPLIER)) >> shift)
        while table[slot]:
            slot = (slot + 1) & last
        table[slot] = keys[i]
        places[slot] = i


def index_keys(keys: Words) -> tuple[Words, npt.NDArray[np.int32]]:
    """Make a hash table, with linear probing, from distinct non-zero keys to their places."""
    bits = (2 * keys.size - 1).bit_length()
    table, places = np.zeros(1 << bits, np.uint64), np.zeros(1 << bits, np.int32)
    _index(keys, table, places, np.uint64(64 - bits))
    return table, places


@compiled
def _find(key: np.uint64, keys: Words, places: npt.NDArray[np.int32], shift: np.uint64) -> int:
    slot = np.int64((key * np.uint64(_MULTIPLIER)) >> shift)
    while keys[slot]:
        if keys[slot] == key:
            return int(places[slot])
        slot = (slot + 1) & (keys.size - 1)
    return -1


@compiled
def _decode(
    data: Bytes,
    start: int,
    stop: int,
    script: Bytes,
    accented: Points,
    points: Points,
    counts: Offsets,
) -> int:
    """Write the code points of a text without addresses and handles; count its scripts."""
    size = 0
    i = start
    while i < stop and size < points.size:
        byte = np.int64(data[i])
        if byte < 0x80:
            is_address = (
                byte == 0x68
                and i + 7 < stop
                and data[i + 1] == 0x74
                and data[i + 2] == 0x74
                and data[i + 3] == 0x70
                and (
                    (data[i + 4] == 0x3A and data[i + 5] == 0x2F)
                    or (data[i + 4] == 0x73 and data[i + 5] == 0x3A)
                )
            )
            if is_address or byte == 0x40:
                while i < stop and 0x20 < data[i] < 0x7F:
                    i += 1
                point = np.int64(_SPACE)
            else:
                point = byte
                i += 1
        elif byte < 0xE0:
            point = ((byte & 0x1F) << 6) | np.int64(data[i + 1] & 0x3F)
            i += 2
        elif byte < 0xF0:
            point = (
                ((byte & 0x0F) << 12)
                | (np.int64(data[i + 1] & 0x3F) << 6)
                | np.int64(data[i + 2] & 0x3F)
            )
            i += 3
        else:
            # Beyond the first plane there are emoji and rare ideographs.
            point = np.int64(0x3400 if byte == 0xF0 and data[i + 1] >= 0xA0 else _SPACE)
            i += 4
        if 0x300 <= point <= 0x323 and size and points[size - 1] < accented.shape[1]:
            made = np.uint16(0)
            for mark in range(len(MARKS)):
                if point == MARKS[mark]:
                    made = accented[mark, points[size - 1]]
            if made:
                points[size - 1] = made
                continue
        points[size] = point
        counts[script[point]] += 1
        size += 1
    return size


@compiled
def _score(
    points: Points,
    size: int,
    shouted: bool,
    with_ascii: bool,
    fold: Points,
    lower: Points,
    script: Bytes,
    keys: Words,
    places: npt.NDArray[np.int32],
    shift: np.uint64,
    weights: npt.NDArray[np.int16],
    rows: npt.NDArray[np.int32],
    marks: Bytes,
    total: npt.NDArray[np.int32],
) -> int:
    """Add up the rows of a text's windows, which are cut as langdetect cuts them.

    Of a long text, words are left out evenly, so that passages in another language weigh the same.
    Gives the number of windows. `rows` gets the row of each, -1 if its last letter is unknown, and
    `marks` the script of that letter, plus 128 if the window is three letters wide.
    """
    total[:] = 0
    x = np.uint64(0)
    y = np.uint64(_SPACE)
    was_upper = False
    stride = max(1, size // _ENOUGH)
    word = 0
    left_out = 0
    count = 0
    for i in range(size):
        point = points[i]
        if point < 0x80 and not with_ascii:
            point = np.uint16(_SPACE)
        small = lower[point]
        is_upper = small != point
        if is_upper and (shouted or was_upper):
            point = small
        was_upper = is_upper
        z = np.uint64(fold[point])
        if left_out:
            left_out = 0 if z == _SPACE else left_out - 1
            continue
        if y == _SPACE:
            x = np.uint64(0)
            if z == _SPACE:
                continue
            word += 1
            if (word - 1) % stride:
                left_out = _LONGEST_WORD
                continue
        row = -1
        if x:
            row = _find((x << np.uint64(32)) | (y << np.uint64(16)) | z, keys, places, shift)
        if row < 0:
            row = _find((y << np.uint64(16)) | z, keys, places, shift)
            if row < 0 and z != _SPACE:
                row = _find(z, keys, places, shift)
        if row >= 0:
            for lane in range(LANES):
                total[lane] += weights[row, lane]
        rows[count] = row
        marks[count] = script[point] | (0x80 if x else 0)
        count += 1
        x = y
        y = z
    return count


@compiled
def _best(total: npt.NDArray[np.int32], lanes: np.uint64, group: Bytes, other: int) -> int:
    """Give the lane with the highest total, the first of equals, outside the group `other`."""
    best = -1
    for lane in range(LANES):
        allowed = (lanes >> np.uint64(lane)) & np.uint64(1) and group[lane] != other
        if allowed and (best < 0 or total[lane] > total[best]):
            best = lane
    return best


@compiled
def _evidence(
    data: Bytes,
    offsets: Offsets,
    fold: Points,
    lower: Points,
    script: Bytes,
    accented: Points,
    three: int,
    keys: Words,
    places: npt.NDArray[np.int32],
    weights: npt.NDArray[np.int16],
    known: Words,
    at_home: Words,
    admitted: Words,
    group: Bytes,
    allowed: np.uint64,
    counts: Offsets,
    totals: npt.NDArray[np.int32],
    out: Offsets,
) -> None:
    points = np.empty(MAX_POINTS, np.uint16)
    rows = np.empty(MAX_POINTS, np.int32)
    marks = np.empty(MAX_POINTS, np.uint8)
    shift = np.uint64(64)
    room = keys.size
    while room > 1:
        room >>= 1
        shift -= np.uint64(1)
    for doc in range(offsets.size - 1):
        size = _decode(data, offsets[doc], offsets[doc + 1], script, accented, points, counts[doc])
        total = totals[doc]
        letters = 0
        capitals = 0
        ascii_letters = 0
        others = 0
        for i in range(size):
            point = points[i]
            if script[point]:
                letters += 1
                capitals += lower[point] != point
                ascii_letters += point < 0x80
                others += point >= 0x300 and not 0x1E00 <= point < 0x1F00
        main = _main_script(counts[doc])
        count = _score(
            points, size, 2 * capitals > letters, 2 * ascii_letters >= others, fold, lower, script,
            keys, places, shift, weights, rows, marks, total,
        )  # fmt: skip
        top = _best(total, admitted[main], group, -1)
        best = _best(total, admitted[main] & allowed, group, -1)
        out[doc, 0] = main
        out[doc, 1] = best
        out[doc, 2] = -1
        if best < 0:
            continue
        second = _best(total, admitted[main] & allowed, group, group[best])
        out[doc, 2] = second
        out[doc, 3] = total[best]
        out[doc, 4] = total[second] if second >= 0 else 0
        out[doc, 5] = total[top]
        lane = np.uint64(best)
        one = np.uint64(1)
        for i in range(count):
            out[doc, 6] += 1
            kind = marks[i] & 0x7F
            row = rows[i]
            if marks[i] & 0x80:
                out[doc, 7] += 1
                if row >= three and (known[row] >> lane) & one:
                    out[doc, 8] += 1
            if kind:
                out[doc, 9] += 1
                if row < 0 or not (at_home[row] >> lane) & one:
                    out[doc, 10] += 1


@compiled
def _main_script(counts: Offsets) -> int:
    """Give the script of most letters; one of Chinese, Japanese or Korean counts for three."""
    east = counts[HAN] + counts[KANA] + counts[HANGUL]
    main = 0
    most = 0
    for script in range(1, counts.size):
        if not HAN <= script <= HANGUL and counts[script] > most:
            main = script
            most = counts[script]
    if 3 * east <= most:
        return main
    if 2 * counts[HANGUL] >= counts[HAN] + counts[KANA]:
        return HANGUL
    return KANA if 10 * counts[KANA] >= counts[HAN] + counts[KANA] else HAN


def evidence(
    data: Bytes, offsets: Offsets, profiles: Profiles, admitted: Words, group: Bytes, allowed: int
) -> Evidence:
    """Find the best and second profile for each text.

    `admitted` has a bit for each lane that a script admits; lanes of one `group` do not compete;
    `allowed` narrows all.
    """
    texts = len(offsets) - 1
    counts, out = np.zeros((texts, admitted.size), np.int64), np.zeros((texts, 11), np.int64)
    totals = np.zeros((texts, LANES), np.int32)
    _evidence(data, offsets, *profiles, admitted, group, np.uint64(allowed), counts, totals, out)
    return Evidence._make([*out.T, counts, totals])
