"""JSON Lines with new texts: every other byte of a record stays what it was."""

from __future__ import annotations

import orjson
import pyarrow as pa

from clean_corpus.formats import cleaned


def objects(
    records: pa.Table, texts: pa.Array, clean: pa.StructArray | None, clean_field: str
) -> list[bytes]:
    """Give each record with its cleaned text, and `clean` as its last member.

    A text that did not change keeps its spelling.
    """
    key = orjson.dumps(clean_field) + b":"
    added = [b""] * len(texts)
    if clean is not None:
        added = [key + one for one in cleaned.as_json(clean)]
    out = []
    for before, value, after, addition in zip(
        records["before"].to_pylist(),
        values(records, texts),
        records["after"].to_pylist(),
        added,
        strict=True,
    ):
        close = after.rindex(b"}")
        first = not addition or (not value and before.rstrip().endswith(b"{"))
        comma = b"" if first else b","
        out.append(b"".join((before, value, after[:close], comma, addition, after[close:])))
    return out


def values(records: pa.Table, texts: pa.Array) -> list[bytes]:
    """Encode each text as JSON, or as it was spelled where it did not change."""
    return [
        spelled if same and spelled is not None else _encoded(text or "", is_list)
        for text, spelled, is_list, same in zip(
            texts.to_pylist(),
            records["value"].to_pylist(),
            records["paragraphs"].to_pylist(),
            cleaned.unchanged(records, texts).to_pylist(),
            strict=True,
        )
    ]


def _encoded(text: str, is_list: bool) -> bytes:
    return orjson.dumps(cleaned.paragraphs(text) if is_list else text)
