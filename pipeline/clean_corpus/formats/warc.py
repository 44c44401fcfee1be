"""WARC and WET: pages of a web archive, and the texts that somebody has extracted from them."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any, BinaryIO

import pyarrow as pa

from clean_corpus.config import Fields, Input
from clean_corpus.decode import decode, html_charset
from clean_corpus.errors import InputError, MissingExtra
from clean_corpus.formats.compression import blocks, fetch
from clean_corpus.formats.records import (
    BATCH,
    HEAD,
    Layout,
    faulty,
    host,
    rows_batch,
    too_large,
)
from clean_corpus.units import Piece, Unit, shown, state

_HTML = ("text/html", "application/xhtml+xml")
_BLANK = (b"\r\n", b"\n", b"")


class _Raw(io.RawIOBase):
    """Blocks as a file."""

    def __init__(self, blocks: Iterator[bytes]) -> None:
        self.blocks = blocks
        self.rest = memoryview(b"")

    def readable(self) -> bool:
        """Say that it can be read."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill the buffer from the current block."""
        if not self.rest:
            self.rest = memoryview(next(self.blocks, b""))
        size = min(len(self.rest), len(buffer))
        buffer[:size] = self.rest[:size]
        self.rest = self.rest[size:]
        return size


def pieces(unit: Unit, options: Input, size: int) -> Iterator[Piece]:
    """Cut an archive between records; `row` counts all of them, from 1.

    Raises MissingExtra without fastwarc, and InputError where the file is no WARC or ends early.
    """
    _archive_iterator()
    path = unit.paths[0]
    limit = options.max_document_mb << 20
    piece = Piece(path, unit.name, unit.format, unit.compression, state=state(path))
    stream: BinaryIO = io.BufferedReader(_Raw(blocks(path, unit.compression)), 1 << 20)
    held: list[bytes] = []
    position, number = 0, 1

    def sealed(piece: Piece, content: bytes) -> Piece:
        done = piece._replace(stop=piece.start + len(content)).sealed(content)
        return done._replace(payload=content) if unit.compression or piece.fault else done

    while head := _head(stream, path, position):
        length = _content_length(head, path, position)
        if length > limit:
            if held:
                yield sealed(piece, b"".join(held))
            piece = piece._replace(start=position, row=number, first=piece.first and not held)
            held = []
            start = stream.read(min(length, 1 << 16))
            _skip(stream, length - len(start), path)
            if b"text/html" in start[:HEAD].lower() or b"conversion" in head.lower():
                yield sealed(piece._replace(fault=too_large(length, limit)), start[:HEAD])
                piece = piece._replace(first=False)
            position += len(head) + length
            piece = piece._replace(start=position, row=number + 1, fault="")
        else:
            body = stream.read(length)
            if len(body) < length:
                raise _ends_early(path)
            held += [head, body]
            position += len(head) + length
        number += 1
        if position - piece.start >= size:
            yield sealed(piece, b"".join(held))
            piece = piece._replace(start=position, row=number, first=False)
            held = []
    if held or piece.first:
        yield sealed(piece, b"".join(held))


def _head(stream: BinaryIO, path: str, position: int) -> bytes:
    """Read the head of the next record, and the line ends before it; empty at the end."""
    lines: list[bytes] = []
    while (line := stream.readline()) in (b"\r\n", b"\n"):
        lines.append(line)
    if not line:
        return b""
    if not line.startswith(b"WARC/"):
        raise InputError(
            f"{shown(path)}: no WARC record at byte {position:,} of the decompressed file. "
            "Fetch the file again."
        )
    while line not in _BLANK:
        lines.append(line)
        line = stream.readline()
    return b"".join([*lines, line])


def _content_length(head: bytes, path: str, position: int) -> int:
    for line in head.splitlines():
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"content-length" and value.strip().isdigit():
            return int(value)
    raise InputError(
        f"{shown(path)}: the record at byte {position:,} of the decompressed file has no length. "
        "Fetch the file again."
    )


def _skip(stream: BinaryIO, size: int, path: str) -> None:
    while size > 0:
        block = stream.read(min(size, 1 << 20))
        if not block:
            raise _ends_early(path)
        size -= len(block)


def _ends_early(path: str) -> InputError:
    return InputError(f"{shown(path)}: ends in the middle of a record. Fetch the file again.")


def _archive_iterator() -> Any:
    try:
        from fastwarc.warc import ArchiveIterator
    except ImportError as error:
        raise MissingExtra("reading WARC files", "warc") from error
    return ArchiveIterator


def read(
    piece: Piece, fields: Fields, options: Input, clean_field: str
) -> Iterator[pa.RecordBatch]:
    """Read the pages (HTTP 2xx, HTML) and conversions of a piece, in batches of about 4 MiB."""
    del fields, clean_field
    limit = options.max_document_mb << 20
    layout: Layout = {"format": piece.format, "compression": piece.compression}
    if piece.fault:
        crawled = {"column:crawled": pa.nulls(1, pa.string())}
        yield faulty(piece, layout, crawled)
        return
    rows: list[tuple[Any, ...]] = []
    size, number = 0, piece.row
    stream = io.BytesIO(fetch(piece))
    while head := _head(stream, piece.path, piece.start + stream.tell()):
        body = stream.read(_content_length(head, piece.path, piece.start + stream.tell()))
        if row := _row(head, body, limit):
            rows.append((number, f"{shown(piece.name)}:{number}", *row))
            size += len(row[1] or row[3] or b"")
        number += 1
        if size >= BATCH:
            yield rows_batch(rows, layout, "column:crawled", pa.string())
            rows, size = [], 0
    yield rows_batch(rows, layout, "column:crawled", pa.string())


_EXPLODES = "the page is larger than input.max_document_mb = {} allows, once it is decompressed"


def _row(head: bytes, body: bytes, limit: int) -> tuple[Any, ...] | None:
    """Give the values of RECORDS from `id` on, and when it was fetched; None for other records."""
    # Each record is parsed alone: one that is damaged does not take the next ones with it.
    source = io.BytesIO(head.lstrip() + body + b"\r\n\r\n")
    archive = _archive_iterator()(source, parse_http=True, auto_decode="all")
    record: Any = next(archive, None)
    kind = (record.headers.get("WARC-Type") or "").strip().lower() if record else ""
    if not _is_wanted(record, kind):
        return None
    url = (record.headers.get("WARC-Target-URI") or "").strip("<> ") or None
    told = (None, url and host(url), url, None, None, None, None)
    name = (record.record_id or "").strip("<>") or None
    crawled = record.headers.get("WARC-Date")
    try:
        content = record.reader.read(limit + 1)
        # A few kilobytes can be gigabytes.
        fault = _EXPLODES.format(limit >> 20) if len(content) > limit else ""
    except OSError as error:
        fault = f"the page cannot be decompressed ({error})"
    if fault:
        return (name, None, False, None, None, None, *told, fault, body, crawled)
    if kind == "conversion":
        found = decode(content)
        return (name, found.text, False, None, None, found.account, *told, None, None, crawled)
    charset = record.http_charset or html_charset(content)
    return (name, None, False, content, charset, None, *told, None, None, crawled)


def _is_wanted(record: Any, kind: str) -> bool:
    """Tell whether a record is a page that was found, or a text."""
    if kind == "response":
        status = record.http_headers.status_code if record.http_headers else None
        return record.http_content_type in _HTML and status is not None and status // 100 == 2
    if kind == "resource":
        content_type = record.headers.get("Content-Type") or ""
        return content_type.split(";")[0].strip().lower() in _HTML
    return kind == "conversion"
