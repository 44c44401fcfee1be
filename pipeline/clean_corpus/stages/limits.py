"""Say which documents leave the corpus for what they are in themselves."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from clean_corpus import config
from clean_corpus.stages.language import Detected


def reasons(
    texts: pa.LargeStringArray,
    detected: Detected,
    options: config.Limits,
    language: config.Language,
) -> pa.StringArray:
    """Give the reason for which each cleaned text is removed, null where it stays.

    In this order: `empty` (no letter, ideograph or digit), `too-short` and `too-long` (by code
    points), `language` (`language.filter` is on, and it is in none of `language.languages`).
    """
    length = pc.utf8_length(texts)
    conditions = {
        "empty": pc.invert(pc.match_substring_regex(texts, r"[\pL\pN]")),
        "too-short": pc.less(length, options.min_chars),
        "too-long": pc.greater(length, options.max_chars or np.iinfo(np.int64).max),
    }
    if language.filter and language.languages:
        asked = pc.is_in(detected.labels, pa.array(language.languages, pa.string()))
        conditions["language"] = pc.invert(asked)
    return pc.case_when(
        pc.make_struct(*conditions.values()), *(pa.scalar(name) for name in conditions)
    ).cast(pa.string())
