"""Say which documents leave the corpus for what they are in themselves."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from clean_corpus import config
from clean_corpus.text import buffers


def reasons(
    texts: pa.LargeStringArray,
    labels: pa.StringArray,
    options: config.Limits,
    language: config.Language,
) -> pa.StringArray:
    """Give the reason for which each cleaned text is removed, null where it stays.

    In this order: `empty` (no letter, ideograph or digit), `too-short` and `too-long` (by code
    points), `language` (`language.filter` is on, and it is in none of `language.languages`).
    """
    found = _own(texts, np.flatnonzero(_doubtful(texts, options)), options)
    if not (language.filter and language.languages):
        return found
    asked = pc.is_in(labels, pa.array(language.languages, pa.string()))
    return pc.coalesce(found, _first({"language": pc.invert(asked)}))


def _own(
    texts: pa.LargeStringArray, rows: npt.NDArray[np.int64], options: config.Limits
) -> pa.StringArray:
    """Give the reason for which each text is removed for itself; only those of `rows` may be."""
    if not rows.size:
        return pa.nulls(len(texts), pa.string())
    some = texts.take(pa.array(rows))
    length = pc.utf8_length(some)
    found = _first(
        {
            "empty": pc.invert(pc.match_substring_regex(some, r"[\pL\pN]")),
            "too-short": pc.less(length, options.min_chars),
            "too-long": pc.greater(length, options.max_chars or np.iinfo(np.int64).max),
        }
    )
    places = np.full(len(texts), -1)
    places[rows] = np.arange(len(rows))
    return found.take(pa.array(places, mask=places < 0))


def _first(conditions: Mapping[str, pa.BooleanArray]) -> pa.StringArray:
    """Give the name of the first condition that holds, row by row."""
    names = (pa.scalar(name) for name in conditions)
    return pc.case_when(pc.make_struct(*conditions.values()), *names).cast(pa.string())


def _doubtful(texts: pa.LargeStringArray, options: config.Limits) -> npt.NDArray[np.bool_]:
    """Tell which texts have to be looked at: hardly any, and that takes a while.

    Others begin with an ASCII letter or digit, and their bytes say that they are long enough.
    """
    data, offsets = buffers(texts)
    size = np.diff(offsets)
    first = np.zeros(len(texts), np.uint8)
    first[size > 0] = data[offsets[:-1][size > 0]]
    lower = first | 0x20
    plain = ((first >= 0x30) & (first <= 0x39)) | ((lower >= 0x61) & (lower <= 0x7A))
    short = size < options.min_chars * 4  # bytes of the longest code point
    return ~plain | short | ((options.max_chars > 0) & (size > options.max_chars))
