"""The units that articles of one source repeat, with their votes and places."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from clean_corpus.corpus.pairs import distinct, halves, ordered
from clean_corpus.kernels import passages as kernel
from clean_corpus.kernels.repeats import repeats
from clean_corpus.learned import TOP

Numbers = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

#: Reads spans (bytes) of articles, given as article (its row), start and end.
Read: TypeAlias = Callable[[Sequence[tuple[int, int, int]]], list[str]]

# A sentence in more than half of a source's articles, and in this many, is no story of its own.
_NO_STORY = 16
_NONE = np.uint64(2**64 - 1)


def independent(sketches: pa.ListArray) -> Mask:
    """Tell which articles have a vote: not those that share most sentences with one before.

    Two articles are compared by the hashes that both sketches reach to; a single one proves nothing
    unless the sketches are complete.
    """
    sizes = np.diff(sketches.offsets.to_numpy())
    doc = np.repeat(np.arange(len(sizes)), sizes)
    hashes = sketches.flatten().to_numpy()
    table = np.full((len(sizes), kernel.SKETCH), _NONE)
    table[np.arange(kernel.SKETCH) < sizes[:, None]] = hashes
    reach = table[:, -1]
    order = np.lexsort((doc, hashes))
    hashes, doc = hashes[order], doc[order]
    edges = np.flatnonzero(np.append(True, hashes[1:] != hashes[:-1])) if hashes.size else doc
    held = np.diff(np.append(edges, hashes.size))
    leader = np.repeat(doc[edges], held)
    story = np.repeat((2 * held <= len(sizes)) | (held < _NO_STORY), held)
    later = story & (leader != doc)
    pairs, shared = np.unique(leader[later] * len(sizes) + doc[later], return_counts=True)
    first, second = pairs // max(len(sizes), 1), pairs % max(len(sizes), 1)
    both = np.minimum(reach[first], reach[second])[:, None]
    fewer = np.minimum((table[first] <= both).sum(axis=1), (table[second] <= both).sum(axis=1))
    fewer = np.where(both[:, 0] == _NONE, np.minimum(sizes[first], sizes[second]), fewer)
    copies = (2 * shared > fewer) & ((shared > 1) | (both[:, 0] == _NONE))
    alone = np.ones(len(sizes), bool)
    alone[second[copies]] = False
    return alone


def repeated(part: pa.Table, alone: Mask, needed: int) -> Rows:
    """Take the units that at least `needed` (two or more) of the articles with a vote hold."""
    lists = {name: part[name].combine_chunks() for name in Rows._fields[2:]}
    sizes = np.diff(lists["hash"].offsets.to_numpy())
    doc = np.repeat(np.arange(len(sizes)), sizes)
    hashes = lists["hash"].flatten().to_numpy()
    voting = np.flatnonzero(alone[doc])
    voting = voting[repeats(hashes[voting]).astype(np.int64)]
    found, code = np.unique(hashes[voting], return_inverse=True)
    often = _articles(code, doc[voting], len(found)) >= needed
    number = np.cumsum(often) - 1
    kept = voting[often[code]]
    columns = {name: lists[name].flatten().to_numpy()[kept] for name in Rows._fields[2:]}
    for name in Rows._fields[4:]:
        columns[name] = columns[name].astype(np.int64)
    return Rows(doc=doc[kept], code=number[code[often[code]]], **columns)


class Rows(NamedTuple):
    """Units of the articles of one source that repeat often enough, by article and line.

    `code` numbers the distinct units; the other columns are those of PASSAGES.
    """

    doc: Numbers
    code: Numbers
    hash: npt.NDArray[np.uint64]
    whole: npt.NDArray[np.uint64]
    kind: Numbers
    marks: Numbers
    line: Numbers
    before: Numbers
    after: Numbers
    start: Numbers
    end: Numbers

    def has(self, mark: int) -> Mask:
        """Tell which rows have a mark of the kernel's."""
        marked: Mask = (self.marks & mark) != 0
        return marked

    def only(self, chosen: Numbers) -> Rows:
        """Take some of the rows."""
        columns: Any = (column[chosen] for column in self)
        return Rows(*columns)

    def votes(self, among: Mask) -> Numbers:
        """Count, for each unit, the articles with a row among those given."""
        codes = int(self.code.max(initial=-1)) + 1
        return _articles(self.code[among], self.doc[among], codes)


def _articles(code: Numbers, doc: Numbers, codes: int) -> Numbers:
    """Count the articles that hold each of the units numbered below `codes`."""
    units, _ = halves(distinct([ordered(code, doc)]))
    return np.bincount(units, minlength=codes)


class Places(NamedTuple):
    """For each row: lines, and lines of prose, on either side that are not known as furniture."""

    above: Numbers
    below: Numbers
    prose_above: Numbers
    prose_below: Numbers

    def at(self, end: str, slack: int) -> Mask:
        """Tell which rows stand at an end of an article that has prose besides."""
        lines, prose = (
            (self.above, self.prose_above) if end == TOP else (self.below, self.prose_below)
        )
        there: Mask = (lines <= slack) & (prose == 0) & (self.prose_above + self.prose_below > 0)
        return there


def places_of(rows: Rows, lines: Numbers, known: Mask) -> Places:
    """Place rows in their articles, given the lines of each and the units known as furniture."""
    furniture = (rows.kind == kernel.LINE) & known[rows.code]
    above, below = _of_same_article(rows.doc, furniture)
    prose_above, prose_below = _of_same_article(rows.doc, furniture & rows.has(kernel.PROSE))
    return Places(
        rows.line - above,
        lines[rows.doc] - 1 - rows.line - below,
        rows.before - prose_above,
        rows.after - prose_below,
    )


def _of_same_article(doc: Numbers, chosen: Mask) -> tuple[Numbers, Numbers]:
    """Count the chosen rows above and below each row, within its article."""
    total = np.concatenate([[0], np.cumsum(chosen)])
    first, end = np.searchsorted(doc, doc), np.searchsorted(doc, doc, "right")
    return total[:-1] - total[first], total[end] - total[1:]
