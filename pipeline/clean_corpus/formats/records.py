"""What a record is, in Arrow, and batches of them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from clean_corpus.units import Piece, shown

#: One row a record. `row` is its line or record number (from 1; 0 where a file is one document).
#: `text` is null where it is missing or null; a list of paragraphs is joined by blank lines. `html`
#: is a page to extract the text from, `charset` what that page declares, `encoding` how bytes
#: became text. The record's bytes are `before` + text value + `after`; `value` is that value as it
#: was spelled, or null where encoding the text anew spells it so. `fault` says in a sentence why
#: the record cannot be used, and `raw` are its bytes then. Columns that only the writer needs are
#: behind these, named "column:<name>".
RECORDS = pa.schema(
    [
        ("row", pa.int64()),
        ("origin", pa.string()),
        ("id", pa.string()),
        ("text", pa.large_string()),
        ("paragraphs", pa.bool_()),
        ("html", pa.large_binary()),
        ("charset", pa.string()),
        ("encoding", pa.string()),
        ("title", pa.string()),
        ("source", pa.string()),
        ("url", pa.string()),
        ("date", pa.string()),
        ("before", pa.large_binary()),
        ("value", pa.large_binary()),
        ("after", pa.large_binary()),
        ("fault", pa.string()),
        ("raw", pa.large_binary()),
    ]
)

#: What is added to a kept record; null is absent. The last four are for `mode = "mark"`.
CLEAN = pa.struct(
    [
        ("id", pa.string()),
        ("language", pa.string()),
        ("confidence", pa.float64()),
        ("dateline", pa.string()),
        ("agency", pa.string()),
        ("date", pa.string()),
        ("byline", pa.string()),
        ("tags", pa.list_(pa.string())),
        ("site", pa.string()),
        ("shared", pa.float64()),
        ("shared_with", pa.list_(pa.string())),
        ("shared_since", pa.string()),
        ("contained", pa.string()),
        ("contained_share", pa.float64()),
        ("removed", pa.string()),
        ("keeper", pa.string()),
        ("jaccard", pa.float64()),
        ("containment", pa.float64()),
    ]
)
MARKS = ("removed", "keeper", "jaccard", "containment")

#: Bytes of text in a piece, and in a batch.
PIECE = 16 << 20
BATCH = 4 << 20
#: Bytes that are kept of a record too large to be kept.
HEAD = 4096

#: What the writer must know of a file, as metadata of its records' schema.
Layout = Mapping[str, str | bytes]


def batch(size: int, layout: Layout, columns: Mapping[str, Any]) -> pa.RecordBatch:
    """Build a batch of `size` records; columns that are not given are null.

    Further columns ("column:<name>") are Arrow arrays and stand behind those of RECORDS.
    """
    arrays, fields = [], []
    for field in RECORDS:
        values = columns.get(field.name)
        if values is None:
            values = pa.nulls(size, field.type)
        arrays.append(values if isinstance(values, pa.Array) else pa.array(values, field.type))
        fields.append(field)
    for name, values in columns.items():
        if name.startswith("column:"):
            arrays.append(values)
            fields.append(pa.field(name, values.type))
    return pa.RecordBatch.from_arrays(arrays, schema=pa.schema(fields, metadata=dict(layout)))


def rows_batch(
    rows: Sequence[tuple[Any, ...]], layout: Layout, name: str, kind: pa.DataType
) -> pa.RecordBatch:
    """Build a batch of rows of RECORDS that have the value of the further column `name` behind."""
    names = [*RECORDS.names, name]
    values = dict(zip(names, zip(*rows, strict=True), strict=True)) if rows else {}
    values[name] = pa.array(values.get(name, ()), kind)
    return batch(len(rows), layout, values)


def faulty(
    piece: Piece, layout: Layout, columns: Mapping[str, Any] | None = None
) -> pa.RecordBatch:
    """Build the only record of a piece that is set aside."""
    known = {
        "row": [piece.row],
        "origin": [f"{shown(piece.name)}:{piece.row}"],
        "fault": [piece.fault],
        "raw": [piece.payload or b""],
    }
    return batch(1, layout, {**known, **(columns or {})})


def layout(records: pa.Table | pa.RecordBatch) -> dict[str, str]:
    """Give what the reader noted for the writer, but for what is not text."""
    found: Mapping[bytes, bytes] = records.schema.metadata or {}
    return {key.decode(): value.decode("utf-8", "surrogateescape") for key, value in found.items()}


def too_large(size: int, limit: int) -> str:
    """Say that a record is larger than it may be."""
    return (
        f"the record has {size:,} bytes, more than input.max_document_mb = {limit >> 20} allows; "
        f"its first {HEAD} bytes are kept here"
    )


def no_text(where: str, field: str, names: Sequence[str]) -> str:
    """Say that an input lacks the text, and which fields it has."""
    there = [_printable(name if len(name) <= 40 else f"{name[:40]}...") for name in names[:30]]
    if len(names) > len(there):
        there.append(f"and {len(names) - len(there)} more")
    return (
        f"{where}: no field '{field}'. Fields here: {', '.join(there) or 'none'}. "
        "Name the one of the article: --set fields.text=NAME."
    )


def _printable(text: str) -> str:
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)


_AUTHORITY = re.compile(r"(?:[A-Za-z][A-Za-z0-9+.-]*:)?//(?:[^/?#@\\]*@)?(\[[^\]]*\]|[^/?#:\\]*)")
_BARE = re.compile(r"((?:[^\s/?#:@.]+\.)+[^\s/?#:@.]{2,})(?::\d+)?(?:[/?#]|$)")


def host(url: str) -> str | None:
    """Give the host of a url: lower-case, without a leading "www.", without port.

    >>> host("https://www.Example.org:8080/a?b")
    'example.org'
    """
    found = _AUTHORITY.match(url.strip()) or _BARE.match(url.strip())
    name = found[1].lower().rstrip(".").removeprefix("www.") if found else ""
    return name or None
