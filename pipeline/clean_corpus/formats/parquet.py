"""Parquet: cut a file at row groups, and read records with every column in its type."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    import pyarrow.parquet as pq

from clean_corpus.config import Fields, Input
from clean_corpus.decode import html_charset
from clean_corpus.errors import InputError
from clean_corpus.formats import columns
from clean_corpus.formats.columns import (
    at,
    decoded_size,
    is_bytes,
    is_list,
    is_text,
    joined,
    locate,
    paths,
    repeating,
    strings,
    words,
)
from clean_corpus.formats.compression import changed
from clean_corpus.formats.fields import NAMES, Keys
from clean_corpus.formats.records import (
    BATCH,
    HEAD,
    Layout,
    batch,
    host,
    no_text,
    too_large,
)
from clean_corpus.kernels import digest
from clean_corpus.spill import Bools
from clean_corpus.units import Piece, Unit, readable, shown, state

_NOBODY = pa.scalar(None, pa.string())

#: A row group of more pieces than this is read once, in order, and comes as payloads: to seek a
#: row in it means to decode all rows before.
_MANY = 4


def pieces(unit: Unit, options: Input, size: int) -> Iterator[Piece]:
    """Cut a file into runs of row groups, and large row groups into runs of rows."""
    del options
    (path,) = unit.paths
    now = state(path)
    with _opened(path) as file:
        piece = Piece(path, unit.name, unit.format, _codec(file), state=now)
        groups: list[int] = []
        held = 0
        for group in range(file.metadata.num_row_groups):
            weight = _weight(file, path, group)
            if groups and (held + weight > size * _MANY or held >= size):
                piece = yield from _of_groups(piece, file, groups)
                groups, held = [], 0
            if weight > size * _MANY:
                piece = yield from _of_rows(piece, file, group, size)
            else:
                groups.append(group)
                held += weight
        if groups or piece.first:
            yield from _of_groups(piece, file, groups)


def _of_groups(
    piece: Piece, file: pq.ParquetFile, groups: Sequence[int]
) -> Generator[Piece, None, Piece]:
    """Make a piece of some row groups, its digest of their bytes; return the next piece's start."""
    start, stop = (groups[0], groups[-1] + 1) if groups else (0, 0)
    piece = piece._replace(start=start, stop=stop)
    yield piece.sealed(_content(piece, file))
    rows = sum(file.metadata.row_group(group).num_rows for group in groups)
    return piece._replace(row=piece.row + rows, first=False)


def _content(piece: Piece, file: pq.ParquetFile) -> bytes:
    """Hash the schema and the bytes of the piece's row groups."""
    content = hashlib.blake2b(file.schema_arrow.serialize().to_pybytes(), digest_size=16)
    chunks = list(_chunks(piece, file))
    room = np.empty(max((size for _, size in chunks), default=0) // 8 + 4, np.uint64)
    with readable(piece.path), Path(piece.path).open("rb") as raw:
        for start, size in chunks:
            raw.seek(start)
            # Ten times as fast as what would withstand an adversary.
            content.update(digest.file_hash(raw, size, room))
    return content.digest()


def _chunks(piece: Piece, file: pq.ParquetFile) -> Iterator[tuple[int, int]]:
    """Give where each column of the piece's row groups begins, and its size."""
    for group in range(piece.start, piece.stop):
        about = file.metadata.row_group(group)
        for i in range(about.num_columns):
            column = about.column(i)
            start = column.data_page_offset
            if column.has_dictionary_page and column.dictionary_page_offset:
                start = min(start, column.dictionary_page_offset)
            yield start, column.total_compressed_size


def _of_rows(
    piece: Piece, file: pq.ParquetFile, group: int, size: int
) -> Generator[Piece, None, Piece]:
    """Make pieces of runs of rows, as Arrow IPC; return the next piece's start."""
    waiting: list[pa.RecordBatch] = []
    for found in chain(_batches(file, piece.path, [group], min(size, BATCH)), (None,)):
        if waiting and (found is None or sum(one.nbytes for one in waiting) >= size):
            sink = pa.BufferOutputStream()
            with pa.ipc.new_stream(sink, waiting[0].schema) as writer:
                for one in waiting:
                    writer.write_batch(one)
            payload = sink.getvalue().to_pybytes()
            yield piece._replace(payload=payload).sealed(payload)
            rows = sum(one.num_rows for one in waiting)
            piece, waiting = piece._replace(row=piece.row + rows, first=False), []
        if found is not None:
            waiting.append(found)
    return piece


@contextmanager
def _damaged(path: str) -> Iterator[None]:
    """Turn Arrow's error about a file into an InputError."""
    try:
        with readable(path):
            yield
    except pa.ArrowException as error:
        raise InputError(
            f"{shown(path)}: cannot be read as Parquet ({str(error).splitlines()[0]}). "
            "Write the file again."
        ) from error


def _opened(path: str) -> pq.ParquetFile:
    import pyarrow.parquet as pq

    with _damaged(path):
        return pq.ParquetFile(path, buffer_size=1 << 20, pre_buffer=False)


def _batches(
    file: pq.ParquetFile,
    path: str,
    groups: Iterable[int],
    size: int = BATCH,
    columns: Sequence[str] | None = None,
) -> Iterator[pa.RecordBatch]:
    for group in groups:
        count = file.metadata.row_group(group).num_rows
        rows = max(1, count * size // max(_weight(file, path, group), 1))
        with _damaged(path):
            yield from file.iter_batches(
                rows, row_groups=[group], columns=columns, use_threads=False
            )


def _weight(file: pq.ParquetFile, path: str, group: int) -> int:
    """Give the bytes of a row group, values that its dictionaries repeat included."""
    import pyarrow.parquet as pq

    about = file.metadata.row_group(group)
    weight: int = about.total_byte_size
    if repeated := repeating(about):
        options = {"metadata": file.metadata, "read_dictionary": repeated}
        with _damaged(path), pq.ParquetFile(path, **options) as packed:
            table = packed.read_row_group(group, repeated, use_threads=False)
        weight += sum(map(decoded_size, table.columns))
    return weight


def _codec(file: pq.ParquetFile) -> str:
    """Give the compression of a file's columns as the writer calls it."""
    about = file.metadata
    if not about.num_row_groups or not about.num_columns:
        return "snappy"
    name: str = about.row_group(0).column(0).compression
    return name.lower().replace("uncompressed", "none")


def read(
    piece: Piece, fields: Fields, options: Input, clean_field: str
) -> Iterator[pa.RecordBatch]:
    """Read the records of a piece in batches of about 4 MiB; `row` is the record's number.

    Raises InputError where there is no column for the text, or one that is no text, or one that is
    to be added, or two of one name.
    """
    limit = options.max_document_mb << 20
    row = piece.row
    with _source(piece, None if clean_field else fields) as (schema, batches):
        places = _places(schema, fields)
        _check(piece, schema, fields, places["text"], places["html"], clean_field)
        layout: Layout = {
            "format": "parquet",
            "compression": piece.compression,
            "schema": schema.serialize().to_pybytes(),
            "text": json.dumps(places["text"] or [fields.text]),
            "lasts": "" if places["html"] or piece.payload is not None else "lasts",
        }
        empty = True
        for found in batches:
            yield _records(piece, found, places, row, limit, layout)
            row, empty = row + found.num_rows, False
        if empty:
            none = pa.RecordBatch.from_pylist([], schema)
            yield _records(piece, none, places, row, limit, layout)


def texts(
    piece: Piece, fields: Fields, options: Input, wanted: Bools
) -> Iterator[tuple[int, pa.LargeStringArray]]:
    """Do what `formats.texts` does: row groups that hold nothing wanted are not read."""
    first, limit = 0, options.max_document_mb << 20
    with _opened(piece.path) as file:
        _check_unchanged(piece, file)
        text = locate(file.schema_arrow, fields.text) or ()
        places: dict[str, Keys | None] = {**dict.fromkeys(NAMES), "text": text}
        for group in range(piece.start, piece.stop if text else piece.start):
            start, first = first, first + file.metadata.row_group(group).num_rows
            batches = _batches(file, piece.path, [group], BATCH // 2, text[:1])
            # What is behind the last row wanted is not read.
            while wanted[start:first].any():
                found = next(batches)
                stop = start + found.num_rows
                if wanted[start:stop].any():
                    read = _untouched(found, places, limit)
                    if read is None:
                        read = pa.array(_texts(found, places, limit)["text"], pa.large_string())
                    yield start, pc.fill_null(read, "")
                start = stop


def _check_unchanged(piece: Piece, file: pq.ParquetFile) -> None:
    """Raise InputError where a file is no longer what the piece was cut from."""
    if piece.lasts():
        return
    there = piece.stop <= file.metadata.num_row_groups
    if not there or piece.sealed(_content(piece, file)).digest != piece.digest:
        raise changed(piece.path)


def _places(schema: pa.Schema, fields: Fields) -> dict[str, Keys | None]:
    return {name: locate(schema, getattr(fields, name)) for name in NAMES}


@contextmanager
def _source(
    piece: Piece, only: Fields | None
) -> Iterator[tuple[pa.Schema, Iterator[pa.RecordBatch]]]:
    """Give the schema of a piece, and its batches: all columns, or those of some fields."""
    if piece.payload is not None:
        with pa.ipc.open_stream(piece.payload) as stream:
            yield stream.schema, iter(stream)
        return
    with _opened(piece.path) as file:
        _check_unchanged(piece, file)
        schema = file.schema_arrow
        columns = None
        if only is not None:
            columns = sorted({keys[0] for keys in _places(schema, only).values() if keys})
        groups = range(piece.start, piece.stop)
        yield schema, _batches(file, piece.path, groups, columns=columns)
        _check_unchanged(piece, file)


def _check(
    piece: Piece,
    schema: pa.Schema,
    fields: Fields,
    text: Keys | None,
    html: Keys | None,
    clean_field: str,
) -> None:
    name = shown(piece.name)
    if twice := [one for one, count in Counter(schema.names).items() if count > 1]:
        raise InputError(f"{name}: there is more than one column '{twice[0]}'. Rename the others.")
    if text is None and html is None:
        raise InputError(no_text(name, fields.text, paths(schema)))
    if clean_field and clean_field in schema.names:
        raise InputError(
            f"{name}: there is a column '{clean_field}' already. "
            "Set output.clean_field to another name."
        )
    if text is not None:
        kind = at(schema.empty_table(), text).type
        if not (is_text(kind) or is_list(kind)):
            raise InputError(
                f"{name}: the column '{fields.text}' is {kind}, no text. Set fields.text."
            )


def _records(
    piece: Piece,
    found: pa.RecordBatch,
    places: Mapping[str, Keys | None],
    row: int,
    limit: int,
    layout: Layout,
) -> pa.RecordBatch:
    name = shown(piece.name)
    numbers = pa.array(np.arange(row, row + found.num_rows))
    told = {field: words(at(found, keys)) for field in NAMES[2:] if (keys := places[field])}
    if "url" in told:
        hosts = [url and host(url) for url in told["url"].to_pylist()]
        told["source"] = pc.coalesce(told.get("source", _NOBODY), pa.array(hosts, pa.string()))
    values = {
        "row": numbers,
        "origin": pc.binary_join_element_wise(name, numbers.cast(pa.string()), ":"),
        **told,
        **_texts(found, places, limit),
    }
    for field, array in zip(found.schema, found.columns, strict=True):
        if places["text"] != (field.name,) or is_list(field.type):
            values[f"column:{field.name}"] = array
    return batch(found.num_rows, layout, values)


def _texts(found: pa.RecordBatch, places: Mapping[str, Keys | None], limit: int) -> dict[str, Any]:
    """Give the columns of RECORDS that say what the texts are."""
    whole = _untouched(found, places, limit)
    if whole is not None:
        utf8 = pa.repeat("utf-8", len(whole))
        return {"text": whole, "paragraphs": pa.array(np.zeros(len(whole), bool)), "encoding": utf8}
    contents, charsets = _contents(found, places["text"])
    pages = _pages(found, places["html"], contents)
    faults = [
        too_large(size, limit) if (size := len(text.encode())) > limit else None
        for text in (content or "" for content in contents)
    ]
    usable = [
        None if page or fault else content
        for content, page, fault in zip(contents, pages, faults, strict=True)
    ]
    return {
        "text": usable,
        "paragraphs": [bool(places["text"] and is_list(at(found, places["text"]).type))]
        * found.num_rows,
        "html": pages,
        "charset": [page and html_charset(page) for page in pages],
        "encoding": [charsets.get(i, "utf-8") for i in range(found.num_rows)],
        "fault": faults,
        "raw": [
            content.encode()[:HEAD] if fault and content else None
            for content, fault in zip(contents, faults, strict=True)
        ],
    }


def _untouched(
    found: pa.RecordBatch, places: Mapping[str, Keys | None], limit: int
) -> pa.LargeStringArray | None:
    """Give the column of texts where all are UTF-8 and small enough, and there are no pages."""
    if places["text"] is None or places["html"] is not None:
        return None
    array = strings(at(found, places["text"]), pa.large_string())
    if array is None or (pc.max(pc.binary_length(array)).as_py() or 0) > limit:
        return None
    return array


def _contents(found: pa.RecordBatch, keys: Keys | None) -> tuple[list[str | None], dict[int, str]]:
    if keys is None:
        return [None] * found.num_rows, {}
    array = at(found, keys)
    return (joined(array), {}) if is_list(array.type) else columns.texts(array)


def _pages(
    found: pa.RecordBatch, keys: Keys | None, contents: Sequence[str | None]
) -> list[bytes | None]:
    """Give the pages of the records that have no text; strings as UTF-8."""
    if keys is None:
        return [None] * found.num_rows
    array = at(found, keys)
    if is_bytes(array.type):
        pages = array.to_pylist()
    else:
        pages = [page and page.encode() for page in columns.texts(array)[0]]
    return [None if text else page or None for page, text in zip(pages, contents, strict=True)]
