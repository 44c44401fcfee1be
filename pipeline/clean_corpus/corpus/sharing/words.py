"""The words of linked documents: written by shard, and read for the few that are aligned."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from clean_corpus.corpus import arrow, shingles
from clean_corpus.corpus.arrow import Numbers
from clean_corpus.corpus.sharing.anchors import pieces
from clean_corpus.kernels import align as kernel
from clean_corpus.text import buffers

_COLUMNS = {"hash": pa.uint32(), "start": pa.uint32(), "end": pa.uint32(), "marks": pa.uint8()}

#: The words of a document: hash, first and last code point, marks. Sorted by document.
WORDS = pa.schema(
    [
        ("document", pa.uint32()),
        *((name, pa.large_list(kind)) for name, kind in _COLUMNS.items()),
    ]
)


def words(
    inputs: Mapping[str, Sequence[str]], outputs: Mapping[str, str], options: Mapping[str, Any]
) -> dict[str, Any]:
    """Write the WORDS ("words") of those documents of the shard "texts" that are "linked".

    Options: first (document), rows.
    """
    first, rows = options["first"], options["rows"]
    linked = np.zeros(rows, bool)
    for path in inputs["linked"]:
        numbers = arrow.column([path], "document")
        linked[numbers[slice(*np.searchsorted(numbers, [first, first + rows]))] - first] = True
    arrow.write(outputs["words"], WORDS, _batches(inputs["texts"][0], linked, first))
    return {"documents": int(linked.sum())}


def _batches(path: str, linked: Numbers, first: int) -> Iterator[dict[str, Any]]:
    row = 0
    for batch in arrow.batches(path, ("text",)):
        texts = pc.fill_null(batch.column("text"), "")
        here = np.flatnonzero(linked[row : row + batch.num_rows])
        for rows in pieces(here, pc.binary_length(texts).to_numpy()):
            found, ends = kernel.words(*buffers(texts), rows, *shingles.tables())
            offsets = pa.array(ends)
            yield {"document": rows + (row + first)} | {
                name: pa.LargeListArray.from_arrays(offsets, pa.array(column))
                for name, column in found._asdict().items()
            }
        row += batch.num_rows


def sizes(paths: Sequence[str], documents: Numbers) -> Numbers:
    """Count the words of documents (sorted), which are all in the files."""
    return arrow.sizes(paths, "hash", documents)


def load(paths: Sequence[str], documents: Numbers, sizes_: Numbers) -> tuple[kernel.Words, Numbers]:
    """Give the words of documents (sorted, of known sizes) in a row, and the offsets."""
    offsets = np.append(0, np.cumsum(sizes_))
    out = kernel.Words(*(np.empty(offsets[-1], x.to_pandas_dtype()) for x in _COLUMNS.values()))
    end = 0
    for batch, rows in arrow.holding(paths, documents):
        for name, column in out._asdict().items():
            taken = batch.column(name).take(pa.array(rows)).values.to_numpy()
            column[end : end + len(taken)] = taken
        end += len(taken)
    return out, offsets
