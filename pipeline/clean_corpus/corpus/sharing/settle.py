"""Take contained documents out of the corpus: the decisions of one shard, with theirs added."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from clean_corpus import spill
from clean_corpus.corpus import arrow
from clean_corpus.corpus.arrow import Documents
from clean_corpus.corpus.sharing.tell import mine, placed


def settle(
    inputs: Mapping[str, Sequence[str]], outputs: Mapping[str, str], options: Mapping[str, Any]
) -> dict[str, Any]:
    """Write the decisions ("decisions") of one shard: those there were, and "contained".

    Inputs: decisions (of the shard), contained, documents. Options: first (document).
    """
    (batch,) = spill.batches(inputs["decisions"][0])
    contained = mine(inputs["contained"][0], options["first"], batch.num_rows)
    rows = contained["document"].to_numpy()
    keys = Documents.of(inputs["documents"]).take("key", contained["inside"].to_numpy())
    added = {
        "reason": pa.array(np.full(len(rows), "contained"), pa.string()),
        "keeper": keys,
        **{name: contained[name].combine_chunks() for name in ("shared", "joined", "smaller")},
    }
    columns = {
        name: pc.coalesce(
            batch.column(name), placed(values, rows, options["first"], batch.num_rows)
        )
        for name, values in added.items()
    }
    arrow.write(outputs["decisions"], batch.schema, [columns])
    return {"contained": len(rows)}
