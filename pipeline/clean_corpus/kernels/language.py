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

#: Lanes of a text's scores, one for each profile, and of those that are scored at once.
LANES, HALF = 64, 32
#: Code points of a text that may be scored; the same as langdetect's own limit.
MAX_POINTS = 10_000
#: In longer texts only one word in two, three … is scored. So many code points tell enough of a
#: text in one language; and of any.
GLANCE, ENOUGH = 400, 1_000
# What is longer counts for several words, where a script parts none, and where no blank is so near,
# in bytes, a word begins at the next character.
_LONGEST_WORD, _NEAR = 30, 32

# Texts with one letter in so many of another kind are scored in both halves.
_SHARE = 32

#: Scripts that are told apart here; 0 is none.
LATIN, HAN, KANA, HANGUL = 1, 2, 3, 4
#: What `Profiles.kinds` says of a code point: its script, or `SIGN` if it has none but is no space
#: either; and if it is a capital, or in ASCII.
SIGN, CAPITAL, ASCII = 63, 64, 128

#: Numbers of what is no letter: nothing, what no profile knows, a space. Others take up to 12 bits.
NOTHING, UNKNOWN, SPACE = 0, 1, 2
LETTER_BITS, ROW_BITS = 12, 20

#: The marks of `Profiles.accented`: grave, acute, tilde, hook above, dot below.
MARKS = (0x300, 0x301, 0x303, 0x309, 0x323)

_BLANK = 0x20
#: Spreads n-grams over the table: 2^64 divided by the golden ratio.
MULTIPLIER = 0x9E3779B97F4A7C15


class Profiles(NamedTuple):
    """Language profiles, one lane each, as tables over code points and n-grams.

    By code point of the Basic Multilingual Plane, `letters` gives the number of the letter that
    stands for it, `lower` its lower case, `kinds` its kind; `accented` (5 x 512) gives what a Latin
    letter and one of the marks of Vietnamese make, or 0.

    `table` is a hash table with linear probing. Its slots hold an n-gram, up to three numbers of
    letters with the last lowest, above its row; home is where the upper `digits` binary digits of
    its product with `MULTIPLIER` say. Row 0 is of what is unknown. Rows come in two halves, for the
    lanes from 0 and from `other` on: most texts are scored in one. A row of `weights` (2, rows, 8)
    holds what the n-gram and the shorter ones at its end add to each lane, in four times 16 bits;
    sums of `room` rows do not overflow. One of `facts` (2, rows) has a bit for each lane that knows
    the n-gram itself, of three letters, and 32 higher one for each whose language writes its last
    letter.
    """

    letters: Points
    lower: Points
    kinds: Bytes
    accented: Points
    table: Words
    digits: int
    weights: Words
    facts: Words
    other: int
    room: int


class Evidence(NamedTuple):
    """What speaks for the best profile of each text, among those that its script admits.

    `best` and `second` are lanes, -1 if none; scores are in units of the profiles' weights. Of
    `grams` three-letter windows `known` are in the best profile; of `letters` letters of a script
    `strange` are not. `totals` has the scores of all lanes, or of the half with the best.
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
def _find(key: np.uint64, table: Words, shift: np.uint64) -> np.uint64:
    slot = np.int64((key * np.uint64(MULTIPLIER)) >> shift)
    entry = table[slot]
    while entry:
        if entry >> np.uint64(ROW_BITS) == key:
            return np.uint64(entry & np.uint64((1 << ROW_BITS) - 1))
        slot += 1
        entry = table[slot]
    return np.uint64(0)


@compiled
def _is_address(data: Bytes, i: int, stop: int) -> bool:
    """Say whether `http:` or `https:` stands at `i`."""
    if i + 7 >= stop or data[i] != 0x68 or data[i + 1] != 0x74 or data[i + 2] != 0x74:
        return False
    return bool(data[i + 3] == 0x70 and data[i + 4 + (data[i + 4] == 0x73)] == 0x3A)


@compiled
def _decode(
    data: Bytes,
    start: int,
    stop: int,
    stride: int,
    profiles: Profiles,
    points: Points,
    counts: Offsets,
) -> int:
    """Write the code points of one word in `stride` of a text, without addresses and handles.

    Words are taken evenly, by their bytes: passages in another language weigh the same. Counts
    their kinds, and gives their number.
    """
    accented = profiles.accented
    size = since = taken = 0
    i = word = start
    while i < stop and size + 1 < points.size:
        byte = np.int64(data[i])
        if byte < 0x80:
            if byte == 0x40 or _is_address(data, i, stop):
                while i < stop and 0x20 < data[i] < 0x7F:
                    i += 1
                point = np.int64(_BLANK)
            else:
                point = byte
                i += 1
        elif byte < 0xE0:
            point = ((byte & 0x1F) << 6) | np.int64(data[i + 1] & 0x3F)
            i += 2
        elif byte < 0xF0:
            point = ((byte & 0x0F) << 12) | (np.int64(data[i + 1] & 0x3F) << 6)
            point |= np.int64(data[i + 2] & 0x3F)
            i += 3
        else:
            # Beyond the first plane there are emoji and rare ideographs.
            point = np.int64(0x3400 if byte == 0xF0 and data[i + 1] >= 0xA0 else _BLANK)
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
        kind = profiles.kinds[point]
        counts[kind] += 1
        size += 1
        since += kind != 0
        if stride > 1 and since and (kind == 0 or since == _LONGEST_WORD):
            since = 0
            taken += i - word
            goal = start + stride * taken
            if goal > i:
                # To the next word, or where no blank is near, character.
                i = goal
                while i < stop and data[i] > 0x20 and (i < goal + _NEAR or data[i] < 0x80):
                    i += 1
                while i < stop and (data[i] <= 0x20 or data[i] & 0xC0 == 0x80):
                    i += 1
                points[size] = _BLANK
                size += 1
            word = i
    return size


@compiled
def _look_up(
    points: Points,
    size: int,
    shouted: bool,
    with_ascii: bool,
    profiles: Profiles,
    rows: npt.NDArray[np.uint32],
    marks: Bytes,
) -> int:
    """Write the rows of the windows of some code points, which are cut as langdetect cuts them.

    Of each, `rows` gets that of the longest n-gram at its end that is known, and `marks` says if
    its last letter is one of a script (1), and if it is three letters wide (2). Gives the number
    of windows.
    """
    count = 0
    x = np.uint64(NOTHING)
    y = np.uint64(SPACE)
    table = profiles.table
    shift = np.uint64(64 - profiles.digits)
    bits = np.uint64(LETTER_BITS)
    was_upper = False
    for i in range(size):
        point = points[i]
        if point < 0x80 and not with_ascii:
            point = np.uint16(_BLANK)
        small = profiles.lower[point]
        is_upper = small != point
        if is_upper and (shouted or was_upper):
            point = small
        was_upper = is_upper
        z = np.uint64(profiles.letters[point])
        if y == SPACE:
            if z == SPACE:
                continue
            x = np.uint64(NOTHING)
        two = (y << bits) | z
        row = np.uint64(0)
        if x:
            row = _find((x << (bits + bits)) | two, table, shift)
        if not row:
            row = _find(two, table, shift)
            if not row and z != SPACE:
                row = _find(z, table, shift)
        kind = profiles.kinds[point] & SIGN
        rows[count] = row
        marks[count] = (kind != 0 and kind != SIGN) + 2 * (x != NOTHING)
        count += 1
        x = y
        y = z
    return count


@compiled
def _add_up(
    rows: npt.NDArray[np.uint32],
    count: int,
    half: int,
    profiles: Profiles,
    sums: Words,
    total: npt.NDArray[np.int32],
) -> None:
    """Add up rows of weights, four lanes at a time."""
    total[:] = 0
    first = 0
    while first < count:
        last = min(count, first + profiles.room)
        sums[:] = 0
        for i in range(first, last):
            row = rows[i]
            for word in range(sums.size):
                sums[word] += profiles.weights[half, row, word]
        for word in range(sums.size):
            for lane in range(4):
                total[4 * word + lane] += (sums[word] >> np.uint64(16 * lane)) & np.uint64(0xFFFF)
        first = last


@compiled
def _best(total: npt.NDArray[np.int32], lanes: np.uint64, group: Bytes, outside: int) -> int:
    """Give the lane with the highest total, the first of equals, outside one group."""
    best = -1
    for lane in range(LANES):
        allowed = (lanes >> np.uint64(lane)) & np.uint64(1) and group[lane] != outside
        if allowed and (best < 0 or total[lane] > total[best]):
            best = lane
    return best


@compiled
def _evidence(
    data: Bytes,
    offsets: Offsets,
    docs: Offsets,
    enough: int,
    profiles: Profiles,
    admitted: Words,
    group: Bytes,
    allowed: np.uint64,
    counts: Offsets,
    totals: npt.NDArray[np.int32],
    out: Offsets,
    points: Points,
    rows: npt.NDArray[np.uint32],
    marks: Bytes,
    of_kind: Offsets,
    sums: Words,
) -> None:
    one = np.uint64(1)
    for doc in range(docs.size):
        begin, end = offsets[docs[doc]], offsets[docs[doc] + 1]
        of_kind[:] = 0
        size = 0
        for k in range(np.uint64(end - begin)):
            size += (data[np.uint64(begin) + k] & 0xC0) != 0x80
        stride = max(1, size // enough)
        size = _decode(data, begin, end, stride, profiles, points, of_kind)
        of_kind *= stride
        all_letters = capitals = ascii_letters = 0
        for kind in range(256):
            script = kind & SIGN
            if script < admitted.size:
                counts[doc, script] += of_kind[kind]
                if script:
                    all_letters += of_kind[kind]
                    capitals += of_kind[kind] if kind & CAPITAL else 0
                    ascii_letters += of_kind[kind] if kind & ASCII else 0
        main = _main_script(counts[doc])
        shouted = 2 * capitals > all_letters
        with_ascii = 2 * ascii_letters >= all_letters - counts[doc, LATIN]
        count = _look_up(points, size, shouted, with_ascii, profiles, rows, marks)
        here = 0 if main == LATIN else 1
        first_lane = here * profiles.other
        latin = counts[doc, LATIN]
        rare = min(latin, all_letters - latin)
        for half in range(2):
            if half == here or _SHARE * rare >= all_letters:
                lane = half * profiles.other
                _add_up(rows, count, half, profiles, sums, totals[doc, lane : lane + HALF])
        total = totals[doc]
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
        bit = np.uint64(best - first_lane)
        known = wide = lettered = strange = 0
        for i in range(count):
            fact = profiles.facts[here, rows[i]] >> bit
            letter = marks[i] & 1
            wide += marks[i] >> 1
            lettered += letter
            known += int(fact & one)
            strange += letter & ~int(fact >> np.uint64(HALF))
        out[doc, 6] = count
        out[doc, 7] = wide
        out[doc, 8] = known
        out[doc, 9] = lettered
        out[doc, 10] = strange


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
    data: Bytes,
    offsets: Offsets,
    docs: Offsets,
    enough: int,
    profiles: Profiles,
    admitted: Words,
    group: Bytes,
    allowed: int,
) -> Evidence:
    """Find the best and second profile for each of the texts `docs`.

    Of more than `enough` code points, words are left out evenly. `admitted` has a bit for each lane
    that a script admits; lanes of one `group` do not compete; `allowed` narrows all.
    """
    counts = np.zeros((len(docs), admitted.size), np.int64)
    out = np.zeros((len(docs), 11), np.int64)
    totals = np.zeros((len(docs), LANES), np.int32)
    _evidence(
        data, offsets, docs, enough, profiles, admitted, group, np.uint64(allowed),
        counts, totals, out,
        np.empty(MAX_POINTS, np.uint16), np.empty(MAX_POINTS, np.uint32),
        np.empty(MAX_POINTS, np.uint8), np.empty(256, np.int64), np.empty(HALF // 4, np.uint64),
    )  # fmt: skip
    return Evidence._make([*out.T, counts, totals])
