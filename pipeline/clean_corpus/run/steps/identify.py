"""Identify: number the documents that share an id, so that every run key is unique."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from clean_corpus import spill

OCCURRENCES = pa.schema([("document", pa.int64()), ("occurrence", pa.int32())])

_LOOKS_NUMBERED = re.compile(r"#\d+$")


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


def run_keys(keys: list[str], first: int, occurrences: Sequence[str]) -> list[str]:
    """Turn provisional keys of the documents from `first` on into unique run keys.

    The second document of the name "a" is "a#2"; a name that ends like that itself gets "#1".
    """
    numbers: dict[int, int] = {}
    for path in occurrences:
        table = spill.read(path)
        document = table["document"].to_numpy()
        low, high = np.searchsorted(document, (first, first + len(keys)))
        numbers.update(
            zip(
                document[low:high].tolist(),
                table["occurrence"].to_numpy()[low:high].tolist(),
                strict=True,
            )
        )
    return [
        f"{key}#{number}" if number > 1 or _LOOKS_NUMBERED.search(key) else key
        for key, number in ((key, numbers.get(first + i, 1)) for i, key in enumerate(keys))
    ]
