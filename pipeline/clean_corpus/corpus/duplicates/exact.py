"""Find the texts that are equal, white space apart, and which of them stays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow.compute as pc

from clean_corpus.corpus import arrow, bands, rank
from clean_corpus.corpus.arrow import COPIES, Documents, Numbers
from clean_corpus.corpus.pairs import among, distinct
from clean_corpus.kernels.repeats import repeats


def exact(
    inputs: Mapping[str, Sequence[str]], outputs: Mapping[str, str], options: Mapping[str, Any]
) -> dict[str, Any]:
    """Write the COPIES ("copies") among all "documents" whose hash falls to this part.

    Other inputs: "occurrences". Options: part, parts, keep, prefer.
    """
    documents = Documents.of(inputs["documents"], inputs["occurrences"])
    copies, keepers = _copies(documents, options)
    arrow.write(outputs["copies"], COPIES, [{"document": copies, "keeper": keepers}])
    return {"copies": len(copies), "copied": len(distinct([keepers]))}


def _copies(documents: Documents, options: Mapping[str, Any]) -> tuple[Numbers, Numbers]:
    which = _twins(documents, options)
    if not len(which):
        return which, which
    content = rank.content(documents, which)
    keys = pc.rank(documents.take("key", which), tiebreaker="dense").to_numpy()
    order = rank.order([*content, *rank.policy(documents, which, options), keys])
    same = np.ones(len(which), bool)
    for column in content:
        same[1:] &= column[order][1:] == column[order][:-1]
    same[0] = False
    leader = np.maximum.accumulate(np.where(same, 0, np.arange(len(which))))
    copies, keepers = which[order][same], which[order][leader][same]
    back = np.argsort(copies)
    return copies[back], keepers[back]


def _twins(documents: Documents, options: Mapping[str, Any]) -> Numbers:
    """Give the documents of this part whose hash another has too: few, as a rule."""
    hashes, numbers = [np.zeros(0, np.uint64)], [np.zeros(0, np.uint32)]
    columns = documents.all("digest_high", "present")
    low, most = bands.range_of(options["part"], options["parts"])
    for first, (high, present) in zip(documents.starts.tolist(), columns, strict=False):
        rows = np.flatnonzero(present & (high >= low) & (high <= most))
        hashes.append(high[rows])
        numbers.append((rows + first).astype(np.uint32))
    high = np.concatenate(hashes)
    few = repeats(high).astype(np.int64)
    high = high[few]
    ordered = np.sort(high)
    twice = ordered[1:][ordered[1:] == ordered[:-1]]
    return np.concatenate(numbers)[few][among(high, twice)]
