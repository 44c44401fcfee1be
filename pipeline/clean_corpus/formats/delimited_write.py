"""CSV and TSV with new texts: other columns stay as they are, `clean` becomes columns behind."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import orjson
import pyarrow as pa

from clean_corpus.formats import cleaned
from clean_corpus.formats.delimited import line_end_of, names, quoted, unquoted
from clean_corpus.formats.records import layout
from clean_corpus.kernels.delimited import scan

_LINE_END = re.compile(rb"(?:\r\n|\n|\r)?\Z")


def render(
    records: pa.Table, texts: pa.Array, clean: pa.StructArray, clean_field: str, *, mark: bool
) -> bytes:
    """Write the rows of one piece, and the header before those of the first."""
    facts = layout(records)
    header = facts["header"].encode("utf-8", "surrogateescape")
    delimiter = facts["delimiter"].encode()
    line_end = _line_end(header) or b"\n"
    out = []
    if facts["first"] and header:
        new = [facts["added"]] * bool(facts["added"])
        new += [f"{clean_field}_{name}" for name in cleaned.names(mark=mark)]
        out += [_body(header), *_cells(new, delimiter), line_end]
    for before, value, after, cells in zip(
        records["before"].to_pylist(),
        _values(records, texts),
        records["after"].to_pylist(),
        cleaned.as_cells(clean, mark=mark),
        strict=True,
    ):
        added = [""] if facts["added"] and value == b"" else []
        out += [before, value, _body(after), *_cells([*added, *cells], delimiter)]
        out.append(_line_end(after) or line_end)
    return b"".join(out)


def objects(
    records: pa.Table, texts: pa.Array, clean: pa.StructArray | None, clean_field: str
) -> list[bytes]:
    """Give each record as a JSON object of strings, with its cleaned text and `clean`."""
    facts = layout(records)
    delimiter = facts["delimiter"].encode()
    header = facts["header"].encode("utf-8", "surrogateescape")
    line_end = line_end_of(header)
    columns = names(header, delimiter)
    columns += [facts["added"]] * bool(facts["added"])
    out = []
    for before, value, after in zip(
        records["before"].to_pylist(),
        _values(records, texts),
        records["after"].to_pylist(),
        strict=True,
    ):
        row = before + value + after
        grid = scan(np.frombuffer(row, np.uint8), ord(delimiter), line_end)
        spans = zip(grid.starts.tolist(), grid.stops.tolist(), strict=True)
        fields = [unquoted(row[a:b]).decode() for a, b in spans]
        out.append(orjson.dumps(dict(zip(columns, fields, strict=False))))
    return cleaned.added(out, clean, clean_field)


def _values(records: pa.Table, texts: pa.Array) -> list[bytes]:
    """Write each text in quotes, or as it was spelled where it did not change."""
    return [
        spelled if same and spelled is not None else quoted((text or "").encode())
        for text, spelled, same in zip(
            texts.to_pylist(),
            records["value"].to_pylist(),
            cleaned.unchanged(records, texts).to_pylist(),
            strict=True,
        )
    ]


def _cells(values: Sequence[str], delimiter: bytes) -> list[bytes]:
    """Write cells to stand behind a row, in quotes where they need them."""
    special = re.compile(b'["\r\n' + re.escape(delimiter) + b"]")
    cells = [value.encode() for value in values]
    return [delimiter + (quoted(cell) if special.search(cell) else cell) for cell in cells]


def _line_end(row: bytes) -> bytes:
    found = _LINE_END.search(row[-2:])
    return found[0] if found else b""


def _body(row: bytes) -> bytes:
    return row[: len(row) - len(_line_end(row))]
