"""Sketch one shard: what the later steps need to know of its documents, and their band keys."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from clean_corpus import spill
from clean_corpus.corpus import arrow, bands, hashed, shingles
from clean_corpus.corpus.arrow import BANDS, DOCUMENTS, Numbers
from clean_corpus.corpus.duplicates import signatures
from clean_corpus.kernels import digest, minhash
from clean_corpus.text import buffers

#: What a shard must hold; others are ignored. `reason` is set where the document has left already.
COLUMNS = ("key", "text", "source", "date", "reason")


def sketch(
    inputs: Mapping[str, Sequence[str]], outputs: Mapping[str, str], options: Mapping[str, Any]
) -> dict[str, Any]:
    """Write DOCUMENTS ("documents") and BANDS ("bands") of the shard "texts".

    Options: those that `plan.sketching` gives.
    """
    return write(spill.batches(inputs["texts"][0], COLUMNS), outputs, options)


def write(
    batches: Iterable[pa.RecordBatch],
    outputs: Mapping[str, str],
    options: Mapping[str, Any],
    kept: Path | None = None,
) -> dict[str, Any]:
    """Do what `sketch` does with batches that have at least its columns.

    The shingles are written to `kept`, where there is one (see `hashed`).
    """
    found: list[Any] = []
    keys: list[Numbers] = []
    rows: list[Numbers] = []
    first = 0
    # With sha1, signatures are not made of the hashes that are compared.
    compared = options["near"] and options["hash"] != "sha1"
    with hashed.writing(kept if compared else None) as file:
        for batch in batches:
            mine, band_keys, columns = _of_batch(batch, options, file)
            found.append(columns)
            keys.append(band_keys.ravel())
            rows.append(np.repeat((mine + first).astype(np.uint32), band_keys.shape[1]))
            first += batch.num_rows
    table = pa.Table.from_batches(found, _PLAIN)
    columns = {name: _joined(table.column(name)) for name in _PLAIN.names}
    columns["source"] = columns["source"].dictionary_encode()
    arrow.write(outputs["documents"], DOCUMENTS, [columns])
    arrow.write(outputs["bands"], BANDS, [bands.ordered(keys, rows)])
    return {"documents": first, "keys": sum(map(len, keys))}


_PLAIN = DOCUMENTS.set(1, pa.field("source", pa.string()))


def _of_batch(
    batch: pa.RecordBatch, options: Mapping[str, Any], kept: arrow.Writer | None
) -> tuple[Numbers, Numbers, pa.RecordBatch]:
    """Give the rows that have a signature, the keys of their bands, and all rows' DOCUMENTS."""
    texts = pc.fill_null(batch.column("text"), "")
    stays = batch.column("reason").is_null().to_numpy(zero_copy_only=False)
    digests, sizes, lengths = digest.digests(*buffers(texts))
    counts, keys, low = _bands(texts, stays, options, kept)
    rows = np.flatnonzero(counts)
    columns = [
        batch.column("key"),
        batch.column("source").cast(pa.string()),
        _dates(batch.column("date")),
        pa.array(lengths),
        pa.array(digests[:, 0]),
        pa.array(digests[:, 1]),
        pa.array(stays & (sizes > 0)),
        pa.array(counts),
        _binary(low, rows, batch.num_rows),
    ]
    return rows, keys, pa.RecordBatch.from_arrays(columns, schema=_PLAIN)


def _binary(values: Numbers, rows: Numbers, size: int) -> pa.Array:
    """Make a binary column of `size` rows: the bytes `values[i]` in row `rows[i]`, else null."""
    there = np.zeros(size, bool)
    there[rows] = True
    ends = np.append(0, np.cumsum(there)).astype(np.int32) * np.int32(values.shape[1])
    parts = np.packbits(there, bitorder="little"), ends, values
    return pa.Array.from_buffers(pa.binary(), size, [pa.py_buffer(part) for part in parts])


def _bands(
    texts: pa.LargeStringArray,
    stays: Numbers,
    options: Mapping[str, Any],
    kept: arrow.Writer | None,
) -> tuple[Numbers, Numbers, Numbers]:
    """Count the shingles of what stays; where there are any, give band keys and low signatures."""
    counts = np.zeros(len(texts), np.int64)
    if not options["near"]:
        nothing = np.zeros((0, options["bands"]))
        return counts, nothing.astype(np.uint64), nothing.astype(np.uint8)
    rows = np.flatnonzero(stays)
    if options["hash"] == "sha1":
        some = texts.take(pa.array(rows)).to_pylist()
        hashes, offsets = signatures.sha1_hashes(some, options["shingle"])
        counts[rows] = np.diff(offsets)
    else:
        hashes, offsets = shingles.hashes(texts, options["shingle"], rows)
        counts[rows] = np.diff(offsets)
        if kept is not None:
            hashed.add(kept, hashes, counts)
    offsets = np.append(offsets[:-1][counts[rows] > 0], offsets[-1])  # others take no room
    found = signatures.signatures(hashes, offsets, options["permutations"])
    return counts, minhash.keys(found, options["bands"]), found.astype(np.uint8)


def _joined(column: pa.ChunkedArray) -> pa.Array:
    chunks = column.chunks
    return pa.concat_arrays(chunks) if chunks else pa.array([], column.type)


def _dates(values: pa.Array) -> pa.Array:
    if values.null_count == len(values):
        return pa.nulls(len(values), pa.int64())
    from clean_corpus.corpus import dates  # takes a while, and many texts have none

    distinct = values.cast(pa.string()).dictionary_encode()
    read = [dates.seconds(date) for date in distinct.dictionary.to_pylist()]
    return pa.array(read, pa.int64()).take(distinct.indices)
