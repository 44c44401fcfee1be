"""JSON Lines with new texts: every other byte of a record stays what it was."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc

from clean_corpus.formats import cleaned, strings
from clean_corpus.text import whole

_EMPTY = pa.scalar("", pa.large_string())
#: What is read of records.
_COLUMNS = ("before", "text", "value", "after", "paragraphs")

_NULL, _NOTHING, _COMMA = (pa.scalar(data, pa.large_binary()) for data in (None, b"", b","))

#: The value of a text, as parts of each row that are to be joined.
_Value: TypeAlias = tuple[pa.Array | bytes, ...]


def render(
    records: pa.Table,
    texts: pa.ChunkedArray,
    clean: pa.ChunkedArray,
    kept: pa.ChunkedArray,
    clean_field: str,
) -> bytes:
    """Write the kept lines of one piece, batch by batch, so that what is copied stays in the cache.

    A line is null where one of its parts is, and nothing is copied for it.
    """
    given = {name: records[name] for name in _COLUMNS}
    given["before"] = pc.if_else(kept, given["before"], _NULL)
    # Records with a fault have none, and `lines` looks for the brace in all.
    given["after"] = pc.fill_null(given["after"], b"}")
    columns = [*given.values(), texts, clean]
    table = pa.Table.from_arrays(columns, [*_COLUMNS, "cleaned", "clean"])
    return b"".join(
        strings.content(lines(batch, batch["cleaned"], batch["clean"], clean_field, b"\n"))
        for batch in table.to_batches()
    )


def lines(
    records: pa.Table | pa.RecordBatch,
    texts: pa.Array,
    clean: pa.StructArray | None,
    clean_field: str,
    end: bytes,
) -> pa.LargeBinaryArray:
    """Give each record with its cleaned text and `clean` as its last member, and `end` behind.

    A text that did not change keeps its spelling.
    """
    before, after = (whole(records[name]) for name in ("before", "after"))
    value = values(records, texts)
    if clean is None:
        return strings.joined(before, *value, after, end)
    member = strings.joined(orjson.dumps(clean_field) + b":", cleaned.as_json(clean))
    head, tail = _closing(after)
    return strings.joined(before, *value, head, _comma(before, value), member, tail, end)


def _closing(after: pa.LargeBinaryArray) -> tuple[pa.LargeBinaryArray, pa.Array | bytes]:
    """Split what stands behind the texts before the brace that closes each record."""
    # Arrow 25 cannot slice a column without rows.
    if len(after) and pc.all(pc.ends_with(after, pattern="}")).as_py():
        return pc.binary_slice(after, 0, -1), b"}"
    rows = [(row, row.rindex(b"}")) for row in after.to_pylist()]
    kind = pa.large_binary()
    parts = ([row[:at] for row, at in rows], [row[at:] for row, at in rows])
    return pa.array(parts[0], kind), pa.array(parts[1], kind)


def _comma(before: pa.LargeBinaryArray, value: _Value) -> pa.Array | bytes:
    """Give what stands between a record's own members and a further one."""
    if len(value) > 1:
        return b","
    empty = pc.equal(pc.binary_length(value[0]), 0).to_numpy(zero_copy_only=False)
    before = pc.fill_null(before, b"")
    rows = np.flatnonzero(empty).tolist()
    if not any(before[row].as_py().rstrip().endswith(b"{") for row in rows):
        return b","
    alone = [
        gone and row.rstrip().endswith(b"{")
        for gone, row in zip(empty, before.to_pylist(), strict=True)
    ]
    return pc.if_else(pa.array(alone), _NOTHING, _COMMA)


def objects(
    records: pa.Table, texts: pa.Array, clean: pa.StructArray | None, clean_field: str
) -> list[bytes]:
    """Give the lines one by one."""
    found: list[bytes] = lines(records, texts, clean, clean_field, b"").to_pylist()
    return found


def values(records: pa.Table | pa.RecordBatch, texts: pa.Array) -> _Value:
    """Encode each text as JSON, or as it was spelled where it did not change; as parts."""
    spelled, as_list = (whole(records[name]) for name in ("value", "paragraphs"))
    texts = pc.fill_null(texts, "")
    if spelled.null_count == len(spelled) and not pc.any(as_list).as_py():
        return b'"', strings.escaped(texts), b'"'
    kept = pc.and_(cleaned.unchanged(records, texts), pc.is_valid(spelled))
    new = strings.joined(b'"', strings.escaped(pc.if_else(kept, _EMPTY, texts)), b'"')
    if pc.any(as_list).as_py():
        lists = texts.filter(as_list).to_pylist()
        encoded = [orjson.dumps(cleaned.paragraphs(text)) for text in lists]
        new = pc.replace_with_mask(new, as_list, pa.array(encoded, pa.large_binary()))
    return (pc.if_else(kept, spelled, new),)
