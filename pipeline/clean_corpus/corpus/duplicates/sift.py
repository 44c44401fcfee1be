"""Bring the candidates of one block of documents together, and drop those that cannot be copies."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from clean_corpus import spill
from clean_corpus.corpus import arrow
from clean_corpus.corpus.arrow import CANDIDATES, WANTED, Documents, Numbers
from clean_corpus.corpus.pairs import (
    Counted,
    among,
    counted,
    distinct,
    documents_of,
    halves,
    paired,
    places,
)
from clean_corpus.kernels.agreement import agreement


def sift(
    inputs: Mapping[str, Sequence[str]], outputs: Mapping[str, str], options: Mapping[str, Any]
) -> dict[str, Any]:
    """Write the CANDIDATES ("likely") of one block, each once, and the documents WANTED ("wanted").

    Inputs: the "candidates" of all partitions, and "documents". Options: block, blocks, rows
    (documents of each file), held (pairs, at once), compared (pairs whose signatures are held at
    once), possible (pairs that agree in fewer rows of the signature are dropped).
    """
    documents = Documents.of(inputs["documents"], rows=options["rows"])
    wanted = np.zeros(len(documents), bool)
    counts = {"candidates": 0, "likely": 0}

    def likely() -> Iterator[dict[str, Numbers]]:
        for low, high in _ranges(inputs["candidates"], len(documents), options):
            found = _found(inputs["candidates"], low, high, options)
            counts["candidates"] += len(found.pairs)
            for start in range(0, len(found.pairs), options["compared"]):
                here = slice(start, start + options["compared"])
                a, b = halves(found.pairs[here])
                good = _agreement(a, b, documents) >= options["possible"]
                a, b = a[good], b[good]
                wanted[a] = wanted[b] = True
                counts["likely"] += len(a)
                yield {"a": a, "b": b, "times": found.times[here][good]}

    arrow.write(outputs["likely"], CANDIDATES, likely())
    arrow.write(outputs["wanted"], WANTED, [{"document": np.flatnonzero(wanted)}])
    return counts


def _batches(paths: Sequence[str], options: Mapping[str, Any]) -> Iterator[pa.RecordBatch]:
    """Give the candidates of this block, those of each batch sorted."""
    for path in paths:
        reader = spill.opened(path)
        for i in range(options["block"], reader.num_record_batches, options["blocks"]):
            batch = reader.get_batch(i)
            if batch.num_rows:
                yield batch


def _ranges(
    paths: Sequence[str], total: int, options: Mapping[str, Any]
) -> Iterator[tuple[int, int]]:
    """Cut the block by its first documents, so that the candidates of a part can be held.

    How many a block has is known now alone: documents of one template have hundreds each.
    """
    size = -(-total // options["blocks"])
    first = options["block"] * size
    if sum(batch.num_rows for batch in _batches(paths, options)) <= options["held"]:
        yield first, first + size
        return
    counts = np.zeros(size, np.int64)
    for batch in _batches(paths, options):
        counts += np.bincount(batch.column("a").to_numpy() - first, minlength=size)
    parts = (np.cumsum(counts) - counts) // options["held"]
    starts = np.flatnonzero(np.diff(parts, prepend=-1)) + first
    yield from zip(starts.tolist(), np.append(starts[1:], first + size).tolist(), strict=True)


def _found(paths: Sequence[str], low: int, high: int, options: Mapping[str, Any]) -> Counted:
    """Join the candidates of documents from `low` up to `high`, of all partitions.

    Those of an ordinary bucket have `times` 0.
    """
    ordinary: list[Numbers] = []
    split: list[Counted] = []
    for batch in _batches(paths, options):
        here = slice(*np.searchsorted(batch.column("a").to_numpy(), [low, high]))
        a, b, times = (column.to_numpy()[here] for column in batch.columns)
        if not len(a):
            continue
        if times[0]:
            split.append(Counted(paired(a, b), times))
        else:
            ordinary.append(paired(a, b))
    once, more = distinct(ordinary), counted(split)
    new = ~among(more.pairs, once)
    return counted(
        [Counted(once, np.zeros(len(once), np.uint8)), Counted(more.pairs[new], more.times[new])]
    )


def _agreement(a: Numbers, b: Numbers, documents: Documents) -> Numbers:
    """Count the rows of their signatures in which documents agree."""
    which = documents_of(a, b)
    if not len(which):
        return np.zeros(0, np.int64)
    rows = documents.signatures(which)
    return agreement(rows, *places(which, a, b))
