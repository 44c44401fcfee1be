"""CSV and TSV: cut a file into pieces outside quotes, and read records by the header's names."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator, Sequence
from itertools import chain, pairwise
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from clean_corpus.config import Fields, Input
from clean_corpus.errors import ConfigError, InputError
from clean_corpus.formats import cleaned, cutting
from clean_corpus.formats.compression import blocks, fetch
from clean_corpus.formats.fields import NAMES
from clean_corpus.formats.lines import Lines, groups, mended
from clean_corpus.formats.records import (
    BATCH,
    HEAD,
    RECORDS,
    Layout,
    batch,
    faulty,
    host,
    no_text,
    too_large,
)
from clean_corpus.kernels.delimited import Grid, record_end, scan
from clean_corpus.units import Piece, Unit, shown, state

#: A header line may be this long.
_HEADER = 1 << 20
_DELIMITERS = {"csv": (b",", b";", b"\t", b"|"), "tsv": (b"\t", b",", b";", b"|")}
#: A line that Excel reads as "this is the delimiter".
_PREFACE = re.compile(rb"sep=(.)\r?\n", re.IGNORECASE)
_BLANK = re.compile(rb"[\r\n]*")
_QUOTED = re.compile(rb'"([^"]*(?:""[^"]*)*)"?(.*)', re.DOTALL)


def pieces(unit: Unit, options: Input, size: int) -> Iterator[Piece]:
    """Cut a file into pieces where records end, with the line number that each begins with.

    Raises ConfigError where the configured delimiter cannot be one.
    """
    path = unit.paths[0]
    now = state(path)
    stream = cutting.as_utf8(blocks(path, unit.compression), unit.name, options, guess=True)
    seekable = stream.as_stored and not unit.compression
    head = _head(stream.blocks, _configured(options), unit.name, unit.format)
    first = Piece(
        path,
        unit.name,
        unit.format,
        unit.compression,
        start=stream.mark + len(head.header),
        row=1 + head.header.count(line_end_of(head.header)),
        charset=stream.charset,
        header=codecs.BOM_UTF8 * bool(stream.mark) + head.header,
        delimiter=head.delimiter.decode(),
        state=now,
    )

    line_end = line_end_of(head.header)

    def ends(buffer: bytearray, least: int, final: bool) -> tuple[int, int]:
        # Read-only, as bytes are: the kernel is compiled for one kind of array.
        data = np.frombuffer(memoryview(buffer).toreadonly(), np.uint8)
        return record_end(data, ord(head.delimiter), line_end, least, final)

    chunks = cutting.cut(head.rest, ends, size, options.max_document_mb << 20)
    yield from cutting.pieces(first, chunks, line_end, seekable=seekable)


def line_end_of(header: bytes) -> int:
    """Give the byte that ends lines, by the header: a line feed, or what old Macs wrote."""
    return ord("\r") if header.endswith(b"\r") else ord("\n")


def _configured(options: Input) -> bytes:
    delimiter = options.delimiter.encode()
    if len(delimiter) > 1 or delimiter in (b'"', b"\n", b"\r"):
        raise ConfigError(
            f"input.delimiter: {options.delimiter!r} cannot stand between fields. "
            "Write a single ASCII character."
        )
    return delimiter


class _Head(NamedTuple):
    header: bytes
    delimiter: bytes
    rest: Iterator[bytes]


def _head(stream: Iterator[bytes], delimiter: bytes, name: str, format_: str) -> _Head:
    """Take the header off a stream: the first record, and what may stand before it."""
    buffer = b""
    for block in chain(stream, (b"",)):
        buffer += block
        blank = _BLANK.match(buffer)
        skip = blank.end() if blank else 0
        if preface := _PREFACE.match(buffer, skip):
            skip = preface.end()
            found = delimiter or preface[1]
        else:
            found = delimiter or _delimiter(buffer[skip : skip + _HEADER], format_)
        line_end = ord("\n" if b"\n" in buffer else "\r")
        data = np.frombuffer(buffer, np.uint8)
        end, _ = record_end(data, ord(found), line_end, skip + 1, not block)
        if end or not block or len(buffer) > _HEADER:
            break
    if buffer and not end:
        raise InputError(
            f"{shown(name)}:1: the header line has no end; a quote in it may be open. Mend it."
        )
    return _Head(buffer[:end], found, chain((buffer[end:],) if buffer[end:] else (), stream))


def _delimiter(head: bytes, format_: str) -> bytes:
    """Tell the delimiter by the header line: the candidate that it has most of outside quotes."""
    line = re.match(rb'(?:"[^"]*(?:"|$)|[^"\r\n])*', head)
    bare = re.sub(rb'"[^"]*"?', b"", line[0] if line else b"")
    candidates = _DELIMITERS[format_]
    if format_ == "tsv" and candidates[0] in bare:
        return candidates[0]
    return max(candidates, key=bare.count)  # the first of equals


def names(header: bytes, delimiter: bytes) -> list[str]:
    """Give the columns that a header names."""
    header = header.removeprefix(codecs.BOM_UTF8).lstrip(b"\r\n")
    if preface := _PREFACE.match(header):
        header = header[preface.end() :]
    grid = scan(np.frombuffer(header, np.uint8), ord(delimiter), line_end_of(header))
    spans = zip(grid.starts.tolist(), grid.stops.tolist(), strict=True)
    return [unquoted(header[a:b]).decode("utf-8", "replace").strip() for a, b in spans]


def read(
    piece: Piece, fields: Fields, options: Input, clean_field: str
) -> Iterator[pa.RecordBatch]:
    """Read the records of a piece, blank lines apart, in batches of about 4 MiB.

    Raises InputError where the header names no text, or a column that is to be added.
    """
    delimiter = piece.delimiter.encode()
    columns = names(piece.header, delimiter)
    text = fields.text
    layout: Layout = {
        "format": piece.format,
        "compression": piece.compression,
        "first": "1" if piece.first else "",
        "header": piece.header,
        "delimiter": piece.delimiter,
        "added": "" if text in columns else text,
    }
    if piece.fault:
        yield faulty(piece, layout)
        return
    _check(piece, columns, fields, clean_field)
    data = fetch(piece)
    signs = ord(delimiter), line_end_of(piece.header)
    grid = scan(np.frombuffer(data, np.uint8), *signs)
    found = mended(data, grid.begins)
    if found.charsets:
        grid = scan(np.frombuffer(found.data, np.uint8), *signs)
    reader = _Reader(piece, columns, fields, options.max_document_mb << 20)
    for a, b in groups(grid.begins, BATCH):
        rows = reader.rows(found, grid, a, b)
        values = zip(RECORDS.names, zip(*rows, strict=True), strict=True) if rows else ()
        yield batch(len(rows), layout, dict(values))


def _check(piece: Piece, columns: Sequence[str], fields: Fields, clean_field: str) -> None:
    if not piece.header:
        return
    where = f"{shown(piece.name)}:1"
    if fields.text not in columns and fields.html not in columns:
        raise InputError(no_text(where, fields.text, columns))
    for name in cleaned.names(mark=True):
        if clean_field and f"{clean_field}_{name}" in columns:
            raise InputError(
                f"{where}: there is a column '{clean_field}_{name}' already. "
                "Set output.clean_field to another name."
            )


class _Reader(NamedTuple):
    """Makes rows of RECORDS of the records of one piece."""

    piece: Piece
    columns: Sequence[str]
    fields: Fields
    limit: int

    def rows(self, found: Lines, grid: Grid, a: int, b: int) -> list[tuple[Any, ...]]:
        """Make the rows of records [a, b)."""
        name = shown(self.piece.name)
        last = {column: i for i, column in enumerate(self.columns)}
        wanted = [last.get(getattr(self.fields, field)) for field in NAMES]
        first = grid.fields[a]
        starts, stops = (
            spans[first : grid.fields[b]].tolist() for spans in (grid.starts, grid.stops)
        )
        fields = (grid.fields[a : b + 1] - first).tolist()
        lines = grid.lines[a:b].tolist()
        rows: list[tuple[Any, ...]] = []
        for i, (begin, end) in enumerate(pairwise(grid.begins[a : b + 1].tolist())):
            low, high = fields[i : i + 2]
            spans = list(zip(starts[low:high], stops[low:high], strict=True))
            if len(spans) == 1 and spans[0][0] == spans[0][1]:
                continue
            number = self.piece.row + lines[i]
            head = (number, f"{name}:{number}")
            if fault := self._fault(end - begin, len(spans)):
                raw = found.data[begin : end if end - begin <= self.limit else begin + HEAD]
                rows.append((*head, *[None] * 13, fault, raw))
                continue
            charset = found.charsets.get(a + i, self.piece.charset)
            rows.append((*head, *self._row(found.data, (begin, end), spans, wanted, charset)))
        return rows

    def _fault(self, size: int, fields: int) -> str:
        if size > self.limit:
            return too_large(size, self.limit)
        if fields != len(self.columns):
            return (
                f"{fields} fields, where the header has {len(self.columns)}; "
                "a quote or a delimiter may be missing"
            )
        return ""

    def _row(
        self,
        data: bytes,
        record: tuple[int, int],
        spans: Sequence[tuple[int, int]],
        wanted: Sequence[int | None],
        charset: str,
    ) -> tuple[Any, ...]:
        """Give the values of RECORDS from `id` on."""
        text, html, *words = (
            None if column is None else unquoted(data[slice(*spans[column])]) for column in wanted
        )
        page = html if html and not text else None
        begin, end = record
        if wanted[0] is None:
            last = spans[-1][1]
            before = data[begin:last] + (self.piece.delimiter.encode() if page else b"")
            around = before, None if page else b"", data[last:end]
        else:
            start, stop = spans[wanted[0]]
            spelled = data[start:stop]
            usual = page or text is None or spelled == quoted(text)
            around = data[begin:start], None if usual else spelled, data[stop:end]
        name, title, source, url, date = ((word or b"").decode().strip() or None for word in words)
        content = None if page or text is None else text.decode()
        told = (title, source or (url and host(url)), url, date)
        return (
            name,
            content,
            False,
            page,
            "utf-8" if page else None,
            charset,
            *told,
            *around,
            None,
            None,
        )


def unquoted(field: bytes) -> bytes:
    """Give what a field means; what stands behind its closing quote is taken as it is."""
    if field[:1] != b'"':
        return field
    found = _QUOTED.match(field)
    return found[1].replace(b'""', b'"') + found[2] if found else field


def quoted(text: bytes) -> bytes:
    """Write a field in quotes."""
    return b'"' + text.replace(b'"', b'""') + b'"'
