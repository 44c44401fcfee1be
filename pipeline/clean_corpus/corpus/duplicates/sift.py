"""Bring the candidates of one block of documents together, and drop those that cannot be copies."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

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
)
from clean_corpus.kernels.agreement import agreement


def sift(
    inputs: Mapping[str, Sequence[str]], outputs: Mapping[str, str], options: Mapping[str, Any]
) -> dict[str, Any]:
    """Write the CANDIDATES ("likely") of one block, each once, and the documents WANTED ("wanted").

    Inputs: the "candidates" of all partitions, and "documents". Options: block, blocks, held
    (pairs, at once), compared (pairs whose signatures are held at once), possible (pairs that agree
    in fewer rows of the signature are dropped).
    """
    found = _found(inputs["candidates"], options)
    documents = Documents.of(inputs["documents"])
    wanted = np.zeros(len(documents), bool)
    kept = 0

    def likely() -> Iterator[dict[str, Numbers]]:
        nonlocal kept
        for start in range(0, len(found.pairs), options["compared"]):
            here = slice(start, start + options["compared"])
            a, b = halves(found.pairs[here])
            good = _agreement(a, b, documents) >= options["possible"]
            a, b = a[good], b[good]
            wanted[a] = wanted[b] = True
            kept += len(a)
            yield {"a": a, "b": b, "times": found.times[here][good]}

    arrow.write(outputs["likely"], CANDIDATES, likely())
    arrow.write(outputs["wanted"], WANTED, [{"document": np.flatnonzero(wanted)}])
    return {"candidates": len(found.pairs), "likely": kept}


def _found(paths: Sequence[str], options: Mapping[str, Any]) -> Counted:
    """Join the candidates of all partitions; those of an ordinary bucket have `times` 0."""
    ordinary: list[Numbers] = []
    split: list[Counted] = []
    size = [0, 0]
    for path in paths:
        reader = arrow.opened(path)
        for i in range(options["block"], reader.num_record_batches, options["blocks"]):
            batch = reader.get_batch(i)
            if not batch.num_rows:
                continue
            a, b, times = (column.to_numpy() for column in batch.columns)
            pairs = paired(a, b)
            if times[0]:
                split.append(Counted(pairs, times))
                size[1] += len(pairs)
            else:
                ordinary.append(pairs)
                size[0] += len(pairs)
            if size[0] > options["held"]:
                ordinary = [distinct(ordinary)]
                size[0] = 0
            if size[1] > options["held"]:
                split = [counted(split)]
                size[1] = 0
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
    return agreement(rows, np.searchsorted(which, a), np.searchsorted(which, b))
