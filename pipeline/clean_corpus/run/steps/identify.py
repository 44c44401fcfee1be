"""Identify: number the documents that share an id, so that every run key is unique."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from clean_corpus import spill
from clean_corpus.corpus.keys import OCCURRENCES
from clean_corpus.corpus.pairs import among
from clean_corpus.kernels.repeats import repeats
from clean_corpus.run.steps import bare
from clean_corpus.run.steps.bare import Again
from clean_corpus.text import buffers

Numbers = npt.NDArray[Any]


def identify(
    inputs: Mapping[str, Sequence[str]], outputs: Mapping[str, str], options: Mapping[str, Any]
) -> dict[str, Any]:
    """Write `occurrences`: the documents whose key another document has too, with their number.

    Inputs: ids, documents. Numbers follow the content, so that they do not depend on the order of
    the input; documents that are equal in everything are numbered in order. Options: partition,
    partitions; a task looks at the keys whose hash falls into its partition. The payload may have a
    `bare.Again` for each shard.
    """
    key, rest, document = _shared(inputs["ids"], options)
    again = options.get("payload") or [None] * len(inputs["ids"])
    content = _contents(inputs, again, document)
    order = np.lexsort((document, rest, content, key))
    key, document = key[order], document[order]
    starts = np.flatnonzero(np.append(True, key[1:] != key[:-1])[: key.size])
    size = np.diff(np.append(starts, key.size)).astype(np.int64)
    occurrence = np.arange(key.size) - np.repeat(starts, size) + 1
    columns = [document.astype(np.int64), occurrence.astype(np.int32)]
    table = pa.table(columns, schema=OCCURRENCES)
    spill.write(outputs["occurrences"], table.sort_by("document"))
    return {"shared": len(starts)}


def _shared(paths: Sequence[str], options: Mapping[str, Any]) -> list[Numbers]:
    """Give hashed key, hash of the rest and number of the documents that share a key, in order."""
    found: list[list[Numbers]] = [[np.zeros(0, np.uint64)], [np.zeros(0, np.uint64)], []]
    first = 0
    for path in paths:
        for batch in spill.batches(path):
            key, rest = (column.to_numpy() for column in batch.columns)
            mine = np.flatnonzero(key % np.uint64(options["partitions"]) == options["partition"])
            for column, values in zip(found, (key[mine], rest[mine], first + mine), strict=True):
                column.append(values)
            first += batch.num_rows
    columns = [np.concatenate([np.zeros(0, np.int64), *found[2]])]
    columns[:0] = [np.concatenate(column) for column in found[:2]]
    few = repeats(columns[0]).astype(np.int64)
    columns = [column[few] for column in columns]
    ordered = np.sort(columns[0])
    again = among(columns[0], ordered[1:][ordered[1:] == ordered[:-1]])
    return [column[again] for column in columns]


def _contents(
    inputs: Mapping[str, Sequence[str]], again: Sequence[Again | None], documents: Numbers
) -> Numbers:
    """Hash the texts of some documents (sorted)."""
    found: list[bytes] = []
    first = 0
    shards = zip(inputs["ids"], inputs["documents"], again, strict=True)
    for ids, path, source in shards if len(documents) else ():
        wanted = np.zeros(sum(batch.num_rows for batch in spill.batches(ids)), bool)
        here = slice(*np.searchsorted(documents, [first, first + len(wanted)]))
        wanted[documents[here] - first] = True
        for start, texts in bare.texts(path, wanted, source) if wanted.any() else ():
            rows = np.flatnonzero(wanted[start : start + len(texts)])
            found += [hashed(text)[:8] for text in views(texts.take(pa.array(rows)))]
        first += len(wanted)
    return np.frombuffer(b"".join(found), "<u8")


def hashed(data: bytes | memoryview, size: int = 16) -> bytes:
    """Hash some bytes to `size` bytes."""
    return hashlib.blake2b(data, digest_size=size).digest()


def views(texts: pa.LargeStringArray) -> Iterator[memoryview]:
    """Give the bytes of each text, without nulls, without a copy."""
    data, offsets = buffers(texts)
    view = data.data
    for start, stop in pairwise(offsets.tolist()):
        yield view[start:stop]
