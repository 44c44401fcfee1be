"""Identify: number the documents that share an id, so that every run key is unique."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from clean_corpus import spill
from clean_corpus.corpus.keys import OCCURRENCES


def identify(
    inputs: Mapping[str, Sequence[str]], outputs: Mapping[str, str], options: Mapping[str, Any]
) -> dict[str, Any]:
    """Write `occurrences`: the documents whose key another document has too, with their number.

    Numbers follow the content, so that they do not depend on the order of the input; documents
    that are equal in everything are numbered in order. Options: partition, partitions; a task
    looks at the keys whose hash falls into its partition.
    """
    columns: list[list[np.ndarray[Any, Any]]] = [[], [], [], []]
    first = 0
    for path in inputs["ids"]:
        for batch in spill.batches(path):
            key, content, rest = (batch.column(i).to_numpy() for i in range(3))
            mine = np.flatnonzero(key % np.uint64(options["partitions"]) == options["partition"])
            for column, values in zip(
                columns, (key[mine], content[mine], rest[mine], first + mine), strict=True
            ):
                column.append(values)
            first += batch.num_rows
    key, content, rest, document = (
        np.concatenate(column) if column else np.zeros(0, np.int64) for column in columns
    )
    order = np.lexsort((document, rest, content, key))
    key, document = key[order], document[order]
    starts = np.flatnonzero(np.append(True, key[1:] != key[:-1])) if key.size else key[:0]
    size = np.diff(np.append(starts, key.size)).astype(np.int64)
    occurrence = np.arange(key.size) - np.repeat(starts, size) + 1
    shared = np.repeat(size > 1, size)
    table = pa.table(
        [document[shared].astype(np.int64), occurrence[shared].astype(np.int32)],
        schema=OCCURRENCES,
    )
    spill.write(outputs["occurrences"], table.sort_by("document"))
    return {"shared": int((size > 1).sum())}
