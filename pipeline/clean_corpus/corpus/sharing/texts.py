"""The texts of a few documents, taken out of the shards."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from clean_corpus import spill
from clean_corpus.corpus.arrow import Numbers


def load(paths: Sequence[str], starts: Numbers, documents: Numbers) -> pa.LargeStringArray:
    """Give the texts of documents (sorted), of which file i holds those from starts[i] on."""
    found = [pa.array([], pa.large_string())]
    cuts = np.searchsorted(documents, starts)
    for file in np.flatnonzero(np.diff(cuts)).tolist():
        rows = documents[cuts[file] : cuts[file + 1]].astype(np.int64) - starts[file]
        first = 0
        for batch in spill.batches(paths[file], ("text",)):
            low, high = np.searchsorted(rows, [first, first + batch.num_rows])
            if high > low:
                found.append(batch.column("text").take(pa.array(rows[low:high] - first)))
            first += batch.num_rows
    return pc.fill_null(pa.concat_arrays(found), "")
