"""JSON Lines as they mostly are: objects with a string for a text, read column by column."""

from __future__ import annotations

from collections.abc import Sequence
from types import NoneType
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import orjson
import pyarrow as pa

from clean_corpus.formats.fields import MISSING, Keys, Paths, find
from clean_corpus.formats.records import host
from clean_corpus.kernels.json import UNKNOWN, USUAL, Spans, scan, unescape
from clean_corpus.text import from_buffers

Offsets = npt.NDArray[np.int64]
Rows = npt.NDArray[np.int64]

_PLAIN = {str, NoneType}


class Scanned(NamedTuple):
    """Lines [begins, ends) of `data`, the spans of their values, and those of their texts.

    `texts` and `spelling` are what `unescape` says of the texts; -1 is no text.
    """

    data: bytes
    begins: Offsets
    ends: Offsets
    spans: Spans
    starts: Offsets
    stops: Offsets
    texts: pa.LargeStringArray
    spelling: npt.NDArray[np.uint8]


def scanned(data: bytes, begins: Offsets, ends: Offsets, paths: Paths) -> Scanned:
    """Find the values of the configured paths in lines, and decode their texts."""
    array = np.frombuffer(data, np.uint8)
    spans = scan(array, begins, ends, paths.tree)
    starts, stops = _first_way(spans, paths.nodes[0])
    decoded, offsets, spelling = unescape(array, starts, stops)
    texts = from_buffers(decoded, offsets)
    return Scanned(data, begins, ends, spans, starts, stops, texts, spelling)


def _first_way(spans: Spans, nodes: Sequence[int]) -> tuple[Offsets, Offsets]:
    """Give the places of the text: of the first node that each line has; -1 where it has none."""
    start, stop = spans.start[:, nodes[-1]], spans.stop[:, nodes[-1]]
    for node in reversed(nodes[:-1]):
        there = spans.start[:, node] >= 0
        start = np.where(there, spans.start[:, node], start)
        stop = np.where(there, spans.stop[:, node], stop)
    return np.ascontiguousarray(start), np.ascontiguousarray(stop)


def usual(
    lines: Scanned, paths: Paths, clean_field: str, limit: int
) -> tuple[Rows, dict[str, Any]]:
    """Give the lines that hold nothing unusual, and their columns of RECORDS from `id` on.

    These are valid, of `limit` bytes at most, and have a text in a string of Unicode characters, no
    key that is spelled with a backslash, no field `clean_field`, and no page in place of the text.
    """
    known = (lines.spelling != UNKNOWN) & ~lines.spans.escaped
    known &= lines.ends - lines.begins <= limit
    rows: list[int] = []
    records: list[dict[str, Any]] = []
    around: list[tuple[bytes, bytes | None, bytes]] = []
    columns = (lines.begins, lines.starts, lines.stops, lines.ends, lines.spelling)
    which = np.flatnonzero(known)
    for i, begin, start, stop, end, spelling in zip(
        which.tolist(), *(column[which].tolist() for column in columns), strict=True
    ):
        before, after = lines.data[begin:start], lines.data[stop:end]
        try:
            record = orjson.loads(b'%b""%b' % (before, after))
        except orjson.JSONDecodeError:
            continue
        empty = stop - start == len('""')
        had = clean_field and clean_field in record
        if had or (empty and find(record, paths.ways[1]) is not MISSING):
            continue
        rows.append(i)
        records.append(record)
        around.append((before, None if spelling == USUAL else lines.data[start:stop], after))
    found = np.array(rows, np.int64)
    texts = lines.texts if len(rows) == len(lines.begins) else lines.texts.take(pa.array(found))
    before_, value, after_ = zip(*around, strict=True) if around else ((), (), ())
    told = [
        _words(lines, rows, _values(records, ways), nodes)
        for ways, nodes in zip(paths.ways[2:], paths.nodes[2:], strict=True)
    ]
    id_, title, source, url, date = told
    source = [
        name or (address and host(address)) for name, address in zip(source, url, strict=True)
    ]
    return found, {
        "id": id_,
        "text": texts,
        "paragraphs": pa.array(np.zeros(len(rows), bool)),
        "title": title,
        "source": source,
        "url": url,
        "date": date,
        "before": before_,
        "value": value,
        "after": after_,
    }


def _values(records: Sequence[dict[str, Any]], ways: Sequence[Keys]) -> list[Any]:
    if len(ways) == 1 and len(ways[0]) == 1:
        (key,) = ways[0]
        return [record.get(key) for record in records]
    return [find(record, ways) for record in records]


def _words(
    lines: Scanned, rows: Sequence[int], values: Sequence[Any], nodes: Sequence[int]
) -> list[str | None]:
    """Give what `word` does, of a whole column."""
    if {*map(type, values)} <= _PLAIN:
        return [value or None for value in values]
    return [
        word(value, lines.data, lines.spans, i, nodes)
        for i, value in zip(rows, values, strict=True)
    ]


def word(value: Any, data: bytes, spans: Spans, i: int, nodes: Sequence[int]) -> str | None:
    """Give a string that is not empty, or a number as line i spells it.

    24 digits would not survive parsing.
    """
    if isinstance(value, str):
        return value or None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    place = span(spans, i, nodes)
    return data[slice(*place)].decode() if place else None


def span(spans: Spans, i: int, nodes: Sequence[int]) -> tuple[int, int] | None:
    """Give the place of the first of these nodes that line i has."""
    for node in nodes:
        start = int(spans.start[i, node])
        if start >= 0:
            return start, int(spans.stop[i, node])
    return None
