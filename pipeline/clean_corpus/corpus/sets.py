"""The shingles of documents as sets: made of their texts, or written to be read by many."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import repeat
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import pyarrow as pa

from clean_corpus import spill
from clean_corpus.corpus import arrow, hashed, shingles
from clean_corpus.corpus.arrow import SETS, Numbers
from clean_corpus.kernels import sets as kernel
from clean_corpus.kernels.sets import Sets

#: Gives the texts of a shard's file by batches, as `spill.texts` does, for flags of rows wanted.
Texts: TypeAlias = Callable[[str, spill.Bools], Iterator[tuple[int, pa.LargeStringArray]]]

# Shingles that are written as one batch, 8 bytes each: each reader looks at all batches.
_MANY = 2_000_000


class Part(NamedTuple):
    """Some documents, sorted, the hashes of all of them, and how many are of each."""

    documents: Numbers
    hashes: Numbers
    sizes: Numbers


def sets(
    inputs: Mapping[str, Sequence[str]], outputs: Mapping[str, str], options: Mapping[str, Any]
) -> dict[str, Any]:
    """Write the SETS ("sets") of those documents of the shards "texts" that are "wanted" by any.

    Options: first (document), and those of `made`.
    """
    first, total = options["first"], sum(options["rows"])
    wanted = np.zeros(total, bool)
    for path in inputs["wanted"]:
        numbers = arrow.column([path], "document")
        here = slice(*np.searchsorted(numbers, [first, first + total]))
        wanted[numbers[here] - first] = True
    arrow.write(outputs["sets"], SETS, _batches(made(inputs, wanted, options), first))
    return {"sets": int(wanted.sum())}


def made(
    inputs: Mapping[str, Sequence[str]], wanted: spill.Bools, options: Mapping[str, Any]
) -> Iterator[Part]:
    """Make the sets of the documents of the shards "texts" that are wanted, numbered through these.

    Options: rows (of each shard), shingle; the payload may list how to read each (Texts).
    """
    start = 0
    ways = options.get("payload") or repeat(spill.texts)
    for path, texts_of, rows in zip(inputs["texts"], ways, options["rows"], strict=False):
        mine = wanted[start : start + rows]
        for here, found in _of_shard(path, texts_of, mine, options) if mine.any() else ():
            yield Part(here + start, found.hashes, found.sizes)
        start += rows


def _of_shard(
    path: str, texts_of: Texts, wanted: spill.Bools, options: Mapping[str, Any]
) -> Iterator[tuple[Numbers, Sets]]:
    """Give rows that are wanted, and their sets: of what was hashed before, or else of texts."""
    known = hashed.beside(path)
    if known.exists():
        for first, hashes, offsets in hashed.read(known, wanted):
            here = np.flatnonzero(wanted[first : first + len(offsets) - 1])
            yield here + first, kernel.sets(hashes, offsets, here)
        return
    for first, texts in texts_of(path, wanted):
        here = np.flatnonzero(wanted[first : first + len(texts)])
        yield here + first, kernel.sets(*shingles.hashes(texts, options["shingle"], here))


def each(
    inputs: Mapping[str, Sequence[str]], documents: Numbers, options: Mapping[str, Any]
) -> Iterator[Part]:
    """Give the sets of documents (sorted), some at a time.

    They are read from "sets" or, where there are none, `made` of texts.
    """
    if inputs["sets"]:
        return _read(inputs["sets"], documents)
    wanted = np.zeros(sum(options["rows"]), bool)
    wanted[documents] = True
    return made(inputs, wanted, options)


def _read(paths: Sequence[str], documents: Numbers) -> Iterator[Part]:
    for batch, rows in arrow.holding(paths, documents):
        lists = batch.column("hashes")
        offsets, values = lists.offsets.to_numpy(), lists.values.to_numpy()
        starts, stops = offsets[rows], offsets[rows + 1]
        places = zip(starts.tolist(), stops.tolist(), strict=True)
        hashes = np.concatenate([values[start:stop] for start, stop in places])
        yield Part(batch.column("document").to_numpy()[rows], hashes, stops - starts)


def _batches(parts: Iterable[Part], first: int) -> Iterator[dict[str, Any]]:
    """Give the columns of SETS for many documents at a time, numbered from `first` on."""
    held: list[Part] = []
    size = 0
    for part in parts:
        held.append(part)
        size += len(part.hashes)
        if size > _MANY:
            yield _joined(held, first)
            held, size = [], 0
    if held:
        yield _joined(held, first)


def _joined(held: Sequence[Part], first: int) -> dict[str, Any]:
    documents, hashes, sizes = (np.concatenate(column) for column in zip(*held, strict=True))
    offsets = pa.array(np.append(0, np.cumsum(sizes)), pa.int64())
    lists = pa.LargeListArray.from_arrays(offsets, pa.array(hashes))
    return {"document": documents + first, "hashes": lists}
