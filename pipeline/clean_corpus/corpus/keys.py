"""Run keys: the user's ids, with a number behind those that more than one document has."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from clean_corpus import spill

#: The documents whose key another has too, with their number. Sorted by document.
OCCURRENCES = pa.schema([("document", pa.int64()), ("occurrence", pa.int32())])

_MARK = "#"
_LOOKS_NUMBERED = rf"{_MARK}\p{{Nd}}+$"


def run_keys(keys: pa.StringArray, first: int, occurrences: Sequence[str]) -> pa.StringArray:
    """Turn provisional keys of the documents from `first` on into unique run keys.

    The second document of the name "a" is "a#2"; a name that ends like that itself gets "#1".
    """
    numbers = np.ones(len(keys), np.int32)
    for path in occurrences:
        table = spill.read(path)
        document = table["document"].to_numpy()
        here = slice(*np.searchsorted(document, (first, first + len(keys))))
        numbers[document[here] - first] = table["occurrence"].to_numpy()[here]
    marked = pc.match_substring(keys, _MARK)  # fast, and hardly ever true
    if pc.any(marked).as_py():
        marked = pc.match_substring_regex(keys, _LOOKS_NUMBERED)
    plain = pc.and_not(pa.array(numbers == 1), marked)
    if pc.all(plain).as_py() is not False:
        return keys
    numbered = pc.binary_join_element_wise(keys, pa.array(numbers).cast(pa.string()), _MARK)
    return pc.if_else(plain, keys, numbered)
