"""JSON Lines: cut a file into pieces, and read records with the bytes around their text."""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import orjson
import pyarrow as pa

from clean_corpus.config import Fields, Input
from clean_corpus.errors import InputError
from clean_corpus.formats import cutting
from clean_corpus.formats.compression import blocks, fetch
from clean_corpus.formats.fields import MISSING, Paths, find, paths, with_spellings
from clean_corpus.formats.jsonl_usual import Offsets, Scanned, scanned, span, usual, word
from clean_corpus.formats.lines import Lines, groups, lines
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
from clean_corpus.kernels.json import Spans, Tree, scan
from clean_corpus.units import Piece, Unit, shown, state

#: If so many records lack the text, before any has one, it is the user's mistake.
_FIRST = 1000


def pieces(unit: Unit, options: Input, size: int) -> Iterator[Piece]:
    """Cut a file into pieces at line ends, with the line number that each begins with."""
    path = unit.paths[0]
    now = state(path)
    stream = cutting.as_utf8(blocks(path, unit.compression), unit.name, options, guess=False)
    seekable = stream.as_stored and not unit.compression and path != "-"
    first = Piece(
        path,
        unit.name,
        unit.format,
        unit.compression,
        start=stream.mark,
        charset=stream.charset,
        state=now,
    )
    chunks = cutting.cut(stream.blocks, cutting.line_ends, size, options.max_document_mb << 20)
    yield from cutting.pieces(first, chunks, ord("\n"), seekable=seekable)


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
        lines = scanned(found.data, begins, ends - (data[ends - 1] == 10), self.paths)
        easy, columns = usual(lines, self.paths, self.clean_field, self.limit)
        filled = lines.spans.head < lines.ends
        filled[easy] = False
        hard = np.flatnonzero(filled)
        charsets = [found.charsets.get(a + i, self.piece.charset) for i in easy.tolist()]
        columns = {**self._places(easy + a), **columns, "encoding": charsets}
        quick = batch(len(easy), layout, columns)
        if not hard.size:
            return quick
        rows = [self._row(found, lines, a, i) for i in hard.tolist()]
        values = dict(zip(RECORDS.names[2:], zip(*rows, strict=True), strict=True))
        slow = batch(len(hard), layout, {**self._places(hard + a), **values})
        order = pa.array(np.argsort(np.concatenate([easy, hard])))
        (both,) = pa.Table.from_batches([quick, slow]).take(order).combine_chunks().to_batches()
        return both

    def _places(self, lines: Offsets) -> dict[str, Any]:
        """Give row and origin of lines."""
        name, rows = shown(self.piece.name), lines + self.piece.row
        return {"row": pa.array(rows), "origin": [f"{name}:{row}" for row in rows.tolist()]}

    def _row(self, found: Lines, lines: Scanned, a: int, i: int) -> tuple[Any, ...]:
        """Make the row of any line, from `id` on."""
        begin, end = int(lines.begins[i]), int(lines.ends[i])
        charset = found.charsets.get(a + i, self.piece.charset)
        try:
            return self._patient(_Line(found.data, begin, end, charset, lines.spans, i))
        except _Fault as fault:
            raw = found.data[begin : end if end - begin <= self.limit else begin + HEAD]
            return (*[None] * 13, str(fault), raw)

    def _patient(self, line: _Line) -> tuple[Any, ...]:
        """Make the row of a line that need not be usual; raise _Fault where it cannot be used."""
        if line.end - line.begin > self.limit:
            raise _Fault(too_large(line.end - line.begin, self.limit))
        data = line.data[line.begin : line.end].removeprefix(codecs.BOM_UTF8)
        record = _parsed(data)
        if len(data) < line.end - line.begin or line.spans.escaped[line.i]:
            tree = with_spellings(self.paths.tree, data)
            line = _Line(data, 0, len(data), line.charset, _scanned(data, tree), 0)
        text, html = (find(record, ways) for ways in self.paths.ways[:2])
        content, paragraphs = _content(text)
        page = html.encode() if isinstance(html, str) and html and not content else None
        content = None if page else content
        if self.clean_field and self.clean_field in record:
            raise _Fault(f"the record has a field '{self.clean_field}' already")
        id_, title, source, url, date = [
            word(find(record, ways), line.data, line.spans, line.i, nodes)
            for ways, nodes in zip(self.paths.ways[2:], self.paths.nodes[2:], strict=True)
        ]
        told = (title, source or (url and host(url)), url, date)
        how = (paragraphs, page, "utf-8" if page else None, line.charset)
        return (id_, content, *how, *told, *self._around(line, page), None, None)

    def _around(self, line: _Line, page: bytes | None) -> tuple[bytes, bytes | None, bytes]:
        """Give what stands before the text value, how it is spelled, and what stands behind."""
        place = span(line.spans, line.i, self.paths.nodes[0])
        if place is None:
            close = int(line.spans.close[line.i])
            before, after = line.data[line.begin : close], line.data[close : line.end]
            if page is None:
                return before, b"", after
            comma = b"" if before.rstrip().endswith(b"{") else b","
            return before + comma + orjson.dumps(self.fields.text) + b":", None, after
        start, stop = place
        value = line.data[start:stop]
        # A page's text is written whatever stood there; an unchanged text keeps its spelling.
        before, after = line.data[line.begin : start], line.data[stop : line.end]
        return before, None if page else value, after


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
            what = error.msg.removesuffix(" at")
            raise _Fault(f"not JSON: {what}, at character {error.pos + 1}") from error
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
