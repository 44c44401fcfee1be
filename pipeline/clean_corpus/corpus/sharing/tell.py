"""Write down for one shard what its documents share, and what they are contained in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pyarrow as pa

from clean_corpus import spill
from clean_corpus.corpus import arrow
from clean_corpus.corpus.arrow import Documents

#: One row a document of the shard, as the members of its `clean` object are called; shares are in
#: ten-thousandths. Null where there is nothing to say.
TOLD = pa.schema(
    [
        ("shared", pa.int64()),
        ("shared_with", pa.list_(pa.string())),
        ("shared_since", pa.string()),
        ("contained", pa.string()),
        ("contained_share", pa.int64()),
    ]
)


def tell(
    inputs: Mapping[str, Sequence[str]], outputs: Mapping[str, str], options: Mapping[str, Any]
) -> dict[str, Any]:
    """Write TOLD ("told") and the lines of passages.jsonl ("passages") of one shard.

    Inputs: texts (of the shard), shares, found, contained, documents. Options: first (document).
    """
    first = options["first"]
    rows = sum(batch.num_rows for batch in spill.batches(inputs["texts"][0], ("key",)))
    shares = mine(inputs["shares"][0], first, rows)
    contained = mine(inputs["contained"][0], first, rows)
    documents = Documents.of(inputs["documents"])
    told = {
        "shared": _ratio(shares, "covered", "length"),
        "shared_with": shares["with"].combine_chunks(),
        "shared_since": shares["since"].combine_chunks(),
    }
    inside = {
        "contained": documents.take("key", contained["inside"].to_numpy()),
        "contained_share": _ratio(contained, "shared", "smaller"),
    }
    columns = {
        name: placed(values, table["document"].to_numpy(), first, rows)
        for members, table in ((told, shares), (inside, contained))
        for name, values in members.items()
    }
    arrow.write(outputs["told"], TOLD, [columns])
    lines = _lines(inputs["texts"][0], mine(inputs["found"][0], first, rows), first)
    Path(outputs["passages"]).write_bytes(lines)
    return {"shared": len(shares), "contained": len(contained)}


def mine(path: str, first: int, rows: int) -> pa.Table:
    """Read the rows of a file sorted by document that belong to the shard."""
    (batch,) = spill.batches(path)
    low, high = np.searchsorted(batch.column("document").to_numpy(), [first, first + rows])
    return pa.Table.from_batches([batch.slice(low, high - low)])


def _ratio(table: pa.Table, part: str, whole: str) -> pa.Array:
    """Give a ratio of two columns in ten-thousandths, cut and not rounded."""
    return pa.array(table[part].to_numpy() * 10_000 // np.maximum(table[whole].to_numpy(), 1))


def placed(values: pa.Array, documents: Any, first: int, rows: int) -> pa.Array:
    """Put the values of some documents of a shard into a column of all, null elsewhere."""
    places = np.full(rows, -1)
    places[documents.astype(np.int64) - first] = np.arange(len(values))
    return values.take(pa.array(places, mask=places < 0))


def _lines(path: str, found: pa.Table, first: int) -> bytes:
    """Give a line for each passage, with its text."""
    out = []
    numbers = found["document"].to_numpy().astype(np.int64) - first
    row = 0
    for batch in spill.batches(path, ("key", "text")):
        low, high = np.searchsorted(numbers, [row, row + batch.num_rows])
        for passage in found.slice(low, high - low).to_pylist():
            place = passage.pop("document") - first - row
            text = batch.column("text")[place].as_py()
            start, end = passage["start"], passage["end"]
            del passage["goes"]
            line = {
                "id": batch.column("key")[place].as_py(),
                **passage,
                "text": text[start:end],
            }
            named = {name: value for name, value in line.items() if value is not None}
            out.append(orjson.dumps(named, option=orjson.OPT_APPEND_NEWLINE))
        row += batch.num_rows
    return b"".join(out)
