"""JSON Lines with new texts: every other byte of a record stays what it was."""

from __future__ import annotations

import orjson
import pyarrow as pa
import pyarrow.compute as pc

from clean_corpus.formats import cleaned
from clean_corpus.formats.strings import escaped, joined

_EMPTY = pa.scalar("", pa.large_string())


def lines(
    records: pa.Table, texts: pa.Array, clean: pa.StructArray | None, clean_field: str
) -> pa.LargeBinaryArray:
    """Give each record with its cleaned text, and `clean` as its last member.

    A text that did not change keeps its spelling.
    """
    key = orjson.dumps(clean_field) + b":"
    heads, members, tails = [], [], []
    added = [] if clean is None else [key + one for one in cleaned.as_json(clean)]
    value = values(records, texts)
    bare = pc.equal(pc.binary_length(value), 0).to_pylist()
    before = records["before"].combine_chunks()
    for row, after in enumerate(records["after"].to_pylist()):
        close = after.rindex(b"}")
        heads.append(after[:close])
        tails.append(after[close:])
        if added:
            first = bare[row] and before[row].as_py().rstrip().endswith(b"{")
            members.append(added[row] if first else b"," + added[row])
    parts = [pa.array(part, pa.large_binary()) for part in (heads, members, tails) if part]
    return joined(before, value, *parts)


def objects(
    records: pa.Table, texts: pa.Array, clean: pa.StructArray | None, clean_field: str
) -> list[bytes]:
    """Give the lines one by one."""
    found: list[bytes] = lines(records, texts, clean, clean_field).to_pylist()
    return found


def values(records: pa.Table, texts: pa.Array) -> pa.LargeBinaryArray:
    """Encode each text as JSON, or as it was spelled where it did not change."""
    spelled = records["value"].combine_chunks()
    kept = pc.and_(cleaned.unchanged(records, texts), pc.is_valid(spelled))
    texts = pc.fill_null(texts, "")
    new = joined(b'"', escaped(pc.if_else(kept, _EMPTY, texts)), b'"')
    as_list = records["paragraphs"].combine_chunks()
    if pc.any(as_list).as_py():
        lists = texts.filter(as_list).to_pylist()
        encoded = [orjson.dumps(cleaned.paragraphs(text)) for text in lists]
        new = pc.replace_with_mask(new, as_list, pa.array(encoded, pa.large_binary()))
    return pc.if_else(kept, spelled, new)
