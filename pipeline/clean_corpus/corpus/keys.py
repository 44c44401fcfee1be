"""Run keys: the user's ids, with a number behind those that more than one document has."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from clean_corpus import spill

#: The documents whose key another has too, with their number. Sorted by document.
OCCURRENCES = pa.schema([("document", pa.int64()), ("occurrence", pa.int32())])

_MARK = "#"
_LOOKS_NUMBERED = rf"{_MARK}\p{{Nd}}+$"


def of_shard(path: str, first: int, occurrences: Sequence[str]) -> pa.StringArray:
    """Read the run keys of a shard's documents, the first of which has the number `first`."""
    keys = spill.read(path, ["key"])["key"].combine_chunks()
    return run_keys(keys, np.arange(first, first + len(keys)), occurrences)


def run_keys(
    keys: pa.StringArray, documents: npt.NDArray[Any], occurrences: Sequence[str]
) -> pa.StringArray:
    """Turn the provisional keys of some documents, given by number, into unique run keys.

    The second document of the name "a" is "a#2"; a name that ends like that itself gets "#1".
    Without files of occurrences keys are run keys already.
    """
    if not occurrences:
        return keys
    numbers = np.ones(len(keys), np.int32)
    for path in occurrences:
        table = spill.read(path)
        known = table["document"].to_numpy()
        low, high = (np.searchsorted(known, documents, side) for side in ("left", "right"))
        numbers[high > low] = table["occurrence"].to_numpy()[low[high > low]]
    marked = pc.match_substring(keys, _MARK)  # fast, and hardly ever true
    if pc.any(marked).as_py():
        marked = pc.match_substring_regex(keys, _LOOKS_NUMBERED)
    plain = pc.and_not(pa.array(numbers == 1), marked)
    if pc.all(plain).as_py() is not False:
        return keys
    numbered = pc.binary_join_element_wise(keys, pa.array(numbers).cast(pa.string()), _MARK)
    return pc.if_else(plain, keys, numbered)
