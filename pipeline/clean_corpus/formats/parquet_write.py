"""Parquet with new texts: every other column as it was, `clean` as a struct column behind."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

from clean_corpus.formats import cleaned
from clean_corpus.formats.columns import as_json, is_bytes
from clean_corpus.formats.records import CLEAN, layout

#: What `--to parquet` gives, whatever the input: the mapped fields, `clean`, and the whole record
#: as a JSON object with an empty text.
MAPPED = ("id", "title", "source", "url", "date")


def render(
    records: pa.Table, texts: pa.Array, clean: pa.StructArray, clean_field: str, *, mark: bool
) -> bytes:
    """Write the rows of one piece as a Parquet file of one row group."""
    table = _with_texts(records, texts)
    column, field = _clean(clean, clean_field, mark=mark)
    return written(table.append_column(field, column), layout(records)["compression"])


def objects(
    records: pa.Table, texts: pa.Array, clean: pa.StructArray | None, clean_field: str
) -> list[bytes]:
    """Give each record as a JSON object, with its cleaned text and `clean`."""
    return cleaned.added(as_json(_with_texts(records, texts)), clean, clean_field)


def mapped(
    records: pa.Table,
    texts: pa.Array,
    clean: pa.StructArray,
    wholes: Sequence[bytes],
    clean_field: str,
    *,
    mark: bool,
) -> bytes:
    """Write the rows of one piece of any format as a Parquet file of one row group."""
    columns = {name: records[name].combine_chunks().cast(pa.large_string()) for name in MAPPED}
    table = pa.table({**columns, "text": texts.cast(pa.large_string())})
    column, field = _clean(clean, clean_field, mark=mark)
    table = table.append_column(field, column)
    record = pa.array([whole.decode() for whole in wholes], pa.large_string())
    return written(table.append_column("record", record), "zstd")


def written(table: pa.Table, codec: str) -> bytes:
    """Write a table as a Parquet file of one row group."""
    import pyarrow.parquet as pq

    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, row_group_size=max(table.num_rows, 1), compression=codec)
    data: bytes = sink.getvalue().to_pybytes()
    return data


def _clean(clean: pa.StructArray, name: str, *, mark: bool) -> tuple[pa.StructArray, pa.Field]:
    fields = [CLEAN.field(member) for member in cleaned.names(mark=mark)]
    arrays = [clean.field(field.name) for field in fields]
    return pa.StructArray.from_arrays(arrays, fields=fields), pa.field(name, pa.struct(fields))


def _with_texts(records: pa.Table, texts: pa.Array) -> pa.Table:
    """Rebuild the table that was read, with the cleaned texts where the texts were."""
    facts = layout(records)
    schema = pa.ipc.read_schema(pa.py_buffer(facts["schema"].encode("utf-8", "surrogateescape")))
    keys = json.loads(facts["text"])
    same = cleaned.unchanged(records, texts)
    # A text that was null and is still empty stays null.
    null = pc.and_(pc.is_null(records["text"].combine_chunks()), same)
    new = pc.if_else(null, pa.scalar(None, texts.type), texts)
    arrays = []
    for field in schema:
        name = f"column:{field.name}"
        old = records[name].combine_chunks() if name in records.column_names else None
        arrays.append(_put(new, same, keys[1:], old, field.type) if field.name == keys[0] else old)
    table = pa.Table.from_arrays(arrays, schema=schema)
    return table if keys[0] in schema.names else table.append_column(keys[0], new)


def _put(
    new: pa.Array, same: pa.Array, keys: Sequence[str], old: pa.Array | None, kind: pa.DataType
) -> pa.Array:
    """Give texts the type of the column they go to, or put them into a field of its structs."""
    if keys:
        children = {field.name: pc.struct_field(old, field.name) for field in kind}
        inner = kind.field(keys[0]).type
        children[keys[0]] = _put(new, same, keys[1:], children[keys[0]], inner)
        mask = pc.and_(pc.is_null(old), pc.is_null(new))
        return pa.StructArray.from_arrays(list(children.values()), fields=list(kind), mask=mask)
    if pa.types.is_nested(kind):
        lists = [text if text is None else cleaned.paragraphs(text) for text in new.to_pylist()]
        return pc.if_else(same, old, pa.array(lists, kind))
    if pa.types.is_dictionary(kind):
        return new.cast(kind.value_type).dictionary_encode().cast(kind)
    return new.cast(pa.large_binary()).cast(kind) if is_bytes(kind) else new.cast(kind)
