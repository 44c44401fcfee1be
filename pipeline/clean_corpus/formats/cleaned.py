"""The `clean` object of records: as JSON, and as cells of a table."""

from __future__ import annotations

from collections.abc import Sequence

import orjson
import pyarrow as pa
import pyarrow.compute as pc

from clean_corpus.formats import strings
from clean_corpus.formats.records import CLEAN, MARKS
from clean_corpus.text import whole


def names(*, mark: bool) -> list[str]:
    """Give the names of the object's members; those of mark mode only where it is on."""
    return [field.name for field in CLEAN if mark or field.name not in MARKS]


def as_json(clean: pa.StructArray) -> pa.LargeBinaryArray:
    """Give each object as JSON; nulls are left out."""
    members: list[pa.Array] = []
    for name in names(mark=True):
        column = clean.field(name)
        if members and column.null_count == len(column):
            continue
        comma = b"," if members else b""
        pair = strings.joined(comma + orjson.dumps(name) + b":", strings.encoded(column))
        if column.null_count and not members:
            return _one_by_one(clean)
        members.append(pc.fill_null(pair, b""))
    return strings.joined(b"{", *members, b"}")


def _one_by_one(clean: pa.StructArray) -> pa.LargeBinaryArray:
    """Do the same where even the first member may be missing."""
    rows = (
        {name: value for name, value in row.items() if value is not None}
        for row in clean.to_pylist()
    )
    return pa.array([orjson.dumps(row) for row in rows], pa.large_binary())


def added(objects: Sequence[bytes], clean: pa.StructArray | None, clean_field: str) -> list[bytes]:
    """Add the object as the last member of JSON objects that are not empty."""
    if clean is None:
        return list(objects)
    key = orjson.dumps(clean_field)
    pairs = zip(objects, as_json(clean).to_pylist(), strict=True)
    return [b"%b,%b:%b}" % (whole[:-1], key, one) for whole, one in pairs]


def as_cells(clean: pa.StructArray, *, mark: bool) -> list[tuple[str, ...]]:
    """Give the members of each object as text: tags joined by "; ", null is empty."""
    columns = []
    for name in names(mark=mark):
        values = clean.field(name).to_pylist()
        columns.append([_cell(value) for value in values])
    return list(zip(*columns, strict=True))


def _cell(value: object) -> str:
    match value:
        case None:
            return ""
        case list():
            return "; ".join(value)
        case float():
            return orjson.dumps(value).decode()
        case _:
            return str(value)


def unchanged(records: pa.Table, texts: pa.Array) -> pa.BooleanArray:
    """Tell which cleaned texts are their base texts; no text at all counts as an empty one."""
    base = pc.fill_null(whole(records["text"]), "")
    return pc.equal(base, pc.fill_null(texts, ""))


def paragraphs(text: str) -> list[str]:
    """Split a text at its blank lines, as lists of paragraphs were joined."""
    return [paragraph for paragraph in text.split("\n\n") if paragraph]
