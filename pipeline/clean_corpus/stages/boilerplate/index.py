"""Index literals, and the probes that look for them, for the kernel that finds them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

import numpy as np

from clean_corpus.kernels import scan


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
    first: scan.Bits  # of 256: the bytes that it may begin with
    last: scan.Bits
    heads: scan.Bytes  # packed, of SIGNS ** 3: how its first letters and digits may run


_WINDOW = 4
_FAR = (1 << 31) - 1
_FREQUENT = dict.fromkeys(b"etaoinsr", 4) | dict.fromkeys(b"ldcumhp.,'-", 5) | {32: 3}
# What is far more frequent than its letters are, in one language or another: so many bits less.
_RUN = (
    "the|he | th|ing|ng |and|nd |ent|nt |ion|on |tio|ed |er |for|or |ati|ate|ter|ver|her|ere|"
    "all|con|com|sta|es | de|de |an | tr|en |ie | la|la |el | da|da |os |in | le|le |nie|ch |"
    " ch| ca| po| pr|han|do |at | co|que|ue | qu|inh|as |e d| en|ao |lar|ler| do| el|ang|ien|"
    "nh | ph|o d|ini| in|n t|e l|les|s d| of|of |ind| to|to | an|re |tha|em | es|ari|eri|des|"
    " du|ra |ni | se| pa|ant|par|pou|our|ne |sch|ein|ich|ung|der|ers|res|men|eme|est|st |nte|"
    "ado|ida|cia|rze|prz|eni|owa|thi|his|wit|ith|fro|rom|hav|ave|you|our|thr|hro|rou|oug|wri|rit|"
    "mor|ore|plu|lus|com|omm|rep|epo|ort|ear|rea|ead|ist|sto|pub|ubl|ima|mag|voi|jou"
)
_RUNS, _SPARED = frozenset(_RUN.encode().split(b"|")), 4


def build(probes: Sequence[Probe], literals: Sequence[Literal]) -> scan.Index:
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
    checks = np.frombuffer(b"".join(map(_check, texts, shifts)), np.uint64).reshape(-1, 2)
    windows = [(_hash(x, shifts[i]), i) for i, x in enumerate(texts) if len(x) >= _WINDOW]
    short = [(i, x[shifts[i] :]) for i, x in enumerate(texts) if len(x) < _WINDOW]
    pairs = [(pair, i) for i, x in short for pair in _pairs(x)]
    tables, slots, members = zip(*(_table(x, zones, checks) for x in (windows, pairs)), strict=True)
    return scan.Index(
        tables=np.stack(tables),
        slots=np.stack([slots[0], slots[1] + len(members[0])]).astype(np.int32),
        members=np.concatenate(members),
        begin=(ends - [len(text) for text in texts]).astype(np.int32),
        end=ends.astype(np.int32),
        shift=np.array(shifts, np.int32),
        bounds=_bounds(used, owners, len(texts)),
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
    keyed: list[tuple[int, int]], zones: list[set[int]], checks: scan.Words
) -> tuple[scan.Bytes, scan.Small, scan.Words]:
    """Mark keys in the zones of their literals, and give the literals of each key, with checks."""
    table = np.zeros((18, scan.SIZE), np.uint8)
    for key, literal in keyed:
        for zone in zones[literal]:
            table[zone, key] = 1
    keyed.sort()
    keys = np.array([key for key, _ in keyed], np.int64)
    slots = np.searchsorted(keys, np.arange(scan.SIZE + 1)).astype(np.int32)
    literals = np.array([i for _, i in keyed], np.int64)
    members = np.column_stack([literals.astype(np.uint64), checks[literals]])
    return np.packbits(table, bitorder="little"), slots, members


def _bounds(used: Sequence[Literal], owners: scan.Ints, count: int) -> scan.Small:
    """Give what all users of each literal ask for, which is looked at first."""
    of = np.array(
        [(x.left, x.right, min(x.reach, _FAR), min(x.tail, _FAR)) for x in used], np.int32
    ).reshape(-1, 4)
    bounds = np.zeros((count, 4), np.int32)
    bounds[:, :2] = 1
    np.minimum.at(bounds[:, :2], owners, of[:, :2])
    np.maximum.at(bounds[:, 2:], owners, of[:, 2:])
    return bounds


@cache
def _check(text: bytes, shift: int) -> bytes:
    """Give mask and value of the four bytes behind and the four before the window of a text.

    Of a text without a window, those of its bytes.
    """
    if len(text) < _WINDOW:
        around = text[shift:].ljust(8, b"\0")
        mask = b"\xff" * len(text[shift:])
    else:
        behind = text[shift + _WINDOW : shift + 2 * _WINDOW]
        ahead = text[max(0, shift - _WINDOW) : shift]
        around = behind.ljust(4, b"\0") + ahead.rjust(4, b"\0")
        mask = (b"\xff" * len(behind)).ljust(4, b"\0") + (b"\xff" * len(ahead)).rjust(4, b"\0")
    return mask.ljust(8, b"\0") + around


def _zones(literal: Literal, shift: int, limit: int) -> set[int]:
    """Give where the window of a literal may stand; see `scan.Index`."""
    kinds = 1 + (limit > scan.SHORT) + (limit > scan.MIDDLING)
    parts = [0]
    if literal.reach > scan.HEAD:
        parts += [1, 2] if literal.tail > scan.TAIL else [2]
    if shift or literal.left:
        inside = [int(shift > 0 and _is_word(literal.text[shift - 1]))]
    else:
        inside = [0, 1]
    zones = [3 * kind + part for kind in range(kinds) for part in parts]
    return {2 * zone + after for zone in zones for after in inside}


def _is_word(byte: int) -> bool:
    return chr(byte).isascii() and chr(byte).isalnum()


@cache
def _rarest(text: bytes) -> int:
    """Give where the rarest window of a text begins: 0 if it has but one, or none."""
    if len(text) <= _WINDOW:
        return 0
    bits = [_FREQUENT.get(b, 7 if b < 128 else 2 if b >= 192 else 5) for b in text]
    runs = [_SPARED * (text[i : i + 3] in _RUNS) for i in range(len(text))]
    sums = [
        sum(bits[i : i + _WINDOW]) - sum(runs[i : i + _WINDOW - 2])
        for i in range(len(text) - _WINDOW + 1)
    ]
    return sums.index(max(sums))


def _hash(text: bytes, shift: int) -> int:
    word = int.from_bytes(text[shift : shift + _WINDOW], "little")
    return (word * scan.HASH & 0xFFFFFFFF) >> 16


def _pairs(text: bytes) -> Sequence[int]:
    """Give the keys of a text of one to three bytes; see `scan._keys`."""
    if len(text) == 1:
        return range(text[0], scan.SIZE, 256)
    pair = text[0] | text[1] << 8
    third = text[2:3] or range(8)
    return [pair ^ (byte & 7) << 13 for byte in third]
