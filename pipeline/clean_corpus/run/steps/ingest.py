"""Ingest: read the records of one piece of the input, and make their base texts."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from clean_corpus import config, formats, spill
from clean_corpus.run.executors import tell
from clean_corpus.run.steps import bare
from clean_corpus.stages import extract
from clean_corpus.stages.page import PageFault
from clean_corpus.text import buffers

#: What tells documents of one name apart: hashes of the provisional key, of the base text, and of
#: the rest of the record.
IDS = pa.schema([("key", pa.uint64()), ("content", pa.uint64()), ("rest", pa.uint64())])


def ingest(
    inputs: Mapping[str, Sequence[str]], outputs: Mapping[str, str], options: Mapping[str, Any]
) -> dict[str, Any]:
    """Write `documents` and `ids`, row by row.

    Documents are RECORDS with base texts, a provisional `key`, which is the user's id or a hash of
    the base text, and the `stage` that set a record with a fault aside. Options: payload
    (formats.Piece), fields, input, extract, clean_field, limit (rows, 0 is none), avoid (the rows
    whose pages have killed a worker), and bare (the sections by which documents leave at once,
    where nothing is going to clean them; their rows are `bare.TEXTS` then).
    """
    del inputs
    limit = options["limit"]
    extraction = config.Extract.model_validate(options["extract"])
    batches: list[pa.RecordBatch] = []
    ids: list[pa.RecordBatch] = []
    rows = 0
    for batch in formats.read(
        options["payload"],
        config.Fields.model_validate(options["fields"]),
        config.Input.model_validate(options["input"]),
        options["clean_field"],
    ):
        batch = batch.slice(0, limit - rows) if limit else batch  # noqa: PLW2901
        whole = _with_pages(batch, extraction, rows, options.get("avoid", ()))
        keys, identity = _identify(whole)
        batches.append(whole.append_column("key", keys).append_column("stage", _stages(whole)))
        ids.append(identity)
        rows += whole.num_rows
        if limit and rows >= limit:
            break
    table = pa.Table.from_batches(batches).drop_columns(["html"])
    if options.get("bare"):
        bare.write(outputs["documents"], table, options["bare"])
    else:
        spill.write(outputs["documents"], table)
    spill.write(outputs["ids"], pa.Table.from_batches(ids, IDS))
    return {
        "rows": rows,
        "text_bytes": table["text"].nbytes,
        "encodings": _counts(table["encoding"]),
        "sources": bool(table.num_rows - table["source"].null_count),
    }


#: Seconds beyond the limit of an extraction after which its process is killed.
_GRACE = 10

_DEADLY = "the page killed the process that read it, or took longer than extract.seconds = {}"


def _with_pages(
    batch: pa.RecordBatch, options: config.Extract, first: int, avoid: Sequence[int]
) -> pa.RecordBatch:
    """Put the article of each HTML page where the text goes; a page may turn out unusable."""
    if batch["html"].null_count == batch.num_rows:
        return batch
    columns = {
        name: batch[name].to_pylist()
        for name in ("html", "charset", "url", "text", "title", "date", "encoding", "fault", "raw")
    }
    for row, page in enumerate(columns["html"]):
        if page is None:
            continue
        if first + row in avoid:
            columns["fault"][row], columns["raw"][row] = _DEADLY.format(options.seconds), page
            continue
        tell(first + row, options.seconds + _GRACE)
        try:
            found = extract.extract(page, columns["charset"][row], columns["url"][row], options)
        except PageFault as fault:
            columns["fault"][row], columns["raw"][row] = str(fault), page
            continue
        columns["text"][row], columns["encoding"][row] = found.text, found.encoding
        columns["title"][row] = columns["title"][row] or found.title
        columns["date"][row] = columns["date"][row] or found.date
    tell(None, None)
    for name, values in columns.items():
        field = batch.schema.field(name)
        batch = batch.set_column(
            batch.schema.get_field_index(name), field, pa.array(values, field.type)
        )
    return batch


def _stages(batch: pa.RecordBatch) -> pa.Array:
    """Name what found each fault; a page that was read well can only fail to be extracted."""
    stage = pc.if_else(pc.is_null(batch["html"]), "read", "extract")
    return pc.if_else(pc.is_null(batch["fault"]), pa.scalar(None, pa.string()), stage)


def _identify(batch: pa.RecordBatch) -> tuple[pa.Array, pa.RecordBatch]:
    """Give the provisional keys of documents, and their hashes (IDS)."""
    names = batch["id"].to_pylist()
    around = zip(*(pc.fill_null(batch[name], b"").to_pylist() for name in _REST), strict=True)
    contents = [_hash(text) for text in _views(batch["text"])]
    rests = [hashlib.blake2b(b"\0".join(parts)).digest()[:8] for parts in around]
    for row in np.flatnonzero(_blank(batch).to_numpy(zero_copy_only=False)).tolist():
        # No text and no name: the rest of the record tells such documents apart.
        parts = (batch[name][row].as_py() or b"" for name in _REST)
        contents[row] = _hash(hashlib.blake2b(b"\0".join(parts)).digest())
    keys = [
        content.hex() if name is None else name
        for name, content in zip(names, contents, strict=True)
    ]
    hashes = (
        b"".join([_hash(key.encode(), 8) for key in keys]),
        b"".join([content[:8] for content in contents]),
        b"".join(rests),
    )
    columns = [pa.array(np.frombuffer(column, "<u8")) for column in hashes]
    return pa.array(keys, pa.string()), pa.RecordBatch.from_arrays(columns, schema=IDS)


#: The bytes of a record beside its text.
_REST = ("before", "after", "raw")


def _hash(data: bytes | memoryview, size: int = 16) -> bytes:
    return hashlib.blake2b(data, digest_size=size).digest()


def _blank(batch: pa.RecordBatch) -> pa.BooleanArray:
    """Tell which documents have neither a name nor a text."""
    size = pc.binary_length(pc.fill_null(batch["text"], ""))
    return pc.and_(pc.is_null(batch["id"]), pc.equal(size, 0))


def _views(texts: pa.LargeStringArray) -> Iterator[memoryview]:
    """Give the bytes of each text, none where there is no text, without a copy."""
    data, offsets = buffers(pc.fill_null(texts, ""))
    view = data.data
    for start, stop in pairwise(offsets.tolist()):
        yield view[start:stop]


def _counts(names: pa.ChunkedArray) -> dict[str, int]:
    counted = names.drop_null().value_counts()
    pairs = zip(
        counted.field("values").to_pylist(), counted.field("counts").to_pylist(), strict=True
    )
    return dict(sorted(pairs))
