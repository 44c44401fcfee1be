"""JSON Lines: cut a file into pieces, and read records with the bytes around their text."""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import orjson
import pyarrow as pa
import pyarrow.compute as pc

from clean_corpus.config import Fields, Input
from clean_corpus.errors import InputError
from clean_corpus.formats import cutting
from clean_corpus.formats.compression import blocks, fetch
from clean_corpus.formats.fields import MISSING, Paths, find, paths, with_spellings
from clean_corpus.formats.lines import Lines, groups, lines
from clean_corpus.formats.records import (
    BATCH,
    HEAD,
    RECORDS,
    Layout,
    Piece,
    Unit,
    batch,
    faulty,
    host,
    no_text,
    shown,
    too_large,
)
from clean_corpus.kernels.json import UNKNOWN, USUAL, Spans, Tree, scan, unescape
from clean_corpus.text import from_buffers

Offsets = npt.NDArray[np.int64]

#: If so many records lack the text, before any has one, it is the user's mistake.
_FIRST = 1000

#: Stands in a row for the text that the kernel has decoded.
_DECODED: Any = object()


def pieces(unit: Unit, options: Input, size: int) -> Iterator[Piece]:
    """Cut a file into pieces at line ends, with the line number that each begins with."""
    path = unit.paths[0]
    stream = cutting.as_utf8(blocks(path, unit.compression), unit.name, options, guess=False)
    seekable = stream.as_stored and not unit.compression and path != "-"
    piece = Piece(path, unit.name, unit.format, unit.compression, charset=stream.charset)
    none = True
    for chunk in cutting.cut(stream.blocks, cutting.line_ends, size, options.max_document_mb << 20):
        start = stream.mark + chunk.start
        piece = piece._replace(start=start, stop=start + chunk.size, fault=chunk.fault)
        sealed = piece.sealed(chunk.data)
        yield sealed if seekable and not chunk.fault else sealed._replace(payload=chunk.data)
        lines_here = 1 if chunk.fault else chunk.data.count(b"\n")
        piece, none = piece._replace(row=piece.row + lines_here, first=False), False
    if none:
        yield piece._replace(payload=b"").sealed(b"")


def read(
    piece: Piece, fields: Fields, options: Input, clean_field: str
) -> Iterator[pa.RecordBatch]:
    """Read the records of a piece, blank lines apart, in batches of about 4 MiB.

    Raises InputError where the first records of a file all lack the text, or the first that has
    one was cleaned before.
    """
    layout: Layout = {"format": "jsonl", "compression": piece.compression}
    if piece.fault:
        yield faulty(piece, layout)
        return
    found = lines(fetch(piece))
    reader = _Reader(piece, fields, paths(fields), clean_field, options.max_document_mb << 20)
    if piece.first:
        reader.check(found)
    for a, b in groups(found.bounds, BATCH):
        yield reader.batch(found, a, b, layout)


class _Fault(Exception):
    """Why a record cannot be used, in a sentence."""


class _Line(NamedTuple):
    """One line: its bytes [begin, end) of `data`, and row `i` of the spans of its values."""

    data: bytes
    begin: int
    end: int
    charset: str
    spans: Spans
    i: int

    def span(self, nodes: Sequence[int]) -> tuple[int, int] | None:
        """Give the place of the first of these nodes that the line has."""
        for node in nodes:
            start = int(self.spans.start[self.i, node])
            if start >= 0:
                return start, int(self.spans.stop[self.i, node])
        return None


class _Reader(NamedTuple):
    """Makes rows of RECORDS of the lines of one piece."""

    piece: Piece
    fields: Fields
    paths: Paths
    clean_field: str
    limit: int

    def check(self, found: Lines) -> None:
        """Look at the first records until one has a text; raise InputError where none has."""
        name = shown(self.piece.name)
        if found.data.lstrip()[:1] == b"[":
            raise InputError(
                f"{name}:1: a JSON array, where JSON Lines have one object a line. "
                "Convert it with: jq -c '.[]'."
            )
        bare = None
        for i, (a, b) in enumerate(pairwise(found.bounds[: _FIRST + 1].tolist())):
            try:
                record = _parsed(found.data[a:b].removeprefix(codecs.BOM_UTF8))
            except _Fault:
                continue
            if any(find(record, ways) is not MISSING for ways in self.paths.ways[:2]):
                if self.clean_field and self.clean_field in record:
                    raise InputError(
                        f"{name}:{self.piece.row + i}: there is a field '{self.clean_field}' "
                        "already. Set output.clean_field to another name."
                    )
                return
            bare = bare or (self.piece.row + i, record)
        if bare:
            raise InputError(no_text(f"{name}:{bare[0]}", self.fields.text, _names(bare[1])))

    def batch(self, found: Lines, a: int, b: int, layout: Layout) -> pa.RecordBatch:
        """Make the records of lines [a, b)."""
        data = np.frombuffer(found.data, np.uint8)
        begins, ends = found.bounds[a:b], found.bounds[a + 1 : b + 1]
        ends = ends - (data[ends - 1] == 10)
        spans = scan(data, begins, ends, self.paths.tree)
        starts, stops = _first_way(spans, self.paths.nodes[0])
        decoded, offsets, spelling = unescape(data, starts, stops)
        spelling[spans.escaped] = UNKNOWN
        name = shown(self.piece.name)
        rows: list[tuple[Any, ...]] = []
        kept: list[int] = []
        columns = (begins, spans.head, ends, starts, stops, spelling)
        for i, (begin, head, end, start, stop, spelled) in enumerate(
            zip(*(column.tolist() for column in columns), strict=True)
        ):
            if head == end:
                continue
            number = self.piece.row + a + i
            charset = found.charsets.get(a + i, self.piece.charset)
            line = _Line(found.data, begin, end, charset, spans, i)
            try:
                self._weigh(end - begin)
                row = spelled != UNKNOWN and self._quick(line, start, stop, spelled == USUAL)
                row = row or self._patient(line)
            except _Fault as fault:
                raw = found.data[begin : end if end - begin <= self.limit else begin + HEAD]
                row = (*[None] * 13, str(fault), raw)
            rows.append((number, f"{name}:{number}", *row))
            kept.append(i)
        values: dict[str, Any] = {}
        if rows:
            values = dict(zip(RECORDS.names, zip(*rows, strict=True), strict=True))
            values["text"] = _texts(from_buffers(decoded, offsets), kept, values["text"])
        return batch(len(rows), layout, values)

    def _weigh(self, size: int) -> None:
        if size > self.limit:
            raise _Fault(too_large(size, self.limit))

    def _quick(self, line: _Line, start: int, stop: int, usual: bool) -> tuple[Any, ...] | None:
        """Make the row of a line whose text the kernel knows; None if it needs patience."""
        before, after = line.data[line.begin : start], line.data[stop : line.end]
        try:
            record = orjson.loads(b'%b""%b' % (before, after))
        except orjson.JSONDecodeError:
            return None
        if stop - start == 2 and find(record, self.paths.ways[1]) is not MISSING:
            return None
        value = None if usual else line.data[start:stop]
        return self._row(line, record, _DECODED, False, None, (before, value, after))

    def _patient(self, line: _Line) -> tuple[Any, ...]:
        """Make the row of any line."""
        data = line.data[line.begin : line.end].removeprefix(codecs.BOM_UTF8)
        record = _parsed(data)
        if len(data) < line.end - line.begin or line.spans.escaped[line.i]:
            tree = with_spellings(self.paths.tree, data)
            line = _Line(data, 0, len(data), line.charset, _scanned(data, tree), 0)
        text, html = (find(record, ways) for ways in self.paths.ways[:2])
        content, paragraphs = _content(text)
        page = html.encode() if isinstance(html, str) and html and not content else None
        content = None if page else content
        return self._row(line, record, content, paragraphs, page, self._around(line, page))

    def _row(
        self,
        line: _Line,
        record: dict[str, Any],
        text: Any,
        paragraphs: bool,
        page: bytes | None,
        around: tuple[bytes, bytes | None, bytes],
    ) -> tuple[Any, ...]:
        """Give the values of RECORDS from `id` on."""
        if self.clean_field and self.clean_field in record:
            raise _Fault(f"the record has a field '{self.clean_field}' already")
        id_, title, source, url, date = [
            value or None
            if isinstance(value := find(record, ways), str)
            else _number(value, line, nodes)
            for ways, nodes in zip(self.paths.ways[2:], self.paths.nodes[2:], strict=True)
        ]
        source = source or (url and host(url))
        page_charset = "utf-8" if page else None
        told = (title, source, url, date)
        return (id_, text, paragraphs, page, page_charset, line.charset, *told, *around, None, None)

    def _around(self, line: _Line, page: bytes | None) -> tuple[bytes, bytes | None, bytes]:
        """Give what stands before the text value, how it is spelled, and what stands behind."""
        span = line.span(self.paths.nodes[0])
        if span is None:
            close = int(line.spans.close[line.i])
            before, after = line.data[line.begin : close], line.data[close : line.end]
            if page is None:
                return before, b"", after
            comma = b"" if before.rstrip().endswith(b"{") else b","
            return before + comma + orjson.dumps(self.fields.text) + b":", None, after
        start, stop = span
        value = line.data[start:stop]
        # A page's text is written whatever stood there; an unchanged text keeps its spelling.
        before, after = line.data[line.begin : start], line.data[stop : line.end]
        return before, None if page else value, after


def _first_way(spans: Spans, nodes: Sequence[int]) -> tuple[Offsets, Offsets]:
    """Give the places of the text: of the first node that each line has; -1 where it has none."""
    start, stop = spans.start[:, nodes[-1]], spans.stop[:, nodes[-1]]
    for node in reversed(nodes[:-1]):
        there = spans.start[:, node] >= 0
        start = np.where(there, spans.start[:, node], start)
        stop = np.where(there, spans.stop[:, node], stop)
    return np.ascontiguousarray(start), np.ascontiguousarray(stop)


def _texts(decoded: pa.Array, kept: list[int], texts: Sequence[Any]) -> pa.Array:
    """Put the texts that Python decoded among those of the kernel."""
    if len(kept) < len(decoded):
        decoded = decoded.take(pa.array(kept))
    mask = [text is not _DECODED for text in texts]
    if not any(mask):
        return decoded
    others = pa.array([text for text in texts if text is not _DECODED], pa.large_string())
    return pc.replace_with_mask(decoded, pa.array(mask), others)


def _number(value: Any, line: _Line, nodes: Sequence[int]) -> str | None:
    """Spell a number as the record does: 24 digits would not survive parsing."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    span = line.span(nodes)
    return line.data[slice(*span)].decode() if span else None


def _content(text: Any) -> tuple[str | None, bool]:
    """Give the text of a field, and whether it was a list of paragraphs."""
    if isinstance(text, str):
        return text, False
    if text is None or text is MISSING:
        return None, False
    if isinstance(text, list) and all(isinstance(paragraph, str) for paragraph in text):
        return "\n\n".join(text), True
    kinds = {bool: "true or false", int: "a number", float: "a number", dict: "an object"}
    kind = kinds.get(type(text), "a list that holds other things than strings")
    raise _Fault(f"the text is {kind}, where a string or a list of strings should be")


def _parsed(line: bytes) -> dict[str, Any]:
    """Parse a line; NaN and lone surrogates, which JSON forbids but others write, are read too."""
    try:
        record = orjson.loads(line)
    except orjson.JSONDecodeError:
        try:
            record = _sound(json.loads(line.decode(), parse_int=float))
        except json.JSONDecodeError as error:
            raise _Fault(f"not JSON: {error.msg}, at character {error.pos + 1}") from error
        except RecursionError as error:
            raise _Fault("nested too deeply") from error
    if not isinstance(record, dict):
        raise _Fault("not a JSON object")
    return record


_SURROGATE = re.compile("[\ud800-\udfff]")


def _sound(value: Any) -> Any:
    """Replace lone surrogates, which UTF-8 cannot hold."""
    if isinstance(value, str):
        return _SURROGATE.sub("\N{REPLACEMENT CHARACTER}", value)
    if isinstance(value, list):
        return [_sound(item) for item in value]
    if isinstance(value, dict):
        return {_sound(key): _sound(item) for key, item in value.items()}
    return value


def _scanned(line: bytes, tree: Tree) -> Spans:
    ends = np.array([len(line)], np.int64)
    return scan(np.frombuffer(line, np.uint8), np.zeros(1, np.int64), ends, tree)


def _names(record: dict[str, Any]) -> list[str]:
    """Give the paths of a record's fields, two levels deep."""
    names: list[str] = []
    for key, value in record.items():
        names += [f"{key}.{inner}" for inner in value] if isinstance(value, dict) else [key]
    return names
