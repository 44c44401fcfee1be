"""The `clean` object of records: as JSON, and as cells of a table."""

from __future__ import annotations

from collections.abc import Sequence

import orjson
import pyarrow as pa
import pyarrow.compute as pc

from clean_corpus.formats.records import CLEAN, MARKS


def names(*, mark: bool) -> list[str]:
    """Give the names of the object's members; those of mark mode only where it is on."""
    return [field.name for field in CLEAN if mark or field.name not in MARKS]


def as_json(clean: pa.StructArray) -> list[bytes]:
    """Give each object as JSON; nulls are left out."""
    columns = {}
    for name in names(mark=True):
        column = clean.field(name)
        if column.null_count < len(column):
            columns[name] = column.to_pylist()
    return [
        orjson.dumps(
            {name: value for name, value in zip(columns, row, strict=True) if value is not None}
        )
        for row in (zip(*columns.values(), strict=True) if columns else [()] * len(clean))
    ]


def added(objects: Sequence[bytes], clean: pa.StructArray | None, clean_field: str) -> list[bytes]:
    """Add the object as the last member of JSON objects that are not empty."""
    if clean is None:
        return list(objects)
    key = orjson.dumps(clean_field)
    pairs = zip(objects, as_json(clean), strict=True)
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
    base = pc.fill_null(records["text"].combine_chunks(), "")
    return pc.equal(base, pc.fill_null(texts, ""))


def paragraphs(text: str) -> list[str]:
    """Split a text at its blank lines, as lists of paragraphs were joined."""
    return [paragraph for paragraph in text.split("\n\n") if paragraph]
