"""Say which lines ftfy may change, so that it is asked for those only.

The guard is made from ftfy's own definitions: the alternatives of its badness pattern, its
ligatures and control characters, and for normalisation from the Unicode data of this Python. A
line that it clears is one that ftfy gives back as it is (tests/test_encoding.py proves it for the
pinned version); the reverse does not hold. It is kept once it is made, so that ftfy is imported
where there is something for it to do.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterator
from functools import cache
from itertools import chain
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from clean_corpus import prepared
from clean_corpus.kernels.suspects import (
    BAD,
    ENTITY,
    INSIDE,
    LITERAL,
    MEMORY,
    START,
    UNORDERED,
    Automaton,
    Suspects,
    suspects,
)
from clean_corpus.text import buffers

#: ftfy works on parts of this many code points where a line is longer.
MAX_LINE = 1_000_000

# From here on no code point decomposes, combines or is a letter (Unicode 17), so that one entry
# stands for the rest.
_END = 0x33500
_SIZE = _END + 1
# What the numbers of classes and of states have room for.
_CLASSES, _STATES = 1 << 8, 1 << 16

Flags = npt.NDArray[np.bool_]


class _Sequence(NamedTuple):
    """Sets of code points that must follow each other, each a row of flags, and what they are."""

    sets: list[Flags]
    reason: int
    anchored: bool = False


def find(data: npt.NDArray[np.uint8], offsets: npt.NDArray[np.int64], entities: bool) -> Suspects:
    """Find the lines of UTF-8 texts that ftfy may change.

    Lines that are `UNORDERED` only are changed if they are not in normal form C.
    """
    return suspects(data, offsets, automaton(), entities, MAX_LINE)


def judge(lines: pa.LargeStringArray) -> npt.NDArray[np.uint8]:
    """Give for each line why ftfy may change it, entities included; 0 if it does not.

    A text that is not one line, as ftfy takes it, is suspected of everything.
    """
    found = find(*buffers(lines), True)
    reasons = np.zeros(len(lines), np.uint8)
    reasons[found.doc] = found.reasons
    feed, size = pc.find_substring(lines, "\n").to_numpy(), pc.binary_length(lines).to_numpy()
    is_one = ((feed < 0) | (feed == size - 1)) & (pc.utf8_length(lines).to_numpy() <= MAX_LINE)
    reasons[~is_one] = BAD | ENTITY | LITERAL | UNORDERED
    return reasons


_PART = re.compile(r"\[[^\]]*\]|\\[sw]|#[^\n]*|\s+|.", re.DOTALL)


def bad_sequences() -> Iterator[tuple[str, ...]]:
    r"""Read ftfy's badness pattern as sequences of sets, each in the notation of `re`.

    The pattern is a list of alternatives. Each is a sequence of sets, single characters, `\s`,
    `\w`, `\s?` and `.`, perhaps after `^`; anything else raises ValueError.
    """
    from ftfy.badness import BADNESS_RE

    variants: list[tuple[str, ...]] = [()]
    for part in [*_PART.findall(BADNESS_RE.pattern), "|"]:
        if part[0] == "#" or part.isspace():
            continue
        if part == "|":
            yield from filter(None, variants)
            variants = [()]
        elif part == "?":
            variants += [variant[:-1] for variant in variants]
        elif part in "*+{}()$\\":
            raise ValueError(f"the badness pattern of this ftfy has an unknown part: {part}")
        else:
            variants = [(*variant, part) for variant in variants]


@cache
def automaton() -> Automaton:
    """Give what finds such lines, as it follows from ftfy's definitions."""
    return Automaton(**prepared.tables("ftfy-guard", build, packages=["ftfy"]))


def build() -> dict[str, npt.NDArray[Any]]:
    """Make the fields of `Automaton`."""
    return _laid_out([*_badness(), _literals(), *_disorder()])._asdict()


@cache
def _planes() -> str:
    return "".join(map(chr, range(_SIZE)))


def _badness() -> Iterator[_Sequence]:
    """Give the sequences that ftfy takes for mojibake."""
    sequences = list(bad_sequences())
    sets = {token: _members(token) for token in {*chain(*sequences)} - {"^"}}
    for sequence in sequences:
        anchored = sequence[0] == "^"
        yield _Sequence([sets[token] for token in sequence[anchored:]], BAD, anchored)


def _members(token: str) -> Flags:
    """Give the code points that a set of the badness pattern holds."""
    # A set that is open at the top holds letters of all planes; the others end in the first.
    is_open = token in {r"\w", r"\s", "."} or token.startswith("[^")
    matches = re.finditer(f"(?:{token})+", _planes() if is_open else _planes()[:0x10000])
    found = np.zeros(_SIZE, bool)
    for match in matches:
        found[match.start() : match.end()] = True
    return found


def _points(points: Collection[int]) -> Flags:
    found = np.zeros(_SIZE, bool)
    found[list(points)] = True
    return found


def _literals() -> _Sequence:
    """Give the characters that ftfy always replaces or removes."""
    from ftfy import chardata

    return _Sequence([_points({*chardata.LIGATURES, *chardata.CONTROL_CHARS})], LITERAL)


def _disorder() -> Iterator[_Sequence]:
    """Give the sequences without which a text is in normal form C, but for the order of marks."""
    # Hangul is composed by rule: a leading consonant, a vowel, a trailing consonant.
    firsts, seconds = {*range(0x1100, 0x1113)}, {*range(0x1161, 0x1176), *range(0x11A8, 0x11C3)}
    firsts.update(range(0xAC00, 0xD7A4, 28))
    unstable, composed, marks = set(), set(), set()
    for point, character in enumerate(_planes()):
        if unicodedata.combining(character):
            marks.add(point)
        parts = unicodedata.decomposition(character)
        if not parts or parts[0] == "<":
            continue
        if unicodedata.normalize("NFC", character) != character:
            unstable.add(point)
        else:
            composed.add(point)
            first, second = (int(part, 16) for part in parts.split())
            firsts.add(first)
            seconds.add(second)
    yield _Sequence([_points(unstable)], UNORDERED)
    yield _Sequence([_points(firsts | marks), _points(seconds)], UNORDERED)
    # A mark may belong before the one in a composed letter.
    yield _Sequence([_points(composed), _points(marks)], UNORDERED)


def _laid_out(sequences: list[_Sequence]) -> Automaton:
    """Give every set of every sequence its place, every code point its class, and make states."""
    places = [members for sequence in sequences for members in sequence.sets]
    order = np.array([unicodedata.combining(character) for character in _planes()], np.uint8)
    # Code points of one class are in the same sets, and of one order.
    features = np.ascontiguousarray(np.vstack([np.packbits(places, axis=0), order]).T)
    rows = features.view(f"V{features.shape[1]}").ravel()
    _, examples, table = np.unique(rows, return_index=True, return_inverse=True)
    if len(examples) > _CLASSES:
        raise ValueError(
            "the badness pattern of this ftfy tells too many kinds of characters apart"
        )
    calm = np.zeros(0x100, np.uint8)
    calm[:0x80] = 1
    for sequence in sequences:
        if len(sequence.sets) == 1:
            calm &= ~sequence.sets[0][:0x100]
    calm[[ord("\n"), ord("&")]] = 0
    for sequence in sequences:
        runs = "".join(".x"[bool((calm & members[:0x100]).any())] for members in sequence.sets)
        if "x" * (MEMORY + 1) in runs or "." not in runs:
            raise ValueError("the badness pattern of this ftfy has more ASCII in a row")
    moves, reasons = _states(sequences, np.array(places)[:, examples], order[examples])
    return Automaton(table.astype(np.uint8), moves, reasons, calm)


def _states(
    sequences: list[_Sequence], members: Flags, order: npt.NDArray[np.uint8]
) -> tuple[npt.NDArray[np.uint16], npt.NDArray[np.uint8]]:
    """Make a state of every set of places that a line can come to; give moves and reasons.

    `members` says for each place which classes may stand there.
    """
    firsts = anchored = 0
    lasts = {BAD: 0, UNORDERED: 0, LITERAL: 0}
    at = 0
    for sequence in sequences:
        if sequence.anchored:
            anchored |= 1 << at
        else:
            firsts |= 1 << at
        at += len(sequence.sets)
        lasts[sequence.reason] |= 1 << at - 1
    ends = sum(lasts.values())
    admitted = [sum(1 << int(place) for place in np.flatnonzero(column)) for column in members.T]
    # What a state is: open places, the order of the mark just seen, and why a line is a suspect.
    numbers = {(anchored, -1, 0): START, (0, 0, 0): INSIDE}
    moves: list[list[int]] = []
    for open_, before, _ in (states := list(numbers)):
        row = []
        for places, here in zip(admitted, order.tolist(), strict=True):
            hit = (open_ | firsts) & places
            reason = sum(reason for reason, last in lasts.items() if hit & last)
            reason |= UNORDERED * (0 < here < before)
            state = ((hit & ~ends) << 1, here, reason)
            if state not in numbers:
                numbers[state] = len(states)
                states.append(state)
            row.append(numbers[state])
        moves.append(row)
        if len(states) > _STATES:
            raise ValueError("the badness pattern of this ftfy needs too many states")
    return np.array(moves, np.uint16), np.array([state[2] for state in states], np.uint8)
