"""The shingles of documents as sorted sets: written by shard, and read for the few that are due."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa

from clean_corpus import spill
from clean_corpus.corpus import arrow, shingles
from clean_corpus.corpus.arrow import SETS, Numbers
from clean_corpus.kernels import sets as kernel
from clean_corpus.kernels.sets import Placed

#: Gives the texts of a shard by batches, as `spill.texts` does, for flags of the rows wanted.
Texts: TypeAlias = Callable[[spill.Bools], Iterator[tuple[int, pa.LargeStringArray]]]

# Shingles that are written as one batch, 8 bytes each: each reader looks at all batches.
_MANY = 2_000_000


def sets(
    inputs: Mapping[str, Sequence[str]], outputs: Mapping[str, str], options: Mapping[str, Any]
) -> dict[str, Any]:
    """Write the SETS ("sets") of those documents of the shards "texts" that are "wanted" by any.

    Options: first (document), rows (of each shard), shingle, all (whoever wants them).
    """
    return write([partial(spill.texts, path) for path in inputs["texts"]], inputs, outputs, options)


def write(
    shards: Iterable[Texts],
    inputs: Mapping[str, Sequence[str]],
    outputs: Mapping[str, str],
    options: Mapping[str, Any],
) -> dict[str, Any]:
    """Do what `sets` does with shards that come from elsewhere."""
    first, ends = options["first"], np.cumsum(options["rows"])
    wanted = np.full(ends[-1], options["all"])
    for path in inputs["wanted"]:
        numbers = arrow.column([path], "document")
        here = slice(*np.searchsorted(numbers, [first, first + ends[-1]]))
        wanted[numbers[here] - first] = True
    parts = zip(shards, np.split(wanted, ends[:-1]), strict=True)
    arrow.write(outputs["sets"], SETS, _batches(parts, options))
    return {"sets": int(wanted.sum())}


def _batches(
    shards: Iterable[tuple[Texts, Numbers]], options: Mapping[str, Any]
) -> Iterator[dict[str, Any]]:
    """Give the sets of the documents wanted, many at a time."""
    held: list[tuple[Numbers, Numbers, Numbers]] = []
    size, start = 0, options["first"]
    for texts_of, wanted in shards:
        for first, texts in texts_of(wanted):
            rows = np.flatnonzero(wanted[first : first + len(texts)])
            hashes, offsets = kernel.sets(*shingles.hashes(texts, options["shingle"], rows))
            held.append((rows + first + start, hashes, np.diff(offsets)))
            size += len(hashes)
            if size > _MANY:
                yield _joined(held)
                held, size = [], 0
        start += len(wanted)
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
