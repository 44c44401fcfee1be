"""JSON written a whole column at once: strings, other values, objects."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc

from clean_corpus.text import buffers, from_buffers

_NOTHING = pa.scalar(b"", pa.large_binary())
_NULL = pa.scalar(None, pa.large_binary())


def escaped(texts: pa.LargeStringArray) -> pa.LargeStringArray:
    """Give what stands between the quotes of each text as a JSON string, spelled as orjson does."""
    data, offsets = buffers(texts)
    at = np.flatnonzero((data < 0x20) | (data == 0x22) | (data == 0x5C))
    if at.size == 0:
        return texts
    which = data[at]
    out = data.tobytes()
    # The backslash first: the others are spelled with one.
    for byte in sorted(np.flatnonzero(np.bincount(which)).tolist(), reverse=True):
        out = out.replace(bytes([byte]), _SPELLINGS[byte])
    grown = np.concatenate([np.zeros(1, np.int64), np.cumsum(_GROWTH[which])])
    return from_buffers(np.frombuffer(out, np.uint8), offsets + grown[at.searchsorted(offsets)])


#: How each of the characters is spelled that cannot stand for itself, and by how much it grows.
_SPELLINGS = {byte: orjson.dumps(chr(byte))[1:-1] for byte in (*range(0x20), 0x22, 0x5C)}
_GROWTH = np.array([len(_SPELLINGS.get(byte, b" ")) - 1 for byte in range(128)], np.int64)


def joined(*parts: pa.Array | bytes) -> pa.LargeBinaryArray:
    """Put the parts of each row together, strings as UTF-8; a single one stands for every row."""
    kind = pa.large_binary()
    columns = [
        pa.scalar(part, kind) if isinstance(part, bytes) else part.cast(kind) for part in parts
    ]
    return pc.binary_join_element_wise(*columns, _NOTHING)


def objects(columns: Mapping[str, pa.Array], end: bytes = b"}") -> pa.LargeBinaryArray:
    """Make a JSON object of each row of columns of texts or integers without nulls.

    `end` closes each; b"" leaves it open, for what is to follow.
    """
    parts: list[pa.Array | bytes] = []
    for name, values in columns.items():
        key = (b"," if parts else b"{") + orjson.dumps(name) + b":"
        if pa.types.is_integer(values.type):
            parts += [key, values.cast(pa.large_string())]
        else:
            parts += [key + b'"', _escaped(values), b'"']
    return joined(*parts, end)


def _escaped(values: pa.Array) -> pa.LargeStringArray:
    """Escape texts of any type, and those of a dictionary only once."""
    if pa.types.is_dictionary(values.type):
        return escaped(values.dictionary.cast(pa.large_string())).take(values.indices)
    return escaped(values.cast(pa.large_string()))


def encoded(values: pa.Array) -> pa.LargeBinaryArray:
    """Spell values of any type as JSON, nulls apart, as orjson does."""
    if pa.types.is_string(values.type) or pa.types.is_large_string(values.type):
        texts = escaped(pc.fill_null(values, "").cast(pa.large_string()))
        return pc.if_else(pc.is_valid(values), joined(b'"', texts, b'"'), _NULL)
    if pa.types.is_floating(values.type):  # there are few distinct ones
        distinct = values.dictionary_encode()
        spelled = orjson.dumps(distinct.dictionary.to_pylist())[1:-1].split(b",")
        return pa.array(spelled, pa.large_binary()).take(distinct.indices)
    rows = (None if value is None else orjson.dumps(value) for value in values.to_pylist())
    return pa.array(rows, pa.large_binary())


def content(rows: pa.LargeBinaryArray) -> memoryview:
    """Give the rows one behind the other, without a copy."""
    return buffers(rows)[0].data
