"""Write down for one shard what becomes of each of its documents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from clean_corpus.corpus import arrow
from clean_corpus.corpus.arrow import Documents

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
    """Write the DECISIONS ("decisions") of one shard, from "removed" and all "documents".

    Options: part, the number of the shard.
    """
    documents = Documents.of(inputs["documents"])
    first, stop = documents.starts[options["part"] : options["part"] + 2]
    (batch,) = arrow.batches(inputs["removed"][0])
    numbers = batch.column("document").to_numpy()
    low, high = np.searchsorted(numbers, [first, stop])
    mine = batch.slice(low, high - low)
    columns = {name: mine.column(name).to_numpy() for name in ("shared", "joined", "smaller")}
    rows = np.zeros(stop - first, np.int64)
    rows[numbers[low:high] - first] = np.arange(high - low)
    kept = np.ones(stop - first, bool)
    kept[numbers[low:high] - first] = False
    exact = mine.column("exact").to_numpy(zero_copy_only=False)
    values = [
        pa.array(np.where(exact, "exact-duplicate", "near-duplicate"), pa.string()),
        documents.take("key", mine.column("keeper").to_numpy()),
        *(pa.array(column, pa.int64(), mask=column < 0) for column in columns.values()),
    ]
    places = pa.array(rows, mask=kept)
    arrow.write(
        outputs["decisions"],
        DECISIONS,
        [dict(zip(DECISIONS.names, (value.take(places) for value in values), strict=True))],
    )
    return {"kept": int(kept.sum()), "removed": int(high - low)}
