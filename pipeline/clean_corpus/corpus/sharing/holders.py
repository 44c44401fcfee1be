"""Pair every document with the first to hold an anchor of its, and the first of another source."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from clean_corpus.corpus import arrow, bands, rank
from clean_corpus.corpus.arrow import Documents, Numbers
from clean_corpus.corpus.pairs import distinct, halves, ordered

#: Pairs to be aligned, one batch for each block of `later`; `earlier` is ranked before it.
LINKS = pa.schema([("later", pa.uint32()), ("earlier", pa.uint32())])

_NONE = np.iinfo(np.int64).max


def link(
    inputs: Mapping[str, Sequence[str]], outputs: Mapping[str, str], options: Mapping[str, Any]
) -> dict[str, Any]:
    """Write the LINKS ("links") of a partition of "anchors".

    So there are at most two pairs for each anchor of a document, however many hold it. Other
    inputs: documents. Options: part, parts, blocks, total (documents).
    """
    documents = Documents.of(inputs["documents"])
    part, parts = options["part"], options["parts"]
    keys, numbers = bands.repeated(inputs["anchors"], documents.starts, part, parts)
    which, code = np.unique(numbers, return_inverse=True)
    place, source = ranks(documents, which)
    rows = _Rows.of(keys, numbers, place[code], source[code])
    later, earlier = halves(rows.pairs())
    size = -(-options["total"] // options["blocks"])
    cuts = np.searchsorted(later, np.arange(1, options["blocks"]) * size)
    parts = zip(np.split(later, cuts), np.split(earlier, cuts), strict=True)
    arrow.write(outputs["links"], LINKS, ({"later": a, "earlier": b} for a, b in parts))
    return {"links": len(later)}


def ranks(documents: Documents, which: Numbers) -> tuple[Numbers, Numbers]:
    """Rank documents, the earliest first and the undated last, and number their sources.

    Ties are broken by content and then by run key, so that the rank of two documents does not
    depend on the others.
    """
    keys = pc.rank(documents.take("key", which), tiebreaker="dense").to_numpy()
    columns = rank.policy(documents, which, {"keep": ["earliest"]})
    ranked = rank.order([*columns, *rank.content(documents, which), keys])
    place = np.empty(len(which), np.int64)
    place[ranked] = np.arange(len(which))
    names = documents.take("source", which)
    source: Numbers = pc.fill_null(names, "").dictionary_encode().indices.to_numpy()
    return place, source


class _Rows(NamedTuple):
    """Anchors with their documents, sorted by anchor and then by the rank of the document."""

    key: Numbers
    document: Numbers
    rank: Numbers
    source: Numbers

    @classmethod
    def of(cls, key: Numbers, document: Numbers, rank_: Numbers, source: Numbers) -> _Rows:
        rows = np.lexsort((rank_, key))
        return cls(key[rows], document[rows], rank_[rows], source[rows])

    def pairs(self) -> Numbers:
        """Give each document with the firsts of its groups, the later one in the upper half."""
        if not len(self.key):
            return np.zeros(0, np.uint64)
        begins = np.flatnonzero(np.append(True, self.key[1:] != self.key[:-1]))
        sizes = np.diff(np.append(begins, len(self.key)))
        first = np.repeat(begins, sizes)
        row = np.arange(len(self.key))
        strange = np.where(self.source != self.source[first], row, _NONE)
        other = np.repeat(np.minimum.reduceat(strange, begins), sizes)
        again = (other != _NONE) & (self.source == self.source[first])
        return distinct(
            [self._paired(row, first), self._paired(row[again], other[again].astype(np.int64))]
        )

    def _paired(self, one: Numbers, other: Numbers) -> Numbers:
        apart = self.document[one] != self.document[other]
        one, other = one[apart], other[apart]
        swap = self.rank[one] < self.rank[other]
        later, earlier = np.where(swap, other, one), np.where(swap, one, other)
        return ordered(self.document[later], self.document[earlier])
