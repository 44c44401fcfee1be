"""Write down for one shard what becomes of each of its documents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from clean_corpus import spill
from clean_corpus.corpus import arrow
from clean_corpus.corpus.arrow import REMOVED

#: One row a document. `reason` is "exact-duplicate", "near-duplicate" or null; Jaccard is
#: shared / joined, containment shared / smaller; an exact copy has 1 of 1.
DECISIONS = pa.schema(
    [
        ("reason", pa.string()),
        ("keeper", pa.string()),
        ("shared", pa.int64()),
        ("joined", pa.int64()),
        ("smaller", pa.int64()),
    ]
)


def assign(
    inputs: Mapping[str, Sequence[str]], outputs: Mapping[str, str], options: Mapping[str, Any]
) -> dict[str, Any]:
    """Write the DECISIONS ("decisions") of one shard, from all that was "removed".

    Options: first (document) and rows of the shard.
    """
    first, rows = options["first"], options["rows"]
    found = [REMOVED.empty_table()]
    for batch in spill.batches(inputs["removed"][0]):
        numbers = batch.column("document").to_numpy()
        low, high = np.searchsorted(numbers, [first, first + rows])
        found.append(pa.Table.from_batches([batch.slice(low, high - low)]))
    mine = pa.concat_tables(found).combine_chunks()
    places = np.full(rows, -1)
    places[mine["document"].to_numpy() - np.int64(first)] = np.arange(len(mine))
    exact = mine["exact"].combine_chunks()
    counts = {name: mine[name].to_numpy() for name in DECISIONS.names[2:]}
    columns = {
        "reason": pc.if_else(exact, "exact-duplicate", "near-duplicate"),
        "keeper": mine["keeper"].combine_chunks(),
        **{name: pa.array(column, mask=column < 0) for name, column in counts.items()},
    }
    which = pa.array(places, mask=places < 0)
    taken = {name: column.take(which) for name, column in columns.items()}
    arrow.write(outputs["decisions"], DECISIONS, [taken])
    return {"kept": rows - len(mine), "removed": len(mine)}
