"""Align linked documents: verify, word by word, what they have in common."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from clean_corpus.corpus import arrow, shingles
from clean_corpus.corpus.anchors import pieces
from clean_corpus.corpus.arrow import Documents, Numbers
from clean_corpus.corpus.holders import LINKED
from clean_corpus.corpus.match import distinct, halves
from clean_corpus.kernels import align as kernel
from clean_corpus.text import buffers

_WORD = {"hash": pa.uint32(), "start": pa.uint32(), "end": pa.uint32(), "marks": pa.uint8()}

#: The words of linked documents, sorted by document: hash, first and last code point, marks.
WORDS = pa.schema(
    [
        ("document", pa.uint32()),
        *((name, pa.large_list(kind)) for name, kind in _WORD.items()),
    ]
)

#: Passages: words of `later` that stand in `earlier` as well, both as code points. `equal` of its
#: words are the same. `alien` says that the two have different sources.
PASSAGES = pa.schema(
    [
        ("later", pa.uint32()),
        ("earlier", pa.uint32()),
        ("start", pa.int64()),
        ("end", pa.int64()),
        ("earlier_start", pa.int64()),
        ("earlier_end", pa.int64()),
        ("equal", pa.int64()),
        ("alien", pa.uint8()),
    ]
)

#: Pairs of which one text may be contained in the other.
EMBEDDED = pa.schema([("later", pa.uint32()), ("earlier", pa.uint32())])

# Words that are held at once while pairs are aligned, 13 bytes each.
_MANY = 8_000_000

# A passage that has fewer words outside quotation marks is a quotation, which anybody may print.
_PLAIN = 8


def words(
    inputs: Mapping[str, Sequence[str]], outputs: Mapping[str, str], options: Mapping[str, Any]
) -> dict[str, Any]:
    """Write the WORDS ("words") of those documents of the shard "texts" that are "linked".

    Options: first_document.
    """
    linked = distinct([arrow.column(inputs["linked"], LINKED.names[0]).astype(np.uint64)])
    total = 0

    def made() -> Iterator[dict[str, Any]]:
        nonlocal total
        first = options["first_document"]
        for batch in arrow.batches(inputs["texts"][0], ("text",)):
            low, high = np.searchsorted(linked, [first, first + batch.num_rows])
            texts = pc.fill_null(batch.column("text"), "")
            here = linked[low:high].astype(np.int64) - first
            for rows in pieces(here, pc.binary_length(texts).to_numpy()):
                found, ends = kernel.words(*buffers(texts), rows, *shingles.tables())
                total += len(rows)
                offsets = pa.array(ends)
                yield {"document": rows + first} | {
                    name: pa.LargeListArray.from_arrays(offsets, pa.array(column))
                    for name, column in found._asdict().items()
                }
            first += batch.num_rows

    arrow.write(outputs["words"], WORDS, made())
    return {"documents": total}


def align(
    inputs: Mapping[str, Sequence[str]], outputs: Mapping[str, str], options: Mapping[str, Any]
) -> dict[str, Any]:
    """Write the PASSAGES ("passages") and the EMBEDDED ("embedded") of one block of "links".

    Other inputs: the words of all shards, documents. Options: block, passage_words, containment
    (numerator, denominator).
    """
    sides = (arrow.column(inputs["links"], name, options["block"]) for name in LINKS_NAMES)
    packed = [side.astype(np.uint64) for side in sides]
    later, earlier = halves(distinct([packed[0] << np.uint64(32) | packed[1]]))
    texts = _Texts.of(inputs["words"])
    alien = _alien(Documents.of(inputs["documents"]), later, earlier)
    passages: list[dict[str, Any]] = []
    embedded: list[dict[str, Any]] = []
    for part in texts.parts(later, earlier, 0, len(later)):
        a, b = later[part], earlier[part]
        found, offsets, one, other = texts.take(a, b)
        runs, covered = kernel.align(found, offsets, one, other, options["passage_words"])
        chosen = np.flatnonzero(runs.plain >= _PLAIN)
        runs = kernel.Runs(*(column[chosen] for column in runs))
        first, second = offsets[one[runs.pair]], offsets[other[runs.pair]]
        spans = {
            "start": found.start[first + runs.a_start],
            "end": found.end[first + runs.a_end - 1],
            "earlier_start": found.start[second + runs.b_start],
            "earlier_end": found.end[second + runs.b_end - 1],
        }
        pair = {"later": a[runs.pair], "earlier": b[runs.pair], "alien": alien[part][runs.pair]}
        passages.append({**pair, **spans, "equal": runs.equal})
        sizes = np.diff(offsets)
        over, under = options["containment"]
        smaller = np.minimum(sizes[one], sizes[other])
        # Words in common are necessary for shingles in common; repeated ones count again.
        near = np.flatnonzero(covered * under >= smaller * over)
        embedded.append({"later": a[near], "earlier": b[near]})
    arrow.write(outputs["passages"], PASSAGES, passages)
    arrow.write(outputs["embedded"], EMBEDDED, embedded)
    return {"aligned": len(later), "passages": sum(len(part["equal"]) for part in passages)}


LINKS_NAMES = ("later", "earlier")


def _alien(documents: Documents, later: Numbers, earlier: Numbers) -> Numbers:
    """Tell which pairs have different sources."""
    which, code = np.unique(np.concatenate([later, earlier]), return_inverse=True)
    names = pc.fill_null(documents.take("source", which), "").dictionary_encode()
    source = names.indices.to_numpy()[code]
    apart: Numbers = source[: len(later)] != source[len(later) :]
    return apart


class _Texts(NamedTuple):
    """The words of many documents, mapped: document, size, batch and offset in it, by place."""

    documents: Numbers
    sizes: Numbers
    batch: Numbers
    begin: Numbers
    columns: list[tuple[Numbers, ...]]

    @classmethod
    def of(cls, paths: Sequence[str]) -> _Texts:
        batches = [batch for path in paths for batch in arrow.batches(path)]
        lists = [[batch.column(name) for name in _WORD] for batch in batches]
        offsets = [one[0].offsets.to_numpy() for one in lists]
        none = [np.zeros(0, np.int64)]
        return cls(
            np.concatenate([batch.column("document").to_numpy() for batch in batches] or none),
            np.concatenate([np.diff(ends) for ends in offsets] or none),
            np.repeat(np.arange(len(batches)), [batch.num_rows for batch in batches]),
            np.concatenate([ends[:-1] for ends in offsets] or none),
            [tuple(column.values.to_numpy() for column in one) for one in lists],
        )

    def take(
        self, later: Numbers, earlier: Numbers
    ) -> tuple[kernel.Words, Numbers, Numbers, Numbers]:
        """Copy the words of some documents together; give offsets and the places of both sides."""
        which, code = np.unique(np.concatenate([later, earlier]), return_inverse=True)
        places = np.searchsorted(self.documents, which)
        offsets = np.append(0, np.cumsum(self.sizes[places]))
        out = [np.empty(offsets[-1], kind.to_pandas_dtype()) for kind in _WORD.values()]
        for i, place in enumerate(places.tolist()):
            begin, size = self.begin[place], self.sizes[place]
            for column, values in zip(out, self.columns[self.batch[place]], strict=True):
                column[offsets[i] : offsets[i + 1]] = values[begin : begin + size]
        return kernel.Words(*out), offsets, code[: len(later)], code[len(later) :]

    def parts(self, later: Numbers, earlier: Numbers, start: int, stop: int) -> Iterator[slice]:
        """Cut pairs into runs whose words are few enough to be copied together."""
        both = np.unique(np.concatenate([later[start:stop], earlier[start:stop]]))
        size = self.sizes[np.searchsorted(self.documents, both)].sum() if len(both) else 0
        if size <= _MANY or stop - start < 2:
            yield slice(start, stop)
        else:
            middle = (start + stop) // 2
            yield from self.parts(later, earlier, start, middle)
            yield from self.parts(later, earlier, middle, stop)
