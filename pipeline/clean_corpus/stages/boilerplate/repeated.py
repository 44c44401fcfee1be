"""Find what a run has learned: rules of each text's own source, matched as they were counted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from clean_corpus import learned
from clean_corpus.kernels import fold
from clean_corpus.lexicons import Rule
from clean_corpus.patterns import view
from clean_corpus.stages.boilerplate.lines import Lines, Proposal
from clean_corpus.text import Batch, buffers

Offsets = npt.NDArray[np.int64]


class Told(NamedTuple):
    """What learned rules match, sorted by line, and the texts that hold more of it out of reach."""

    pairs: list[tuple[Proposal, Rule]]
    far: Offsets


class Repeated(NamedTuple):
    """Learned rules, and the index that finds them."""

    rules: tuple[Rule, ...]
    lookup: learned.Lookup

    @classmethod
    def of(cls, rules: Sequence[Rule]) -> Repeated:
        """Index the rules that have a text, also as the stages before this one leave it."""
        told = tuple(rule for rule in rules if rule.text)
        spelt = [
            (i, learned.Wanted(rule.source, rule.scope, rule.where, text))
            for i, rule in enumerate(told)
            for text in dict.fromkeys((rule.text, rule.seen or rule.text))
        ]
        return cls(told, learned.lookup([one for _, one in spelt], [i for i, _ in spelt]))

    def find(self, lines: Lines, batch: Batch) -> Told:
        """Give what the rules match; a unit that has no letters left is none."""
        if not self.rules:
            return Told([], np.zeros(0, np.int64))
        found = learned.find(self.lookup, batch.texts, batch.sources)
        first = lines.offsets[found.doc]
        line, left, right = _views(lines, first + found.start, first + found.end)
        pairs = [
            (_proposal(self.rules[rule], lines, int(at), int(start), int(end)), self.rules[rule])
            for rule, at, start, end in zip(found.rule.tolist(), line, left, right, strict=True)
            if start < end
        ]
        return Told(sorted(pairs, key=lambda pair: pair[0].line), found.far)

    def concerns(self, sources: pa.StringArray) -> npt.NDArray[np.bool_]:
        """Tell for which texts, given by their sources, there are rules."""
        return np.isin(learned.source_hashes(sources), self.lookup.sources)


def _proposal(rule: Rule, lines: Lines, line: int, start: int, end: int) -> Proposal:
    whole = start == 0 and end == lines.size(line)
    return Proposal(line, start, end, rule.class_, rule.id, whole, rule.flags)


def _views(lines: Lines, start: Offsets, end: Offsets) -> tuple[Offsets, Offsets, Offsets]:
    """Give the line of each span of the data, and the bytes of its view; empty if it has several.

    Blanks at the edges of a span and of its line are in no view, so that what stands before the
    span, folded by itself, tells where it begins.
    """
    folded = lines.folded
    line = np.maximum(np.searchsorted(folded.begin, start, "right") - 1, 0)
    inside = (end <= folded.stop[line]) & (start >= folded.begin[line])
    line = line[inside]
    start, end = start[inside], end[inside]
    before = _sizes(lines.data, folded.start[line], start)
    through = _sizes(lines.data, folded.start[line], end)
    left = np.where(before > 0, before + 1, 0)
    # Without a blank between, as in Chinese, the span begins right behind what stands before it.
    glued = (before > 0) & (through - _sizes(lines.data, start, end) == before)
    left = np.where(glued, before, left)
    out = [np.zeros(len(inside), np.int64) for _ in range(3)]
    for column, values in zip(out, (line, left, through), strict=True):
        column[inside] = values
    return out[0], out[1], out[2]


def _sizes(data: npt.NDArray[np.uint8], start: Offsets, end: Offsets) -> Offsets:
    """Give the bytes that the views of spans take, each folded as if it were a line."""
    spans = [data[a:b].tobytes() for a, b in zip(start.tolist(), end.tolist(), strict=True)]
    offsets = np.concatenate([[0], np.cumsum([len(span) for span in spans])]).astype(np.int64)
    texts = pa.LargeBinaryArray.from_buffers(
        pa.large_binary(), len(spans), [None, pa.py_buffer(offsets), pa.py_buffer(b"".join(spans))]
    )
    folded = fold.fold(*buffers(texts), view.tables())
    sizes = np.zeros(len(spans), np.int64)
    np.add.at(sizes, folded.doc, np.diff(folded.view))
    return sizes
