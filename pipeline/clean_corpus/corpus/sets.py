"""The shingles of documents as sorted sets: written by shard, and read for the few that are due."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from clean_corpus import spill
from clean_corpus.corpus import arrow, shingles
from clean_corpus.corpus.arrow import SETS, Numbers
from clean_corpus.kernels import sets as kernel
from clean_corpus.kernels.sets import Placed

# Shingles that are written as one batch, 8 bytes each: each reader looks at all batches.
_MANY = 2_000_000


def sets(
    inputs: Mapping[str, Sequence[str]], outputs: Mapping[str, str], options: Mapping[str, Any]
) -> dict[str, Any]:
    """Write the SETS ("sets") of those documents of the shards "texts" that are "wanted" by any.

    Options: first (document), rows, shingle.
    """
    first, rows = options["first"], options["rows"]
    wanted = np.zeros(rows, bool)
    for path in inputs["wanted"]:
        numbers = arrow.column([path], "document")
        wanted[numbers[slice(*np.searchsorted(numbers, [first, first + rows]))] - first] = True
    arrow.write(outputs["sets"], SETS, _batches(inputs["texts"], wanted, options))
    return {"sets": int(wanted.sum())}


def _batches(
    paths: Sequence[str], wanted: Numbers, options: Mapping[str, Any]
) -> Iterator[dict[str, Any]]:
    """Give the sets of the documents wanted, many at a time."""
    held: list[tuple[Numbers, Numbers, Numbers]] = []
    size = first = 0
    for batch in (batch for path in paths for batch in spill.batches(path, ["text"])):
        rows = np.flatnonzero(wanted[first : first + batch.num_rows])
        if len(rows):
            texts = pc.fill_null(batch.column("text"), "")
            hashes, offsets = kernel.sets(*shingles.hashes(texts, options["shingle"], rows))
            held.append((rows + first + options["first"], hashes, np.diff(offsets)))
            size += len(hashes)
        first += batch.num_rows
        if size > _MANY:
            yield _joined(held)
            held, size = [], 0
    if held:
        yield _joined(held)


def _joined(held: Sequence[tuple[Numbers, Numbers, Numbers]]) -> dict[str, Any]:
    documents, hashes, sizes = (np.concatenate(column) for column in zip(*held, strict=True))
    offsets = pa.array(np.append(0, np.cumsum(sizes)), pa.int64())
    lists = pa.LargeListArray.from_arrays(offsets, pa.array(hashes))
    return {"document": documents, "hashes": lists}


def sizes(paths: Sequence[str], documents: Numbers) -> Numbers:
    """Count the shingles of documents (sorted), which are all in the files."""
    return arrow.sizes(paths, "hashes", documents)


def load(paths: Sequence[str], documents: Numbers) -> Placed:
    """Read the sets of documents (sorted): copies, since a few may be spread over a whole file."""
    return kernel.scattered(_lists(paths, documents), np.zeros(1, np.uint64))


def _lists(paths: Sequence[str], documents: Numbers) -> Iterator[tuple[Numbers, Numbers, Numbers]]:
    for batch, rows in arrow.holding(paths, documents):
        lists = batch.column("hashes")
        offsets, values = lists.offsets.to_numpy(), lists.values.to_numpy()
        ends = offsets[rows].tolist(), offsets[rows + 1].tolist()
        mine = np.concatenate([values[start:stop] for start, stop in zip(*ends, strict=True)])
        stops = np.cumsum(offsets[rows + 1] - offsets[rows])
        yield mine, np.append(0, stops[:-1]), stops
