"""Find the lines that hold any of many literals, in one pass over the bytes (Aho and Corasick)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from clean_corpus.kernels import compiled

Bytes = npt.NDArray[np.uint8]
Offsets = npt.NDArray[np.int64]
States = npt.NDArray[np.int32]


class Literal(NamedTuple):
    """Bytes to find; `left` and `right` say that a word must not go on there."""

    text: bytes
    left: bool
    right: bool
    longest: int  # lines with more bytes than this are none of its business
    head: int  # it must end within so many bytes from the start of the line
    tail: int  # and begin within so many from its end


class Automaton(NamedTuple):
    """A complete automaton, and what each of its states has found.

    `step[state, group[byte]]` is the next state, or ~state where a literal ends with it.
    `found[state]` is the first row of `who` for the state or -1, `more[row]` the next row.
    `rows` hold, for each literal, its length and the other fields of `Literal`.
    """

    group: Bytes
    step: States
    found: States
    more: States
    who: States
    rows: Offsets


def build(literals: Sequence[Literal]) -> Automaton:
    """Build the automaton of the literals, which are not empty."""
    used = sorted({byte for literal in literals for byte in literal.text})
    group = np.zeros(256, np.uint8)
    group[used] = np.arange(1, len(used) + 1)
    children, ends = _tree(literals, group)
    step = np.zeros((len(children), len(used) + 1), np.int32)
    found = np.full(len(children), -1, np.int32)
    more, who = [], []
    fail = [0] * len(children)
    for state, following in enumerate(children):
        if state:
            step[state] = step[fail[state]]
        head = int(found[fail[state]]) if state else -1
        for number in ends[state]:
            more.append(head)
            who.append(number)
            head = len(who) - 1
        found[state] = head
        for byte, child in following.items():
            fail[child] = int(step[fail[state], byte]) if state else 0
        for byte, child in following.items():
            step[state, byte] = child
    step = np.where(found[step] >= 0, ~step, step)
    rows = np.array([[len(x.text), *x[1:]] for x in literals], np.int64).reshape(-1, 6)
    return Automaton(group, step, found, np.array(more, np.int32), np.array(who, np.int32), rows)


def _tree(
    literals: Sequence[Literal], group: Bytes
) -> tuple[list[dict[int, int]], list[list[int]]]:
    """Give the children of each state, and the literals that end there.

    States are numbered by depth: most bytes of a text meet the first few, which stay in the cache.
    """
    children: list[dict[int, int]] = [{}]
    ends: list[list[int]] = [[]]
    at = [0] * len(literals)
    for depth in range(max((len(literal.text) for literal in literals), default=0)):
        for number, literal in enumerate(literals):
            if depth >= len(literal.text):
                continue
            byte = int(group[literal.text[depth]])
            child = children[at[number]].setdefault(byte, len(children))
            if child == len(children):
                children.append({})
                ends.append([])
            at[number] = child
            if depth + 1 == len(literal.text):
                ends[child].append(number)
    return children, ends


@compiled
def _goes_on(byte: int) -> bool:
    return 48 <= byte <= 57 or 97 <= byte <= 122


@compiled
def _scan(
    data: Bytes,
    view: Offsets,
    group: Bytes,
    step: States,
    found: States,
    more: States,
    who: States,
    rows: Offsets,
    out: States,
) -> int:
    count = 0
    for line in range(view.size - 1):
        start = view[line]
        end = view[line + 1]
        state = 0
        for i in range(start, end):
            state = step[state, group[data[i]]]
            if state >= 0:
                continue
            state = ~state
            row = found[state]
            while row >= 0:
                number = who[row]
                row = more[row]
                first = i + 1 - rows[number, 0]
                if end - start > rows[number, 3]:
                    continue
                if i + 1 - start > rows[number, 4] or end - first > rows[number, 5]:
                    continue
                if rows[number, 1] and first > start and _goes_on(data[first - 1]):
                    continue
                if rows[number, 2] and i + 1 < end and _goes_on(data[i + 1]):
                    continue
                if count < out.shape[1]:
                    out[0, count] = line
                    out[1, count] = number
                count += 1
    return count


def scan(automaton: Automaton, data: Bytes, view: Offsets) -> tuple[States, States]:
    """Give (line, literal) of every occurrence in the lines `data[view[i]:view[i + 1]]`.

    The data is in lower case; whether a word goes on is asked of ASCII letters and digits only,
    which lets through a little more than it must.
    """
    capacity = max(1024, data.size // 64)
    while True:
        out = np.empty((2, capacity), np.int32)
        count = _scan(data, view, *automaton, out)
        if count <= capacity:
            return out[0, :count], out[1, :count]
        capacity = count
