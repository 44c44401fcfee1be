"""Arrow columns as texts, words and JSON, whatever their types."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from itertools import islice
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.compute as pc

from clean_corpus.decode import decode
from clean_corpus.formats.fields import Keys, readings

#: Bytes that a column may hold beyond what it takes.
_HARMLESS = 1 << 26


def locate(schema: pa.Schema, path: str) -> Keys | None:
    """Find the column, or the field inside struct columns, that a dotted path names."""
    for way in readings(path):
        fields: Any = schema
        for key in way[:-1]:
            i = fields.get_field_index(key) if fields is not None else -1
            inner = fields.field(i).type if i >= 0 else None
            fields = inner if inner is not None and pa.types.is_struct(inner) else None
        if fields is not None and fields.get_field_index(way[-1]) >= 0:
            return way
    return None


def paths(schema: pa.Schema) -> list[str]:
    """Give the dotted paths of a schema, two levels deep."""
    found: list[str] = []
    for field in schema:
        inner = [f"{field.name}.{one.name}" for one in field.type] if _is_struct(field) else []
        found += inner or [field.name]
    return found


def _is_struct(field: pa.Field) -> bool:
    return bool(pa.types.is_struct(field.type))


def at(records: pa.RecordBatch | pa.Table, keys: Keys) -> pa.Array:
    """Give a column, or the field inside struct columns that a path leads to."""
    found = records.column(keys[0])
    for key in keys[1:]:
        found = pc.struct_field(found, key)
    return found


def is_text(kind: pa.DataType) -> bool:
    """Tell whether a type holds strings, or bytes that can be decoded."""
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    return kind in (pa.string(), pa.large_string(), pa.string_view(), pa.null()) or is_bytes(kind)


def is_bytes(kind: pa.DataType) -> bool:
    """Tell whether a type holds bytes of any length."""
    return kind in (pa.binary(), pa.large_binary(), pa.binary_view())


def is_list(kind: pa.DataType) -> bool:
    """Tell whether a type holds lists of texts."""
    return (pa.types.is_list(kind) or pa.types.is_large_list(kind)) and is_text(kind.value_type)


def texts(array: pa.Array) -> tuple[list[str | None], dict[int, str]]:
    """Give the texts of a column (`is_text`), and the charsets of those that were not UTF-8."""
    if pa.types.is_dictionary(array.type):
        array = array.dictionary_decode()
    if not is_bytes(array.type):
        try:
            return array.to_pylist(), {}
        except UnicodeDecodeError:  # Arrow does not look into the strings of a file
            array = array.cast(pa.large_string()).cast(pa.large_binary())
    out: list[str | None] = []
    charsets: dict[int, str] = {}
    for i, data in enumerate(array.to_pylist()):
        found = decode(data) if data is not None else None
        out.append(found.text if found else None)
        if found and found.account != "utf-8":
            charsets[i] = found.account
    return out, charsets


def joined(array: pa.Array) -> list[str | None]:
    """Give the texts of a column of lists (`is_list`), joined by blank lines, nulls left out."""
    inner = iter(texts(array.flatten())[0])
    sizes = pc.list_value_length(array).to_pylist()
    lists = (None if size is None else [*islice(inner, size)] for size in sizes)
    return [
        None if one is None else "\n\n".join(part for part in one if part is not None)
        for one in lists
    ]


def strings(array: pa.Array, kind: pa.DataType) -> pa.Array | None:
    """Give a column of strings as `kind`; None where it has another type, or is not UTF-8."""
    if array.type not in (pa.string(), pa.large_string(), pa.string_view()):
        return None
    try:
        array = array.cast(kind)
        array.validate(full=True)  # Arrow does not look into the strings of a file
    except pa.ArrowInvalid:
        return None
    return array


def words(array: pa.Array) -> pa.StringArray:
    """Give ids, dates and the like as strings: numbers as they are spelled, times in ISO 8601."""
    found = strings(array, pa.string())
    if found is None:
        return pa.array(_spelled(array), pa.string())
    return pc.if_else(pc.equal(found, ""), pa.scalar(None, pa.string()), found)


def _spelled(array: pa.Array) -> list[str | None]:
    kind = array.type
    if is_text(kind):
        return [text or None for text in texts(array)[0]]
    if pa.types.is_timestamp(kind):
        seconds = array.cast(pa.timestamp("s", kind.tz), safe=False).cast(pa.timestamp("s"))
        zone = "Z" if kind.tz else ""
        found = seconds.cast(pa.string()).to_pylist()
        return [time and time.replace(" ", "T") + zone for time in found]
    if pa.types.is_temporal(kind) or pa.types.is_integer(kind) or pa.types.is_floating(kind):
        return list(array.cast(pa.string()).to_pylist())
    return [None] * len(array)


def as_json(table: pa.Table) -> list[bytes]:
    """Give each row as a JSON object: times in ISO 8601, bytes in base64, decimals as strings."""
    columns = {name: list(_values(table.column(name))) for name in table.column_names}
    return [
        orjson.dumps(dict(zip(columns, row, strict=True)), default=_other)
        for row in zip(*columns.values(), strict=True)
    ]


def _values(column: pa.ChunkedArray) -> Iterator[Any]:
    for array in column.chunks:
        if is_text(array.type) and not is_bytes(array.type):
            yield from texts(array)[0]
        else:
            yield from array.cast(_plain(array.type), safe=False).to_pylist()


def _plain(kind: pa.DataType) -> pa.DataType:
    """Replace types that Python cannot hold: nanoseconds, and zones it may not know."""
    types = pa.types
    if types.is_timestamp(kind):
        return pa.timestamp("us", "UTC" if kind.tz else None)
    if types.is_time64(kind):
        return pa.time64("us")
    if types.is_duration(kind):
        return pa.duration("us")
    if types.is_dictionary(kind):
        return _plain(kind.value_type)
    if types.is_struct(kind):
        return pa.struct([pa.field(one.name, _plain(one.type)) for one in kind])
    if types.is_map(kind):
        return pa.map_(_plain(kind.key_type), _plain(kind.item_type))
    if types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind):
        return pa.large_list(_plain(kind.value_type))
    return kind


def _other(value: Any) -> Any:
    return base64.b64encode(value).decode() if isinstance(value, bytes) else str(value)


def repeating(group: Any) -> list[str]:
    """Name the columns of a Parquet row group that may hold far more than they take.

    Their dictionary is most of what they take: few values, which many rows repeat.
    """
    columns = (group.column(i) for i in range(group.num_columns))
    return [
        one.path_in_schema
        for one in columns
        if one.has_dictionary_page
        and one.physical_type == "BYTE_ARRAY"
        and (one.data_page_offset - one.dictionary_page_offset) * 2 > one.total_compressed_size
        and one.total_uncompressed_size * group.num_rows > _HARMLESS
    ]


def decoded_size(column: pa.ChunkedArray) -> int:
    """Add up the bytes of the values of a dictionary column; of another one, nothing."""
    return sum(
        pc.sum(pc.binary_length(chunk.dictionary).take(chunk.indices)).as_py() or 0
        for chunk in column.chunks
        if pa.types.is_dictionary(chunk.type)
    )
