"""Find the lines that are worth trying probes on: those that hold the literals each of them needs.

A line is looked at once: four bytes at a time are hashed into a table that lets few places through,
and there literals are compared (Rabin and Karp, 1987, with many literals). A probe is worth trying
where a literal of each of its clauses stands as it must.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from clean_corpus.kernels import compiled

Bytes = npt.NDArray[np.uint8]
Ints = npt.NDArray[np.int64]
Small = npt.NDArray[np.int32]
Words = npt.NDArray[np.uint64]
Bits = npt.NDArray[np.bool_]


class Literal(NamedTuple):
    """Bytes that the probe of a number looks for, and its clause, from 0, that they are in.

    `text` is in lower case. `cased` is what must stand there in the cased view, or empty.
    """

    text: bytes
    cased: bytes
    probe: int
    clause: int
    left: bool  # a word must not go on there
    right: bool
    reach: int  # it must end within so many bytes from the start of the line
    tail: int  # and begin within so many from its end


class Probe(NamedTuple):
    """What a line must be like to be tried, besides its literals, of `clauses` clauses."""

    limit: int  # bytes of the longest line
    clauses: int
    digit: bool  # there must be a digit, or a byte beyond ASCII
    opening: bool  # it must be the first line of its document
    first: Bits  # of 256: the bytes that it may begin with
    last: Bits
    heads: Bytes  # packed, of SIGNS ** 3: how its first letters and digits may run


class Gate(NamedTuple):
    """Literals and probes, indexed.

    A literal is found by its window, which is its rarest four bytes in a row, or by its first two
    bytes where it has fewer. `windows[zone]` says of each hash of a window, and `pairs[zone]` of
    each pair, whether it is looked for there: a zone is a kind of line, by length, a part of it,
    and whether the byte before is a letter or digit. `window_slots[h]:window_slots[h + 1]`, and
    the like for pairs, are the rows of `members`: literal, mask and value of the bytes around. `text[begin:end]` are the
    bytes of a literal, `shift` those before its window; `users` the rows of `use` for it: probe,
    bit, left, right, reach, tail, begin of its cased bytes in `text` or -1. `open` are the probes
    without literals, `probes` the numbers of each probe, `bits` its first
    and last bytes, `heads` its heads.
    """

    windows: Bytes
    pairs: Bytes
    window_slots: Small
    pair_slots: Small
    window_members: Words
    pair_members: Words
    begin: Small
    end: Small
    shift: Small
    text: Bytes
    users: Small
    use: Ints
    open: Small
    probes: Ints
    bits: Bits
    heads: Bytes


#: What `_sign` gives for a byte: 0 for none, 1 to 26 for a letter, then a digit, then another.
SIGNS = 29
_HASH = 0x9E3779B1
_SIZE = 1 << 16
_WINDOW = 4
_SHORT, _MIDDLING = 64, 320  # bytes up to which a line is of the first or the second kind
_HEAD, _TAIL = 64, 160  # bytes of the parts of a line; the middle is what is in neither
_FREQUENT = {b: 4 for b in b"etaoinsr"} | {b: 5 for b in b"ldcumhp.,'-"} | {32: 3}


def build(probes: Sequence[Probe], literals: Sequence[Literal]) -> Gate:
    """Index literals, which are not empty, and the probes that look for them."""
    texts = sorted({literal.text for literal in literals})
    number = {text: i for i, text in enumerate(texts)}
    used = sorted(literals, key=lambda literal: (number[literal.text], *literal[1:]))
    ends = np.cumsum([len(text) for text in texts], dtype=np.int64)
    cased = [literal.cased for literal in used]
    places = int(ends[-1] if len(ends) else 0) + np.cumsum([0, *map(len, cased)])
    owners = np.array([number[literal.text] for literal in used], np.int64)
    shifts = [_rarest(text) for text in texts]
    zones: list[set[int]] = [set() for _ in texts]
    for literal in used:
        i = number[literal.text]
        zones[i] |= _zones(literal, shifts[i], probes[literal.probe].limit)
    checks = [_check(text, shift) for text, shift in zip(texts, shifts, strict=True)]
    windows = [(_hash(x, shifts[i]), i) for i, x in enumerate(texts) if len(x) >= _WINDOW]
    pairs = [(pair, i) for i, x in enumerate(texts) if len(x) < _WINDOW for pair in _pairs(x)]
    window_table, window_slots, window_members = _table(windows, zones, checks)
    pair_table, pair_slots, pair_members = _table(pairs, zones, checks)
    return Gate(
        windows=window_table,
        pairs=pair_table,
        window_slots=window_slots,
        pair_slots=pair_slots,
        window_members=window_members,
        pair_members=pair_members,
        begin=(ends - [len(text) for text in texts]).astype(np.int32),
        end=ends.astype(np.int32),
        shift=np.array(shifts, np.int32),
        text=np.frombuffer(b"".join([*texts, *cased]) or b"\0", np.uint8),
        users=np.searchsorted(owners, np.arange(len(texts) + 1)).astype(np.int32),
        use=np.array(
            [
                (x.probe, 1 << x.clause, x.left, x.right, x.reach, x.tail, at if x.cased else -1)
                for x, at in zip(used, places.tolist(), strict=False)
            ],
            np.int64,
        ).reshape(-1, 7),
        open=np.array([i for i, probe in enumerate(probes) if not probe.clauses], np.int32),
        probes=np.array(
            [(x.limit, (1 << x.clauses) - 1, x.digit, x.opening) for x in probes], np.int64
        ).reshape(-1, 4),
        bits=np.array([(probe.first, probe.last) for probe in probes], bool).reshape(-1, 2, 256),
        heads=np.stack([probe.heads for probe in probes]) if probes else np.zeros((0, 1), np.uint8),
    )


def _table(
    keyed: list[tuple[int, int]], zones: list[set[int]], checks: list[tuple[int, int]]
) -> tuple[Bytes, Small, Words]:
    """Mark keys in the zones of their literals, and give the literals of each key, with checks."""
    table = np.zeros((18, _SIZE), np.uint8)
    for key, literal in keyed:
        for zone in zones[literal]:
            table[zone, key] = 1
    keyed.sort()
    keys = np.array([key for key, _ in keyed], np.int64)
    slots = np.searchsorted(keys, np.arange(_SIZE + 1)).astype(np.int32)
    members = np.array([(i, *checks[i]) for _, i in keyed], np.uint64).reshape(-1, 3)
    return table.reshape(9, -1), slots, members


def _check(text: bytes, shift: int) -> tuple[int, int]:
    """Give mask and value of the four bytes behind and the four before the window of a text.

    Of a text without a window, those of its bytes.
    """
    if len(text) < _WINDOW:
        return (1 << 8 * len(text)) - 1, int.from_bytes(text, "little")
    behind = text[shift + _WINDOW : shift + 2 * _WINDOW]
    ahead = text[max(0, shift - _WINDOW) : shift]
    blank = 8 * (_WINDOW - len(ahead))
    mask = (1 << 8 * len(behind)) - 1 | ((1 << 8 * len(ahead)) - 1) << 32 + blank
    value = int.from_bytes(behind, "little") | int.from_bytes(ahead, "little") << 32 + blank
    return mask, value


def _zones(literal: Literal, shift: int, limit: int) -> set[int]:
    """Give where the window of a literal may stand; see Gate."""
    kinds = 1 + (limit > _SHORT) + (limit > _MIDDLING)
    parts = [0]
    if literal.reach > _HEAD:
        parts += [1, 2] if literal.tail > _TAIL else [2]
    if shift or literal.left:
        inside = [int(shift > 0 and bool(_goes_on(literal.text[shift - 1])))]
    else:
        inside = [0, 1]
    return {(3 * kind + part) * 2 + after for kind in range(kinds) for part in parts for after in inside}


def _rarest(text: bytes) -> int:
    """Give where the rarest window of a text begins: 0 if it has but one."""
    if len(text) <= _WINDOW:
        return 0
    bits = [_FREQUENT.get(b, 7 if b < 128 else 2 if b >= 192 else 5) for b in text]
    sums = [sum(bits[i : i + _WINDOW]) for i in range(len(text) - _WINDOW + 1)]
    return sums.index(max(sums))


def _hash(text: bytes, shift: int) -> int:
    word = int.from_bytes(text[shift : shift + _WINDOW], "little")
    return (word * _HASH & 0xFFFFFFFF) >> 16


def _pairs(text: bytes) -> Sequence[int]:
    return [text[0] | text[1] << 8] if len(text) > 1 else range(text[0], _SIZE, 256)


@compiled
def _goes_on(byte: int) -> bool:
    return 48 <= byte <= 57 or 97 <= byte <= 122


@compiled
def _equal(data: Bytes, at: int, text: Bytes, begin: int, size: int) -> bool:
    for k in range(size):
        if data[at + k] != text[begin + k]:
            return False
    return True


@compiled
def _four(data: Bytes, at: np.uint64) -> np.uint64:
    one = np.uint64(data[at]) | np.uint64(data[at + np.uint64(1)]) << np.uint64(8)
    other = np.uint64(data[at + np.uint64(2)]) | np.uint64(data[at + np.uint64(3)]) << np.uint64(8)
    return one | other << np.uint64(16)


@compiled
def _hits(
    lower: Bytes,
    view: Ints,
    lines: Ints,
    inside: Words,
    windows: Bytes,
    pairs: Bytes,
    window_slots: Small,
    pair_slots: Small,
    window_members: Words,
    pair_members: Words,
    begin: Small,
    stop: Small,
    shift: Small,
    text: Bytes,
    row: int,
    out: Ints,
) -> tuple[int, int]:
    count = 0
    while row < lines.size:
        line = lines[row]
        start = view[line]
        end = view[line + 1]
        kind = 3 * (int(end - start > 64) + int(end - start > 320))
        head = min(start + 64, end)
        tail = max(head, end - 160)
        mark = count
        before = np.uint64(0)
        for part in range(3):
            first = start if part == 0 else head if part == 1 else tail
            past = head if part == 0 else tail if part == 1 else end
            window = windows[kind + part]
            pair = pairs[kind + part]
            for i in range(np.uint64(first), np.uint64(past)):
                word = _four(lower, i)
                two = word & np.uint64(0xFFFF)
                mixed = (word * np.uint64(0x9E3779B1) & np.uint64(0xFFFFFFFF)) >> np.uint64(16)
                hit = window[before | mixed]
                short = pair[before | two]
                before = inside[word & np.uint64(0xFF)]
                if not (hit | short):
                    continue
                around = _four(lower, i + np.uint64(4))
                if i >= np.uint64(4):
                    around |= _four(lower, i - np.uint64(4)) << np.uint64(32)
                for turn in range(2):
                    if turn == 0:
                        if not hit:
                            continue
                        low, high = window_slots[mixed], window_slots[mixed + np.uint64(1)]
                        members = window_members
                    else:
                        if not short:
                            continue
                        low, high = pair_slots[two], pair_slots[two + np.uint64(1)]
                        members = pair_members
                        around = word
                    for k in range(low, high):
                        if around & members[k, 1] != members[k, 2] and i >= np.uint64(4):
                            continue
                        literal = np.int64(members[k, 0])
                        size = stop[literal] - begin[literal]
                        at = np.int64(i) - shift[literal]
                        if at < start or at + size > end:
                            continue
                        if not _equal(lower, at, text, begin[literal], size):
                            continue
                        if count == out.shape[1]:
                            return mark, row
                        out[0, count] = line
                        out[1, count] = at
                        out[2, count] = literal
                        count += 1
        row += 1
    return count, row


@compiled
def _sign(byte: int) -> int:
    if 97 <= byte <= 122:
        return byte - 96
    return 27 if 48 <= byte <= 57 else 28 if byte >= 128 else 0


@compiled
def _head(lower: Bytes, start: int, end: int) -> int:
    """Give the number of the first three letters, digits or bytes beyond ASCII of a line."""
    head = 0
    found = 0
    while start < end and found < 3:
        sign = _sign(lower[start])
        start += 1
        if sign:
            head = head * 29 + sign
            found += 1
    while found < 3:
        head *= 29
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
    probe: Ints,
    bits: Bits,
    heads: Bytes,
) -> bool:
    """Tell whether a line is such as a probe wants it."""
    if end - start > probe[0] or (probe[3] and not opens):
        return False
    if not heads[head >> 3] >> (head & 7) & 1:
        return False
    if not bits[0, cased[start]] or not bits[1, cased[end - 1]]:
        return False
    if probe[2]:
        for i in range(start, end):
            if lower[i] >= 128 or 48 <= lower[i] <= 57:
                return True
        return False
    return True


@compiled
def _stands(
    lower: Bytes, cased: Bytes, start: int, end: int, at: int, size: int, use: Ints, text: Bytes
) -> bool:
    """Tell whether a literal stands where a probe wants it."""
    past = at + size
    if past - start > use[4] or end - at > use[5]:
        return False
    if use[2] and at > start and _goes_on(lower[at - 1]):
        return False
    if use[3] and past < end and _goes_on(lower[past]):
        return False
    return use[6] < 0 or _equal(cased, at, text, use[6], size)


@compiled
def _admit(
    lower: Bytes,
    cased: Bytes,
    view: Ints,
    opening: Bits,
    hits: Ints,
    begin: Small,
    stop: Small,
    text: Bytes,
    users: Small,
    use: Ints,
    probes: Ints,
    bits: Bits,
    heads: Bytes,
    out: Ints,
) -> int:
    count = 0
    current = -1
    head = 0
    state = np.zeros((len(probes), 3), np.int64)  # line + 1, clauses found, where the first was
    for hit in range(hits.shape[1]):
        line = hits[0, hit]
        at = hits[1, hit]
        literal = hits[2, hit]
        size = stop[literal] - begin[literal]
        start = view[line]
        end = view[line + 1]
        if line != current:
            current = line
            head = _head(lower, start, end)
        for row in range(users[literal], users[literal + 1]):
            probe = use[row, 0]
            bit = use[row, 1]
            if state[probe, 0] != line + 1:
                state[probe, 0] = line + 1
                fits = _fits(
                    lower, cased, start, end, opening[line], head,
                    probes[probe], bits[probe], heads[probe],
                )  # fmt: skip
                state[probe, 1] = 0 if fits else -1
            if state[probe, 1] & bit:
                continue
            if not _stands(lower, cased, start, end, at, size, use[row], text):
                continue
            state[probe, 1] |= bit
            if bit == 1:
                state[probe, 2] = at - start
            if state[probe, 1] == probes[probe, 1]:
                state[probe, 1] = -1
                if count < out.shape[1]:
                    out[0, count] = line
                    out[1, count] = probe
                    out[2, count] = state[probe, 2]
                count += 1
    return count


@compiled
def _open(
    lower: Bytes,
    cased: Bytes,
    view: Ints,
    opening: Bits,
    lines: Ints,
    open_: Small,
    probes: Ints,
    bits: Bits,
    heads: Bytes,
    out: Bits,
) -> None:
    for row in range(lines.size):
        line = lines[row]
        start = view[line]
        end = view[line + 1]
        head = _head(lower, start, end)
        for k in range(open_.size):
            probe = open_[k]
            out[row, k] = _fits(
                lower, cased, start, end, opening[line], head,
                probes[probe], bits[probe], heads[probe],
            )  # fmt: skip


def scan(
    gate: Gate, lower: Bytes, cased: Bytes, view: Ints, lines: Ints, opening: Bits
) -> tuple[Ints, Ints, Ints]:
    """Give (line, probe, where) of each of `lines` that a probe is worth trying on, sorted.

    Line i is `[view[i], view[i + 1])` of the view; it is not empty. `lines` is sorted. `opening`
    tells of each line of the view whether it is the first of its document. `where` is the offset in
    the line of the first literal of the probe's first clause, 0 without one. Whether a word goes on
    is asked of ASCII letters and digits only, which lets through a little more than it must.
    """
    place = lower, cased, view, opening
    use = gate.begin, gate.end, gate.text, gate.users, gate.use, *gate[-3:]
    parts = []
    for hits in _all_hits(gate, lower, view, lines):
        out = np.empty((3, hits.shape[1] + 1), np.int64)
        count = _admit(*place, hits, *use, out)
        if count > out.shape[1]:
            out = np.empty((3, count), np.int64)
            _admit(*place, hits, *use, out)
        parts.append(out[:, :count])
    if len(gate.open):
        fits = np.empty((len(lines), len(gate.open)), bool)
        _open(*place, lines, gate.open, *gate[-3:], fits)
        row, k = np.nonzero(fits)
        parts.append(np.stack([lines[row], gate.open[k], np.zeros(len(row), np.int64)]))
    found = np.concatenate([np.empty((3, 0), np.int64), *parts], axis=1)
    order = np.lexsort((found[1], found[0]))
    return found[0, order], found[1, order], found[2, order]


def _all_hits(gate: Gate, lower: Bytes, view: Ints, lines: Ints) -> Iterator[Ints]:
    """Give (line, place, literal) of the literals in the lines, some lines at a time."""
    row, capacity = 0, 1 << 16
    inside = np.array([_SIZE * _goes_on(byte) for byte in range(256)], np.uint64)
    padded = np.zeros(len(lower) + 8, np.uint8)  # so that no window ends outside
    padded[: len(lower)] = lower
    while row < len(lines):
        out = np.empty((3, capacity), np.int64)
        count, row = _hits(padded, view, lines, inside, *gate[:10], row, out)
        if count == 0 and row < len(lines):
            capacity *= 4
        yield out[:, :count]
