"""Ingest: read the records of one piece of the input, and make their base texts."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from clean_corpus import config, formats, spill
from clean_corpus.kernels import digest
from clean_corpus.run.audit import add
from clean_corpus.run.executors import tell
from clean_corpus.run.steps import bare
from clean_corpus.run.steps.identify import hashed, views
from clean_corpus.stages.page import PageFault
from clean_corpus.text import buffers

#: What tells documents of one name and one text apart: hashes of the provisional key, and of the
#: rest of the record.
IDS = pa.schema([("key", pa.uint64()), ("rest", pa.uint64())])


def ingest(
    inputs: Mapping[str, Sequence[str]], outputs: Mapping[str, str], options: Mapping[str, Any]
) -> dict[str, Any]:
    """Write `documents` and `ids`, row by row.

    Documents are RECORDS with base texts, a provisional `key`, which is the user's id or a hash of
    the base text, and the `stage` that set a record with a fault aside. Options: payload
    (formats.Piece), fields, input, extract, clean_field, limit (rows, 0 is none), avoid (the rows
    whose pages have killed a worker), and packed (see `spill.writer`) or bare and hashed (those of
    `bare.write`, where nothing is going to clean them; what is written then is said there).
    """
    del inputs
    ids: list[pa.RecordBatch] = []
    counts: dict[str, Any] = {"rows": 0, "bytes": 0, "encodings": {}, "sources": False}
    counts["doubted"] = None

    def documents() -> Iterator[pa.RecordBatch]:
        for batch in _read(options):
            keys, identity = _identify(batch)
            ids.append(identity)
            counts["rows"] += batch.num_rows
            counts["bytes"] += pc.sum(pc.binary_length(batch["text"])).as_py() or 0
            add(counts["encodings"], _counts(batch["encoding"]))
            counts["doubted"] = counts["doubted"] or _doubted(batch)
            counts["sources"] |= batch["source"].null_count < batch.num_rows
            yield batch.append_column("key", keys).append_column("stage", _stages(batch))

    # Batch by batch: what is held of one is used again for the next.
    if options.get("bare"):
        bare.write(documents(), outputs, options["bare"], hashing=options["hashed"])
    else:
        batches = map(_without_pages, documents())
        spill.write_batches(outputs["documents"], batches, packed=options["packed"])
    spill.write_batches(outputs["ids"], ids)
    return counts


def _read(options: Mapping[str, Any]) -> Iterator[pa.RecordBatch]:
    """Read the records of the piece, up to the limit, with texts where they had pages."""
    limit = options["limit"]
    extraction = config.from_json(config.Extract, options["extract"])
    rows = 0
    for batch in formats.read(
        options["payload"],
        config.from_json(config.Fields, options["fields"]),
        config.from_json(config.Input, options["input"]),
        options["clean_field"],
    ):
        some = batch.slice(0, limit - rows) if limit else batch
        yield _with_pages(some, extraction, rows, options.get("avoid", ()))
        rows += some.num_rows
        if limit and rows >= limit:
            break


def _without_pages(batch: pa.RecordBatch) -> pa.RecordBatch:
    return batch.select([name for name in batch.schema.names if name != "html"])


#: Seconds beyond the limit of an extraction after which its process is killed.
_GRACE = 10

_DEADLY = "the page killed the process that read it, or took longer than extract.seconds = {}"


def _with_pages(
    batch: pa.RecordBatch, options: config.Extract, first: int, avoid: Sequence[int]
) -> pa.RecordBatch:
    """Put the article of each HTML page where the text goes; a page may turn out unusable."""
    if batch["html"].null_count == batch.num_rows:
        return batch
    from clean_corpus.stages import extract

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
    if batch["fault"].null_count == batch.num_rows:
        return pa.nulls(batch.num_rows, pa.string())
    stage = pc.if_else(pc.is_null(batch["html"]), "read", "extract")
    return pc.if_else(pc.is_null(batch["fault"]), pa.scalar(None, pa.string()), stage)


def _identify(batch: pa.RecordBatch) -> tuple[pa.Array, pa.RecordBatch]:
    """Give the provisional keys of documents, and their hashes (IDS)."""
    keys = batch["id"]
    nameless = np.flatnonzero(keys.is_null().to_numpy(zero_copy_only=False))
    if nameless.size:
        names = keys.to_pylist()
        texts = pc.fill_null(batch["text"], "").take(pa.array(nameless))
        for row, text in zip(nameless.tolist(), views(texts), strict=True):
            # No text and no name: the rest of the record tells such documents apart.
            names[row] = hashed(text or hashlib.blake2b(_around(batch, row)).digest()).hex()
        keys = pa.array(names, pa.string())
    hashes = digest.hashes(*buffers(keys.cast(pa.large_string())))[:, 0]
    columns = [pa.array(hashes), pa.array(_rests(batch))]
    return keys, pa.RecordBatch.from_arrays(columns, schema=IDS)


#: The bytes of a record beside its text.
_REST = ("before", "after", "raw")


def _rests(batch: pa.RecordBatch) -> npt.NDArray[np.uint64]:
    """Hash what a record has beside its text, which is nothing in Parquet."""
    if all(batch[name].null_count == batch.num_rows for name in _REST):
        around: Iterator[tuple[bytes, ...]] = iter([(b"",) * len(_REST)])
    else:
        around = zip(*(pc.fill_null(batch[name], b"").to_pylist() for name in _REST), strict=True)
    rests = [hashlib.blake2b(b"\0".join(parts)).digest()[:8] for parts in around]
    return np.full(batch.num_rows, np.frombuffer(b"".join(rests), "<u8"))


def _around(batch: pa.RecordBatch, row: int) -> bytes:
    return b"\0".join([batch[name][row].as_py() or b"" for name in _REST])


def _doubted(batch: pa.RecordBatch) -> Any:
    """Give the first origin of which the charset is a weak guess, if there is one."""
    doubted = pc.match_substring(batch["encoding"], "in doubt")
    return next(iter(batch["origin"].filter(doubted).to_pylist()), None)


def _counts(names: pa.Array) -> dict[str, int]:
    counted = names.drop_null().value_counts()
    pairs = zip(
        counted.field("values").to_pylist(), counted.field("counts").to_pylist(), strict=True
    )
    return dict(sorted(pairs))
