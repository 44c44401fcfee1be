"""Groups of .txt and .html files: one document a file."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import orjson
import pyarrow as pa

from clean_corpus.config import Fields, Input
from clean_corpus.decode import decode, html_charset, is_binary
from clean_corpus.errors import InputError
from clean_corpus.formats import cleaned
from clean_corpus.formats.compression import blocks, changed
from clean_corpus.formats.cutting import declared_charset
from clean_corpus.formats.records import BATCH, HEAD, Layout, rows_batch, too_large
from clean_corpus.units import Piece, Unit, shown

#: What a file costs at least, in bytes, so that a piece does not have a million empty files.
_FILE = 1024

#: A part of the output: names and contents of files, and their `clean` objects.
_PART = pa.schema(
    [("path", pa.large_binary()), ("data", pa.large_binary()), ("clean", pa.large_binary())]
)


def pieces(unit: Unit, options: Input, size: int) -> Iterator[Piece]:
    """Group files, in order, until they have `size` bytes."""
    declared_charset(unit.name, options)
    piece = Piece(unit.root, unit.name, unit.format, row=0)
    content = hashlib.blake2b()
    members: list[str] = []
    held = 0
    for path in unit.paths:
        members.append(os.path.relpath(path, unit.root))
        file = _file(path)
        content.update(file.digest)
        held += file.size + _FILE
        if held >= size:
            yield _of(piece, members, content.digest())
            piece = piece._replace(start=piece.start + len(members), first=False)
            members, held, content = [], 0, hashlib.blake2b()
    if members or piece.first:
        yield _of(piece, members, content.digest())


class _File(NamedTuple):
    """What was read of a file: its first bytes, its size, a hash of all of it; or why not."""

    data: bytes
    size: int
    digest: bytes
    fault: str | None = None


def _file(path: str, most: int = 0) -> _File:
    """Read a file, and keep its first bytes, up to `most` and a block."""
    known = hashlib.blake2b()
    kept: list[bytes] = []
    size = 0
    try:
        for block in blocks(path, ""):
            known.update(block)
            if size < most:
                kept.append(block)
            size += len(block)
    except InputError as error:  # a fault of this document only
        reason = getattr(error.__cause__, "strerror", None) or "it ends early"
        unreadable = hashlib.blake2b(b"unreadable").digest()
        return _File(b"", 0, unreadable, f"the file cannot be read ({reason})")
    return _File(b"".join(kept), size, known.digest())


def _of(piece: Piece, members: list[str], content: bytes) -> Piece:
    stop = piece.start + len(members)
    return piece._replace(stop=stop, members=tuple(members)).sealed(content)


def read(
    piece: Piece, fields: Fields, options: Input, clean_field: str
) -> Iterator[pa.RecordBatch]:
    """Read the files of a piece in batches of about 4 MiB; ids are their paths.

    Raises InputError where a file has changed since the piece was cut.
    """
    del fields, clean_field
    layout: Layout = {"format": piece.format, "compression": ""}
    limit = options.max_document_mb << 20
    rows: list[tuple[Any, ...]] = []
    size = 0
    content = hashlib.blake2b()
    for member in piece.members:
        name = f"{piece.name}/{member}"
        declared = declared_charset(name, options)
        file = _file(os.path.join(piece.path, member), limit)  # noqa: PTH118  a million of them
        content.update(file.digest)
        row = _row(file, piece.format == "html", declared, limit)
        rows.append((0, shown(name), shown(member), *row, os.fsencode(member)))
        size += len(row[0] or row[2] or b"")
        if size >= BATCH:
            yield rows_batch(rows, layout, "column:path", pa.large_binary())
            rows, size = [], 0
    if piece.sealed(content.digest()).digest != piece.digest:
        raise changed(piece.path)
    if rows or not piece.members:
        yield rows_batch(rows, layout, "column:path", pa.large_binary())


def _row(file: _File, is_page: bool, declared: str | None, limit: int) -> tuple[Any, ...]:
    """Give the values of RECORDS from `text` on."""
    data = file.data
    fault = too_large(file.size, limit) if file.size > limit else file.fault
    if fault is not None:
        return (None, False, *[None] * 10, fault, data[:HEAD])
    if is_page:
        charset = declared or html_charset(data)
        return (None, False, data, charset, *[None] * 10)
    found = decode(data, declared)
    if is_binary(found.text):
        return (None, False, *[None] * 10, "the file holds binary data, not text", data[:HEAD])
    return (found.text, False, None, None, found.account, *[None] * 9)


def render(records: pa.Table, texts: pa.Array, clean: pa.StructArray, clean_field: str) -> bytes:
    """Write the .txt files of one piece, and the line that the side file has for each."""
    paths = records["column:path"].to_pylist()
    lines = [
        b'{"file":%b,%b:%b}\n'
        % (orjson.dumps(shown(os.fsdecode(path))), orjson.dumps(clean_field), one)
        for path, one in zip(paths, cleaned.as_json(clean).to_pylist(), strict=True)
    ]
    data = [(text or "").encode() for text in texts.to_pylist()]
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, _PART) as writer:
        writer.write_table(pa.table([paths, data, lines], schema=_PART))
    part: bytes = sink.getvalue().to_pybytes()
    return part


def unpack(part: Path, folder: Path, side: Path) -> Iterator[Path]:
    """Write the files of a part into a folder, add its lines to the side file; give the files."""
    with pa.memory_map(str(part)) as source, pa.ipc.open_stream(source) as reader:
        for found in reader:
            for path, data in zip(
                found["path"].to_pylist(), found["data"].to_pylist(), strict=True
            ):
                target = folder / os.fsdecode(path)
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(data)
                yield target
            with side.open("ab") as lines:
                lines.writelines(found["clean"].to_pylist())


def objects(
    records: pa.Table, texts: pa.Array, clean: pa.StructArray | None, clean_field: str
) -> list[bytes]:
    """Give each document of a folder or a web archive as a JSON object: what is known, its text."""
    names = [
        name for name in ("id", "url", "title", "date") if records[name].null_count < len(texts)
    ]
    columns = {name: records[name].to_pylist() for name in names}
    if "column:crawled" in records.column_names:
        columns["crawled"] = records["column:crawled"].to_pylist()
    columns["text"] = [text or "" for text in texts.to_pylist()]
    wholes = [
        orjson.dumps(
            {name: value for name, value in zip(columns, row, strict=True) if value is not None}
        )
        for row in zip(*columns.values(), strict=True)
    ]
    return cleaned.added(wholes, clean, clean_field)
